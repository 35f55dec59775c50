import { isForbiddenMethod } from '../policy/names/methods.js';
import { isListed, isToken } from '../policy/names/list.js';
import { parseOrigin } from '../policy/origin/grammar.js';
import type { CorsHeaders } from '../policy/response.js';
import type { Policy } from '../policy/compile.js';
import type { CorsRequest } from './request.js';
import { findHeaderFault, judgeRequestHeaders, missingHeaders } from './request-headers.js';

/**
 * Why a request is allowed or refused.
 *
 * @publicApi
 */
export type CorsReason =
  | 'allowed'
  /** No `Origin` header: the CORS protocol does not apply. */
  | 'no-origin'
  /** The policy is `origin: false`. */
  | 'no-cross-origin-access'
  /** `Origin: null`. */
  | 'origin-null'
  /** Not a serialized origin, or several. */
  | 'origin-malformed'
  | 'origin-not-allowed'
  /** The origin is not in the list, and the policy's resolver denies it. */
  | 'resolver-denied'
  /** The policy's resolver threw, took too long, or did not answer with a boolean. */
  | 'resolver-failed'
  /** The method is not in the policy's `methods`. */
  | 'method-not-allowed'
  /** No handler serves the method at this path. */
  | 'method-not-routed'
  /** `Access-Control-Request-Method` is empty, not a method name, too long for one, or a method no script can send. */
  | 'method-malformed'
  /** `Access-Control-Request-Headers` names a header that the policy does not list. */
  | 'header-not-allowed'
  /** `Access-Control-Request-Headers` is not a list of header names, or too long: in characters, or in elements. */
  | 'headers-malformed'
  /** No `Origin`, but the browser says that a page of another origin sent it, or `self` does not list the host. */
  | 'origin-missing'
  /** The path can be read in several ways, and the rules in `routes` give them different policies. */
  | 'path-ambiguous';

/**
 * The result of a judgement: a constant, so that judging a request allocates nothing. {@link refine} finds the exact
 * reason when a person is going to read it.
 */
export type Reason = Extract<
  CorsReason,
  'allowed' | 'origin-not-allowed' | 'method-not-allowed' | 'header-not-allowed'
>;

/** Why a request is refused, for a person to read. */
export interface DetailedReason {
  readonly reason: Exclude<CorsReason, 'allowed'>;
  /** The parts of the request at fault: a method, an origin, or every header that is missing from the list. */
  readonly parts: readonly string[];
  /** Whether something on the way took the `Origin` header away. */
  readonly isStripped?: boolean;
}

/** It is in doubt which policy a path is under. */
export const PATH_AMBIGUOUS: DetailedReason = Object.freeze({ reason: 'path-ambiguous', parts: [] });

/** A resolver's answer for a request. Without an answer, its policy denies. */
export type ResolverAnswer = 'allowed' | 'denied' | 'failed';

/** Whether a policy's resolver decides about an origin: it does if the origin is well-formed and not in the list. */
export function needsResolver(origin: string | undefined, policy: Policy): boolean {
  return (
    policy.resolver !== undefined &&
    origin !== undefined &&
    typeof policy.origin === 'function' &&
    !policy.origin(origin) &&
    parseOrigin(origin) !== undefined &&
    policy.resolvable(origin)
  );
}

/**
 * The server's side of the CORS check (Fetch §4.10). It compares the raw bytes of `Origin`, never a parsed form. An
 * origin that matches equals a configured origin or follows the grammar: it is safe to send back.
 */
export function judgeOrigin(origin: string | undefined, policy: Policy, answer?: ResolverAnswer): Reason {
  if (policy.origin === 'any') return 'allowed';
  if (origin === undefined || policy.origin === 'none') return 'origin-not-allowed';
  const isAllowed = policy.origin(origin) || (answer === 'allowed' && needsResolver(origin, policy));
  return isAllowed ? 'allowed' : 'origin-not-allowed';
}

/**
 * The policy that decides about a request of an origin: the policy itself, or its `others` if these allow the origin and
 * the policy does not. A resolver that has not been called leaves it to the policy, which then denies.
 */
export function sideOf(origin: string | undefined, policy: Policy, answer?: ResolverAnswer): Policy {
  const { others } = policy;
  if (others === undefined || origin === undefined) return policy;
  if (judgeOrigin(origin, policy, answer) === 'allowed') return policy;
  if (answer === undefined && needsResolver(origin, policy)) return policy;
  return judgeOrigin(origin, others) === 'allowed' ? others : policy;
}

/** Methods are case-sensitive, and the CORS-safelisted ones are not exempt. */
function judgeMethod(method: string, policy: Policy): Reason {
  return policy.methods === undefined || isListed(policy.methods, method) ? 'allowed' : 'method-not-allowed';
}

/** Judges an actual request: any request except a preflight, including one that fails before it reaches its handler. */
export function judgeActual(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): Reason {
  return judgeSide(request, sideOf(request.origin, policy, answer), answer);
}

function judgeSide({ origin, method }: CorsRequest, side: Policy, answer: ResolverAnswer | undefined): Reason {
  const reason = judgeOrigin(origin, side, answer);
  return reason === 'allowed' ? judgeMethod(method, side) : reason;
}

/** The CORS headers of the response to an actual request. */
export function headersOfActual(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): CorsHeaders {
  const side = sideOf(request.origin, policy, answer);
  return judgeSide(request, side, answer) === 'allowed' ? side.allowed : side.refused;
}

/**
 * Whether `rejectDisallowed` rejects an actual request from another origin, because of its origin or its method. The
 * caller knows that it comes from another origin. If it has no `Origin`, a policy for any origin lets it pass.
 */
export function rejects(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): boolean {
  if (!policy.rejectDisallowed) return false;
  if (request.origin === undefined) return policy.origin !== 'any';
  return judgeActual(request, policy, answer) !== 'allowed';
}

/** Judges a preflight (Fetch §4.8) for a route that serves the announced method. */
export function judgePreflight(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): Reason {
  return judgeAnnounced(request.origin, request.requestMethod ?? '', request.requestHeaders, policy, answer);
}

/**
 * The same for a person to read. A resolver is not called for a preflight that is refused whatever it answers: then that
 * is the reason, not the origin.
 */
export function reasonOfPreflight(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): Reason {
  const reason = judgePreflight(request, policy, answer);
  if (reason !== 'origin-not-allowed' || answer !== undefined || !needsResolver(request.origin, policy)) return reason;
  const other = judgePreflight(request, policy, 'allowed');
  if (other === 'allowed' || policy.others === undefined) return other === 'allowed' ? reason : other;
  return judgePreflight(request, policy, 'denied') === 'allowed' ? reason : other;
}

/** The same for any method: one answer lists all methods that share it. */
export function judgeAnnounced(
  origin: string | undefined,
  method: string,
  headers: string | undefined,
  policy: Policy,
  answer: ResolverAnswer | undefined,
): Reason {
  const side = sideOf(origin, policy, answer);
  const reason = judgeOrigin(origin, side, answer);
  if (reason !== 'allowed') return reason;
  return allowsScript(method, side) ? judgeRequestHeaders(headers, side) : 'method-not-allowed';
}

/** Whether scripts may use a method. Boot has checked that a policy lists only methods that scripts can send. */
export function allowsScript(method: string, policy: Policy): boolean {
  return policy.methods === undefined ? isScriptableMethod(method) : isListed(policy.methods, method);
}

/**
 * Whether a text is a method name that scripts can send. `*` is a token, but not a method: in an answer it would mean
 * every method (Fetch §4.8, "method cache entry match").
 */
export function isScriptableMethod(method: string): boolean {
  if (SCRIPT_METHODS.has(method)) return true;
  return method.length <= MAX_METHOD_LENGTH && method !== '*' && isToken(method) && !isForbiddenMethod(method);
}

/** The longest accepted method name: it may be echoed. The longest registered name has 17 characters. */
export const MAX_METHOD_LENGTH = 64;

const SCRIPT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * The exact reason for a person to read, with the part of the request at fault. Takes the arguments of the judgement.
 *
 * @param request a preflight if it has a `requestMethod`
 */
export function refine(
  reason: Exclude<Reason, 'allowed'>,
  request: CorsRequest,
  policy: Policy,
  answer?: ResolverAnswer,
): DetailedReason {
  const { requestMethod } = request;
  // A malformed method takes precedence over every other reason.
  if (requestMethod !== undefined && !isScriptableMethod(requestMethod)) {
    return { reason: 'method-malformed', parts: [requestMethod] };
  }
  switch (reason) {
    case 'origin-not-allowed':
      return refineOrigin(request.origin, policy, answer);
    case 'method-not-allowed':
      return { reason, parts: [requestMethod ?? request.method] };
    case 'header-not-allowed': {
      const text = request.requestHeaders ?? '';
      const { allowedHeaders } = sideOf(request.origin, policy, answer);
      const header = findHeaderFault(text, allowedHeaders);
      if (header?.fault !== 'headers-malformed') return { reason, parts: missingHeaders(text, allowedHeaders) };
      return { reason: header.fault, parts: header.name === '' ? [] : [header.name] };
    }
  }
}

function refineOrigin(origin: string | undefined, policy: Policy, answer: ResolverAnswer | undefined): DetailedReason {
  if (origin === undefined) return { reason: 'no-origin', parts: [] };
  const parts = [origin];
  if (policy.origin === 'none') return { reason: 'no-cross-origin-access', parts: [] };
  if (answer !== undefined && needsResolver(origin, policy)) {
    return { reason: answer === 'failed' ? 'resolver-failed' : 'resolver-denied', parts };
  }
  if (origin === 'null') return { reason: 'origin-null', parts };
  return { reason: parseOrigin(origin) === undefined ? 'origin-malformed' : 'origin-not-allowed', parts };
}

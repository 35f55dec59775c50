import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/response.js';
import { isForbiddenMethod } from '../policy/names/methods.js';
import { isListed, isToken } from '../policy/names/list.js';
import { parseOrigin } from '../policy/origin/grammar.js';
import type { CorsRequest } from './request.js';
import { judgeRequestHeaders } from './request-headers.js';

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
  /** The list does not hold the origin, and the policy's resolver denies it. */
  | 'resolver-denied'
  /** The policy's resolver threw, took too long, or did not answer with a boolean. */
  | 'resolver-failed'
  /** The policy's `methods` leave the method out. */
  | 'method-not-allowed'
  /** No handler serves the method at this path. */
  | 'method-not-routed'
  /** `Access-Control-Request-Method` is empty, not a method name, too long for one, or a method no script can send. */
  | 'method-malformed'
  /** `Access-Control-Request-Headers` names a header that the policy does not list. */
  | 'header-not-allowed'
  /** `Access-Control-Request-Headers` is not a list of header names, or too long: in characters, or in elements. */
  | 'headers-malformed'
  /** No `Origin`, and the browser says that a page of another origin sent it, or `self` does not list the host. */
  | 'origin-missing'
  /** The path can be read in several ways, and the rules of `routes` say different things about them. */
  | 'path-ambiguous';

/** Fails the CORS check; `detail` is the part of the request that did. */
export interface Refusal {
  readonly allowed: false;
  readonly reason: Exclude<CorsReason, 'allowed'>;
  readonly detail?: string;
}

/** Passes the CORS check. */
export interface Approval {
  readonly allowed: true;
  readonly reason: 'allowed';
}

export type Decision = Approval | Refusal;

const APPROVAL: Approval = Object.freeze({ allowed: true, reason: 'allowed' });
const NO_ORIGIN: Refusal = Object.freeze({ allowed: false, reason: 'no-origin' });
const NO_ACCESS: Refusal = Object.freeze({ allowed: false, reason: 'no-cross-origin-access' });

/** What a resolver said of a request. Without an answer, its policy denies. */
export type ResolverAnswer = 'allowed' | 'denied' | 'failed';

/** Whether a policy's resolver decides about an origin: a well-formed one that the list does not hold. */
export function needsResolver(origin: string | undefined, policy: CompiledPolicy): boolean {
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
 * The server's side of the CORS check (Fetch §4.10). The raw bytes of `Origin` are compared, never a parsed form. What
 * matches is equal to a configured origin or follows the grammar: safe to send back.
 */
export function allowsOrigin(origin: string | undefined, policy: CompiledPolicy, answer?: ResolverAnswer): boolean {
  if (policy.origin === 'any') return true;
  if (origin === undefined || policy.origin === 'none') return false;
  return policy.origin(origin) || (answer === 'allowed' && needsResolver(origin, policy));
}

/** Methods are case-sensitive, and the CORS-safelisted ones are not exempt. */
export function allowsMethod(method: string, policy: CompiledPolicy): boolean {
  return policy.methods === undefined || isListed(policy.methods, method);
}

/** The same with the reason. */
export function judgeOrigin(origin: string | undefined, policy: CompiledPolicy, answer?: ResolverAnswer): Decision {
  if (allowsOrigin(origin, policy, answer)) return APPROVAL;
  if (origin === undefined) return NO_ORIGIN;
  if (policy.origin === 'none') return NO_ACCESS;
  return { allowed: false, reason: refusalOf(origin, policy, answer), detail: origin };
}

function refusalOf(origin: string, policy: CompiledPolicy, answer: ResolverAnswer | undefined): Refusal['reason'] {
  if (answer !== undefined && needsResolver(origin, policy)) {
    return answer === 'failed' ? 'resolver-failed' : 'resolver-denied';
  }
  if (origin === 'null') return 'origin-null';
  return parseOrigin(origin) === undefined ? 'origin-malformed' : 'origin-not-allowed';
}

/**
 * What an actual request is answered: any request but a preflight, also one that fails before it reaches its handler.
 * Makes nothing: this is asked for every response.
 */
export function respondToActual(request: CorsRequest, policy: CompiledPolicy, answer?: ResolverAnswer): CorsResponse {
  return allowsOrigin(request.origin, policy, answer) && allowsMethod(request.method, policy)
    ? policy.allowed
    : policy.refused;
}

/** The same with the reason. */
export function judgeActual(request: CorsRequest, policy: CompiledPolicy, answer?: ResolverAnswer): Decision {
  const decision = judgeOrigin(request.origin, policy, answer);
  return decision.allowed ? judgeMethod(request.method, policy) : decision;
}

/**
 * Whether `rejectDisallowed` keeps an actual request from running, by its origin or by its method. It comes from
 * elsewhere, and the caller knows that: where it has no `Origin` all the same, a policy for any origin has nothing
 * against it.
 */
export function rejects(request: CorsRequest, policy: CompiledPolicy, answer?: ResolverAnswer): boolean {
  if (!policy.rejectDisallowed) return false;
  if (request.origin === undefined) return policy.origin !== 'any';
  return !allowsOrigin(request.origin, policy, answer) || !allowsMethod(request.method, policy);
}

/**
 * Whether a preflight (Fetch §4.8) is allowed for a handler that is routed for the requested method, or why not. See
 * preflight.ts for the same without the reason.
 */
export function judgePreflight(request: CorsRequest, policy: CompiledPolicy, answer?: ResolverAnswer): Decision {
  const method = request.requestMethod ?? '';
  if (!isScriptableMethod(method)) {
    return { allowed: false, reason: 'method-malformed', detail: method };
  }
  const origin = judgeOrigin(request.origin, policy, answer);
  if (!origin.allowed) return origin;
  const decision = judgeMethod(method, policy);
  if (!decision.allowed) return decision;
  const headers = judgeRequestHeaders(request.requestHeaders, policy.allowedHeaders);
  return headers.ok ? decision : { allowed: false, reason: headers.reason, detail: headers.name };
}

/** Whether scripts may use a method: what a policy states was found to be a method of scripts at boot. */
export function allowsScript(method: string, policy: CompiledPolicy): boolean {
  return policy.methods === undefined ? isScriptableMethod(method) : isListed(policy.methods, method);
}

/**
 * A method name, and not one that no script can send. `*` is a token, and no method: in an answer it would stand for
 * every method (Fetch §4.8, "method cache entry match").
 */
export function isScriptableMethod(method: string): boolean {
  if (USUAL_METHODS.has(method)) return true;
  return method.length <= MAX_METHOD_LENGTH && method !== '*' && isToken(method) && !isForbiddenMethod(method);
}

/** The longest name that is taken for a method's: it may be echoed. The longest that is registered has 17 characters. */
export const MAX_METHOD_LENGTH = 64;

const USUAL_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function judgeMethod(method: string, policy: CompiledPolicy): Decision {
  return allowsMethod(method, policy) ? APPROVAL : { allowed: false, reason: 'method-not-allowed', detail: method };
}

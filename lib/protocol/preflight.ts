import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/cors-response.js';
import {
  allowsOrigin,
  allowsScript,
  isScriptableMethod,
  judgePreflight,
  needsResolver,
  type Refusal,
  type ResolverAnswer,
} from './decision.js';
import { allowsRequestHeaders } from './request-headers.js';
import type { CorsRequest } from './request.js';
import { preflightResponse, REFUSED_PREFLIGHT } from './response-headers.js';

/**
 * A method that is routed at a path, and the policies of the handlers that may serve it, in the order in which they
 * would be tried. More than one only where a preflight cannot tell (versions in a header).
 */
export interface TargetMethod {
  readonly method: string;
  readonly policies: readonly CompiledPolicy[];
}

/** Every method that is routed at a path, in the order in which they are listed. */
export interface Target<Method extends TargetMethod = TargetMethod> {
  readonly methods: readonly Method[];
  /** The candidates for each method whose policies let scripts use it: no request changes that. */
  readonly candidates: readonly (readonly number[])[];
  /**
   * What is answered to whoever the first candidate allows, by the index of the announced method, as far as it was
   * asked for. `undecided`: it depends on more of the request.
   */
  readonly settled: (PreflightOutcome | typeof UNDECIDED | undefined)[];
}

const UNDECIDED = 'undecided';

export function createTarget<Method extends TargetMethod>(methods: readonly Method[]): Target<Method> {
  return { methods, candidates: methods.map(scriptableCandidates), settled: [] };
}

function scriptableCandidates({ method, policies }: TargetMethod): readonly number[] {
  return [...policies.keys()].filter(candidate => allowsScript(method, policies[candidate] as CompiledPolicy));
}

/** What a preflight is answered, and which of the candidates for the requested method decided it. */
export interface PreflightOutcome {
  readonly allowed: boolean;
  readonly status: 200 | 204 | 403;
  readonly candidate: number;
  readonly response: CorsResponse;
}

const REFUSED: PreflightOutcome = Object.freeze({
  allowed: false,
  status: 403,
  candidate: 0,
  response: REFUSED_PREFLIGHT,
});

/** What resolvers said of a preflight's origin, for a policy that serves a method. */
export type AnswerOf = (policy: CompiledPolicy, method: string) => ResolverAnswer | undefined;

export const NO_ANSWERS: AnswerOf = () => undefined;

/** A resolver to ask before a preflight can be judged. */
export interface Question {
  readonly policy: CompiledPolicy;
  readonly method: string;
  readonly candidate: number;
}

/** What to ask about a method before it can be judged: nothing about what is refused anyway. */
export function questionsOf(request: CorsRequest, { method, policies }: TargetMethod): readonly Question[] {
  const announced = { ...request, requestMethod: method };
  return [...policies.entries()].flatMap(([candidate, policy]) =>
    needsResolver(request.origin, policy) && judgePreflight(announced, policy, 'allowed').allowed
      ? [{ policy, method, candidate }]
      : [],
  );
}

/**
 * Judges a preflight by the handlers that would serve the request it announces (Fetch §4.8). Candidates are judged
 * whole, one after another, and the answer is one candidate's, never a mix. It is tempting to allow what any mixture
 * of candidates would; however, that opens combinations that no route allows.
 */
export function judgeTarget(request: CorsRequest, target: Target, answerOf: AnswerOf = NO_ANSWERS): PreflightOutcome {
  const announced = indexOf(target, request.requestMethod);
  const routed = target.methods[announced];
  if (routed === undefined) return REFUSED;
  const candidate = firstAllowed(request, target, announced, answerOf);
  if (candidate === -1) return REFUSED;
  // Nearly always it is one policy that serves all methods, or policies that have nothing in common.
  const settled = candidate === 0 ? (target.settled[announced] ??= settle(target, routed)) : UNDECIDED;
  if (settled !== UNDECIDED) return settled;
  return grant(target, routed, candidate, (other, terms, index) => {
    const shared = sharedWith(other, terms);
    if (shared !== UNDECIDED) return shared;
    const first = other.policies[firstAllowed(request, target, index, answerOf)];
    return first !== undefined && sameTerms(first, terms.policy);
  });
}

/** What is answered where it does not depend on the request that is allowed. */
function settle(target: Target, routed: TargetMethod): PreflightOutcome | typeof UNDECIDED {
  const terms = termsOf(routed, 0);
  const isSettled = target.methods.every(other => other === routed || sharedWith(other, terms) !== UNDECIDED);
  return isSettled ? grant(target, routed, 0, other => sharedWith(other, terms) === true) : UNDECIDED;
}

/** @param isShared whether a browser may use the same answer for another method: it caches one for all that are listed */
function grant(
  target: Target,
  routed: TargetMethod,
  candidate: number,
  isShared: (other: TargetMethod, terms: Terms, index: number) => boolean,
): PreflightOutcome {
  const terms = termsOf(routed, candidate);
  const { policy, maxAge } = terms;
  const methods = target.methods.filter((other, index) => other === routed || isShared(other, terms, index));
  const response = preflightResponse(policy, maxAge, methods.map(({ method }) => method).join(', '));
  return Object.freeze({ allowed: true, status: policy.status, candidate, response });
}

/** Why a preflight is refused: what the first candidate says. */
export function refusalOf(request: CorsRequest, target: Target, answerOf: AnswerOf = NO_ANSWERS): Refusal {
  const { requestMethod = '' } = request;
  const [policy] = methodIn(target, requestMethod)?.policies ?? [];
  const judged = policy && judgePreflight(request, policy, answerOf(policy, requestMethod));
  if (judged?.allowed === false) return judged;
  const reason = isScriptableMethod(requestMethod) ? 'method-not-routed' : 'method-malformed';
  return { allowed: false, reason, detail: requestMethod };
}

/** What is routed for a method. */
export function methodIn<Method extends TargetMethod>(target: Target<Method>, method: string): Method | undefined {
  return target.methods[indexOf(target, method)];
}

function indexOf({ methods }: Target, method: string | undefined): number {
  for (let index = 0; index < methods.length; index++) {
    if (methods[index]?.method === method) return index;
  }
  return -1;
}

/** The first candidate for a method that allows a preflight whole; `-1`: none does. */
function firstAllowed(
  { origin, requestHeaders }: CorsRequest,
  target: Target,
  index: number,
  answerOf: AnswerOf,
): number {
  const { method, policies } = target.methods[index] as TargetMethod;
  const candidates = target.candidates[index] as readonly number[];
  for (let order = 0; order < candidates.length; order++) {
    const candidate = candidates[order] as number;
    const policy = policies[candidate] as CompiledPolicy;
    const answer = policy.resolver === undefined ? undefined : answerOf(policy, method);
    if (allowsOrigin(origin, policy, answer) && allowsRequestHeaders(requestHeaders, policy)) return candidate;
  }
  return -1;
}

/** What a candidate answers, but for the methods. */
interface Terms {
  readonly policy: CompiledPolicy;
  readonly maxAge: number;
}

function termsOf({ policies }: TargetMethod, candidate: number): Terms {
  return { policy: policies[candidate] as CompiledPolicy, maxAge: shortestOf(policies) };
}

function shortestOf(policies: readonly CompiledPolicy[]): number {
  return Math.min(...policies.map(({ maxAge }) => maxAge));
}

/**
 * Whether another method is answered under the same terms, whoever asks; `undecided` where it depends on the request.
 */
function sharedWith({ method, policies }: TargetMethod, { policy, maxAge }: Terms): boolean | typeof UNDECIDED {
  if (shortestOf(policies) !== maxAge || !policies.some(each => sameTerms(each, policy))) return false;
  // One policy for both, which has been judged but for the method. A resolver is told the method.
  const [first] = policies;
  return policies.length === 1 && first === policy && policy.resolver === undefined
    ? allowsScript(method, policy)
    : UNDECIDED;
}

/** Everything but the methods and the max-age. */
function sameTerms(one: CompiledPolicy, other: CompiledPolicy): boolean {
  return (
    one.allowed.allowOrigin === other.allowed.allowOrigin &&
    one.credentials === other.credentials &&
    one.allowHeadersValue === other.allowHeadersValue
  );
}

import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/cors-response.js';
import {
  allowsPreflight,
  allowsScript,
  isScriptableMethod,
  judgePreflight,
  needsResolver,
  type Refusal,
  type ResolverAnswer,
} from './decision.js';
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
export type Target = readonly TargetMethod[];

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
  const { requestMethod = '' } = request;
  const routed = methodIn(target, requestMethod);
  const candidate = routed === undefined ? -1 : firstAllowed(request, routed, answerOf);
  const policy = routed?.policies[candidate];
  if (routed === undefined || policy === undefined) return REFUSED;
  const maxAge = shortestOf(routed.policies);
  let methods = '';
  for (let index = 0; index < target.length; index++) {
    const other = target[index] as TargetMethod;
    if (other !== routed && !getsTheSame(request, other, policy, maxAge, answerOf)) continue;
    methods = methods === '' ? other.method : `${methods}, ${other.method}`;
  }
  return { allowed: true, status: policy.status, candidate, response: preflightResponse(policy, maxAge, methods) };
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
export function methodIn<Routed extends TargetMethod>(target: readonly Routed[], method: string): Routed | undefined {
  for (let index = 0; index < target.length; index++) {
    if (target[index]?.method === method) return target[index];
  }
  return undefined;
}

/** The first candidate that allows a preflight whole; `-1`: none does. */
function firstAllowed(request: CorsRequest, { method, policies }: TargetMethod, answerOf: AnswerOf): number {
  for (let index = 0; index < policies.length; index++) {
    const policy = policies[index];
    if (policy !== undefined && allowsPreflight(request, policy, answerOf(policy, method))) return index;
  }
  return -1;
}

function shortestOf(policies: readonly CompiledPolicy[]): number {
  let shortest = Infinity;
  for (let index = 0; index < policies.length; index++) {
    shortest = Math.min(shortest, policies[index]?.maxAge ?? shortest);
  }
  return shortest;
}

/**
 * Whether another method would be answered under the same terms: a browser caches one answer for all the methods it
 * lists.
 */
function getsTheSame(
  request: CorsRequest,
  other: TargetMethod,
  policy: CompiledPolicy,
  maxAge: number,
  answerOf: AnswerOf,
): boolean {
  const { method, policies } = other;
  // The usual case: one policy for all methods, which has been judged but for the method.
  if (policies.length === 1 && policies[0] === policy && policy.resolver === undefined && maxAge === policy.maxAge) {
    return allowsScript(method, policy);
  }
  const first = policies[firstAllowed({ ...request, requestMethod: method }, other, answerOf)];
  return first !== undefined && shortestOf(policies) === maxAge && sameTerms(first, policy);
}

/** Everything but the methods and the max-age. */
function sameTerms(one: CompiledPolicy, other: CompiledPolicy): boolean {
  return (
    one.allowed.allowOrigin === other.allowed.allowOrigin &&
    one.credentials === other.credentials &&
    one.allowHeadersValue === other.allowHeadersValue
  );
}

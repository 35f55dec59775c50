import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/cors-response.js';
import {
  allowsMethod,
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
export type PreflightOutcome = (
  | { readonly allowed: true; readonly status: 200 | 204 }
  | { readonly allowed: false; readonly status: 403; readonly refusal: Refusal }
) & { readonly candidate: number; readonly response: CorsResponse };

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
  const requested = request.requestMethod ?? '';
  const routed = methodIn(target, requested);
  const verdict = judgeCandidates(request, routed?.policies ?? [], answerOf);
  const { candidate } = verdict;
  if (!verdict.allowed) {
    return { allowed: false, status: 403, refusal: verdict.refusal, candidate, response: REFUSED_PREFLIGHT };
  }
  let methods = '';
  for (const other of target) {
    if (other !== routed && !getsTheSame(request, other, verdict, answerOf)) continue;
    methods = methods === '' ? other.method : `${methods}, ${other.method}`;
  }
  const response = preflightResponse(verdict.policy, verdict.maxAge, methods);
  return { allowed: true, status: verdict.policy.status, candidate, response };
}

/** What is routed for a method. */
export function methodIn<Routed extends TargetMethod>(target: readonly Routed[], method: string): Routed | undefined {
  return target.find(each => each.method === method);
}

interface Allowed {
  readonly allowed: true;
  readonly candidate: number;
  readonly policy: CompiledPolicy;
  readonly maxAge: number;
}

type Verdict = Allowed | { readonly allowed: false; readonly candidate: number; readonly refusal: Refusal };

function judgeCandidates(request: CorsRequest, policies: readonly CompiledPolicy[], answerOf: AnswerOf): Verdict {
  let first: Refusal | undefined;
  for (let candidate = 0; candidate < policies.length; candidate++) {
    const policy = policies[candidate];
    if (policy === undefined) continue;
    const decision = judgePreflight(request, policy, answerOf(policy, request.requestMethod ?? ''));
    if (decision.allowed) {
      const maxAge = policies.reduce((shortest, each) => Math.min(shortest, each.maxAge), policy.maxAge);
      return { allowed: true, candidate, policy, maxAge };
    }
    first ??= decision;
  }
  return { allowed: false, candidate: 0, refusal: first ?? notRouted(request) };
}

/**
 * Whether another method would be answered under the same terms: a browser caches one answer for all the methods it
 * lists.
 */
function getsTheSame(request: CorsRequest, other: TargetMethod, verdict: Allowed, answerOf: AnswerOf): boolean {
  const { policy, maxAge } = verdict;
  const [only] = other.policies;
  // The common case: the same policy for all methods, which has been judged but for the method.
  if (only === policy && other.policies.length === 1 && policy.resolver === undefined && maxAge === policy.maxAge) {
    return allowsMethod(other.method, policy) && isScriptableMethod(other.method);
  }
  const judged = judgeCandidates({ ...request, requestMethod: other.method }, other.policies, answerOf);
  return judged.allowed && judged.maxAge === maxAge && sameTerms(judged.policy, policy);
}

/** Everything but the methods and the max-age. */
function sameTerms(one: CompiledPolicy, other: CompiledPolicy): boolean {
  return (
    one.allowed.allowOrigin === other.allowed.allowOrigin &&
    one.credentials === other.credentials &&
    one.allowHeadersValue === other.allowHeadersValue
  );
}

function notRouted({ requestMethod = '' }: CorsRequest): Refusal {
  const reason = isScriptableMethod(requestMethod) ? 'method-not-routed' : 'method-malformed';
  return { allowed: false, reason, detail: requestMethod };
}

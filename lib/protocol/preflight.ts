import type { CompiledPolicy } from '../policy/compile.js';
import { isScriptableMethod, judgePreflight, needsResolver, type Refusal, type ResolverAnswer } from './decision.js';
import type { CorsRequest } from './request.js';
import {
  preflightTerms,
  PREFLIGHT_VARY,
  REFUSED_PREFLIGHT,
  type CorsResponse,
  type Header,
} from './response-headers.js';

/**
 * For each method that is routed at a path, the policies of the handlers that may serve it, in the order in which they
 * would be tried. More than one only where a preflight cannot tell (versions in a header).
 */
export type TargetPolicies = ReadonlyMap<string, readonly CompiledPolicy[]>;

/** What a preflight is answered, and which of the candidates for the requested method decided it. */
export type PreflightOutcome = (
  | { readonly allowed: true; readonly status: 200 | 204 }
  | { readonly allowed: false; readonly status: 403; readonly refusal: Refusal }
) & { readonly candidate: number; readonly response: CorsResponse };

/** What resolvers said of a preflight's origin, for a policy that serves a method. */
export type AnswerOf = (policy: CompiledPolicy, method: string) => ResolverAnswer | undefined;

const NO_ANSWERS: AnswerOf = () => undefined;

/** A resolver to ask before a preflight can be judged. */
export interface Question {
  readonly policy: CompiledPolicy;
  readonly method: string;
  readonly candidate: number;
}

/** What to ask about a method before it can be judged: nothing about what is refused anyway. */
export function questionsOf(request: CorsRequest, target: TargetPolicies, method: string): readonly Question[] {
  const announced = { ...request, requestMethod: method };
  return [...(target.get(method) ?? []).entries()].flatMap(([candidate, policy]) =>
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
export function judgeTarget(
  request: CorsRequest,
  target: TargetPolicies,
  answerOf: AnswerOf = NO_ANSWERS,
): PreflightOutcome {
  const requested = request.requestMethod ?? '';
  const verdict = judgeCandidates(request, target.get(requested), answerOf);
  const { candidate } = verdict;
  if (!verdict.allowed) {
    return { allowed: false, status: 403, refusal: verdict.refusal, candidate, response: REFUSED_PREFLIGHT };
  }
  const terms = String(verdict.terms);
  const methods = [...target.keys()].filter(method => {
    if (method === requested) return true;
    const other = judgeCandidates({ ...request, requestMethod: method }, target.get(method), answerOf);
    // A browser caches one answer for all the methods it lists: only those that get the same terms are listed.
    return other.allowed && String(other.terms) === terms;
  });
  const allowMethods: Header = ['Access-Control-Allow-Methods', methods.join(', ')];
  const response = { headers: [...verdict.terms, allowMethods], vary: PREFLIGHT_VARY };
  return { allowed: true, status: verdict.status, candidate, response };
}

type Verdict =
  | { readonly allowed: false; readonly candidate: number; readonly refusal: Refusal }
  | {
      readonly allowed: true;
      readonly candidate: number;
      readonly status: 200 | 204;
      readonly terms: readonly Header[];
    };

function judgeCandidates(request: CorsRequest, policies: readonly CompiledPolicy[] = [], answerOf: AnswerOf): Verdict {
  let first: Refusal | undefined;
  for (const [candidate, policy] of policies.entries()) {
    const decision = judgePreflight(request, policy, answerOf(policy, request.requestMethod ?? ''));
    if (decision.allowed) {
      const maxAge = Math.min(...policies.map(each => each.maxAge));
      const terms = preflightTerms(policy, decision.allowOrigin, maxAge);
      return { allowed: true, candidate, status: policy.status, terms };
    }
    first ??= decision;
  }
  return { allowed: false, candidate: 0, refusal: first ?? notRouted(request) };
}

function notRouted({ requestMethod = '' }: CorsRequest): Refusal {
  const reason = isScriptableMethod(requestMethod) ? 'method-not-routed' : 'method-malformed';
  return { allowed: false, reason, detail: requestMethod };
}

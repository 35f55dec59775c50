import type { CompiledPolicy } from '../policy/compile.js';
import { isScriptableMethod, judgePreflight, type Refusal } from './decision.js';
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

/**
 * Judges a preflight by the handlers that would serve the request it announces (Fetch §4.8). Candidates are judged
 * whole, one after another, and the answer is one candidate's, never a mix. It is tempting to allow what any mixture
 * of candidates would; however, that opens combinations that no route allows.
 */
export function judgeTarget(request: CorsRequest, target: TargetPolicies): PreflightOutcome {
  const requested = request.requestMethod ?? '';
  const verdict = judgeCandidates(request, target.get(requested));
  const { candidate } = verdict;
  if (!verdict.allowed) {
    return { allowed: false, status: 403, refusal: verdict.refusal, candidate, response: REFUSED_PREFLIGHT };
  }
  const terms = String(verdict.terms);
  const methods = [...target.keys()].filter(method => {
    if (method === requested) return true;
    const other = judgeCandidates({ ...request, requestMethod: method }, target.get(method));
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

function judgeCandidates(request: CorsRequest, policies: readonly CompiledPolicy[] = []): Verdict {
  let first: Refusal | undefined;
  for (const [candidate, policy] of policies.entries()) {
    const decision = judgePreflight(request, policy);
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

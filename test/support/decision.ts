import type { Policy } from '../../lib/policy/compile.js';
import { headerList, type CorsHeaders, type Header } from '../../lib/policy/response.js';
import { judgeResource, refineVerdict, type AnswerOf } from '../../lib/decision/preflight.js';
import {
  createCandidate,
  createResource,
  type PreflightVerdict,
  type Resource,
  type ResourceMethod,
} from '../../lib/decision/resource.js';
import { refine, type DetailedReason, type Reason, type ResolverAnswer } from '../../lib/decision/reason.js';
import type { CorsRequest } from '../../lib/decision/request.js';

/** What is served at a path: the policies of the handlers that may serve each method. */
export function resourceOf(policies: Readonly<Record<string, readonly Policy[]>>): Resource {
  return createResource(Object.entries(policies).map(([method, list]) => methodOf(method, list)));
}

/** A method, and the policies of the handlers that may serve it: each is a candidate of its own. */
export function methodOf(method: string, policies: readonly Policy[]): ResourceMethod {
  return { method, candidates: policies.map(policy => createCandidate([policy])) };
}

/** The headers that a response is sent with. */
export interface SentHeaders {
  readonly headers: readonly Header[];
  readonly vary: readonly string[];
}

export function sent(cors: CorsHeaders, origin: string | undefined): SentHeaders {
  return { headers: headerList(cors, origin), vary: cors.vary.split(', ').filter(name => name !== '') };
}

/** The judgement that each exact reason refines. */
export const JUDGEMENTS = {
  'no-origin': 'origin-not-allowed',
  'no-cross-origin-access': 'origin-not-allowed',
  'origin-null': 'origin-not-allowed',
  'origin-malformed': 'origin-not-allowed',
  'origin-not-allowed': 'origin-not-allowed',
  'resolver-denied': 'origin-not-allowed',
  'resolver-failed': 'origin-not-allowed',
  'method-not-allowed': 'method-not-allowed',
  'method-malformed': 'method-not-allowed',
  'method-not-routed': 'method-not-routed',
  'header-not-allowed': 'header-not-allowed',
  'headers-malformed': 'header-not-allowed',
  'path-ambiguous': 'path-ambiguous',
} as const satisfies Partial<Record<DetailedReason['reason'], PreflightVerdict['reason']>>;

export type RefusedReason = keyof typeof JUDGEMENTS;

/** A refusal as a person reads it, and the judgement that it refines. */
export interface Refusal extends DetailedReason {
  readonly judgement: PreflightVerdict['reason'];
}

export function refusal(reason: RefusedReason, ...parts: readonly string[]): Refusal {
  return { judgement: JUDGEMENTS[reason], reason, parts };
}

type Judge = (request: CorsRequest, policy: Policy, answer?: ResolverAnswer) => Reason;

/** What one policy says about a request: `'allowed'`, or the judgement and what it is refined to. */
export function judgedBy(judge: Judge, ...args: Parameters<Judge>): 'allowed' | Refusal {
  const judgement = judge(...args);
  return judgement === 'allowed' ? judgement : { judgement, ...refine(judgement, ...args) };
}

/** The verdict about a preflight, with the headers that are sent, and the exact reason if it is refused. */
export function judged(request: CorsRequest, resource: Resource, answerOf?: AnswerOf) {
  const verdict = judgeResource(request, resource, answerOf);
  const { reason, status, candidate, headers } = verdict;
  const refused = refineVerdict(verdict, request);
  return { reason, status, candidate, ...(refused && { refused }), headers: sent(headers, request.origin) };
}

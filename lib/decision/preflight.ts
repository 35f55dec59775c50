import type { Policy } from '../policy/compile.js';
import { preflightHeaders, REFUSED_PREFLIGHT } from './cors-headers.js';
import {
  allowsScript,
  isScriptableMethod,
  judgeAnnounced,
  needsResolver,
  reasonOfPreflight,
  refine,
  type DetailedReason,
  type ResolverAnswer,
} from './reason.js';
import type { CorsRequest } from './request.js';
import {
  indexOf,
  UNDECIDED,
  type Candidate,
  type PreflightVerdict,
  type Resource,
  type ResourceMethod,
} from './resource.js';

const REFUSED = { status: 403, candidate: 0, headers: REFUSED_PREFLIGHT } as const;
const NOT_ROUTED: PreflightVerdict = Object.freeze({ ...REFUSED, reason: 'method-not-routed' });
const AMBIGUOUS: PreflightVerdict = Object.freeze({ ...REFUSED, reason: 'path-ambiguous' });

/** The resolvers' answers for a preflight, for each member of each candidate for a method. */
export type AnswerOf = (
  policy: Policy,
  method: string,
  candidate: number,
  member: number,
) => ResolverAnswer | undefined;

export const NO_ANSWERS: AnswerOf = () => undefined;

/** A resolver to call before a preflight can be judged. */
export interface Question {
  readonly policy: Policy;
  readonly method: string;
  readonly candidate: number;
  readonly member: number;
}

/**
 * The resolvers to call for a method before it can be judged, for each candidate. `undefined` for a candidate that
 * refuses regardless of their answers.
 *
 * @param isCurious whether to call them for those as well: somebody wants to know whether the origin is allowed
 */
export function questionsOf(
  { origin, requestHeaders }: CorsRequest,
  { method, candidates }: ResourceMethod,
  isCurious = false,
): readonly (readonly Question[] | undefined)[] {
  const mayAllow = (policy: Policy, answer: ResolverAnswer) =>
    judgeAnnounced(origin, method, requestHeaders, policy, answer) === 'allowed';
  return candidates.map(({ members }, candidate) =>
    isCurious ||
    // Whom the resolver denies, `others` may allow.
    members.every(policy => mayAllow(policy, 'allowed') || (policy.others !== undefined && mayAllow(policy, 'denied')))
      ? [...members.entries()].flatMap(([member, policy]) =>
          needsResolver(origin, policy) ? [{ policy, method, candidate, member }] : [],
        )
      : undefined,
  );
}

/**
 * Judges a preflight by the routes that may serve the announced request (Fetch §4.8). Candidates are judged one after
 * another, each as a whole, and the answer is that of one candidate. Not a mix of candidates: that would allow
 * combinations that no route allows.
 */
export function judgeResource(
  request: CorsRequest,
  resource: Resource,
  answerOf: AnswerOf = NO_ANSWERS,
): PreflightVerdict {
  const index = indexOf(resource, request.requestMethod);
  const announced = resource.methods[index];
  if (announced === undefined || announced.candidates.length === 0) return resource.isInDoubt ? AMBIGUOUS : NOT_ROUTED;
  let candidate = 0;
  const refusal = refusalBy(request, announced, 0, answerOf);
  if (refusal !== undefined) {
    // Hot path: nearly always there is one candidate. The first one's reason is the one to report.
    if (announced.candidates.length === 1) return refusal;
    candidate = firstAllowed(request, announced, answerOf, 1);
    if (candidate === -1) return refusal;
  }
  // Nearly always one policy serves all methods, or the policies share no answer.
  const settled = candidate === 0 ? (resource.settled[index] ??= settle(resource, announced)) : UNDECIDED;
  if (settled !== UNDECIDED) return settled;
  const isUnsure = isOpen(request, announced, candidate, answerOf);
  return allow(resource, announced, candidate, (other, shared) => {
    if (isUnsure) return false;
    const isShared = isSharedBy(other, shared);
    if (isShared !== UNDECIDED) return isShared;
    const first = firstAllowed(request, other, answerOf);
    if (isOpen(request, other, first, answerOf)) return false;
    return other.candidates[first]?.policy.answerKey === shared.policy.answerKey;
  });
}

/** Whether a resolver that was not called may allow a method ahead of the candidate that does. */
function isOpen(
  { origin }: CorsRequest,
  { method, candidates }: ResourceMethod,
  allowing: number,
  answerOf: AnswerOf,
): boolean {
  return candidates
    .slice(0, Math.max(0, allowing))
    .some(({ members }, candidate) =>
      members.some(
        (policy, member) =>
          policy.resolver !== undefined &&
          answerOf(policy, method, candidate, member) === undefined &&
          needsResolver(origin, policy),
      ),
    );
}

/** The verdict for all allowed requests, if it does not depend on the request. */
function settle(resource: Resource, announced: ResourceMethod): PreflightVerdict | typeof UNDECIDED {
  const answer = sharedAnswer(announced, 0);
  const isSettled = resource.methods.every(other => other === announced || isSharedBy(other, answer) !== UNDECIDED);
  return isSettled ? allow(resource, announced, 0, other => isSharedBy(other, answer) === true) : UNDECIDED;
}

/** @param isShared whether another method has the same answer: a browser caches one answer for all listed methods */
function allow(
  { methods }: Resource,
  announced: ResourceMethod,
  candidate: number,
  isShared: (other: ResourceMethod, answer: SharedAnswer) => boolean,
): PreflightVerdict {
  const answer = sharedAnswer(announced, candidate);
  const listed = methods.filter(other => other === announced || isShared(other, answer)).map(({ method }) => method);
  const headers = preflightHeaders(answer.policy, answer.maxAge, listed.join(', '));
  return Object.freeze({ reason: 'allowed', headers, status: answer.policy.status, candidate });
}

/** What a browser caches, apart from the methods. */
interface SharedAnswer {
  readonly policy: Policy;
  readonly maxAge: number;
}

function sharedAnswer({ candidates }: ResourceMethod, candidate: number): SharedAnswer {
  return { policy: (candidates[candidate] as Candidate).policy, maxAge: shortestOf(candidates) };
}

function shortestOf(candidates: readonly Candidate[]): number {
  return Math.min(...candidates.flatMap(({ members }) => members.map(({ maxAge }) => maxAge)));
}

/** Whether another method has the same answer for every request; `undecided` if it depends on the request. */
function isSharedBy(
  { method, candidates }: ResourceMethod,
  { policy, maxAge }: SharedAnswer,
): boolean | typeof UNDECIDED {
  const { answerKey } = policy;
  if (shortestOf(candidates) !== maxAge || !candidates.some(each => each.policy.answerKey === answerKey)) return false;
  // One policy for both methods: only the method remains to be judged. A resolver may decide by the method.
  const [first, ...others] = candidates;
  const isAlone = others.length === 0 && first?.policy === policy && first.members.length === 1;
  return isAlone && policy.resolver === undefined ? allowsScript(method, policy) : UNDECIDED;
}

/** The index of the first candidate for a method that allows a preflight, from one on; `-1` if none does. */
function firstAllowed(request: CorsRequest, method: ResourceMethod, answerOf: AnswerOf, from = 0): number {
  for (let candidate = from; candidate < method.candidates.length; candidate++) {
    if (refusalBy(request, method, candidate, answerOf) === undefined) return candidate;
  }
  return -1;
}

/** Why a candidate refuses a preflight: because of its first member that does; `undefined` if all members allow it. */
function refusalBy(
  { origin, requestHeaders }: CorsRequest,
  { method, candidates }: ResourceMethod,
  candidate: number,
  answerOf: AnswerOf,
): PreflightVerdict | undefined {
  const judged = candidates[candidate] as Candidate;
  const { members } = judged;
  // Hot path: an indexed loop, and one verdict for equal refusals, see the bench.
  for (let member = 0; member < members.length; member++) {
    const policy = members[member] as Policy;
    const answer = policy.resolver === undefined ? undefined : answerOf(policy, method, candidate, member);
    const reason = judgeAnnounced(origin, method, requestHeaders, policy, answer);
    if (reason === 'allowed') continue;
    if (members.length === 1 && answer === undefined) {
      if (judged.refusal?.reason === reason) return judged.refusal;
      return (judged.refusal = refuse(reason, candidate, policy));
    }
    return { ...refuse(reason, candidate, policy), answer };
  }
  return undefined;
}

function refuse(reason: PreflightVerdict['reason'], candidate: number, policy: Policy): PreflightVerdict {
  return { reason, headers: REFUSED_PREFLIGHT, status: 403, candidate, policy };
}

/** Why a preflight is refused, for a person to read; `undefined` if it is allowed. */
export function refineVerdict(verdict: PreflightVerdict, request: CorsRequest): DetailedReason | undefined {
  const { reason, policy, answer } = verdict;
  const { requestMethod = '' } = request;
  switch (reason) {
    case 'allowed':
      return undefined;
    case 'path-ambiguous':
    case 'method-not-routed':
      if (!isScriptableMethod(requestMethod)) return { reason: 'method-malformed', parts: [requestMethod] };
      return { reason, parts: reason === 'method-not-routed' ? [requestMethod] : [] };
    default: {
      const exact = reasonOfPreflight(request, policy as Policy, answer);
      return refine(exact === 'allowed' ? reason : exact, request, policy as Policy, answer);
    }
  }
}

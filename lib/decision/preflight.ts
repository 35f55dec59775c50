import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/response.js';
import {
  allowsOrigin,
  allowsScript,
  isScriptableMethod,
  judgePreflight,
  needsResolver,
  type Refusal,
  type ResolverAnswer,
} from './reason.js';
import { allowsRequestHeaders } from './request-headers.js';
import type { CorsRequest } from './request.js';
import { preflightResponse, REFUSED_PREFLIGHT } from './response-headers.js';

/**
 * Handlers that one request may pass through, one after another (`next()`): all of them have to allow it, and the
 * narrowest of their policies answers. Nearly always it is one handler.
 */
export interface TargetCandidate {
  readonly policy: CompiledPolicy;
  /** In the order in which they would run. */
  readonly members: readonly CompiledPolicy[];
}

/**
 * A method that is routed at a path, and who may serve it, in the order in which they would be tried. More than one
 * candidate only where a preflight cannot tell (versions in a header).
 */
export interface TargetMethod {
  readonly method: string;
  readonly candidates: readonly TargetCandidate[];
}

/**
 * @param members the policies of the handlers that one request may pass through
 */
export function createCandidate(members: readonly [CompiledPolicy, ...CompiledPolicy[]]): TargetCandidate {
  return { policy: members.reduce((one, other) => (isNarrower(other, one) ? other : one)), members };
}

/** A browser keeps the answer for everything that it says: so it says no more than any of those who may serve. */
function isNarrower(one: CompiledPolicy, other: CompiledPolicy): boolean {
  if (one.credentials !== other.credentials) return other.credentials;
  return headerCount(one) < headerCount(other);
}

function headerCount({ allowedHeaders }: CompiledPolicy): number {
  return allowedHeaders?.size ?? Infinity;
}

/** Every method that is routed at a path, in the order in which they are listed. */
export interface Target<Method extends TargetMethod = TargetMethod> {
  readonly methods: readonly Method[];
  /** Whether it is in doubt what serves the methods that have no candidate. */
  readonly isInDoubt: boolean;
  /** The candidates for each method whose policies let scripts use it, by their indexes: no request changes that. */
  readonly scriptable: readonly (readonly number[])[];
  /**
   * What is answered to whoever the first candidate allows, by the index of the announced method, as far as it was
   * asked for. `undecided`: it depends on more of the request.
   */
  readonly settled: (PreflightOutcome | typeof UNDECIDED | undefined)[];
}

const UNDECIDED = 'undecided';

export function createTarget<Method extends TargetMethod>(
  methods: readonly Method[],
  { isInDoubt = false } = {},
): Target<Method> {
  return { methods, isInDoubt, scriptable: methods.map(scriptableCandidates), settled: [] };
}

function scriptableCandidates({ method, candidates }: TargetMethod): readonly number[] {
  return [...candidates.entries()].flatMap(([index, { members }]) =>
    members.every(policy => allowsScript(method, policy)) ? [index] : [],
  );
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

/** What a resolver said of a preflight's origin, for one of those who may serve a method. */
export type AnswerOf = (
  policy: CompiledPolicy,
  method: string,
  candidate: number,
  member: number,
) => ResolverAnswer | undefined;

export const NO_ANSWERS: AnswerOf = () => undefined;

/** A resolver to ask before a preflight can be judged. */
export interface Question {
  readonly policy: CompiledPolicy;
  readonly method: string;
  readonly candidate: number;
  readonly member: number;
}

/**
 * What to ask about a method before it can be judged, for each candidate: nothing about what is refused anyway.
 * `undefined`: that candidate is refused whatever is answered.
 */
export function questionsOf(
  request: CorsRequest,
  { method, candidates }: TargetMethod,
): readonly (readonly Question[] | undefined)[] {
  const announced = { ...request, requestMethod: method };
  return candidates.map(({ members }, candidate) =>
    members.every(policy => judgePreflight(announced, policy, 'allowed').allowed)
      ? [...members.entries()].flatMap(([member, policy]) =>
          needsResolver(request.origin, policy) ? [{ policy, method, candidate, member }] : [],
        )
      : undefined,
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
    const first = other.candidates[firstAllowed(request, target, index, answerOf)];
    return first !== undefined && sameTerms(first.policy, terms.policy);
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
  const { members = [] } = methodIn(target, requestMethod)?.candidates[0] ?? {};
  for (const [member, policy] of members.entries()) {
    const judged = judgePreflight(request, policy, answerOf(policy, requestMethod, 0, member));
    if (!judged.allowed) return judged;
  }
  if (!isScriptableMethod(requestMethod)) return { allowed: false, reason: 'method-malformed', detail: requestMethod };
  if (target.isInDoubt) return { allowed: false, reason: 'path-ambiguous' };
  return { allowed: false, reason: 'method-not-routed', detail: requestMethod };
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
  const { method, candidates } = target.methods[index] as TargetMethod;
  const scriptable = target.scriptable[index] as readonly number[];
  for (let order = 0; order < scriptable.length; order++) {
    const candidate = scriptable[order] as number;
    const { members } = candidates[candidate] as TargetCandidate;
    let member = 0;
    for (; member < members.length; member++) {
      const policy = members[member] as CompiledPolicy;
      const answer = policy.resolver === undefined ? undefined : answerOf(policy, method, candidate, member);
      if (!allowsOrigin(origin, policy, answer) || !allowsRequestHeaders(requestHeaders, policy)) break;
    }
    if (member === members.length) return candidate;
  }
  return -1;
}

/** What a candidate answers, but for the methods. */
interface Terms {
  readonly policy: CompiledPolicy;
  readonly maxAge: number;
}

function termsOf({ candidates }: TargetMethod, candidate: number): Terms {
  return { policy: (candidates[candidate] as TargetCandidate).policy, maxAge: shortestOf(candidates) };
}

function shortestOf(candidates: readonly TargetCandidate[]): number {
  return Math.min(...candidates.flatMap(({ members }) => members.map(({ maxAge }) => maxAge)));
}

/**
 * Whether another method is answered under the same terms, whoever asks; `undecided` where it depends on the request.
 */
function sharedWith({ method, candidates }: TargetMethod, { policy, maxAge }: Terms): boolean | typeof UNDECIDED {
  if (shortestOf(candidates) !== maxAge || !candidates.some(each => sameTerms(each.policy, policy))) return false;
  // One policy for both, which has been judged but for the method. A resolver is told the method.
  const [first, ...others] = candidates;
  const isAlone = others.length === 0 && first?.policy === policy && first.members.length === 1;
  return isAlone && policy.resolver === undefined ? allowsScript(method, policy) : UNDECIDED;
}

/** Everything but the methods and the max-age. */
function sameTerms(one: CompiledPolicy, other: CompiledPolicy): boolean {
  return (
    one.allowed.allowOrigin === other.allowed.allowOrigin &&
    one.credentials === other.credentials &&
    one.allowHeadersValue === other.allowHeadersValue
  );
}

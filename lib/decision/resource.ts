import type { Policy } from '../policy/compile.js';
import type { CorsHeaders } from '../policy/response.js';
import type { Reason, ResolverAnswer } from './reason.js';

export const UNDECIDED = 'undecided';

/** The verdict on a preflight. */
export interface PreflightVerdict {
  readonly reason: Reason | 'method-not-routed' | 'path-ambiguous';
  readonly headers: CorsHeaders;
  readonly status: 200 | 204 | 403;
  /** Whether a refusal has an answer that makes the browser name its reason. */
  readonly isRevealing?: true;
  /** The index of the candidate that decided, among those for the announced method. */
  readonly candidate: number;
  /** The policy that refuses, and the answer of its resolver; absent if no route is known to serve the method. */
  readonly policy?: Policy;
  readonly answer?: ResolverAnswer | undefined;
}

/**
 * The routes that one request may pass through, one after another (`next()`). All of them have to allow it, and the
 * narrowest of their policies answers. Nearly always there is only one route.
 */
export interface Candidate {
  readonly policy: Policy;
  /** The policies of its routes, in the order in which these would run. */
  readonly members: readonly Policy[];
  /** The last refusal that depends on nothing but its reason: hostile requests repeat themselves. */
  refusal: PreflightVerdict | undefined;
}

/**
 * A method of a resource and the candidates that may serve it, in the order in which they would be tried. There is more
 * than one only if a preflight does not say which (versions in a header).
 */
export interface ResourceMethod {
  readonly method: string;
  readonly candidates: readonly Candidate[];
}

/** The methods that a path serves. */
export interface Resource<Method extends ResourceMethod = ResourceMethod> {
  /** In the order in which they are listed. */
  readonly methods: readonly Method[];
  /** Whether it is in doubt what serves the methods without a candidate. */
  readonly isInDoubt: boolean;
  /** Whether one of its policies has `others`. */
  readonly hasOthers: boolean;
  /**
   * The answer to a preflight that the first candidate allows, by the index of the announced method. Created on first
   * use. `undecided`: the answer depends on more of the request.
   */
  readonly settled: (PreflightVerdict | typeof UNDECIDED | undefined)[];
}

function headerCount({ allowedHeaders }: Policy): number {
  return allowedHeaders?.size ?? Infinity;
}

/** A browser caches everything that the answer allows, so it must not allow more than any route that may serve. */
function isNarrower(one: Policy, other: Policy): boolean {
  if (one.credentials !== other.credentials) return other.credentials;
  return headerCount(one) < headerCount(other);
}

/** @param members the policies of the routes that one request may pass through */
export function createCandidate(members: readonly [Policy, ...Policy[]]): Candidate {
  return {
    policy: members.reduce((one, other) => (isNarrower(other, one) ? other : one)),
    members,
    refusal: undefined,
  };
}

export function createResource<Method extends ResourceMethod>(
  methods: readonly Method[],
  { isInDoubt = false } = {},
): Resource<Method> {
  const hasOthers = methods.some(({ candidates }) =>
    candidates.some(({ members }) => members.some(({ others }) => others !== undefined)),
  );
  return { methods, isInDoubt, hasOthers, settled: [] };
}

export function indexOf({ methods }: Resource, method: string | undefined): number {
  for (let index = 0; index < methods.length; index++) {
    if (methods[index]?.method === method) return index;
  }
  return -1;
}

/** A resource's entry for a method. */
export function methodIn<Method extends ResourceMethod>(
  resource: Resource<Method>,
  method: string,
): Method | undefined {
  return resource.methods[indexOf(resource, method)];
}

import type { AnswerOf } from '../decision/preflight.js';
import { sideOf } from '../decision/reason.js';
import { createCandidate, createResource } from '../decision/resource.js';
import type { Policy } from '../policy/compile.js';
import type { ServedResource } from './served.js';

/** How many views of one resource are kept. There are two for each list of origins that has `others`, and few lists. */
const MOST_KEPT = 16;

/** The views of resources that have been asked for, by the sides that an origin is on. */
const views = new WeakMap<ServedResource, Map<string, ServedResource>>();

/**
 * A resource as an origin sees it: each policy that does not allow the origin is replaced by its `others`. Whatever is
 * judged, listed and cached of it, a stranger's answer never has a part of an own page's.
 */
export function viewOf(resource: ServedResource, origin: string | undefined, answerOf: AnswerOf): ServedResource {
  if (!resource.hasOthers) return resource;
  const sides = resource.methods.map(({ method, candidates }) =>
    candidates.map(({ servers }, candidate) =>
      servers.map(({ policy }, member) => sideOf(origin, policy, answerOf(policy, method, candidate, member))),
    ),
  );
  const key = sides.flat(2).map(sideKey).join('');
  const known = views.get(resource) ?? new Map<string, ServedResource>();
  views.set(resource, known);
  const view = known.get(key) ?? makeView(resource, sides);
  if (known.size < MOST_KEPT) known.set(key, view);
  return view;
}

function sideKey({ isOthers }: Policy): string {
  return isOthers ? '1' : '0';
}

function makeView(resource: ServedResource, sides: readonly (readonly (readonly Policy[])[])[]): ServedResource {
  const methods = resource.methods.map(({ method, isKnown, candidates }, at) => ({
    method,
    isKnown,
    candidates: candidates.map(({ servers }, candidate) => {
      const policies = sides[at]?.[candidate] as [Policy, ...Policy[]];
      const own = servers.map(({ route }, member) => ({ route, policy: policies[member] as Policy }));
      return { ...createCandidate(policies), servers: own };
    }),
  }));
  return createResource(methods, resource);
}

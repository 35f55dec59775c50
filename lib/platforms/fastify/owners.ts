import { routeConstraintsOf } from './internals.js';
import type { RouteRegistration } from '../../routing/nest-internals.js';
import { UnmatchedRouteError } from '../../routing/route-matcher.js';
import { isNeutral } from '../../routing/versions.js';

/** A route as Fastify announces it to its `onRoute` hooks. */
export interface FastifyRoute {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly constraints?: Constraints;
}

export type Constraints = Readonly<Record<string, unknown>>;

const NONE: Constraints = Object.freeze({});

/** A route that Nest registered, as Fastify is to hold it. */
interface Expected {
  readonly registration: RouteRegistration;
  readonly constraints: Constraints;
}

/**
 * Tells which of Fastify's routes are whose: verb, path and constraints, the version among them, are unique there.
 *
 * @returns the registration of each route, by its index
 */
export function labelRoutes(
  routes: readonly FastifyRoute[],
  registrations: readonly RouteRegistration[],
): readonly (RouteRegistration | undefined)[] {
  const byPath = new Map<string, Expected[]>();
  for (const registration of registrations) {
    const expected = { registration, constraints: constraintsOf(registration) };
    const ofPath = byPath.get(registration.path);
    if (ofPath === undefined) byPath.set(registration.path, [expected]);
    else ofPath.push(expected);
  }
  const find = (verb: string, { url, constraints = NONE }: FastifyRoute) =>
    byPath.get(url)?.find(each => each.registration.verb === verb && sameConstraints(each.constraints, constraints))
      ?.registration;
  const labels = routes.map(route => {
    const { method } = route;
    if (typeof method !== 'string') return find('all', route);
    // Fastify adds a HEAD route to every GET route by itself.
    return find(method.toLowerCase(), route) ?? (method === 'HEAD' ? find('get', route) : undefined);
  });

  const found = new Set(labels);
  for (const registration of registrations) {
    if (found.has(registration)) continue;
    const { verb, path } = registration;
    // Nest may be told to drop the later of two equal routes.
    const own = constraintsOf(registration);
    const isTwin = ({ registration: other, constraints }: Expected) =>
      other.verb === verb && found.has(other) && sameConstraints(constraints, own);
    if (byPath.get(path)?.some(isTwin)) continue;
    // Nest 11 registers routes for every method without their constraints: they serve any version.
    const isPlain = (route: FastifyRoute, index: number) =>
      labels[index] === undefined && isPlainAll(route) && route.url === path;
    const plain = verb === 'all' ? routes.findIndex(isPlain) : -1;
    if (plain === -1) throw new UnmatchedRouteError(registration);
    labels[plain] = registration;
    found.add(registration);
  }
  return labels;
}

function isPlainAll({ method, constraints = NONE }: FastifyRoute): boolean {
  return typeof method !== 'string' && Object.keys(constraints).length === 0;
}

/** The constraints that Nest gives a route: those of `@RouteConstraints()`, and its version. */
function constraintsOf(registration: RouteRegistration): Constraints {
  const { handler, version } = registration;
  const stated = routeConstraintsOf(handler);
  if (isNeutral(registration)) return stated ?? NONE;
  return { ...stated, version };
}

/**
 * Nest hands the values on as they are, a RegExp among them: the same values are the same constraints. Versions may be
 * lists of their own with the same entries.
 */
function sameConstraints(one: Constraints, other: Constraints): boolean {
  if (one === other) return true;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(key => (key === 'version' ? sameVersions(one[key], other[key]) : one[key] === other[key]));
}

function sameVersions(one: unknown, other: unknown): boolean {
  const [versions, others] = [[one].flat(), [other].flat()];
  return versions.length === others.length && versions.every((version, index) => version === others[index]);
}

import { routeConstraintsOf } from './internals.js';
import type { Route } from '../../routing/route.js';
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

/** A route of Nest's, with the constraints that Fastify holds it under. */
interface NestRoute {
  readonly route: Route;
  readonly constraints: Constraints;
}

/**
 * Finds whose route each of Fastify's routes is: verb, path and constraints, the version among them, are unique there.
 *
 * @returns the owner of each route, by its index
 */
export function ownersOfRoutes(
  fastifyRoutes: readonly FastifyRoute[],
  routes: readonly Route[],
): readonly (Route | undefined)[] {
  const byPath = new Map<string, NestRoute[]>();
  for (const route of routes) {
    const nestRoute = { route, constraints: constraintsOf(route) };
    const ofPath = byPath.get(route.path);
    if (ofPath === undefined) byPath.set(route.path, [nestRoute]);
    else ofPath.push(nestRoute);
  }
  const find = (verb: string, { url, constraints = NONE }: FastifyRoute) =>
    byPath.get(url)?.find(each => each.route.verb === verb && sameConstraints(each.constraints, constraints))?.route;
  const owners = fastifyRoutes.map(fastifyRoute => {
    const { method } = fastifyRoute;
    if (typeof method !== 'string') return find('all', fastifyRoute);
    // Fastify adds a HEAD route to every GET route by itself.
    return find(method.toLowerCase(), fastifyRoute) ?? (method === 'HEAD' ? find('get', fastifyRoute) : undefined);
  });

  const owning = new Set(owners);
  for (const route of routes) {
    if (owning.has(route)) continue;
    const { verb, path } = route;
    // Nest may be configured to drop the later of two equal routes.
    const own = constraintsOf(route);
    const isEarlierEqual = ({ route: other, constraints }: NestRoute) =>
      other.verb === verb && owning.has(other) && sameConstraints(constraints, own);
    if (byPath.get(path)?.some(isEarlierEqual)) continue;
    // Nest 11 registers routes for every method without their constraints: they serve any version.
    const isPlain = (fastifyRoute: FastifyRoute, index: number) =>
      owners[index] === undefined && isPlainAll(fastifyRoute) && fastifyRoute.url === path;
    const plain = verb === 'all' ? fastifyRoutes.findIndex(isPlain) : -1;
    if (plain === -1) throw new UnmatchedRouteError(route);
    owners[plain] = route;
    owning.add(route);
  }
  return owners;
}

function isPlainAll({ method, constraints = NONE }: FastifyRoute): boolean {
  return typeof method !== 'string' && Object.keys(constraints).length === 0;
}

/** The constraints that Nest gives a route: those of `@RouteConstraints()`, and its version. */
function constraintsOf(route: Route): Constraints {
  const { handler, version } = route;
  const constraints = routeConstraintsOf(handler);
  if (isNeutral(route)) return constraints ?? NONE;
  return { ...constraints, version };
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

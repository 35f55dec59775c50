import { locationOfSource, type CorsIssueLocation, type CorsIssueRoute } from '../issues/location.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import { methodOf } from '../routing/route-matcher.js';

/**
 * A route of a controller.
 *
 * @publicApi
 */
export interface CorsRoute {
  /** The name of the class. */
  readonly controller: string;
  /** The name of the method. */
  readonly handler: string;
  /** `ALL` for a handler of every method. */
  readonly method: string;
  /** The whole path, global prefix included. */
  readonly path: string;
  /** The versions that it serves, where a request tells its version otherwise than by the path. */
  readonly version?: string;
}

/** A route, as it is told. */
export function describeRoute(route: RouteRegistration): CorsRoute {
  const { version } = route;
  return { ...issueRouteOf(route), ...(version !== undefined && { version: versionText(version) }) };
}

/** A version-neutral route's version is a symbol. */
function versionText(version: unknown): string {
  return [version]
    .flat()
    .map(each => (typeof each === 'symbol' ? 'neutral' : String(each)))
    .join(', ');
}

/** Where the level that set an option of a route's policy is written. */
export function locationOfLevel(source: string, route: RouteRegistration | undefined): CorsIssueLocation {
  return locationOfSource(source, route && { ...issueRouteOf(route), module: route.module.name });
}

export function issueRouteOf({ controller, handlerName, verb, path }: RouteRegistration): CorsIssueRoute {
  return { controller: controller.name, handler: handlerName, method: methodOf(verb), path };
}

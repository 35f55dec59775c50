import { locationOfSource, type CorsIssueLocation, type CorsIssueRoute } from '../issues/location.js';
import type { NamedRoute, Route } from '../routing/route.js';
import { methodOf } from '../routing/methods.js';

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
  /** The versions that it serves, where the version is not in the path. */
  readonly version?: string;
}

/** A route for a person to read. */
export function describeRoute(route: Route): CorsRoute {
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

/** A route that an issue affects. */
export function issueRouteOf({ controller, handlerName, verb, path }: NamedRoute): CorsIssueRoute {
  return { controller: controller.name, handler: handlerName, method: methodOf(verb), path };
}

/** Where the level that sets an option of a route's policy is written. */
export function locationOfLevel(source: string, route: NamedRoute | undefined): CorsIssueLocation {
  return locationOfSource(source, route && { ...issueRouteOf(route), module: route.module.name });
}

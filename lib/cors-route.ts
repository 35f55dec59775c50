import { issueRouteOf } from './cors-issue.js';
import type { RouteRegistration } from './routing/nest-internals.js';

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

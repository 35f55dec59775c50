import type { Route } from './route.js';

/** What a route for every method is said to serve. */
export const USUAL_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function usualRank(method: string): number {
  const index = USUAL_METHODS.indexOf(method);
  return index === -1 ? USUAL_METHODS.length : index;
}

/** Sorts methods in an order that does not depend on the platform: the usual ones, then the others by name. */
export function byMethod(one: string, other: string): number {
  return usualRank(one) - usualRank(other) || (one < other ? -1 : 1);
}

/** The method a route is registered for, as it is written: `GET`, or `ALL`. */
export function methodOf(verb: string): string {
  return verb.toUpperCase();
}

/** What a route that is registered for a method serves: GET routes serve HEAD as well. */
export function servedMethods(method: string): readonly string[] {
  if (method === 'ALL') return USUAL_METHODS;
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}

/** The methods that are registered under the same path, for each path. */
export function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, Set<string>>();
  for (const { verb, path } of routes) {
    const methods = paths.get(path) ?? new Set<string>();
    paths.set(path, methods);
    for (const method of servedMethods(methodOf(verb))) methods.add(method);
  }
  return new Map([...paths].map(([path, methods]) => [path, [...methods]]));
}

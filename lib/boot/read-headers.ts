import { usesDefaultHeaders } from '../policy/default-headers.js';
import { isDerivable } from '../policy/names/headers.js';
import { headersReadBy, hostOf } from '../routing/nest-internals.js';
import type { Route } from '../routing/route.js';
import type { MergedRoute } from './merged.js';

/** The request headers that a handler reads and a page may need permission for, in lower case. */
export function readHeadersOf(route: Pick<Route, 'controller' | 'handlerName'>): readonly string[] {
  return headersReadBy(route)
    .map(name => name.toLowerCase())
    .filter(isDerivable);
}

/** The request header that holds versions, in lower case: none if it needs no permission. */
export function versionNamesOf(header: string): readonly string[] {
  return [header.toLowerCase()].filter(isDerivable);
}

/** What the handlers under the default list of headers read, by path: a browser keeps one list for a path. */
export class ReadHeaders {
  readonly #byPath = new Map<string, Set<string>>();

  constructor(routes: readonly MergedRoute[]) {
    for (const { route, merged } of routes) {
      // What is closed is no reason to allow anything.
      if (merged.origin.value === false || !usesDefaultHeaders(merged)) continue;
      const names = readHeadersOf(route);
      if (names.length === 0) continue;
      const shape = pathShape(route);
      const read = this.#byPath.get(shape) ?? new Set();
      this.#byPath.set(shape, read);
      for (const name of names) read.add(name);
    }
  }

  at(route: Route): readonly string[] {
    return this.#byPath.size === 0 ? [] : [...(this.#byPath.get(pathShape(route)) ?? [])];
  }
}

/**
 * What a route matches, as far as two routes can be seen to match the same: a host, and a path without the names of its
 * parameters and wildcards, in any case.
 */
function pathShape({ path, controller }: Route): string {
  return `${hostOf(controller)} ${path.replace(/([:*])\w+/g, '$1').toLowerCase()}`;
}

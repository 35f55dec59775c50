import { match } from 'path-to-regexp';
import { LegacyRouteConverter } from './nest-internals.js';

/** A path that cannot be read. */
export class PathSyntaxError extends Error {}

/**
 * Compiles one path in the syntax of Nest's middleware: `/graphql`, `/static/*splat`, `/files{/:name}`. Old wildcards
 * are converted as Nest does.
 *
 * It covers what is below the path as well: what Express mounts at `/graphql` answers at `/graphql/below`, and a
 * narrow rule must not be walked around there.
 *
 * @throws {PathSyntaxError}
 */
export function compilePath(path: string): (path: string) => boolean {
  const converted = LegacyRouteConverter.tryConvert(path.startsWith('/') ? path : `/${path}`, { logs: false });
  try {
    const matches = match(converted, { decode: false, end: false });
    return text => matches(text) !== false;
  } catch (error) {
    throw new PathSyntaxError(error instanceof Error ? error.message : String(error));
  }
}

/** A path or a host that a pattern of either platform matches. */
export function sampleOf(pattern: string): string {
  return pattern.replace(/\{[^{}]*\}|\?/g, '').replace(/[:*][A-Za-z0-9_]*/g, 'any');
}

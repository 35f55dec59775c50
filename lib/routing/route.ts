import type { Type } from '@nestjs/common';

/** Any method of a controller. */
export type Handler = (...args: never[]) => unknown;

export type RequestPredicate = (request: object) => boolean;

/** A module of the app. */
export interface ModuleId {
  /** Unique, also for dynamic modules of one class. */
  readonly key: string;
  readonly name: string;
}

/** A route that Nest registers on the HTTP platform, in the order in which it does. */
export interface Route {
  /** The adapter's method it is registered with: `get`, `all`, … */
  readonly verb: string;
  /** As it is handed to the platform: with prefixes, in the platform's syntax. */
  readonly path: string;
  readonly controller: Type;
  readonly handler: Handler;
  readonly handlerName: string;
  /** The module that declares the controller. */
  readonly module: ModuleId;
  /** The version it is filtered by; `undefined` where no filter applies (URI versions are in the path). */
  readonly version: unknown;
  /** Whether the request's host, and its version where there is a filter, select this route: Nest's own filters. */
  readonly accepts: RequestPredicate;
  /** The same by host alone. */
  readonly acceptsHost: RequestPredicate;
}

/** What a route is called where a person reads about it. */
export type NamedRoute = Pick<Route, 'verb' | 'path' | 'controller' | 'handlerName' | 'module'>;

/** For a route without a filter. */
export const acceptsAll: RequestPredicate = () => true;

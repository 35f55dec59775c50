import type { RouteRegistration } from './nest-internals.js';

/** What routing reads of a request: as Express and Fastify present it, or as `explain()` makes it up. */
export interface RoutedRequest {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * What serves one method at a path: the handlers that may run, in the order they would be tried. Empty: something
 * outside Nest's controllers serves it.
 */
export type Candidates = readonly RouteRegistration[];

/** Every method that is routed at a path. Empty: the path is unknown. */
export type RoutedMethods = ReadonlyMap<string, Candidates>;

/** Names the handler that the platform would run, by the platform's own routing. */
export interface RouteMatcher {
  /** The handler that serves this request; `undefined` where none of a controller does. */
  match(request: RoutedRequest): RouteRegistration | undefined;

  /**
   * The handlers that may serve the requests that a preflight announces, for each method. More than one for a method
   * only where the version is in a header that a preflight does not carry.
   */
  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods;
}

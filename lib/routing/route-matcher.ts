import { methodOf } from './methods.js';
import type { Route } from './route.js';

/** What routing reads of a request: as Express and Fastify present it, or as `explain()` makes it up. */
export interface RoutedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request that nobody sent, to ask what would serve it. */
export function makeRequest(request: {
  readonly method: string;
  readonly url: string;
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}): RoutedRequest {
  const { method, url, host = 'localhost', headers = {} } = request;
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  // What Nest's host filter reads, as both platforms have it: without the port.
  const hostname = host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.split(':', 1)[0];
  return Object.assign({ method, url, hostname }, { headers: { host, ...Object.fromEntries(lowerCase) } });
}

/**
 * Who may serve a request, in the order in which they would be tried: each but the last may pass it on (`next()`).
 * `undefined` stands for what is not a controller's. Never empty.
 */
export type Chain = readonly (Route | undefined)[];

/**
 * Who may serve one method at a path. More than one chain where the platform chooses by what is not known yet (a
 * version in a header that a preflight does not carry), in the order in which they would be tried.
 */
export type Candidates = readonly Chain[];

/** A method that is routed at a path, and what serves it. */
export interface MatchedMethod {
  readonly method: string;
  readonly candidates: Candidates;
}

/** Every method that is routed at a path, in the order of {@link byMethod}. */
export type MatchedMethods = readonly MatchedMethod[];

/** The routes that a preflight may be about. */
export interface PreflightMatch {
  /**
   * Equal, element by element, for preflights with the same {@link methods}: for {@link LastOf}. Its first element is
   * something registered, so that what is kept by it is bounded by what is registered. Absent where nothing may be kept.
   */
  readonly key: readonly unknown[] | undefined;
  /** What serves each method at the path. */
  methods(): MatchedMethods;
}

/** Of a request that nothing serves. */
export const NO_CANDIDATES: Candidates = Object.freeze([]);

/** Names the handler that the platform would run, by the platform's own routing. */
export interface RouteMatcher {
  /**
   * Who may serve this request: one chain, none where nothing is routed. Several only where the platform chooses by
   * what cannot be read here, such as a constraint that is derived asynchronously.
   *
   * @param isEarly whether no middleware of the app has seen the request: a version that one of them names is unknown
   */
  match(request: RoutedRequest, isEarly?: boolean): Candidates;

  /** The paths of the routes that are not a controller's and match this request, for any method. */
  rawPaths(request: RoutedRequest): readonly string[];

  /**
   * The routes that a preflight may be about; `undefined` where the path is unknown. More than one chain for a method
   * only where it is chosen by what a preflight does not carry.
   */
  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): PreflightMatch | undefined;

  /**
   * Who else may have answered for an actual request when its preflight was judged: every version and every constraint
   * that a preflight cannot know.
   */
  rivals(request: RoutedRequest): Candidates;

  /** The request headers, in lower case, that this request's route is chosen by, but for `host`. */
  selectingHeaders(request: RoutedRequest): readonly string[];
}

/** A route that Nest registered and the platform does not hold: the two pictures of the app disagree. */
export class UnmatchedRouteError extends Error {
  constructor(readonly route: Route) {
    super(`${methodOf(route.verb)} ${route.path}`);
  }
}

/**
 * Whether a request target names a path: origin-form or absolute-form (RFC 9112 §3.2). `OPTIONS *` asks about the
 * server as a whole, and Node lets other texts through: no route serves those.
 */
export function isRoutable(url: string | undefined): boolean {
  return url !== undefined && (url.startsWith('/') || ABSOLUTE_FORM.test(url));
}

const ABSOLUTE_FORM = /^https?:\/\/(?:[^/?#[\]]+|\[[0-9a-f:.]+\](?::[0-9]*)?)(?:[/?#]|$)/i;

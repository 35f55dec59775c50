import type { IncomingMessage } from 'node:http';
import type { PreflightVerdict } from '../decision/resource.js';
import type { ResolverAnswer } from '../decision/reason.js';
import { corsRequestOf, isPreflight, type CorsRequest } from '../decision/request.js';
import type { Policy } from '../policy/compile.js';
import type { CorsHeaders } from '../policy/response.js';
import type { Answers } from '../registry/answers.js';
import type { CorsApp } from '../registry/app.js';
import type { ServedRequest, ServedResource } from '../registry/served.js';
import { throwNotInitialized } from '../registry/policy-registry.js';
import type { PolicyTable } from '../registry/policy-table.js';
import type { Route } from '../routing/route.js';
import { isRoutable, type RoutedRequest } from '../routing/route-matcher.js';

/** One request, its response, and what is decided so far. */
export class CorsExchange implements CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  readonly requestMethod: string | undefined;
  readonly requestHeaders: string | undefined;
  readonly preflight: boolean;
  /** The request target as the app's router sees it first: middleware and nested routers rewrite `req.url`. */
  url: string;
  /** The policies that were active when the request arrived: a reload does not change them. */
  table: PolicyTable | undefined;
  /** What is carried out about a preflight, once its routes are known. */
  verdict: PreflightVerdict | undefined = undefined;
  /** What a preflight is about, once that is known. */
  resource: ServedResource | undefined = undefined;
  /** The policy of the handler that runs, once a guard knows it, and what its resolver answered. */
  policy: Policy | undefined = undefined;
  answer: ResolverAnswer | undefined = undefined;
  /** That handler, and its class. */
  controller: unknown = undefined;
  handler: unknown = undefined;
  /** Who may serve it, where no guard says who does. */
  served: ServedRequest | undefined = undefined;
  /** The resolvers' answers about an actual request. */
  answers: Answers | undefined = undefined;
  /** The CORS headers of the response, once they are known. */
  headers: CorsHeaders | undefined = undefined;

  /**
   * @param raw Node's own request
   * @param app the app that the request came to
   */
  constructor(
    readonly raw: IncomingMessage,
    readonly app: CorsApp,
  ) {
    this.table = app.table;
    const request = corsRequestOf(raw.method ?? 'GET', raw.headers);
    this.url = raw.url ?? '/';
    // Browsers preflight paths. `OPTIONS *` and other targets are the app's to answer: they announce nothing.
    this.preflight = isPreflight(request) && isRoutable(raw.url);
    this.method = request.method;
    this.origin = request.origin;
    this.requestMethod = this.preflight ? request.requestMethod : undefined;
    this.requestHeaders = this.preflight ? request.requestHeaders : undefined;
  }

  /** The route of the handler that runs, for a person to read. */
  get route(): Route | undefined {
    return this.handler === undefined ? undefined : this.table?.routeOf(this.controller, this.handler);
  }
}

/**
 * The policies that a request is judged by: those of the app that it came to, never those of another app.
 *
 * @throws {Error} before `app.init()`
 */
export function tableOf({ table }: Pick<CorsExchange, 'table'>): PolicyTable {
  return table ?? throwNotInitialized();
}

/** The request with the method and the target it arrived with: middleware and routers rewrite them while they work. */
export function asArrived({ raw, method, url }: Pick<CorsExchange, 'raw' | 'method' | 'url'>): RoutedRequest {
  if (raw.url === url && raw.method === method) return raw;
  return Object.create(raw, { method: { value: method }, url: { value: url } }) as RoutedRequest;
}

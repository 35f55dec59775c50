import type { IncomingMessage, ServerResponse } from 'node:http';
import { corsRequestOf, isPreflight } from '../protocol/request.js';
import type { CorsResponse } from '../protocol/response-headers.js';
import { isRoutable } from '../routing/route-matcher.js';
import type { AppPolicies, CorsExchange } from './exchange.js';
import { beforeHead } from './head-hook.js';
import { writeCorsResponse } from './write-headers.js';

/** A platform's request or response, or Node's own inside it. */
type Wrapped<T> = T | { readonly raw: T };

/** Who is asked about a response as its headers are flushed. Throws nothing: that would lose the response. */
export interface ResponseAuthority {
  /** The policies in force; absent before the app is initialized. */
  readonly current: AppPolicies | undefined;
  /** What to add to it. */
  respondSafely(exchange: CorsExchange, request: IncomingMessage): CorsResponse;
  /** Told the names of CORS headers that something else had set, otherwise than the policy has it. */
  reportReplaced(exchange: CorsExchange, request: IncomingMessage, names: readonly string[]): void;
}

/** Keeps what is decided about each request in flight. One per app: two apps in one process never meet. */
export class ExchangeStore {
  readonly #exchanges = new WeakMap<IncomingMessage, CorsExchange>();

  constructor(private readonly authority: ResponseAuthority) {}

  /** The exchange of a request. Begins with the first call, which also sees to the response's headers. */
  open(request: Wrapped<IncomingMessage>, response: Wrapped<ServerResponse>): CorsExchange {
    const rawRequest = 'raw' in request ? request.raw : request;
    const present = this.#exchanges.get(rawRequest);
    if (present !== undefined) return present;

    const corsRequest = corsRequestOf(rawRequest.method ?? 'GET', rawRequest.headers);
    const exchange: CorsExchange = {
      request: corsRequest,
      // Browsers preflight paths. `OPTIONS *` and other targets are the app's to answer.
      preflight: isPreflight(corsRequest) && isRoutable(rawRequest.url),
      policies: this.authority.current,
      url: rawRequest.url ?? '/',
    };
    this.#exchanges.set(rawRequest, exchange);
    const rawResponse = 'raw' in response ? response.raw : response;
    beforeHead(rawResponse, () => {
      const replaced = writeCorsResponse(rawResponse, this.authority.respondSafely(exchange, rawRequest));
      if (replaced !== undefined) this.authority.reportReplaced(exchange, rawRequest, replaced);
    });
    return exchange;
  }
}

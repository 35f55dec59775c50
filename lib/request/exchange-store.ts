import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { CORS_EXCHANGES } from '../cors.constants.js';
import { NO_CORS } from '../decision/cors-headers.js';
import type { CorsHeaders } from '../policy/response.js';
import { CorsApp } from '../registry/app.js';
import { CorsExchange } from './exchange.js';
import { createHeadHook } from './head-hook.js';
import { isOriginStripped } from './rejection.js';
import { RequestLog } from './request-log.js';
import { headersOfResponse, isInDoubt } from './respond.js';
import { writeCorsHeaders, type HeaderStore } from './write-headers.js';

/** A platform's request or response, or Node's own inside it. */
export type Wrapped<T> = T | { readonly raw: T };

/**
 * Keeps the exchange of each request in flight, and sees to the head of each response. One for a container: two in one
 * process never meet. The container's adapter host keeps it, not the injector: `builder.compile()` makes providers anew
 * each time, while guards of earlier ones go on running.
 */
export class ExchangeStore {
  readonly log = new RequestLog();
  /** Where a response keeps its exchange: a property costs less than an entry of a map. */
  readonly #key = Symbol('nestjs-cors exchange');
  readonly #hook = createHeadHook((response, headers) => this.#complete(response, headers));
  /** The app of requests that did not come through a platform. With several apps this cannot be known. */
  #owner: CorsApp | undefined;

  static of(host: HttpAdapterHost): ExchangeStore {
    const known = (host as { [CORS_EXCHANGES]?: ExchangeStore })[CORS_EXCHANGES];
    if (known !== undefined) return known;
    const store = new ExchangeStore();
    Object.defineProperty(host, CORS_EXCHANGES, { value: store });
    return store;
  }

  addApp(app: CorsApp): void {
    this.#owner = this.#owner === undefined ? app : NO_APP;
  }

  /** The exchange of a request that came to an app. Begins with the first call, which also hooks the response's head. */
  open(request: Wrapped<IncomingMessage>, response: Wrapped<ServerResponse>, app: CorsApp): CorsExchange {
    const rawResponse = 'raw' in response ? response.raw : response;
    const exchange = this.#of(rawResponse);
    if (exchange === undefined) return this.#begin('raw' in request ? request.raw : request, rawResponse, app);
    // Still absent where the request arrived before its app was initialized.
    exchange.table ??= exchange.app.table;
    return exchange;
  }

  /**
   * The exchange of a request that reached a handler. It has one, unless the request was handed to Nest's router past the
   * platform: then it begins here.
   */
  ofHandled(request: Wrapped<IncomingMessage>, response: Wrapped<ServerResponse>): CorsExchange {
    return this.open(request, response, this.#owner ?? NO_APP);
  }

  #begin(request: IncomingMessage, response: ServerResponse, app: CorsApp): CorsExchange {
    const exchange = new CorsExchange(request, app);
    (response as Keeping)[this.#key] = exchange;
    this.#hook(response);
    return exchange;
  }

  #complete(response: ServerResponse, headers: HeaderStore): void {
    const exchange = this.#of(response);
    if (exchange === undefined) return;
    const cors = this.#headersSafely(exchange);
    const replaced = writeCorsHeaders(headers, cors, exchange.origin);
    if (replaced !== undefined) this.log.replaced(exchange, replaced);
    if (exchange.preflight) return;
    if (exchange.origin === undefined) {
      if (exchange.table?.debug === true && isOriginStripped(exchange)) this.log.stripped(exchange);
    } else if (cors.allowOrigin === undefined) this.log.unreadable(exchange);
  }

  /** Never throws: it is called inside `writeHead`, and the response would be lost. */
  #headersSafely(exchange: CorsExchange): CorsHeaders {
    try {
      const headers = headersOfResponse(exchange);
      // Without an origin no page is waiting to read it.
      if (exchange.origin !== undefined && isInDoubt(exchange)) this.log.inDoubt(exchange);
      return headers;
    } catch (error) {
      // Fails closed, and the response is sent.
      this.log.failed(error);
      return NO_CORS;
    }
  }

  #of(response: ServerResponse): CorsExchange | undefined {
    return (response as Keeping)[this.#key];
  }
}

type Keeping = ServerResponse & Record<symbol, CorsExchange | undefined>;

/** For a request that came to no app: it has no policies. */
const NO_APP: CorsApp = Object.freeze(new CorsApp());

import type { IncomingMessage, ServerResponse } from 'node:http';
import { CorsExchange, type ResponseAuthority } from './exchange.js';
import { createHeadHook } from './head-hook.js';
import { writeCorsResponse, type HeaderStore } from './write-headers.js';

/** A platform's request or response, or Node's own inside it. */
export type Wrapped<T> = T | { readonly raw: T };

/** Keeps what is decided about each request in flight. One for a container: two in one process never meet. */
export class ExchangeStore {
  /** Where a response keeps its exchange: a property costs less than an entry of a map. */
  readonly #key = Symbol('nestjs-cors exchange');
  readonly #hook = createHeadHook((response, headers) => this.#complete(response, headers));

  /**
   * The exchange of a request. Begins with the first call, which also sees to the response's headers.
   *
   * @param authority of the app that the request came to
   */
  open(
    request: Wrapped<IncomingMessage>,
    response: Wrapped<ServerResponse>,
    authority: ResponseAuthority,
  ): CorsExchange {
    const rawResponse = 'raw' in response ? response.raw : response;
    const exchange = this.#of(rawResponse);
    if (exchange === undefined) return this.#begin('raw' in request ? request.raw : request, rawResponse, authority);
    // Still absent where the request arrived before its app was initialized.
    exchange.policies ??= exchange.authority.current;
    return exchange;
  }

  #begin(request: IncomingMessage, response: ServerResponse, authority: ResponseAuthority): CorsExchange {
    const exchange = new CorsExchange(request, authority);
    (response as Keeping)[this.#key] = exchange;
    this.#hook(response);
    return exchange;
  }

  #complete(response: ServerResponse, headers: HeaderStore): void {
    const exchange = this.#of(response);
    if (exchange === undefined) return;
    const { authority } = exchange;
    const replaced = writeCorsResponse(headers, authority.respondSafely(exchange), exchange.origin);
    if (replaced !== undefined) authority.reportReplaced(exchange, replaced);
  }

  #of(response: ServerResponse): CorsExchange | undefined {
    return (response as Keeping)[this.#key];
  }
}

type Keeping = ServerResponse & Record<symbol, CorsExchange | undefined>;

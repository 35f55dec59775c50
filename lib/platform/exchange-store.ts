import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsResponse } from '../policy/cors-response.js';
import { CorsExchange, type AppPolicies } from './exchange.js';
import { createHeadHook } from './head-hook.js';
import { writeCorsResponse } from './write-headers.js';

/** A platform's request or response, or Node's own inside it. */
type Wrapped<T> = T | { readonly raw: T };

/** Who is asked about a response as its headers are flushed. Throws nothing: that would lose the response. */
export interface ResponseAuthority {
  /** The policies in force; absent before the app is initialized. */
  readonly current: AppPolicies | undefined;
  /** What to add to it. */
  respondSafely(exchange: CorsExchange): CorsResponse;
  /** Told the names of CORS headers that something else had set, otherwise than the policy has it. */
  reportReplaced(exchange: CorsExchange, names: readonly string[]): void;
}

/** Keeps what is decided about each request in flight. One per app: two apps in one process never meet. */
export class ExchangeStore {
  /** Where a response keeps its exchange: a property costs less than an entry of a map. */
  readonly #key = Symbol('nestjs-cors exchange');
  readonly #hook = createHeadHook(response => this.#complete(response));

  constructor(private readonly authority: ResponseAuthority) {}

  /** The exchange of a request. Begins with the first call, which also sees to the response's headers. */
  open(request: Wrapped<IncomingMessage>, response: Wrapped<ServerResponse>): CorsExchange {
    const rawResponse = 'raw' in response ? response.raw : response;
    return this.#of(rawResponse) ?? this.#begin('raw' in request ? request.raw : request, rawResponse);
  }

  #begin(request: IncomingMessage, response: ServerResponse): CorsExchange {
    const exchange = new CorsExchange(request, this.authority.current);
    (response as Keeping)[this.#key] = exchange;
    this.#hook(response);
    return exchange;
  }

  #complete(response: ServerResponse): void {
    const exchange = this.#of(response);
    if (exchange === undefined) return;
    const replaced = writeCorsResponse(response, this.authority.respondSafely(exchange), exchange.origin);
    if (replaced !== undefined) this.authority.reportReplaced(exchange, replaced);
  }

  #of(response: ServerResponse): CorsExchange | undefined {
    return (response as Keeping)[this.#key];
  }
}

type Keeping = ServerResponse & Record<symbol, CorsExchange | undefined>;

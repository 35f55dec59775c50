import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsExchange } from './exchange.js';
import type { ExchangeStore } from './exchange-store.js';

/** Continues with the app's next middleware, or with its exception layer. */
export type Next = (error?: unknown) => void;

/** A connect-style middleware on Node's own request and response. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** What the edge does with the two kinds of requests. */
export interface EdgeDuties {
  /** Answers a preflight: ends the response, or passes an error to `next`. */
  answerPreflight(exchange: CorsExchange, response: ServerResponse, next: Next): void;
  /**
   * Throws, or rejects with, what keeps an actual request from going further. A promise only where a resolver has to be
   * asked first.
   */
  admit(exchange: CorsExchange): void | Promise<void>;
}

/**
 * The outermost layer of the app: sees every request before any other middleware, keeps preflights from going
 * further, and lets everything else through.
 */
export function createEdge(exchanges: ExchangeStore, duties: EdgeDuties): Middleware {
  return function corsEdge(request, response, next) {
    const exchange = exchanges.open(request, response);
    // A platform may rewrite targets as requests come in (Fastify's `rewriteUrl`).
    exchange.url = request.url ?? '/';
    if (exchange.preflight) {
      duties.answerPreflight(exchange, response, next);
      return;
    }
    let admitted: void | Promise<void>;
    try {
      admitted = duties.admit(exchange);
    } catch (error) {
      next(error);
      return;
    }
    if (admitted === undefined) next();
    else admitted.then(() => next(), next);
  };
}

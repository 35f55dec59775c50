import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsExchange } from './exchange.js';
import type { Middleware, Next } from '../platforms/platform.js';

/** Begins the exchange of a request, or finds it. */
export type OpenExchange = (request: IncomingMessage, response: ServerResponse) => CorsExchange;

/** What the edge does with the two kinds of requests. */
export interface EdgeDuties {
  /** Answers a preflight: ends the response, or passes an error to `next`. */
  answerPreflight(exchange: CorsExchange, response: ServerResponse, next: Next): void;
  /** Passes an actual request to `next`, or what keeps it from going further: later only where a resolver is asked. */
  admit(exchange: CorsExchange, next: Next): void;
}

/**
 * The outermost layer of the app: sees every request before any other middleware, keeps preflights from going
 * further, and lets everything else through.
 */
export function createEdge(open: OpenExchange, duties: EdgeDuties): Middleware {
  return function corsEdge(request, response, next) {
    const exchange = open(request, response);
    // A platform may rewrite targets as requests come in (Fastify's `rewriteUrl`).
    exchange.url = request.url ?? '/';
    if (exchange.preflight) duties.answerPreflight(exchange, response, next);
    else duties.admit(exchange, next);
  };
}

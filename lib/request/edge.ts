import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Layer, LayerFactory, Next, Platform } from '../platforms/platform.js';
import type { CorsApp } from '../registry/app.js';
import { whenKnown } from '../registry/maybe-promise.js';
import { askedRequestOf } from './asked-request.js';
import { CorsEnforcer } from './enforcer.js';
import type { CorsExchange } from './exchange.js';
import { ExchangeStore } from './exchange-store.js';
import { HandshakeGate } from './handshake-gate.js';
import { HandshakeLog } from './handshake-log.js';
import { PreflightResponder } from './preflight-responder.js';
import { askEveryone, comesFromElsewhere, mayBeRejected, rejecterOf, rejectionAtEdge } from './rejection.js';

/** First in line, ahead of all middleware: preflights stop here, everything else is admitted or rejected. */
@Injectable()
export class CorsEdge implements LayerFactory<CorsApp> {
  readonly #handshakes = new HandshakeLog();

  constructor(
    @Inject(ExchangeStore) private readonly exchanges: ExchangeStore,
    @Inject(PreflightResponder) private readonly preflights: PreflightResponder,
    @Inject(CorsEnforcer) private readonly enforcer: CorsEnforcer,
  ) {}

  layerFor(app: CorsApp, platform: Platform): Layer {
    this.exchanges.addApp(app);
    const open = (request: IncomingMessage, response: ServerResponse) => this.exchanges.open(request, response, app);
    const corsEdge: Layer['edge'] = (request, response, next) => {
      const exchange = open(request, response);
      // A platform may rewrite targets as requests come in (Fastify's `rewriteUrl`).
      exchange.url = request.url ?? '/';
      if (!exchange.preflight) {
        this.#admit(exchange, next, platform);
        return;
      }
      platform.secure(request, response);
      this.preflights.answer(exchange, response, next, platform);
    };
    return { open, edge: corsEdge, gate: new HandshakeGate(app, platform, this.#handshakes) };
  }

  /**
   * Calls the resolvers, so that any response to the request has its headers, and rejects it where everyone who may serve
   * it does.
   *
   * @param next called with a {@link CorsForbiddenException} for a request that is rejected
   */
  #admit(exchange: CorsExchange, next: Next, platform: Platform): void {
    const { table } = exchange;
    const asks = table?.hasResolvers === true && exchange.origin !== undefined;
    if (table === undefined || !(asks || mayBeRejected(exchange, table))) {
      next();
      return;
    }
    let admitted: unknown;
    try {
      const request = platform.present(exchange.raw);
      const isForeign = comesFromElsewhere(exchange, request);
      if (isForeign || asks) {
        const served = table.ofRequest(exchange.raw, true);
        admitted = whenKnown(askEveryone(exchange, table, served, askedRequestOf(exchange, request)), () => {
          if (isForeign)
            this.enforcer.enforce(exchange, rejectionAtEdge(exchange, served), () => rejecterOf(exchange, served));
        });
      }
    } catch (error) {
      next(error);
      return;
    }
    // Outside of the `try`: what the next middleware throws is not ours to catch.
    if (admitted instanceof Promise) admitted.then(() => next(), next);
    else next();
  }
}

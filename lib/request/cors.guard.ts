import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { refineVerdict } from '../decision/preflight.js';
import { headersOfActual, sideOf, type ResolverAnswer } from '../decision/reason.js';
import type { PlatformRequest } from '../platforms/site.js';
import type { CorsHandler } from '../policy/resolver.js';
import { askForActual } from '../registry/answers.js';
import { whenKnown } from '../registry/maybe-promise.js';
import { askedRequestOf } from './asked-request.js';
import { CorsEnforcer } from './enforcer.js';
import { tableOf, type CorsExchange } from './exchange.js';
import { ExchangeStore } from './exchange-store.js';
import { refuserOf } from './refuser.js';
import { rejectionByHandler } from './rejection.js';

/**
 * Enforces the policy of the handler that runs. Registered globally by {@link CorsModule}: refuses preflights, and
 * actual requests where the policy has `rejectDisallowed`. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsGuard implements CanActivate {
  constructor(
    @Inject(ExchangeStore) private readonly exchanges: ExchangeStore,
    @Inject(CorsEnforcer) private readonly enforcer: CorsEnforcer,
  ) {}

  /**
   * A promise only where a resolver has to be called.
   *
   * @throws {@link CorsForbiddenException} when the policy refuses the request
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<IncomingMessage & PlatformRequest>(0);
    const exchange = this.exchanges.ofHandled(request, context.getArgByIndex<ServerResponse>(1));
    return exchange.preflight
      ? this.#enforcePreflight(exchange)
      : this.#enforceActual(exchange, request, context.getClass(), context.getHandler() as CorsHandler);
  }

  #enforcePreflight(exchange: CorsExchange): boolean {
    const refused = exchange.verdict && refineVerdict(exchange.verdict, exchange);
    if (refused?.reason === 'path-ambiguous') this.exchanges.log.inDoubt(exchange);
    this.enforcer.enforce(exchange, refused, () => refuserOf(exchange));
    return true;
  }

  #enforceActual(
    exchange: CorsExchange,
    request: IncomingMessage & PlatformRequest,
    controller: ReturnType<ExecutionContext['getClass']>,
    handler: CorsHandler,
  ): boolean | Promise<boolean> {
    const table = tableOf(exchange);
    const policy = table.ofHandler(controller, handler, request);
    exchange.policy = policy;
    exchange.controller = controller;
    exchange.handler = handler;
    // A handler that calls `next()` leaves the response to another one, and to its policy.
    exchange.headers = undefined;
    exchange.answer = undefined;
    // A function that nobody routed, at a path that is in doubt: its response gets no CORS headers.
    if (policy === undefined) return true;
    const enforce = (answer: ResolverAnswer | undefined) => {
      exchange.answer = answer;
      exchange.headers = headersOfActual(exchange, policy, answer);
      const refused = rejectionByHandler(exchange, policy, handler, request);
      if (refused?.isContested === true) this.exchanges.log.contested(exchange, handler);
      this.enforcer.enforce(exchange, refused, () => ({
        policy: sideOf(exchange.origin, policy, answer),
        route: exchange.route,
      }));
      return true;
    };
    if (policy.resolver === undefined) return enforce(undefined);
    // The edge has called it already, unless another handler runs than the path says.
    const asked = () => askedRequestOf(exchange, request);
    return whenKnown(askForActual(exchange, table, policy, { controller, handler }, asked), enforce);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CorsEnforcer } from './cors.enforcer.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { ExchangeStore } from './platform/exchange-store.js';
import { askedRequestOf, type PlatformRequest } from './platform/site.js';
import type { CorsHandler } from './policy/options.js';
import { askForActual, promiseOf } from './resolver-answers.js';

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
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
    @Inject(CorsEnforcer) private readonly enforcer: CorsEnforcer,
  ) {}

  /**
   * A promise only where a resolver has to be asked.
   *
   * @throws {@link CorsForbiddenException} when the policy refuses the request
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<IncomingMessage & PlatformRequest>(0);
    const exchange = this.exchanges.open(request, context.getArgByIndex<ServerResponse>(1));
    if (exchange.preflight) {
      this.enforcer.enforcePreflight(exchange);
      return true;
    }
    const policies = exchange.policies ?? this.registry.table;
    const controller = context.getClass();
    const handler = context.getHandler() as CorsHandler;
    const policy = policies.ofHandler(controller, handler, request);
    exchange.policy = policy;
    // A handler that calls `next()` leaves the response to another one, and to its policy.
    exchange.response = undefined;
    // The edge has asked already, unless another handler runs than it expected.
    const asking =
      policy.resolver === undefined
        ? undefined
        : promiseOf(done => {
            const asked = () => askedRequestOf(exchange, request);
            askForActual(exchange, policies, policy, { controller, handler }, asked, done);
          });
    if (asking === undefined) {
      this.enforcer.enforceActual(exchange, policy, request);
      return true;
    }
    return asking.then(() => {
      this.enforcer.enforceActual(exchange, policy, request);
      return true;
    });
  }
}

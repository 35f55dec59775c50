import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CorsEnforcer } from './cors.enforcer.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { ExchangeStore } from './platform/exchange-store.js';
import type { PlatformRequest } from './platform/site.js';

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

  /** @throws {CorsForbiddenException} when the policy refuses the request */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingMessage & PlatformRequest>();
    const exchange = this.exchanges.open(request, http.getResponse<ServerResponse>());
    if (exchange.preflight) {
      this.enforcer.enforcePreflight(exchange);
      return true;
    }
    const policy = this.registry.ofHandler(context.getClass(), context.getHandler(), request);
    exchange.policy = policy;
    // A handler that calls `next()` leaves the response to another one, and to its policy.
    delete exchange.response;
    this.enforcer.enforceActual(exchange, policy, request);
    return true;
  }
}

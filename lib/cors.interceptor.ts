import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { ExchangeStore } from './platform/exchange-store.js';

/**
 * Builds the CORS headers of a response, before its handler runs, from the policy that {@link CorsGuard} found. They
 * are written as the response is flushed, also for responses that never come here. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsInterceptor implements NestInterceptor {
  constructor(
    @Inject(ExchangeStore) private readonly exchanges: ExchangeStore,
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') {
      const [request, response] = context.getArgs<[IncomingMessage, ServerResponse]>();
      const exchange = this.exchanges.open(request, response);
      exchange.response = exchange.outcome?.response ?? this.registry.respond(exchange);
    }
    return next.handle();
  }
}

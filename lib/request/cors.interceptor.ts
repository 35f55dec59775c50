import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { ExchangeStore } from './exchange-store.js';
import { headersOfResponse } from './respond.js';

/**
 * Builds the CORS headers of a response, before its handler runs, from the policy that {@link CorsGuard} found. They
 * are written as the response is flushed, also for responses that never come here. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsInterceptor implements NestInterceptor {
  constructor(@Inject(ExchangeStore) private readonly exchanges: ExchangeStore) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') {
      const [request, response] = context.getArgs<[IncomingMessage, ServerResponse]>();
      const exchange = this.exchanges.ofHandled(request, response);
      exchange.headers = exchange.verdict?.headers ?? headersOfResponse(exchange);
    }
    return next.handle();
  }
}

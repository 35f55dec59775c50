import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { respond } from '../registry/cors-app.js';
import { CorsApps } from '../boot/apps.js';

/**
 * Builds the CORS headers of a response, before its handler runs, from the policy that {@link CorsGuard} found. They
 * are written as the response is flushed, also for responses that never come here. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsInterceptor implements NestInterceptor {
  constructor(@Inject(CorsApps) private readonly apps: CorsApps) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') {
      const [request, response] = context.getArgs<[IncomingMessage, ServerResponse]>();
      const exchange = this.apps.exchangeOf(request, response);
      exchange.response = exchange.outcome?.response ?? respond(exchange);
    }
    return next.handle();
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { EMPTY } from 'rxjs';
import { policiesOf } from '../registry/cors-app.js';
import { CorsGuard } from './cors.guard.js';
import { CorsInterceptor } from './cors.interceptor.js';
import type { Next } from '../platforms/platform.js';
import type { CorsExchange, ServedMethod } from './exchange.js';
import { askedRequestOf, type PlatformRequest } from '../platforms/site.js';
import { judgeTarget, methodIn, refusalOf, type AnswerOf, type Target } from '../decision/preflight.js';
import { askForPreflight } from '../registry/answers.js';
import { ExecutionContextHost } from '../routing/nest-internals.js';

const NO_HANDLER = { handle: () => EMPTY };

/**
 * Answers preflights. Nest routes none to the handler they are about, so its route is found here, and the guard and
 * the interceptor run in that handler's context: nothing else of the app does, and no controller is instantiated.
 */
@Injectable()
export class CorsPreflight {
  constructor(
    @Inject(CorsGuard) private readonly guard: CorsGuard,
    @Inject(CorsInterceptor) private readonly interceptor: CorsInterceptor,
  ) {}

  /**
   * Ends the response, or passes the refusal to the app's exception layer.
   *
   * @param present tells the request as the platform does
   */
  answer(
    exchange: CorsExchange,
    response: ServerResponse,
    next: Next,
    present: (request: IncomingMessage) => PlatformRequest,
  ): void {
    try {
      const { raw, requestMethod = '', requestHeaders = '' } = exchange;
      const policies = policiesOf(exchange);
      const target = policies.ofPreflight(raw, requestMethod, requestHeaders);
      const asked = () => askedRequestOf(exchange, present(raw));
      askForPreflight(exchange, policies, target, asked, answers => {
        this.#answer(exchange, target, answers, response, next);
      });
    } catch (error) {
      next(error);
    }
  }

  #answer(
    exchange: CorsExchange,
    target: Target<ServedMethod>,
    answers: AnswerOf,
    response: ServerResponse,
    next: Next,
  ): void {
    try {
      const outcome = judgeTarget(exchange, target, answers);
      exchange.outcome = outcome;
      if (!outcome.allowed) exchange.refusal = refusalOf(exchange, target, answers);
      const { servers = [] } = methodIn(target, exchange.requestMethod ?? '')?.candidates[outcome.candidate] ?? {};
      const route = servers[0]?.route;
      const context = new ExecutionContextHost([exchange.raw, response, next], route?.controller, route?.handler);
      void this.guard.canActivate(context);
      this.interceptor.intercept(context, NO_HANDLER);
      response.statusCode = outcome.status;
      // A 204 has no length (RFC 9110 §8.6).
      if (outcome.status !== 204) response.setHeader('Content-Length', '0');
      response.end();
    } catch (error) {
      next(error);
    }
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { EMPTY } from 'rxjs';
import { CorsGuard } from './cors.guard.js';
import { CorsInterceptor } from './cors.interceptor.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import type { Next } from './platform/edge.js';
import type { CorsExchange, ServedMethod } from './platform/exchange.js';
import { askedRequestOf, type PlatformRequest } from './platform/site.js';
import { judgeTarget, methodIn, refusalOf, type AnswerOf, type Target } from './protocol/preflight.js';
import { askForPreflight } from './resolver-answers.js';
import { ExecutionContextHost } from './routing/nest-internals.js';

const NO_HANDLER = { handle: () => EMPTY };

/**
 * Answers preflights. Nest routes none to the handler they are about, so its route is found here, and the guard and
 * the interceptor run in that handler's context: nothing else of the app does, and no controller is instantiated.
 */
@Injectable()
export class CorsPreflight {
  constructor(
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
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
      const policies = exchange.policies ?? this.registry.table;
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
      const route = methodIn(target, exchange.requestMethod ?? '')?.routes?.[outcome.candidate];
      const context = new ExecutionContextHost([exchange.raw, response, next], route?.controller, route?.handler);
      void this.guard.canActivate(context);
      this.interceptor.intercept(context, NO_HANDLER);
      response.statusCode = outcome.status;
      // 204 has no body, and needs no length; some clients wait for one without it.
      response.setHeader('Content-Length', '0');
      response.end();
    } catch (error) {
      next(error);
    }
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { EMPTY } from 'rxjs';
import { CorsGuard } from './cors.guard.js';
import { CorsInterceptor } from './cors.interceptor.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import type { Next } from './platform/edge.js';
import type { CorsExchange, PreflightTarget } from './platform/exchange.js';
import { askedRequestOf, type PlatformRequest } from './platform/site.js';
import { judgeTarget, type AnswerOf } from './protocol/preflight.js';
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
    request: IncomingMessage,
    response: ServerResponse,
    next: Next,
    present: (request: IncomingMessage) => PlatformRequest,
  ): void {
    try {
      const { requestMethod = '', requestHeaders = '' } = exchange.request;
      const policies = exchange.policies ?? this.registry.table;
      const target = policies.ofPreflight(request, requestMethod, requestHeaders);
      const asked = () => askedRequestOf(exchange, present(request));
      const answers = askForPreflight(exchange.request, policies, target, asked);
      if (typeof answers === 'function') this.#answer(exchange, target, answers, request, response, next);
      else answers.then(each => this.#answer(exchange, target, each, request, response, next)).catch(next);
    } catch (error) {
      next(error);
    }
  }

  #answer(
    exchange: CorsExchange,
    target: PreflightTarget,
    answers: AnswerOf,
    request: IncomingMessage,
    response: ServerResponse,
    next: Next,
  ): void {
    try {
      const outcome = judgeTarget(exchange.request, target.policies, answers);
      exchange.outcome = outcome;
      const route = target.methods.get(exchange.request.requestMethod ?? '')?.[outcome.candidate];
      const context = new ExecutionContextHost([request, response, next], route?.controller, route?.handler);
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

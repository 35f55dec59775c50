import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { EMPTY } from 'rxjs';
import { judgeResource, type AnswerOf } from '../decision/preflight.js';
import { reveal } from '../decision/reveal.js';
import { methodIn } from '../decision/resource.js';
import type { Next, Platform } from '../platforms/platform.js';
import { askForPreflight } from '../registry/answers.js';
import type { MaybePromise } from '../registry/maybe-promise.js';
import type { ServedResource } from '../registry/served.js';
import { viewOf } from '../registry/sides.js';
import { ExecutionContextHost } from '../routing/nest-internals.js';
import { askedRequestOf } from './asked-request.js';
import { CorsGuard } from './cors.guard.js';
import { CorsInterceptor } from './cors.interceptor.js';
import { tableOf, type CorsExchange } from './exchange.js';

const NO_HANDLER = { handle: () => EMPTY };

/**
 * Answers preflights. Nest routes none to the handler they are about, so its route is found here, and the guard and
 * the interceptor run in that handler's context: nothing else of the app does, and no controller is instantiated.
 */
@Injectable()
export class PreflightResponder {
  constructor(
    @Inject(CorsGuard) private readonly guard: CorsGuard,
    @Inject(CorsInterceptor) private readonly interceptor: CorsInterceptor,
  ) {}

  /** Ends the response, or passes the refusal to the app's exception layer. */
  answer(exchange: CorsExchange, response: ServerResponse, next: Next, platform: Platform): void {
    let resource: ServedResource;
    let answers: MaybePromise<AnswerOf>;
    try {
      const { raw, requestMethod = '', requestHeaders = '' } = exchange;
      const table = tableOf(exchange);
      resource = table.ofPreflight(raw, requestMethod, requestHeaders);
      answers = askForPreflight(exchange, table, resource, () => askedRequestOf(exchange, platform.present(raw)));
    } catch (error) {
      next(error);
      return;
    }
    if (answers instanceof Promise) {
      answers.then(answerOf => this.#answer(exchange, resource, answerOf, response, next), next);
    } else this.#answer(exchange, resource, answers, response, next);
  }

  #answer(
    exchange: CorsExchange,
    served: ServedResource,
    answerOf: AnswerOf,
    response: ServerResponse,
    next: Next,
  ): void {
    try {
      const resource = viewOf(served, exchange.origin, answerOf);
      const judged = judgeResource(exchange, resource, answerOf);
      const verdict = tableOf(exchange).debug ? reveal(judged, exchange, resource) : judged;
      exchange.verdict = verdict;
      exchange.resource = resource;
      const { servers = [] } = methodIn(resource, exchange.requestMethod ?? '')?.candidates[verdict.candidate] ?? {};
      const route = servers[0]?.route;
      const context = new ExecutionContextHost([exchange.raw, response, next], route?.controller, route?.handler);
      void this.guard.canActivate(context);
      this.interceptor.intercept(context, NO_HANDLER);
      response.statusCode = verdict.status;
      // A 204 has no length (RFC 9110 §8.6).
      if (verdict.status !== 204) response.setHeader('Content-Length', '0');
      response.end();
    } catch (error) {
      next(error);
    }
  }
}

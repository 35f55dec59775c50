import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { policiesOf } from '../registry/cors-app.js';
import { CorsApps } from '../boot/apps.js';
import { CorsEnforcer } from './enforcer.js';
import { askedRequestOf, type PlatformRequest } from '../platforms/site.js';
import type { CorsHandler } from '../policy/resolver.js';
import { respondToActual, type ResolverAnswer } from '../decision/reason.js';
import { askForActual, promiseOf } from '../registry/answers.js';

/**
 * Enforces the policy of the handler that runs. Registered globally by {@link CorsModule}: refuses preflights, and
 * actual requests where the policy has `rejectDisallowed`. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsGuard implements CanActivate {
  constructor(
    @Inject(CorsApps) private readonly apps: CorsApps,
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
    const exchange = this.apps.exchangeOf(request, context.getArgByIndex<ServerResponse>(1));
    if (exchange.preflight) {
      this.enforcer.enforcePreflight(exchange);
      return true;
    }
    const policies = policiesOf(exchange);
    const controller = context.getClass();
    const handler = context.getHandler() as CorsHandler;
    const policy = policies.ofHandler(controller, handler, request);
    exchange.policy = policy;
    // A handler that calls `next()` leaves the response to another one, and to its policy.
    exchange.response = undefined;
    exchange.answer = undefined;
    // A function that nobody routed, at a path that is in doubt: its response says nothing.
    if (policy === undefined) return true;
    const enforce = (answer: ResolverAnswer | undefined) => {
      exchange.answer = answer;
      exchange.response = respondToActual(exchange, policy, answer);
      this.enforcer.enforceHandler(exchange, policy, handler, request);
      return true;
    };
    if (policy.resolver === undefined) return enforce(undefined);
    // The edge has asked already, unless another handler runs than it expected.
    const answer = promiseOf<ResolverAnswer | undefined>(done => {
      const asked = () => askedRequestOf(exchange, request);
      askForActual(exchange, policies, policy, { controller, handler }, asked, done);
    });
    return answer instanceof Promise ? answer.then(enforce) : enforce(answer);
  }
}

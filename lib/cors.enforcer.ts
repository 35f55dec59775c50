import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { CorsForbiddenException } from './cors.errors.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { printable, remedyOf } from './messages.js';
import type { Next } from './platform/edge.js';
import type { CorsExchange, RequestTarget } from './platform/exchange.js';
import { askedRequestOf, siteOf, type PlatformRequest } from './platform/site.js';
import type { CompiledPolicy } from './policy/compile.js';
import { judgeOrigin, type Refusal } from './protocol/decision.js';
import { isCrossOrigin } from './protocol/same-origin.js';
import { askForActual } from './resolver-answers.js';

/** Refuses what a policy refuses, wherever in the request's way that is decided. */
@Injectable()
export class CorsEnforcer {
  readonly #logger = new Logger(LOGGER_CONTEXT);

  constructor(@Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry) {}

  /**
   * A preflight was judged when its target was found: here it is enforced.
   *
   * @throws {CorsForbiddenException}
   */
  enforcePreflight(exchange: CorsExchange): void {
    if (exchange.refusal !== undefined) throw this.#exception(exchange.refusal, exchange);
  }

  /**
   * Rejects an actual request of another origin where its policy has `rejectDisallowed`.
   *
   * @throws {CorsForbiddenException}
   */
  enforceActual(exchange: CorsExchange, policy: CompiledPolicy, request: PlatformRequest): void {
    if (!policy.rejectDisallowed) return;
    const decision = judgeOrigin(exchange.origin, policy, exchange.answers?.get(policy));
    if (decision.allowed || !comesFromElsewhere(exchange, request)) return;
    throw this.#exception(decision, exchange);
  }

  /**
   * What has to be done about an actual request before anything of the app sees it: its resolver is asked, so that
   * whatever ends it has its headers, and what no controller serves is rejected here, where no guard sees it (raw
   * routes, static files, GraphQL).
   *
   * @param next called with a {@link CorsForbiddenException} for what is rejected
   * @param present tells the request as the platform does
   */
  admit(exchange: CorsExchange, next: Next, present: (request: IncomingMessage) => PlatformRequest): void {
    const { policies, raw } = exchange;
    const isConcerned = policies !== undefined && (policies.rejectsUnrouted || policies.asksResolvers);
    if (!isConcerned || exchange.origin === undefined) {
      next();
      return;
    }
    let target: RequestTarget;
    const decide = () => {
      try {
        if (target.route === undefined) this.enforceActual(exchange, target.policy, present(raw));
      } catch (error) {
        next(error);
        return;
      }
      next();
    };
    let isAnswered = false;
    let isLate = false;
    const answered = () => {
      isAnswered = true;
      if (isLate) decide();
    };
    try {
      target = policies.ofRequest(raw);
      const asked = () => askedRequestOf(exchange, present(raw));
      askForActual(exchange, policies, target.policy, target.route, asked, answered);
    } catch (error) {
      next(error);
      return;
    }
    // Not before: what is thrown by what comes next is not ours to catch.
    if (isAnswered) decide();
    isLate = true;
  }

  #exception(refusal: Refusal, exchange: CorsExchange): CorsForbiddenException {
    const { method, requestMethod, origin, url, policies } = exchange;
    if (!(policies ?? this.registry.table).debug) return new CorsForbiddenException(refusal.reason);
    const hint = remedyOf(refusal.reason, refusal.detail ?? '');
    const target = `${printable(requestMethod ?? method)} ${printable(url)}`;
    this.#logger.warn(`Refused ${target} from ${printable(origin ?? '')}: ${refusal.reason}. ${hint}`);
    return new CorsForbiddenException(refusal.reason, { hint });
  }
}

function comesFromElsewhere({ origin }: CorsExchange, request: PlatformRequest): boolean {
  const secFetchSite = request.headers['sec-fetch-site'];
  return isCrossOrigin({
    origin,
    secFetchSite: typeof secFetchSite === 'string' ? secFetchSite : undefined,
    ...siteOf(request),
  });
}

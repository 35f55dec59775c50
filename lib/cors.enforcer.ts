import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { CorsForbiddenException } from './cors.errors.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { printable, remedyOf } from './messages.js';
import type { CorsExchange } from './platform/exchange.js';
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
   * @param present tells the request as the platform does
   * @throws {CorsForbiddenException}
   */
  admit(exchange: CorsExchange, present: (request: IncomingMessage) => PlatformRequest): void | Promise<void> {
    const { policies, raw } = exchange;
    if (policies === undefined || exchange.origin === undefined) return undefined;
    if (!policies.rejectsUnrouted && !policies.asksResolvers) return undefined;
    const { route, policy } = policies.ofRequest(raw);
    const reject = () => {
      if (route === undefined) this.enforceActual(exchange, policy, present(raw));
    };
    const asking = askForActual(exchange, policies, policy, route, () => askedRequestOf(exchange, present(raw)));
    return asking === undefined ? reject() : asking.then(reject);
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

import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { CorsForbiddenException } from './cors.errors.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { printable, remedyOf } from './messages.js';
import type { CorsExchange } from './platform/exchange.js';
import { ExchangeStore } from './platform/exchange-store.js';
import { judgeOrigin, type Refusal } from './protocol/decision.js';
import { isCrossOrigin } from './protocol/same-origin.js';

/** What is read of a platform's request beside Node's own: both platforms honour the app's trust in its proxy. */
interface PlatformRequest extends IncomingMessage {
  readonly protocol: string;
  readonly host: string;
}

/**
 * Enforces the policy of the handler that runs. Registered globally by {@link CorsModule}: refuses preflights, and
 * actual requests where the policy has `rejectDisallowed`. Inert outside HTTP.
 *
 * @publicApi
 */
@Injectable()
export class CorsGuard implements CanActivate {
  readonly #logger = new Logger(LOGGER_CONTEXT);

  constructor(
    @Inject(ExchangeStore) private readonly exchanges: ExchangeStore,
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
  ) {}

  /** @throws {CorsForbiddenException} when the policy refuses the request */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    const exchange = this.exchanges.open(request, http.getResponse<ServerResponse>());
    const refusal = exchange.preflight
      ? refusalOfPreflight(exchange)
      : this.#refusalOfActual(exchange, request, context);
    if (refusal !== undefined) throw this.#exception(refusal, exchange);
    return true;
  }

  #refusalOfActual(exchange: CorsExchange, request: PlatformRequest, context: ExecutionContext): Refusal | undefined {
    const policy = this.registry.ofHandler(context.getClass(), context.getHandler(), request);
    exchange.policy = policy;
    // A handler that calls `next()` leaves the response to another one, and to its policy.
    delete exchange.response;
    if (!policy.rejectDisallowed) return undefined;
    const decision = judgeOrigin(exchange.request.origin, policy);
    return decision.allowed || !comesFromElsewhere(exchange, request) ? undefined : decision;
  }

  #exception(refusal: Refusal, { request, url }: CorsExchange): CorsForbiddenException {
    if (!this.registry.policies.debug) return new CorsForbiddenException(refusal.reason);
    const hint = remedyOf(refusal.reason, refusal.detail ?? '');
    const target = `${printable(request.requestMethod ?? request.method)} ${printable(url)}`;
    this.#logger.warn(`Refused ${target} from ${printable(request.origin ?? '')}: ${refusal.reason}. ${hint}`);
    return new CorsForbiddenException(refusal.reason, { hint });
  }
}

/** A preflight was judged when its target was found: here it is enforced. */
function refusalOfPreflight({ outcome }: CorsExchange): Refusal | undefined {
  return outcome === undefined || outcome.allowed ? undefined : outcome.refusal;
}

function comesFromElsewhere({ request }: CorsExchange, { headers, protocol, host }: PlatformRequest): boolean {
  const secFetchSite = headers['sec-fetch-site'];
  return isCrossOrigin({
    origin: request.origin,
    secFetchSite: typeof secFetchSite === 'string' ? secFetchSite : undefined,
    scheme: protocol,
    host,
  });
}

import { Injectable, Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { issueRouteOf, routeLabel } from './cors-issue.js';
import type { PolicyTable } from './cors-policy.table.js';
import { printable, replacedLine } from './messages.js';
import type { CorsExchange } from './platform/exchange.js';
import type { ResponseAuthority } from './platform/exchange-store.js';
import type { CompiledPolicy } from './policy/compile.js';
import type { CorsResponse } from './policy/cors-response.js';
import { respondToActual } from './protocol/decision.js';
import { NO_CORS, REFUSED_PREFLIGHT } from './protocol/response-headers.js';
import type { RoutedRequest } from './routing/route-matcher.js';

/** Holds the policies in force, and says what they add to a response. */
@Injectable()
export class CorsPolicyRegistry implements ResponseAuthority {
  readonly #logger = new Logger(LOGGER_CONTEXT);
  /** The handlers, and the policies of what has none, that were told to set CORS headers of their own. */
  readonly #told = new WeakSet<object>();

  /** Absent before the app is initialized. Replaced as a whole, so that no request sees half of two configurations. */
  current: PolicyTable | undefined;

  /** @throws {Error} before `app.init()` */
  get table(): PolicyTable {
    if (this.current === undefined) {
      throw new Error(
        'CORS policies are known once the application is initialized: call app.init() or app.listen() first',
      );
    }
    return this.current;
  }

  /** What to add to a response as it is flushed, whatever produced it. Never throws: it is called inside `writeHead`. */
  respondSafely(exchange: CorsExchange): CorsResponse {
    try {
      return this.respond(exchange);
    } catch (error) {
      // Fails closed, and the response is sent.
      this.#logger.error(error);
      return NO_CORS;
    }
  }

  /** What the policy of a request adds to its response. */
  respond(exchange: CorsExchange): CorsResponse {
    if (exchange.response !== undefined) return exchange.response;
    // A preflight that nobody decided about is refused, and so is everything before the app is ready.
    if (exchange.preflight) return REFUSED_PREFLIGHT;
    const policy = policyOf(exchange);
    if (policy === undefined) return NO_CORS;
    return respondToActual(exchange, policy, exchange.answers?.get(policy));
  }

  /** Warns, once for each route, of CORS headers that something else sets: they are never sent. */
  reportReplaced(exchange: CorsExchange, names: readonly string[]): void {
    try {
      const target = exchange.policies?.ofRequest(asArrived(exchange));
      if (target === undefined) return;
      const { route, policy } = target;
      const told = route?.handler ?? policy;
      if (this.#told.has(told)) return;
      this.#told.add(told);
      const place = route && routeLabel(issueRouteOf(route));
      this.#logger.warn(replacedLine(names, place ?? `${printable(exchange.url)}, which no controller serves`));
    } catch (error) {
      this.#logger.error(error);
    }
  }
}

/** That of the handler that ran, or of what would have served the request. */
function policyOf(exchange: CorsExchange): CompiledPolicy | undefined {
  return exchange.policy ?? exchange.policies?.ofRequest(asArrived(exchange)).policy;
}

/** The request with the target it arrived with: routers rewrite `req.url` while they work. */
function asArrived({ raw, url }: CorsExchange): RoutedRequest {
  return raw.url === url ? raw : (Object.create(raw, { url: { value: url } }) as RoutedRequest);
}

import { headersInDoubt, NO_CORS, REFUSED_PREFLIGHT, withStrictest } from '../decision/cors-headers.js';
import { headersOfActual, sideOf } from '../decision/reason.js';
import type { CorsHeaders } from '../policy/response.js';
import type { ServedRequest } from '../registry/served.js';
import { asArrived, type CorsExchange } from './exchange.js';

/** The CORS headers of any response. */
export function headersOfResponse(exchange: CorsExchange): CorsHeaders {
  if (exchange.headers !== undefined) return exchange.headers;
  // A preflight that nobody decided about is refused, and so is everything before the app is ready.
  if (exchange.preflight) return REFUSED_PREFLIGHT;
  if (exchange.policy !== undefined) return headersOfActual(exchange, exchange.policy, exchange.answer);
  const served = servedBy(exchange);
  exchange.served = served;
  if (served === undefined) return NO_CORS;
  const { policy, policies, route, ruling } = served;
  if (policy === undefined) return headersInDoubt(policies);
  // A resolver may decide by the handler: by the one that the path leads to.
  const server = ruling === undefined ? route : undefined;
  const headers = headersOfActual(exchange, policy, exchange.answers?.find(policy, server));
  if (policies.length === 1) return headers;
  return withStrictest(
    headers,
    policies.map(each => sideOf(exchange.origin, each)),
  );
}

/** Whether it is in doubt whose headers a response gets. */
export function isInDoubt({ preflight, policy, served }: CorsExchange): boolean {
  return !preflight && policy === undefined && served !== undefined && served.policy === undefined;
}

/** Who may serve a request, by its path as it arrived; `undefined` before the app is initialized. */
export function servedBy(exchange: CorsExchange): ServedRequest | undefined {
  return exchange.table?.ofRequest(asArrived(exchange));
}

import type { Policy } from '../policy/compile.js';
import { strictestOf } from '../policy/companions.js';
import { refusedHeaders, type CorsHeaders, type Header } from '../policy/response.js';

/** Every answer to a preflight depends on these three request headers. */
export const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

/** No CORS headers. */
export const NO_CORS: CorsHeaders = refusedHeaders('');

/** The headers for a request whose policy is in doubt: those of a refusal by an origin list, `Vary: Origin`. */
export const IN_DOUBT: CorsHeaders = refusedHeaders('Origin');

/** The same with the companions of the policies that may be meant, so that none of them is evaded. */
export function headersInDoubt(policies: readonly Policy[]): CorsHeaders {
  return withStrictest(
    IN_DOUBT,
    policies.flatMap(policy => [policy, ...(policy.others === undefined ? [] : [policy.others])]),
  );
}

/**
 * The headers of a response that is under one of several policies which allow the same, and may differ in their
 * companions.
 *
 * @param policies each the side that the origin is on
 */
export function withStrictest(headers: CorsHeaders, policies: readonly Policy[]): CorsHeaders {
  const companions = strictestOf(policies.map(({ allowed }) => allowed.companions));
  const isAsIs = companions === undefined && headers.companions === undefined;
  return isAsIs ? headers : Object.freeze({ ...headers, companions });
}

/** The refusal of a preflight: no `Access-Control-*` header at all. */
export const REFUSED_PREFLIGHT: CorsHeaders = refusedHeaders(PREFLIGHT_VARY);

/** The answer to an allowed preflight (Fetch §3.3.3). */
export function preflightHeaders({ allowed, preflight }: Policy, maxAge: number, allowMethods: string): CorsHeaders {
  const headers: readonly Header[] = [
    ...preflight,
    ['Access-Control-Max-Age', String(maxAge)],
    ['Access-Control-Allow-Methods', allowMethods],
  ];
  return Object.freeze({ allowOrigin: allowed.allowOrigin, headers, vary: PREFLIGHT_VARY, companions: undefined });
}

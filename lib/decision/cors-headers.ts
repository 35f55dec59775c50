import type { Policy } from '../policy/compile.js';
import { refusedHeaders, type CorsHeaders, type Header } from '../policy/response.js';

/** Every answer to a preflight depends on these three request headers. */
export const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

/** No CORS headers. */
export const NO_CORS: CorsHeaders = refusedHeaders('');

/** The headers for a request whose policy is in doubt: those of a refusal by an origin list, `Vary: Origin`. */
export const IN_DOUBT: CorsHeaders = refusedHeaders('Origin');

/** The refusal of a preflight: no `Access-Control-*` header at all. */
export const REFUSED_PREFLIGHT: CorsHeaders = refusedHeaders(PREFLIGHT_VARY);

/** The answer to an allowed preflight (Fetch §3.3.3). */
export function preflightHeaders({ allowed, preflight }: Policy, maxAge: number, allowMethods: string): CorsHeaders {
  const headers: readonly Header[] = [
    ...preflight,
    ['Access-Control-Max-Age', String(maxAge)],
    ['Access-Control-Allow-Methods', allowMethods],
  ];
  return Object.freeze({ allowOrigin: allowed.allowOrigin, headers, vary: PREFLIGHT_VARY });
}

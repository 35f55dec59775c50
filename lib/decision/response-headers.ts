import type { CompiledPolicy } from '../policy/compile.js';
import { refusedResponse, type CorsResponse, type Header } from '../policy/response.js';

/** A preflight's answer depends on these three request headers, whatever it is. */
export const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

/** A response that the CORS protocol adds nothing to. */
export const NO_CORS: CorsResponse = refusedResponse('');

/** What a list adds where it refuses: of a request that is in doubt which policy it is under. */
export const IN_DOUBT: CorsResponse = refusedResponse('Origin');

/** The refusal of a preflight: no `Access-Control-*` header whatever. */
export const REFUSED_PREFLIGHT: CorsResponse = refusedResponse(PREFLIGHT_VARY);

/** The answer to an allowed preflight (Fetch §3.3.3). */
export function preflightResponse(policy: CompiledPolicy, maxAge: number, allowMethods: string): CorsResponse {
  const { allowOrigin } = policy.allowed;
  const terms = policy.terms.map(term => withMaxAge(term, maxAge));
  const headers: readonly Header[] = [...terms, ['Access-Control-Allow-Methods', allowMethods]];
  return Object.freeze({ allowOrigin, headers, vary: PREFLIGHT_VARY });
}

function withMaxAge(header: Header, maxAge: number): Header {
  return header[0] === 'Access-Control-Max-Age' ? [header[0], String(maxAge)] : header;
}

import type { CompiledPolicy } from '../policy/compile.js';
import type { Decision } from './decision.js';

/** A header to set: its name and its value. */
export type Header = readonly [name: string, value: string];

/** What the CORS protocol adds to a response: headers to set, and names to merge into `Vary`. */
export interface CorsResponse {
  readonly headers: readonly Header[];
  readonly vary: readonly string[];
}

/** A preflight's answer depends on these three request headers, whatever it is. */
export const PREFLIGHT_VARY: readonly string[] = Object.freeze([
  'Origin',
  'Access-Control-Request-Method',
  'Access-Control-Request-Headers',
]);

const ORIGIN_VARY: readonly string[] = Object.freeze(['Origin']);
const NO_VARY: readonly string[] = Object.freeze([]);
const NO_HEADERS: readonly Header[] = Object.freeze([]);

/** A response that the CORS protocol adds nothing to. */
export const NO_CORS: CorsResponse = Object.freeze({ headers: NO_HEADERS, vary: NO_VARY });

/** The refusal of a preflight: no `Access-Control-*` header whatever. */
export const REFUSED_PREFLIGHT: CorsResponse = Object.freeze({ headers: NO_HEADERS, vary: PREFLIGHT_VARY });

/** The headers of an actual response (Fetch §3.3.3). */
export function actualResponse(policy: CompiledPolicy, decision: Decision): CorsResponse {
  // Also without an Origin, also when refused: a cache must not hand this response to another origin.
  const vary = policy.variesByOrigin ? ORIGIN_VARY : NO_VARY;
  if (!decision.allowed) return { headers: NO_HEADERS, vary };
  const headers = originHeaders(policy, decision.allowOrigin);
  if (policy.exposeHeadersValue !== '') headers.push(['Access-Control-Expose-Headers', policy.exposeHeadersValue]);
  return { headers, vary };
}

/** The headers of an allowed preflight's answer (Fetch §3.3.3), but for the methods. */
export function preflightTerms(policy: CompiledPolicy, allowOrigin: string, maxAge = policy.maxAge): Header[] {
  const headers = originHeaders(policy, allowOrigin);
  if (policy.allowHeadersValue !== '') headers.push(['Access-Control-Allow-Headers', policy.allowHeadersValue]);
  headers.push(['Access-Control-Max-Age', String(maxAge)]);
  return headers;
}

function originHeaders(policy: CompiledPolicy, allowOrigin: string): Header[] {
  const headers: Header[] = [['Access-Control-Allow-Origin', allowOrigin]];
  // Never beside '*': browsers refuse the pair, and boot refuses a policy that would send it.
  if (policy.credentials && allowOrigin !== '*') headers.push(['Access-Control-Allow-Credentials', 'true']);
  return headers;
}

import { RESOURCE_POLICY_HEADER, TIMING_HEADER, type Companions } from './companions.js';

/** A header to set: its name and its value. */
export type Header = readonly [name: string, value: string];

/**
 * The headers that the CORS protocol adds to a response (Fetch §3.3.3). They do not contain the request's origin: a
 * policy needs only two of these objects, and a request creates none.
 */
export interface CorsHeaders {
  /** `Access-Control-Allow-Origin`: the request's origin, or `*`; `undefined`: the header is not sent. */
  readonly allowOrigin: 'requested' | '*' | undefined;
  /** The other headers. */
  readonly headers: readonly Header[];
  /** The names to merge into `Vary`; `''`: none. */
  readonly vary: string;
  /** What is sent beside them; `undefined` for most policies, and on every answer to a preflight. */
  readonly companions: Companions | undefined;
}

const NO_HEADERS: readonly Header[] = [];

/** The headers of a response that no other origin may read. */
export function refusedHeaders(vary: string, companions?: Companions): CorsHeaders {
  return Object.freeze({ allowOrigin: undefined, headers: NO_HEADERS, vary, companions });
}

/** The value of `Access-Control-Allow-Origin` for an origin; `undefined`: the header is not sent. */
export function allowOriginFor({ allowOrigin }: CorsHeaders, origin: string | undefined): string | undefined {
  return allowOrigin === 'requested' ? origin : allowOrigin;
}

/** All headers of a response except `Vary`, for one origin. */
export function headerList(response: CorsHeaders, origin: string | undefined): readonly Header[] {
  const allowOrigin = allowOriginFor(response, origin);
  const { resourcePolicy, timing = false } = response.companions ?? {};
  const list: Header[] = [...response.headers];
  if (allowOrigin !== undefined) list.unshift(['Access-Control-Allow-Origin', allowOrigin]);
  if (resourcePolicy !== undefined) list.push([RESOURCE_POLICY_HEADER, resourcePolicy]);
  if (timing && allowOrigin !== undefined) list.push([TIMING_HEADER, allowOrigin]);
  return list;
}

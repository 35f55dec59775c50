/** A header to set: its name and its value. */
export type Header = readonly [name: string, value: string];

/**
 * What the CORS protocol adds to a response (Fetch §3.3.3). It does not hold the request's origin, so that one policy
 * needs two of them, and none is made for a request.
 */
export interface CorsResponse {
  /** `Access-Control-Allow-Origin`: the origin that asks, `*`; `undefined`: the header is not sent. */
  readonly allowOrigin: 'requested' | '*' | undefined;
  /** The other headers. */
  readonly headers: readonly Header[];
  /** What to merge into `Vary`; `''`: nothing. */
  readonly vary: string;
}

const NO_HEADERS: readonly Header[] = [];

/** A response that is shared with nobody. */
export function refusedResponse(vary: string): CorsResponse {
  return Object.freeze({ allowOrigin: undefined, headers: NO_HEADERS, vary });
}

/** What `Access-Control-Allow-Origin` says to an origin; `undefined`: the header is not sent. */
export function allowOriginFor({ allowOrigin }: CorsResponse, origin: string | undefined): string | undefined {
  return allowOrigin === 'requested' ? origin : allowOrigin;
}

/** All headers of a response but `Vary`, for the origin it is for. */
export function headersFor(response: CorsResponse, origin: string | undefined): readonly Header[] {
  const allowOrigin = allowOriginFor(response, origin);
  return allowOrigin === undefined
    ? response.headers
    : [['Access-Control-Allow-Origin', allowOrigin], ...response.headers];
}

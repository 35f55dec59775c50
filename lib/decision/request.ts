/**
 * The parts of a request that the CORS protocol reads. Values are raw: the header's bytes, with repeated lines joined
 * by `, ` as in Node. `undefined`: the header is absent; `''`: present and empty.
 */
export interface CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  readonly requestMethod: string | undefined;
  readonly requestHeaders: string | undefined;
}

/** Reads a request's headers in Node's form, with lower-case names. Only a preflight announces a method and headers. */
export function corsRequestOf(
  method: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): CorsRequest {
  const origin = headerText(headers['origin']);
  if (method !== 'OPTIONS') return { method, origin, requestMethod: undefined, requestHeaders: undefined };
  return {
    method,
    origin,
    requestMethod: headerText(headers['access-control-request-method']),
    requestHeaders: headerText(headers['access-control-request-headers']),
  };
}

function headerText(value: string | string[] | undefined): string | undefined {
  // HTTP/2 and in-memory requests may have repeated lines as an array.
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/**
 * Fetch §3.3.2 and §4.8: a preflight is an OPTIONS request with an `Origin` and an `Access-Control-Request-Method`.
 * Not every OPTIONS request: the others belong to the app. The two headers count even with an empty value: that is a
 * malformed preflight, which must be refused, not run.
 */
export function isPreflight(request: CorsRequest): boolean {
  return request.method === 'OPTIONS' && request.origin !== undefined && request.requestMethod !== undefined;
}

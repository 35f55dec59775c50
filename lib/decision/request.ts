/**
 * What the CORS protocol reads of a request. Values are raw: the header's bytes, repeated lines joined by `, ` as
 * Node does. `undefined`: the header is absent; `''`: present and empty.
 */
export interface CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  readonly requestMethod: string | undefined;
  readonly requestHeaders: string | undefined;
}

/** Reads a request's headers as Node presents them: lower-case names. What announces a request is in a preflight alone. */
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
  // HTTP/2 and in-memory requests may present repeated lines as an array.
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/**
 * Fetch §3.3.2 and §4.8: a preflight is an OPTIONS request with an `Origin` and an `Access-Control-Request-Method`.
 * It is tempting to take every OPTIONS request for one; however, others are the app's own. The two headers count
 * when present, also with an empty value: that is a malformed preflight, to be refused, not to be run.
 */
export function isPreflight(request: CorsRequest): boolean {
  return request.method === 'OPTIONS' && request.origin !== undefined && request.requestMethod !== undefined;
}

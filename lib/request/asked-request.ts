import { siteOf, type PlatformRequest } from '../platforms/site.js';
import type { AskedRequest } from '../registry/served.js';
import type { CorsExchange } from './exchange.js';

/** What a resolver gets of a request. */
export function askedRequestOf({ url }: CorsExchange, request: PlatformRequest): AskedRequest {
  return { url, host: siteOf(request).host, headers: request.headers };
}

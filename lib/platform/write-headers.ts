import type { ServerResponse } from 'node:http';
import { headersFor, type CorsResponse } from '../policy/cors-response.js';
import { mergeVary } from '../protocol/vary.js';

/**
 * Writes what the policy says over whatever the app, a library or a proxy-like middleware has set: one answer, once.
 * Called as the headers are flushed, when nobody sets headers any more.
 *
 * @param origin of the request
 * @returns the names of the CORS headers that were set otherwise and are not sent; `undefined` where there are none
 */
export function writeCorsResponse(
  response: ServerResponse,
  cors: CorsResponse,
  origin: string | undefined,
): string[] | undefined {
  const { allowOrigin, headers, vary } = cors;
  let replaced: string[] | undefined;
  for (const name of response.getHeaderNames()) {
    if (!name.startsWith('access-control-')) continue;
    const own = headersFor(cors, origin).find(([each]) => each.toLowerCase() === name);
    if (own?.[1] !== String(response.getHeader(name))) (replaced ??= []).push(name);
    response.removeHeader(name);
  }
  if (allowOrigin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', allowOrigin === '*' ? '*' : (origin ?? ''));
  }
  for (const [name, value] of headers) response.setHeader(name, value);
  if (vary !== '') {
    const present = response.getHeader('Vary');
    const merged = mergeVary(typeof present === 'number' ? String(present) : present, vary);
    if (merged !== undefined) response.setHeader('Vary', merged);
  }
  return replaced;
}

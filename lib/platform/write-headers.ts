import type { ServerResponse } from 'node:http';
import { allowOriginFor, headersFor, type CorsResponse, type Header } from '../policy/cors-response.js';
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
  const replaced = removeForeignHeaders(response, cors, origin);
  const { allowMethods, headers, vary } = cors;
  const allowOrigin = allowOriginFor(cors, origin);
  if (allowOrigin !== undefined) response.setHeader('Access-Control-Allow-Origin', allowOrigin);
  // By index, here and below: an iterator for each response is the dearest part of writing three headers.
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index] as Header;
    response.setHeader(header[0], header[1]);
  }
  if (allowMethods !== '') response.setHeader('Access-Control-Allow-Methods', allowMethods);
  if (vary !== '') {
    const present = response.getHeader('Vary');
    const merged = mergeVary(typeof present === 'number' ? String(present) : present, vary);
    if (merged !== undefined) response.setHeader('Vary', merged);
  }
  return replaced;
}

function removeForeignHeaders(
  response: ServerResponse,
  cors: CorsResponse,
  origin: string | undefined,
): string[] | undefined {
  const present = response.getHeaderNames();
  let isForeign = false;
  for (let index = 0; index < present.length && !isForeign; index++) isForeign = isCorsHeader(present[index] ?? '');
  if (!isForeign) return undefined;
  const names = present.filter(isCorsHeader);
  const own = new Map(headersFor(cors, origin).map(([name, value]) => [name.toLowerCase(), value]));
  const replaced = names.filter(name => own.get(name) !== String(response.getHeader(name)));
  for (const name of names) response.removeHeader(name);
  return replaced.length === 0 ? undefined : replaced;
}

/** Node tells names in lower case. */
function isCorsHeader(name: string): boolean {
  return name.startsWith('access-control-');
}

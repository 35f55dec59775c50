import type { ServerResponse } from 'node:http';
import type { CorsResponse, Header } from '../protocol/response-headers.js';
import { mergeVary } from '../protocol/vary.js';

const CORS_HEADER = /^access-control-/i;

/**
 * Writes what the policy says over whatever the app, a library or a proxy-like middleware has set: one answer, once.
 * Called as the headers are flushed, when nobody sets headers any more.
 *
 * @returns the names of the CORS headers that were set otherwise and are not sent; `undefined` where there are none
 */
export function writeCorsResponse(response: ServerResponse, { headers, vary }: CorsResponse): string[] | undefined {
  const replaced = removeForeignHeaders(response, headers);
  for (const [name, value] of headers) response.setHeader(name, value);
  if (vary.length === 0) return replaced;
  const present = response.getHeader('Vary');
  const merged = mergeVary(typeof present === 'number' ? String(present) : present, vary);
  if (merged !== undefined) response.setHeader('Vary', merged);
  return replaced;
}

function removeForeignHeaders(response: ServerResponse, headers: readonly Header[]): string[] | undefined {
  let replaced: string[] | undefined;
  for (const name of response.getHeaderNames()) {
    if (!CORS_HEADER.test(name)) continue;
    const value = String(response.getHeader(name));
    response.removeHeader(name);
    const own = headers.find(([each]) => each.toLowerCase() === name);
    if (own?.[1] !== value) (replaced ??= []).push(name);
  }
  return replaced;
}

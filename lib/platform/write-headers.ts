import type { ServerResponse } from 'node:http';
import type { CorsResponse } from '../protocol/response-headers.js';
import { mergeVary } from '../protocol/vary.js';

const CORS_HEADER = /^access-control-/i;

/**
 * Writes what the policy says over whatever the app, a library or a proxy-like middleware has set: one answer, once.
 * Called as the headers are flushed, when nobody sets headers any more.
 */
export function writeCorsResponse(response: ServerResponse, { headers, vary }: CorsResponse): void {
  for (const name of response.getHeaderNames()) {
    if (CORS_HEADER.test(name)) response.removeHeader(name);
  }
  for (const [name, value] of headers) response.setHeader(name, value);
  if (vary.length === 0) return;
  const present = response.getHeader('Vary');
  const merged = mergeVary(typeof present === 'number' ? String(present) : present, vary);
  if (merged !== undefined) response.setHeader('Vary', merged);
}

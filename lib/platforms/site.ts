import type { RoutedRequest } from '../routing/route-matcher.js';

/** A platform's request: both give its scheme and host, and honour the app's trust in its proxy. */
export interface PlatformRequest extends RoutedRequest {
  readonly protocol: string;
  /** With the port, where there is one. Express has none for a request that names none. */
  readonly host: string | undefined;
}

/** The scheme and the authority that a request was sent to. */
export function siteOf({ protocol, host = '', headers }: PlatformRequest): {
  readonly scheme: string;
  readonly host: string;
} {
  const authority = headers[':authority'];
  // RFC 9113 §8.3.1: on HTTP/2 `Host` says nothing beside `:authority`. Fastify reads it first; what a trusted proxy
  // says counts before both.
  const isPlain = typeof authority === 'string' && host === headers['host'];
  return { scheme: protocol, host: isPlain ? authority : host };
}

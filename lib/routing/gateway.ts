import { pathOf, plainReading } from './path-readings.js';
import type { NamedRoute } from './route.js';

/** Which kind of server a WebSocket adapter makes: each reads the path of a handshake in its own way. */
export type SocketKind = 'ws' | 'socket.io' | 'unknown';

/** A WebSocket gateway. As a route, it is a GET of its path. */
export interface Gateway extends NamedRoute {
  readonly kind: SocketKind;
  /** What the target of each of its requests begins with: `/socket.io/`. Only of socket.io. */
  readonly prefix: string;
  readonly namespace: string | undefined;
  /** Its own `cors` option. */
  readonly cors: unknown;
  /** The port it listens on by itself; `undefined` if it is on the app's server. */
  readonly port: number | undefined;
}

/** How servers read the target of a handshake. */
export interface HandshakeTarget {
  readonly url: string;
  /** As `@nestjs/platform-ws` reads it: `//x/ws` is `/ws`. `undefined` if it cannot be read so. */
  readonly pathname: string | undefined;
  /** Whether every server reads the same path. */
  readonly isPlain: boolean;
}

/** @param host the raw `Host` header, which the adapter reads as well */
export function handshakeTarget(url: string, host: string): HandshakeTarget {
  const path = pathOf(url);
  const pathname = pathnameOf(url, host);
  return { url, pathname, isPlain: path !== undefined && path === pathname && plainReading(path) !== undefined };
}

function pathnameOf(url: string, host: string): string | undefined {
  // Not `URL.canParse()` first: the adapter itself lets it throw, and refuses.
  try {
    return new URL(url, `ws://${host}/`).pathname;
  } catch {
    return host === 'localhost' ? undefined : pathnameOf(url, 'localhost');
  }
}

/** Whether a gateway on the app's server may take a handshake. */
export function mayTake({ kind, path, prefix }: Gateway, { url, pathname }: HandshakeTarget): boolean {
  switch (kind) {
    case 'ws':
      return pathname === path;
    case 'socket.io':
      return url.startsWith(prefix);
    case 'unknown':
      return [url, pathname].some(each => each?.startsWith(path));
  }
}

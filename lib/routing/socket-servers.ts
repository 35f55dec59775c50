import type { ApplicationConfig } from '@nestjs/core';
import type { Gateway, SocketKind } from './gateway.js';
import { socketAdapterOf, watchSocketAdapter, type GatewayMetadata, type SocketAdapter } from './nest-internals.js';

/** What is read of a server that a WebSocket adapter made. */
interface SocketServer {
  /** The path of `ws`; a method of socket.io. */
  readonly path?: unknown;
  readonly of?: unknown;
  readonly opts?: { readonly addTrailingSlash?: unknown };
}

/**
 * The servers of an app's gateways. An adapter may give them another path than the gateways name, so each server is asked
 * for its path.
 */
export class SocketServers {
  readonly #made = new Map<string, SocketServer>();
  readonly #watched = new WeakSet<SocketAdapter>();

  /** @param config absent in a process without an HTTP server */
  constructor(private readonly config: ApplicationConfig | undefined) {
    if (config === undefined) return;
    watchSocketAdapter(config, adapter => {
      this.#watch(adapter);
    });
  }

  /** @param httpServer the app's own */
  describe(
    { port, options }: GatewayMetadata,
    httpServer: unknown,
  ): Pick<Gateway, 'kind' | 'path' | 'prefix' | 'namespace' | 'cors' | 'port'> {
    const adapter = this.config && socketAdapterOf(this.config);
    const server = this.#made.get(serverKey(port, options.path));
    const kind = kindOf(server, adapter);
    const path = pathOfServer(server) ?? writtenPath(options.path, kind);
    const isElsewhere = port !== 0 || isOfAnotherServer(adapter, httpServer);
    return {
      kind,
      path,
      // As engine.io reads it: the beginning of the raw target.
      prefix: server?.opts?.addTrailingSlash === false ? path : `${path}/`,
      namespace: typeof options.namespace === 'string' ? options.namespace : undefined,
      cors: options.cors,
      port: isElsewhere ? port : undefined,
    };
  }

  #watch(adapter: SocketAdapter): void {
    if (this.#watched.has(adapter)) return;
    this.#watched.add(adapter);
    const { create } = adapter;
    adapter.create = (port, options) => {
      const made = create.call(adapter, port, options);
      // With a server, it makes a namespace of it.
      if (options?.server === undefined) this.#made.set(serverKey(port, options?.path), (made ?? {}) as SocketServer);
      return made;
    };
  }
}

function serverKey(port: number, path: unknown): string {
  return `${String(port)} ${String(path)}`;
}

function kindOf(server: SocketServer | undefined, adapter: object | undefined): SocketKind {
  if (server !== undefined) {
    if (typeof server.of === 'function' && typeof server.path === 'function') return 'socket.io';
    return typeof server.path === 'string' && 'handleUpgrade' in server ? 'ws' : 'unknown';
  }
  // Without one, Nest makes that of socket.io.
  if (adapter === undefined || 'createIOServer' in adapter) return 'socket.io';
  return 'ensureHttpServerExists' in adapter ? 'ws' : 'unknown';
}

function pathOfServer(server: SocketServer | undefined): string | undefined {
  const path: unknown = typeof server?.path === 'function' ? (server.path as () => unknown).call(server) : server?.path;
  return typeof path === 'string' ? path : undefined;
}

/** The path that a gateway names, as its adapter completes it. */
function writtenPath(path: unknown, kind: SocketKind): string {
  const text = typeof path === 'string' ? path.replace(/\/+$/, '') : '';
  if (kind === 'socket.io') return typeof path === 'string' ? text : '/socket.io';
  return `/${text}`.replace(/\/+/g, '/');
}

/** An adapter that was made without the app opens a port of its own, even for port 0. */
function isOfAnotherServer(adapter: SocketAdapter | undefined, httpServer: unknown): boolean {
  return adapter !== undefined && 'httpServer' in adapter && adapter.httpServer !== httpServer;
}

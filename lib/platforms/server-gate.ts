import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Hands an event to the server's listeners. */
export type Emit = () => boolean;

/** Decides which events of a server reach its listeners. */
export interface ServerGate {
  /** Called with each server that the gate stands before. */
  guards(server: Server): void;
  /** Whether `request` events pass the gate as well. */
  readonly watchesRequests: boolean;
  /** @returns what `emit()` returns: whether the event has a listener, or an answer */
  upgrade(request: IncomingMessage, socket: Duplex, emit: Emit): boolean;
  request(request: IncomingMessage, response: ServerResponse, emit: Emit): boolean;
}

/**
 * Puts a gate before a server's listeners. Not a listener for `upgrade`: with one, Node hands every request with an
 * `Upgrade` header to it (`h2c` as well), and no listener can keep an event from the next.
 */
export function guardServer(server: Server, gate: ServerGate): void {
  gate.guards(server);
  const own = Object.hasOwn(server, 'emit') ? (server.emit as AnyEmit) : undefined;
  const guarded: AnyEmit = function (this: Server, event, ...args) {
    // Looked up each time: a tracing library may replace the prototype's later.
    const emit = own ?? (Object.getPrototypeOf(server) as { readonly emit: AnyEmit }).emit;
    // hot path: every request of the app is an event, and nothing is made for it.
    if (event === 'upgrade') {
      const [request, socket] = args as [IncomingMessage, Duplex];
      return gate.upgrade(request, socket, () => emit.call(this, event, ...args));
    }
    if (event === 'request' && gate.watchesRequests) {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      return gate.request(request, response, () => emit.call(this, event, ...args));
    }
    return emit.call(this, event, ...args);
  };
  Object.defineProperty(server, 'emit', { value: guarded, configurable: true, writable: true, enumerable: false });
}

type AnyEmit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;

import type { IncomingMessage, Server } from 'node:http';
import { SERVER_APP } from '../cors.constants.js';
import type { PolicyTable } from './policy-table.js';

/**
 * One HTTP application of the container, and its policies. There may be several: a `TestingModule` makes one with each
 * `createNestApplication()`.
 */
export class CorsApp {
  /** Absent before the app is initialized. Replaced as a whole, so that no request sees half of two configurations. */
  table: PolicyTable | undefined;
  isClosed = false;
  /** Called when Nest has closed the app. */
  whenClosed: (() => void) | undefined;
}

/** Keeps the app whose policies count for a server: what socket.io answers reaches no app. */
export function setServerApp(server: Server, app: CorsApp): void {
  Object.defineProperty(server, SERVER_APP, { value: app, configurable: true });
}

/** The app of the server that a request came to; `undefined` for another server. */
export function appOfRequest({ socket }: IncomingMessage): CorsApp | undefined {
  // Node keeps a connection's server there.
  const { server } = socket as { readonly server?: { readonly [SERVER_APP]?: CorsApp } };
  return server?.[SERVER_APP];
}

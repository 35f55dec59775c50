import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { siteOf } from '../platforms/site.js';
import type { Platform } from '../platforms/platform.js';
import type { Emit, ServerGate } from '../platforms/server-gate.js';
import { setServerApp, type CorsApp } from '../registry/app.js';
import { judgeHandshake, type Handshake, type HandshakeRefusal } from '../registry/judge-handshake.js';
import type { MaybePromise } from '../registry/maybe-promise.js';
import type { PolicyTable } from '../registry/policy-table.js';
import type { HandshakeLog } from './handshake-log.js';
import { holdSocket, refuseRequest, refuseSocket } from './refused-socket.js';

/** Whether a handshake is refused: certain, or once the resolvers have answered. */
type Judged = MaybePromise<boolean>;

/**
 * Stands before the app's server, where WebSocket handshakes and the long-polling of socket.io arrive: neither reaches the
 * app. What is refused is answered 403, and no listener sees it.
 */
export class HandshakeGate implements ServerGate {
  constructor(
    private readonly app: CorsApp,
    private readonly platform: Pick<Platform, 'present'>,
    private readonly log: HandshakeLog,
  ) {}

  guards(server: Server): void {
    setServerApp(server, this.app);
  }

  get watchesRequests(): boolean {
    const { table } = this.app;
    return table?.handshakes.hasPolling === true && table.handshakeMode !== false;
  }

  upgrade(request: IncomingMessage, socket: Duplex, emit: Emit): boolean {
    if (!asksForWebSocket(request)) return emit();
    const refused = this.#judge(request);
    if (refused === false) return emit();
    if (refused === true) return refuseSocket(socket);
    const release = holdSocket(socket);
    void refused.then(isRefused => {
      release();
      if (isRefused) refuseSocket(socket);
      else if (!socket.destroyed) emitLater(emit);
    });
    return true;
  }

  request(request: IncomingMessage, response: ServerResponse, emit: Emit): boolean {
    const { url = '' } = request;
    if (this.app.table?.handshakes.isPolled(url) !== true) return emit();
    const refused = this.#judge(request);
    if (refused === false) return emit();
    if (refused === true) return refuseRequest(response);
    void refused.then(isRefused => {
      if (isRefused) refuseRequest(response);
      else if (!response.destroyed) emitLater(emit);
    });
    return true;
  }

  /** Never throws or rejects: fails closed. */
  #judge(request: IncomingMessage): Judged {
    const { table } = this.app;
    // Without `Origin` it is no browser. Before the app is initialized, it is not known who is allowed.
    if (request.headers.origin === undefined || table?.handshakeMode === false) return false;
    if (table === undefined) return true;
    const isEnforced = table.handshakeMode === 'enforce';
    const failed = (error: unknown) => {
      this.log.failed(error);
      return isEnforced;
    };
    try {
      const handshake = this.#read(request);
      const judged = judgeHandshake(handshake, table);
      const finish = ({ refusal }: { readonly refusal: HandshakeRefusal | undefined }) =>
        this.#finish(handshake, refusal, table, isEnforced);
      if (!(judged instanceof Promise)) return finish(judged);
      const finished = judged.then(finish).catch(failed);
      return isEnforced ? finished : false;
    } catch (error) {
      return failed(error);
    }
  }

  #read(request: IncomingMessage): Handshake {
    const { method = 'GET', url = '/', headers } = request;
    const { host } = siteOf(this.platform.present(request));
    return { method, url, host, headers, origin: headers.origin };
  }

  #finish(
    handshake: Handshake,
    refusal: HandshakeRefusal | undefined,
    table: PolicyTable,
    isEnforced: boolean,
  ): boolean {
    if (refusal === undefined) return false;
    this.log.refused(handshake, refusal, table, isEnforced);
    return isEnforced;
  }
}

/** RFC 6455 §4.1: `websocket` is among the protocols in `Upgrade`, in any case. */
function asksForWebSocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.split(',').some(each => each.trim().toLowerCase().split('/', 1)[0] === 'websocket');
}

/** What a listener throws ends the process, as it does without the gate, and is not a rejection. */
function emitLater(emit: Emit): void {
  queueMicrotask(emit);
}

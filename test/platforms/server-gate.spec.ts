import { createServer, Server, type IncomingMessage } from 'node:http';
import { guardServer, type ServerGate } from '../../lib/platforms/server-gate.js';

/** A gate that lets everything through, and says what it saw. */
function gateSeeing(seen: string[], watchesRequests = false): ServerGate {
  return {
    guards: () => undefined,
    watchesRequests,
    upgrade: (_request, _socket, emit) => {
      seen.push('gate: upgrade');
      return emit();
    },
    request: (_request, _response, emit) => {
      seen.push('gate: request');
      return emit();
    },
  };
}

describe('A gate before a server', () => {
  it('sees upgrades, requests if it asks for them, and nothing else', () => {
    const seen: string[] = [];
    const server = createServer();
    guardServer(server, gateSeeing(seen));
    expect([server.emit('upgrade'), server.emit('request'), server.emit('close')]).toEqual([false, false, false]);
    server.on('upgrade', request => seen.push(`listener: ${String(request)}`));
    expect(server.emit('upgrade', 'a' as unknown as IncomingMessage)).toBe(true);
    expect(seen).toEqual(['gate: upgrade', 'gate: upgrade', 'listener: a']);

    const other = createServer();
    guardServer(other, gateSeeing(seen, true));
    other.emit('request');
    expect(seen.at(-1)).toBe('gate: request');
  });

  it('calls the emit that it replaced, with the server', () => {
    const seen: string[] = [];
    const server = createServer();
    server.emit = function (this: Server, event: string) {
      seen.push(`own: ${event} ${String(this === server)}`);
      return true;
    } as Server['emit'];
    guardServer(server, gateSeeing(seen));
    server.emit('upgrade');
    server.emit('close');
    expect(seen).toEqual(['gate: upgrade', 'own: upgrade true', 'own: close true']);
  });

  it("calls the prototype's that a tracing library replaces later", () => {
    const seen: string[] = [];
    const server = createServer();
    guardServer(server, gateSeeing(seen));
    const prototype = Object.create(Server.prototype) as Server;
    Object.setPrototypeOf(server, prototype);
    prototype.emit = () => Boolean(seen.push('traced'));
    expect(server.emit('close')).toBe(true);
    expect(seen).toEqual(['traced']);
  });
});

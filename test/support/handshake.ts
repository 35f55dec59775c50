import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { portOf } from './client.js';

export interface WireHandshake {
  readonly path?: string;
  readonly origin?: string;
  /** Sent in place of those of a browser where they have the same name; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The bytes of a handshake as a browser sends it. */
export function handshakeBytes({ path = '/', origin, headers = {} }: WireHandshake): string {
  const all: WireHandshake['headers'] = {
    Host: 'api.example',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Origin: origin,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value = []]) => [value].flat().map(each => `${name}: ${each}`));
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/**
 * Sends bytes, waits for the answer to begin, and ends the connection.
 *
 * @returns the status: 101 for an open WebSocket; 0 where the server closes without an answer
 */
export async function statusOf(app: INestApplication, bytes: string): Promise<number> {
  const socket = connectSocket(portOf(app), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  const first = await Promise.race([
    once(socket, 'data').then(([data]) => String(data)),
    once(socket, 'close').then(() => ''),
  ]);
  socket.destroy();
  return Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(first)?.[1] ?? 0);
}

/** Opens a WebSocket as a page does, and tells the status. */
export function shakeHands(app: INestApplication, handshake: WireHandshake): Promise<number> {
  return statusOf(app, handshakeBytes(handshake));
}

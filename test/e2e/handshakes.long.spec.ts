import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { portOf } from '../support/client.js';
import { APP, EVIL } from '../support/expected.js';
import { handshakeBytes, shakeHands } from '../support/handshake.js';
import { collectGarbage } from '../support/node-process.js';

@WebSocketGateway({ path: '/events' })
class EventsGateway {}

afterEach(closeApps);

const GARBAGE = '\x00\xff\r\n\r\n\x81\x80'.repeat(50);

/** What clients send that mean no good, and how they leave. */
const HOSTILE: readonly ((index: number) => { readonly bytes: string; readonly leave: 'end' | 'reset' | 'stay' })[] = [
  () => ({ bytes: handshakeBytes({ path: '/events', origin: EVIL }), leave: 'stay' }),
  () => ({ bytes: handshakeBytes({ path: '/events', origin: EVIL }) + GARBAGE, leave: 'reset' }),
  index => ({
    bytes: handshakeBytes({ path: '/events', origin: `https://slow${String(index)}.example` }),
    leave: 'reset',
  }),
  index => ({
    bytes: handshakeBytes({ path: '/events', origin: `https://slow${String(index)}.example` }) + GARBAGE,
    leave: 'end',
  }),
  index => ({
    bytes: handshakeBytes({ path: `/${String(index)}//..;/%2e%2f`, origin: 'x'.repeat(4000) }),
    leave: 'stay',
  }),
  () => ({ bytes: handshakeBytes({ path: '/events', origin: EVIL, headers: { Host: '[::1' } }), leave: 'stay' }),
  () => ({ bytes: handshakeBytes({ path: '*', origin: '\xff\xfe' }), leave: 'stay' }),
  () => ({ bytes: handshakeBytes({ path: '/events', origin: EVIL, headers: { Host: undefined } }), leave: 'stay' }),
  () => ({
    bytes: handshakeBytes({ path: 'ws://[', origin: EVIL, headers: { Upgrade: ',,websocket' } }),
    leave: 'end',
  }),
  () => ({ bytes: handshakeBytes({ path: '/events', origin: EVIL }).repeat(20), leave: 'reset' }),
];

/** Sends bytes and leaves; done when the connection is closed. */
async function attack(app: INestApplication, index: number): Promise<void> {
  const { bytes, leave } = (HOSTILE[index % HOSTILE.length] as (typeof HOSTILE)[number])(index);
  const socket = connect(portOf(app), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  const closed = once(socket, 'close').catch(() => undefined);
  await once(socket, 'connect');
  socket.write(bytes, 'latin1', () => {
    if (leave === 'end') socket.end();
    if (leave === 'reset') socket.resetAndDestroy();
  });
  await closed;
}

describe.each(PLATFORMS)('Hostile handshakes on %s', platform => {
  it('leave nothing behind, and the app goes on', async () => {
    const app = await startApp({
      platform,
      cors: {
        origin: [APP, origin => (origin.includes('slow') ? sleep(5).then(() => false) : false)],
        resolver: { timeoutMs: 1000 },
      },
      providers: [EventsGateway],
      configure: each => each.useWebSocketAdapter(new WsAdapter(each)),
    });
    const server = app.getHttpServer() as Server;
    const open = () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => {
          if (error) reject(error);
          else resolve(count);
        }),
      );
    const run = async (count: number) => {
      for (let at = 0; at < count; at += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, index) => attack(app, at + index)));
      }
      while ((await open()) > 0) await sleep(10);
    };
    const heap = async () => {
      await collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const wraps = () => process.getActiveResourcesInfo().filter(each => each === 'TCPSocketWrap').length;
    await run(2_000);
    const before = await heap();
    await run(10_000);

    // Closed sockets take a turn or two to go.
    while (wraps() > 0) await sleep(10);
    expect(await open()).toBe(0);
    // Under what 10,000 requests would hold: each has more than a kilobyte of headers.
    expect((await heap()) - before).toBeLessThan(8_000_000);
    expect(await shakeHands(app, { path: '/events', origin: APP })).toBe(101);
    expect(await shakeHands(app, { path: '/events', origin: EVIL })).toBe(403);
  });
});

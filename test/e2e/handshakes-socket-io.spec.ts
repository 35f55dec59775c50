import type { Server } from 'node:http';
import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway } from '@nestjs/websockets';
import { Cors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { io, type Socket } from 'socket.io-client';
import type { ServerOptions } from 'socket.io';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, send, sendRaw } from '../support/client.js';
import { ADMIN, APP, EVIL } from '../support/expected.js';
import { handshakeBytes, shakeHands } from '../support/handshake.js';
import { RecordingLogger } from '../support/logger.js';

const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await closeApps();
});

@WebSocketGateway()
class EventsGateway {}

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return 'list';
  }
}

function gateway(options: object, ...decorators: readonly ClassDecorator[]): Type {
  class SomeGateway {}
  for (const decorate of [WebSocketGateway(options), ...decorators]) decorate(SomeGateway);
  return SomeGateway;
}

const useIo = (app: INestApplication) => app.useWebSocketAdapter(new IoAdapter(app));
const POLL = '/socket.io/?EIO=4&transport=polling';

describe.each(PLATFORMS)('Handshakes of socket.io on %s', platform => {
  const start = (cors: CorsModuleOptions, options: Partial<AppOptions> = {}) =>
    startApp({
      platform,
      cors,
      providers: [EventsGateway],
      controllers: [CatsController],
      configure: useIo,
      ...options,
    });

  describe.each(['websocket', 'polling'])('by %s', transport => {
    /** What a client of a page comes to: connected, or why not. */
    const connect = (app: INestApplication, origin: string, path = '/', options: object = {}) => {
      const socket = io(`http://127.0.0.1:${String(portOf(app))}${path}`, {
        transports: [transport],
        extraHeaders: { Origin: origin },
        forceNew: true,
        reconnection: false,
        ...options,
      });
      sockets.push(socket);
      return new Promise<string>(resolve => {
        socket.once('connect', () => {
          resolve('connected');
        });
        socket.once('connect_error', ({ message }) => {
          resolve(message);
        });
      });
    };
    const failed = transport === 'websocket' ? 'websocket error' : 'xhr poll error';

    it('need an origin that the policy allows', async () => {
      const app = await start({ origin: APP });
      expect(await connect(app, APP)).toBe('connected');
      expect(await connect(app, EVIL)).toBe(failed);
    });

    it('do so without an adapter that the app sets: Nest makes one', async () => {
      const app = await start({ origin: APP }, { configure: () => undefined });
      expect(await connect(app, APP)).toBe('connected');
      expect(await connect(app, EVIL)).toBe(failed);
    });

    it('of namespaces are one: every gateway has to allow it', async () => {
      const providers = [
        gateway({ namespace: 'one' }, Cors({ origin: [APP, ADMIN] })),
        gateway({ namespace: '/two' }, Cors({ origin: [APP, EVIL] })),
      ];
      const app = await start({ origin: false }, { providers });
      expect(await Promise.all([APP, ADMIN, EVIL].map(origin => connect(app, origin, '/one')))).toEqual([
        'connected',
        failed,
        failed,
      ]);
      expect(await connect(app, APP, '/two')).toBe('connected');
      const { warnings } = app.get(CorsService);
      expect(warnings.map(({ code, routes }) => [code, routes.length])).toEqual([['gateways_differ', 1]]);
      expect(
        app
          .get(CorsService)
          .policies()
          .map(({ namespace }) => namespace),
      ).toEqual([undefined, 'one', '/two']);
    });

    it('have the path that their server has, whoever set it', async () => {
      class MovedAdapter extends IoAdapter {
        override createIOServer(port: number, options?: ServerOptions) {
          return super.createIOServer(port, { ...options, path: '/moved' } as ServerOptions);
        }
      }
      const app = await start(
        { origin: APP },
        {
          providers: [gateway({}, Cors({ origin: ADMIN }))],
          configure: each => each.useWebSocketAdapter(new MovedAdapter(each)),
        },
      );
      expect(await connect(app, ADMIN, '/', { path: '/moved' })).toBe('connected');
      expect(await connect(app, APP, '/', { path: '/moved' })).toBe(failed);
    });

    it('have the path that their gateway names', async () => {
      const app = await start({ origin: APP }, { providers: [gateway({ path: '/live' }, Cors({ origin: ADMIN }))] });
      expect(await connect(app, ADMIN, '/', { path: '/live' })).toBe('connected');
      expect(await connect(app, APP, '/', { path: '/live' })).toBe(failed);
    });

    it('wait for a resolver', async () => {
      const app = await start({ origin: origin => Promise.resolve(origin === APP) });
      expect(await connect(app, APP)).toBe('connected');
      expect(await connect(app, EVIL)).toBe(failed);
    });

    it.each(['report', false] as const)('are not refused with handshakes: %p', async handshakes => {
      const logger = new RecordingLogger();
      const app = await start({ origin: APP, handshakes }, { nest: { logger } });
      expect(await connect(app, EVIL)).toBe('connected');
      const lines = logger.ofCors('warn').map(line => line.slice(0, 43));
      expect(lines).toEqual(handshakes === 'report' ? ['Would refuse a WebSocket handshake for "/so'] : []);
    });
  });

  it('of a gateway without a slash at the end of its path are those that begin with it', async () => {
    const app = await start(
      { origin: APP },
      { providers: [gateway({ addTrailingSlash: false }, Cors({ origin: ADMIN }))] },
    );
    const poll = (path: string, origin: string) => send(app, { path, headers: { Origin: origin } });
    expect((await poll('/socket.io?EIO=4&transport=polling', ADMIN)).status).toBe(200);
    expect((await poll('/socket.io?EIO=4&transport=polling', APP)).status).toBe(403);
  });

  it('by long-polling are 403 ahead of socket.io, and the connection ends', async () => {
    const app = await start({ origin: APP });
    const bytes = `POST ${POLL} HTTP/1.1\r\nHost: api.example\r\nOrigin: ${EVIL}\r\nContent-Length: 100000\r\n\r\n40`;
    const answer = await sendRaw(app, bytes);

    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\ncontent-length: 0\r\nvary: origin\r\n');
  });

  it('by long-polling are not those of the app itself, nor without an Origin', async () => {
    const app = await start({ origin: APP });
    const poll = async (headers: Record<string, string>) => (await send(app, { path: POLL, headers })).status;
    expect(await poll({})).toBe(200);
    expect(await poll({ Host: 'api.example', Origin: 'https://api.example' })).toBe(200);
    expect(await poll({ Host: 'api.example', Origin: EVIL })).toBe(403);
  });

  it('leave the requests of the app alone', async () => {
    const app = await start({ origin: APP });
    const status = async (path: string) => (await send(app, { path, headers: { Origin: EVIL } })).status;
    expect(await status('/cats')).toBe(200);
    expect(await status('/socket.iox')).toBe(404);
  });

  it('of a server of its own are not looked at, which is a warning', async () => {
    const app = await start(
      { origin: APP },
      { providers: [gateway({})], configure: each => each.useWebSocketAdapter(new IoAdapter()) },
    );
    expect(app.get(CorsService).warnings.map(({ code }) => code)).toEqual(['gateway_port']);
    expect((app.getHttpServer() as Server).listenerCount('upgrade')).toBe(0);
    expect((await send(app, { path: POLL, headers: { Origin: EVIL } })).status).toBe(404);
  });

  it('are refused by the policy of every path that may be meant', async () => {
    const app = await start({ origin: APP }, { providers: [gateway({}, Cors({ origin: [APP, ADMIN] }))] });
    expect(await shakeHands(app, { path: '/socket.io/../x', origin: ADMIN })).toBe(403);
    expect(await shakeHands(app, { path: '/socket.io/?EIO=4&transport=websocket', origin: ADMIN })).toBe(101);
    expect(handshakeBytes({ origin: ADMIN })).toContain(`Origin: ${ADMIN}`);
  });
});

import { once } from 'node:events';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Cors, CorsGuard, CorsInterceptor, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { BOOTSTRAPS, closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, send, type WireRequest } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, granted, readable, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe } = watchHandlers();

const cors: CorsModuleOptions = { origin: APP, rejectDisallowed: true, self: ['https://api.example'] };

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

/**
 * The module's own guard and interceptor, asked for by a gateway: Nest 12 runs the global ones for its messages, and
 * Nest 11 does not.
 */
@Injectable()
class CorsOfMessages implements CanActivate, NestInterceptor {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  canActivate(context: ExecutionContext) {
    ran(`guard of ${context.getType()}`);
    return this.moduleRef.get(CorsGuard, { strict: false }).canActivate(context);
  }

  intercept(context: ExecutionContext, next: CallHandler) {
    ran(`interceptor of ${context.getType()}`);
    return this.moduleRef.get(CorsInterceptor, { strict: false }).intercept(context, next);
  }
}

/** Where a polling client of socket.io begins. */
const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

/** Long polling of another origin. */
const REFUSED = { status: 403, cors: { vary: 'Origin' }, ran: [] };

const MISPLACED = {
  code: 'decorator_without_effect',
  location: { level: 'handler', controller: 'DecoratedGateway', handler: 'echo' },
};

const handled = ['guard of ws', 'interceptor of ws', 'echo'];

const get = (path: string, origin: string): WireRequest => ({ path, headers: { Origin: origin } });

const disconnects: (() => unknown)[] = [];

afterEach(async () => {
  for (const disconnect of disconnects.splice(0)) disconnect();
  await closeApps();
});

describe.each(PLATFORMS)('Beside a gateway of @nestjs/platform-socket.io on %s', platform => {
  @UseGuards(CorsOfMessages)
  @UseInterceptors(CorsOfMessages)
  @WebSocketGateway()
  class EventsGateway {
    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown) {
      ran('echo');
      return data;
    }
  }

  @WebSocketGateway({ cors: { origin: [APP], credentials: true } })
  class SharedGateway extends EventsGateway {}

  const start = (gateway: Type, options: Partial<AppOptions> = {}) =>
    startApp({
      platform,
      cors,
      controllers: [CatsController],
      providers: [gateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
      ...options,
    });

  it.each(['websocket', 'polling'])('messages are handled as without the module, by %s (CTX-03)', async transport => {
    const app = await start(EventsGateway);
    const socket = connect(app, transport, APP);

    expect(await socket.emitWithAck('echo', 'hello')).toBe('hello');
    expect(take()).toEqual(handled);
  });

  it('the responses of the app are what they were (CTX-03)', async () => {
    // Where socket.io is attached, every request passes it first.
    const app = await start(EventsGateway);

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get('/other', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
    // Fastify answers it before any hook runs.
    const status = platform === 'express' ? 404 : 400;
    expect(await observe(app, get('/%', APP))).toEqual({ status, cors: readable(APP), ran: [] });
    expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
  });

  it('a message is no place for @Cors(), which is told at boot, and a gateway is one (DEC-08)', async () => {
    @Cors({ origin: ADMIN })
    @WebSocketGateway()
    class DecoratedGateway {
      @Cors({ origin: EVIL })
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown) {
        ran('echo');
        return data;
      }
    }
    const app = await start(DecoratedGateway);

    expect(app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }))).toEqual([MISPLACED]);
    expect(await connect(app, 'websocket', ADMIN).emitWithAck('echo', 'hello')).toBe('hello');
    expect(take()).toEqual(['echo']);
    expect(await observe(app, get(HANDSHAKE, ADMIN))).toEqual({ status: 200, cors: CLOSED, ran: [] });
    expect(await observe(app, get(HANDSHAKE, APP))).toEqual(REFUSED);
  });

  describe('the HTTP requests of long polling, which socket.io answers ahead of the app (CTX-04),', () => {
    const preflight = (origin: string) => preflightOf(HANDSHAKE, origin, 'POST', 'content-type');

    it.each(['/socket.io', '/socket.io/*splat'])(
      'are not covered by the module, nor by a rule, which is told: %s',
      async path => {
        const routes = [
          { path, policy: { origin: EVIL, rejectDisallowed: true } },
          { path: '/graphql', policy: {} },
        ];
        const app = await start(EventsGateway, { cors: { ...cors, routes } });

        expect(app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }))).toEqual([
          { code: 'rule_for_gateway', location: { level: 'route', rule: path } },
        ]);

        expect(await observe(app, get(HANDSHAKE, APP))).toEqual({ status: 200, cors: CLOSED, ran: [] });
        expect(await observe(app, get(HANDSHAKE, EVIL))).toEqual(REFUSED);
        expect(await observe(app, get('/socket.io/?EIO=4', APP))).toEqual({ status: 400, cors: CLOSED, ran: [] });
        expect(await observe(app, preflight(APP))).toEqual({ status: 400, cors: CLOSED, ran: [] });
      },
    );

    it.each(BOOTSTRAPS)("have the headers of the gateway's own `cors` option, under %s", async bootstrap => {
      const app = await start(SharedGateway, { bootstrap });

      expect(await observe(app, get(HANDSHAKE, APP))).toEqual({
        status: 200,
        cors: readable(APP, { credentials: true }),
        ran: [],
      });
      expect(await observe(app, get(HANDSHAKE, EVIL))).toEqual(REFUSED);
      expect(await observe(app, get('/socket.io/?EIO=4', APP))).toEqual({
        status: 400,
        cors: readable(APP, { credentials: true }),
        ran: [],
      });

      const toldOfPreflight = {
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
        'access-control-allow-headers': 'content-type',
        vary: 'Origin, Access-Control-Request-Headers',
      };
      expect(await observe(app, preflight(APP))).toEqual({
        status: 204,
        cors: { 'access-control-allow-origin': APP, ...toldOfPreflight },
        ran: [],
      });
      expect(await observe(app, preflight(EVIL))).toEqual(REFUSED);
    });

    it('have them throughout a session', async () => {
      const app = await start(SharedGateway);
      const poll = (request: WireRequest) => send(app, { ...request, headers: { Origin: APP } });
      const handshake = await poll({ path: HANDSHAKE });
      const { sid } = JSON.parse(handshake.body.slice(1)) as { readonly sid: string };
      const path = `${HANDSHAKE}&sid=${sid}`;

      // Packets of engine.io and socket.io: 40 connects, 42 is a message, and 43 what a handler returns for it.
      const responses = [
        handshake,
        await poll({ method: 'POST', path, body: '40' }),
        await poll({ path }),
        await poll({ method: 'POST', path, body: '421["echo","hello"]' }),
        await poll({ path }),
        await poll({ method: 'POST', path, body: '1' }),
      ];

      expect(responses.map(({ status, cors }) => ({ status, cors }))).toEqual(
        responses.map(() => ({ status: 200, cors: readable(APP, { credentials: true }) })),
      );
      expect(responses[4]?.body).toBe('431["hello"]');
      expect(take()).toEqual(handled);
    });

    it("leave the app's own routes to the module", async () => {
      const app = await start(SharedGateway);

      expect(app.get(CorsService).warnings).toEqual([]);
      expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
      expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
      // Without the slash it is not socket.io's.
      expect(await observe(app, get('/socket.io', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
    });
  });
});

describe.each(PLATFORMS)('Beside a gateway of @nestjs/platform-ws on %s', platform => {
  @UseGuards(CorsOfMessages)
  @UseInterceptors(CorsOfMessages)
  @WebSocketGateway({ path: '/events' })
  class EventsGateway {
    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown) {
      ran('echo');
      return { event: 'echoed', data };
    }
  }

  const start = (gateway: Type) =>
    startApp({
      platform,
      cors,
      controllers: [CatsController],
      providers: [gateway],
      configure: app => app.useWebSocketAdapter(new WsAdapter(app)),
    });

  it('messages are handled as without the module (CTX-03)', async () => {
    const app = await start(EventsGateway);

    expect(await echo(app, APP)).toEqual({ event: 'echoed', data: 'hello' });
    expect(take()).toEqual(handled);
  });

  it('the responses of the app are what they were (CTX-03)', async () => {
    const app = await start(EventsGateway);

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    // What asks for no WebSocket at the gateway's path is the app's.
    expect(await observe(app, get('/events', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
  });

  it('a message is no place for @Cors(), which is told at boot, and a gateway is one (DEC-08)', async () => {
    @Cors({ origin: ADMIN })
    @WebSocketGateway({ path: '/events' })
    class DecoratedGateway {
      @Cors({ origin: EVIL })
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown) {
        ran('echo');
        return { event: 'echoed', data };
      }
    }
    const app = await start(DecoratedGateway);

    expect(app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }))).toEqual([MISPLACED]);
    expect(await echo(app, ADMIN)).toEqual({ event: 'echoed', data: 'hello' });
    expect(take()).toEqual(['echo']);
  });
});

/** A client of socket.io on a page of some origin. */
function connect(app: INestApplication, transport: string, origin: string): Socket {
  const socket = io(`http://127.0.0.1:${String(portOf(app))}`, {
    transports: [transport],
    extraHeaders: { Origin: origin },
    forceNew: true,
    reconnection: false,
  });
  disconnects.push(() => socket.disconnect());
  return socket;
}

/** What a gateway answers to a message over a plain WebSocket. */
async function echo(app: INestApplication, origin: string): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(portOf(app))}/events`, { origin });
  disconnects.push(() => socket.terminate());
  await once(socket, 'open');
  socket.send(JSON.stringify({ event: 'echo', data: 'hello' }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(message.toString());
}

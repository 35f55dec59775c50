import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { Controller, Get, Injectable, Module, type INestApplication, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  add,
  Cors,
  CorsModule,
  CorsService,
  NoCors,
  type CorsModuleOptions,
  type CorsOriginResolver,
  type CorsRequestContext,
} from 'nestjs-cors';
import { WebSocket, WebSocketServer } from 'ws';
import { BOOTSTRAPS, closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, sendRaw } from '../support/client.js';
import { ADMIN, APP, EVIL } from '../support/expected.js';
import { handshakeBytes, shakeHands, statusOf, type WireHandshake } from '../support/handshake.js';
import { RecordingLogger } from '../support/logger.js';

const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await closeApps();
});

@WebSocketGateway({ path: '/events' })
class EventsGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echoed', data };
  }
}

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return 'list';
  }
}

function gatewayAt(path: string, ...decorators: readonly ClassDecorator[]): Type {
  class SomeGateway {}
  for (const decorate of [WebSocketGateway({ path }), ...decorators]) decorate(SomeGateway);
  return SomeGateway;
}

const useWs = (app: INestApplication) => app.useWebSocketAdapter(new WsAdapter(app));

describe.each(PLATFORMS)('WebSocket handshakes on %s', platform => {
  const start = (cors: CorsModuleOptions, options: Partial<AppOptions> = {}) =>
    startApp({
      platform,
      cors,
      providers: [EventsGateway],
      controllers: [CatsController],
      configure: useWs,
      ...options,
    });

  /** The statuses of handshakes, by what was sent. */
  const statuses = async (app: INestApplication, handshakes: readonly WireHandshake[]) =>
    Promise.all(handshakes.map(each => shakeHands(app, { path: '/events', ...each })));

  describe.each(BOOTSTRAPS)('under %s', bootstrap => {
    it('are refused with 403 where the origin is not allowed, and the connection ends', async () => {
      const app = await start({ origin: APP }, { bootstrap });

      expect(await sendRaw(app, handshakeBytes({ path: '/events', origin: EVIL }))).toBe(
        'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      );
      expect(await statuses(app, [{ origin: APP }, { origin: EVIL }, {}])).toEqual([101, 403, 101]);
    });
  });

  it('open a WebSocket that works', async () => {
    const app = await start({ origin: APP });

    const socket = open(app, '/events', APP);
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'echo', data: 'hello' }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toEqual({ event: 'echoed', data: 'hello' });

    const [error] = (await once(open(app, '/events', EVIL), 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 403');
  });

  it.each<[string, number]>([
    [APP, 101],
    ['https://pr-1.preview.example', 101],
    ['https://preview.example', 403],
    [EVIL, 403],
    ['null', 403],
    ['', 403],
    [`${APP}/`, 403],
    [`${APP}, ${APP}`, 403],
    [APP.toUpperCase(), 403],
    [`${APP}:443`, 403],
    [`${APP}\t`, 101],
    ['https://xn--', 403],
    ['x'.repeat(8000), 403],
  ])('are judged by the raw Origin: %s', async (origin, status) => {
    const app = await start({ origin: [APP, 'https://*.preview.example'] });
    expect(await statuses(app, [{ origin }])).toEqual([status]);
  });

  it('are refused with two Origin headers, whatever they are', async () => {
    const app = await start({ origin: APP });
    expect(await statuses(app, [{ headers: { Origin: [APP, APP] } }])).toEqual([403]);
  });

  it('that are refused end also where the client stays', async () => {
    const app = await start({ origin: APP });
    const closed = new Promise<void>(resolve =>
      (app.getHttpServer() as Server).once('connection', each =>
        each.once('close', () => {
          resolve();
        }),
      ),
    );
    const client = connectSocket({ port: portOf(app), host: '127.0.0.1', allowHalfOpen: true });
    client.resume();
    client.write(handshakeBytes({ path: '/events', origin: EVIL }));
    await closed;
    client.destroy();
  });

  it("are open to every origin, null and malformed ones, under '*'", async () => {
    const app = await start({ origin: '*' });
    expect(
      await statuses(
        app,
        [EVIL, 'null', '', 'a, b'].map(origin => ({ origin })),
      ),
    ).toEqual([101, 101, 101, 101]);
  });

  it('are closed to other origins where the policy is false', async () => {
    const app = await start({ origin: false });
    expect(await statuses(app, [{ origin: EVIL }, {}, { origin: 'https://api.example' }])).toEqual([403, 101, 101]);
  });

  describe('of the app itself', () => {
    it.each<[string, string, number]>([
      ['https://api.example', 'api.example', 101],
      ['http://api.example', 'api.example', 101],
      ['https://api.example', 'api.example:443', 101],
      ['https://api.example', 'api.example:80', 101],
      ['https://api.example', 'API.example', 101],
      ['http://api.example:3000', 'api.example:3000', 101],
      ['http://[::1]:3000', '[::1]:3000', 101],
      ['http://api.example:3000', 'api.example', 403],
      ['http://api.example', 'api.example:3000', 403],
      ['https://api.example:80', 'api.example:443', 403],
      ['https://api.example.evil', 'api.example', 403],
      ['https://evil@api.example', 'api.example', 403],
      ['https://api.example/', 'api.example', 403],
      ['capacitor://api.example', 'api.example', 403],
      ['null', 'null', 403],
    ])('%s, sent to %s', async (origin, host, status) => {
      const app = await start({ origin: APP });
      expect(await statuses(app, [{ origin, headers: { Host: host } }])).toEqual([status]);
    });

    it('are those of `self`, where it is listed: Host is not trusted', async () => {
      const app = await start({ origin: APP, self: ['https://api.example'] });
      const rebound = { origin: 'http://rebound.example', headers: { Host: 'rebound.example' } };
      const behindProxy = { origin: 'https://api.example', headers: { Host: 'internal:8080' } };

      expect(await statuses(app, [rebound, behindProxy, { origin: APP }])).toEqual([403, 101, 101]);
    });

    it.each([true, false])('are those of X-Forwarded-Host only if the app trusts its proxy: %s', async trusts => {
      const app = await start(
        { origin: APP },
        {
          fastify: { trustProxy: trusts },
          configure: each => {
            if (platform === 'express') (each as NestExpressApplication).set('trust proxy', trusts);
            useWs(each);
          },
        },
      );
      const headers = { Host: 'internal:8080', 'X-Forwarded-Host': 'www.example' };

      expect(await statuses(app, [{ origin: 'https://www.example', headers }])).toEqual([trusts ? 101 : 403]);
      expect(await statuses(app, [{ origin: 'http://internal:8080', headers }])).toEqual([trusts ? 403 : 101]);
    });
  });

  describe('have the policy', () => {
    it('of their gateway: @Cors() on its class, over the feature of its module, over the module', async () => {
      const added = gatewayAt('/added', Cors({ origin: add(ADMIN) }));
      const closed = gatewayAt('/closed', NoCors());
      const named = gatewayAt('/named', Cors('public'));
      const featured = gatewayAt('/featured');
      class FeatureModule {}
      Module({ imports: [CorsModule.forFeature({ origin: ADMIN })], providers: [featured] })(FeatureModule);
      const app = await start(
        { origin: APP, credentials: true, policies: { public: { origin: '*' } } },
        { providers: [EventsGateway, added, closed, named], imports: [FeatureModule] },
      );

      const by = (path: string) =>
        statuses(
          app,
          [APP, ADMIN, EVIL].map(origin => ({ path, origin })),
        );
      expect(await by('/events')).toEqual([101, 403, 403]);
      expect(await by('/added')).toEqual([101, 101, 403]);
      expect(await by('/closed')).toEqual([403, 403, 403]);
      expect(await by('/named')).toEqual([101, 101, 101]);
      expect(await by('/featured')).toEqual([403, 101, 403]);
      expect(app.get(CorsService).warnings.map(({ code }) => code)).not.toContain('decorator_without_effect');
      expect(app.get(CorsService).warnings.map(({ code }) => code)).not.toContain('feature_without_effect');
    });

    it('of the path as the adapter reads it: in doubt, of all that may be meant', async () => {
      const open = gatewayAt('/open', Cors({ origin: add(ADMIN) }));
      const app = await start({ origin: APP }, { providers: [open] });

      const by = (path: string) =>
        statuses(
          app,
          [APP, ADMIN].map(origin => ({ path, origin })),
        );
      expect(await by('/open')).toEqual([101, 101]);
      expect(await by('/open?x=/other')).toEqual([101, 101]);
      // `new URL()` reads the gateway's path, another server reads something else.
      for (const path of [
        '//x/open',
        '/./open',
        '/a/../open',
        '/%2e/open',
        '/\\x/open',
        'http://evil.example/../open',
      ]) {
        expect([path, await by(path)]).toEqual([path, [101, 403]]);
      }
    });

    it('of the gateway that takes them, however the path of a stricter one is written', async () => {
      const closed = gatewayAt('/closed', NoCors());
      const app = await start({ origin: '*' }, { providers: [closed] });

      for (const path of [
        '/closed',
        '/closed?',
        '//x/closed',
        '/./closed',
        '/a/../closed',
        '/%2e/closed',
        'http://h/closed',
      ]) {
        expect([path, await shakeHands(app, { path, origin: EVIL })]).toEqual([path, 403]);
      }
    });

    it('of the rule for their path, or else of the module, where no gateway has it', async () => {
      const taken: string[] = [];
      const app = await start(
        {
          origin: APP,
          routes: [
            { path: '/graphql', policy: { origin: ADMIN } },
            { path: '/public', policy: { origin: '*' } },
          ],
        },
        { configure: each => void acceptAll(each, taken), providers: [] },
      );

      const by = (path: string) =>
        statuses(
          app,
          [APP, ADMIN, EVIL].map(origin => ({ path, origin })),
        );
      expect(await by('/graphql')).toEqual([403, 101, 403]);
      expect(await by('/public')).toEqual([101, 101, 101]);
      expect(await by('/other')).toEqual([101, 403, 403]);
      // What may be the rule's.
      expect(await by('/GraphQL')).toEqual([403, 403, 403]);
      expect(await by('//x/graphql')).toEqual([403, 403, 403]);
      expect(await by('/graphql-x')).toEqual([403, 403, 403]);
      expect(taken.sort()).toEqual(['/graphql', '/other', '/public', '/public', '/public']);
    });

    it('of a rule that is stricter than the module, however its path is written', async () => {
      const routes = [{ path: '/graphql', policy: { origin: APP } }];
      const configure = (each: INestApplication) => {
        acceptAll(each, []);
      };
      const app = await start({ origin: '*', routes }, { configure, providers: [] });

      const paths = [
        '/graphql',
        '/graphql/x',
        '//x/graphql',
        '/./graphql',
        'http://h/graphql',
        '/graphql-x',
        '/GRAPHQL',
      ];
      for (const path of paths) expect([path, await shakeHands(app, { path, origin: EVIL })]).toEqual([path, 403]);
      expect(await shakeHands(app, { path: '/other', origin: EVIL })).toBe(101);
    });

    it('without its others: methods and credentials say nothing about a handshake', async () => {
      const app = await start({
        origin: APP,
        methods: ['DELETE'],
        others: { origin: '*' },
        rejectDisallowed: true,
        self: ['https://api.example'],
      });
      expect(await statuses(app, [{ origin: APP }, { origin: EVIL }])).toEqual([101, 403]);
    });
  });

  describe('that a resolver decides', () => {
    it('pass its request on, with handshake: true', async () => {
      const asked: (readonly [string, Partial<CorsRequestContext>])[] = [];
      @Injectable()
      class Tenants implements CorsOriginResolver {
        async isAllowed(origin: string, context: CorsRequestContext) {
          await Promise.resolve();
          const { method, url, host, preflight, handshake, controller } = context;
          asked.push([
            origin,
            { method, url, host, preflight, ...(handshake && { handshake }), ...(controller && { controller }) },
          ]);
          return origin === ADMIN;
        }
      }
      const app = await start({ origin: [APP, Tenants] });

      expect(await statuses(app, [{ origin: ADMIN }, { origin: APP }])).toEqual([101, 101]);
      expect(await statuses(app, [{ origin: EVIL }])).toEqual([403]);
      const context = {
        method: 'GET',
        url: '/events',
        host: 'api.example',
        preflight: false,
        handshake: true,
        controller: EventsGateway,
      };
      expect(asked).toEqual([
        [ADMIN, context],
        [EVIL, context],
      ]);
    });

    it.each<[string, () => boolean | Promise<boolean>]>([
      [
        'throws',
        () => {
          throw new Error('down');
        },
      ],
      ['rejects', () => Promise.reject(new Error('down'))],
      ['never answers', () => new Promise<boolean>(() => undefined)],
      ['answers no boolean', () => 'yes' as never],
    ])('are refused where it %s', async (_what, origin) => {
      const app = await start({ origin, resolver: { timeoutMs: 20 } });
      expect(await statuses(app, [{ origin: EVIL }])).toEqual([403]);
    });

    it('keep what the client has sent meanwhile', async () => {
      let answer: (allowed: boolean) => void = () => undefined;
      const asked = new Promise<void>(resolve => {
        resolver = () => {
          resolve();
          return new Promise<boolean>(settle => (answer = settle));
        };
      });
      const app = await start({ origin: () => resolver() });
      const sent = sendUntilData(
        app,
        Buffer.concat([
          Buffer.from(handshakeBytes({ path: '/events', origin: ADMIN }), 'latin1'),
          masked(JSON.stringify({ event: 'echo', data: 'early' })),
        ]),
        'early',
      );
      await asked;
      answer(true);
      expect(await sent).toContain('{"event":"echoed","data":"early"}');
    });

    it('that ended meanwhile reach nobody', async () => {
      const taken: string[] = [];
      let answer: (allowed: boolean) => void = () => undefined;
      const asked = new Promise<void>(resolve => {
        resolver = () => {
          resolve();
          return new Promise<boolean>(settle => (answer = settle));
        };
      });
      const app = await start(
        { origin: () => resolver() },
        { providers: [], configure: each => void acceptAll(each, taken) },
      );
      const server = app.getHttpServer() as Server;
      const closed = new Promise<void>(resolve =>
        server.once('connection', each =>
          each.once('close', () => {
            resolve();
          }),
        ),
      );
      const socket = new WebSocket(`ws://127.0.0.1:${String(portOf(app))}/`, { origin: ADMIN });
      socket.on('error', () => undefined);
      await asked;
      // A reset, as when a tab is closed.
      (socket as unknown as { _req: { socket: { resetAndDestroy(): void } } })._req.socket.resetAndDestroy();
      await closed;
      answer(true);
      await new Promise(setImmediate);
      expect(taken).toEqual([]);
    });
  });

  describe('with the option handshakes', () => {
    it("'report' are logged, and none is refused", async () => {
      const logger = new RecordingLogger();
      const app = await start({ origin: APP, handshakes: 'report' }, { nest: { logger } });

      expect(await statuses(app, [{ origin: EVIL }, { origin: EVIL }, { origin: APP }])).toEqual([101, 101, 101]);
      expect(logger.ofCors('warn')).toEqual([
        `Would refuse a WebSocket handshake for "/events" (EventsGateway) from "${EVIL}", sent to "api.example": origin-not-allowed. Add "${EVIL}" to the origin list in CorsModule.forRoot(). If it is the app's own page, list its origin in \`self\`, or let the app trust its proxy's X-Forwarded-Host.`,
      ]);
    });

    it("'report' do not wait for a resolver", async () => {
      const app = await start({
        origin: () => new Promise<boolean>(() => undefined),
        handshakes: 'report',
        resolver: { timeoutMs: 500 },
      });
      expect(await statuses(app, [{ origin: EVIL }])).toEqual([101]);
    });

    it('false are not looked at', async () => {
      const logger = new RecordingLogger();
      let calls = 0;
      const origin = () => {
        calls++;
        return false;
      };
      const app = await start({ origin, handshakes: false }, { nest: { logger } });

      expect(await statuses(app, [{ origin: EVIL }])).toEqual([101]);
      expect(logger.ofCors('warn')).toEqual([]);
      expect(calls).toBe(0);
    });

    it('are what a reload says', async () => {
      const app = await start({ origin: APP });
      const service = app.get(CorsService);

      expect(await statuses(app, [{ origin: ADMIN }])).toEqual([403]);
      await service.reload({ origin: ADMIN });
      expect(await statuses(app, [{ origin: ADMIN }, { origin: APP }])).toEqual([101, 403]);
      await service.reload({ origin: ADMIN, handshakes: false });
      expect(await statuses(app, [{ origin: APP }])).toEqual([101]);
    });
  });

  describe('are logged', () => {
    it('once for each path and origin, with the host that was compared and what to type', async () => {
      const logger = new RecordingLogger();
      const partner = gatewayAt('/partner', Cors({ origin: ADMIN }));
      const app = await start({ origin: APP }, { providers: [partner], nest: { logger } });

      await statuses(app, [{ path: '/partner?a', origin: EVIL }]);
      await statuses(app, [{ path: '/partner?b', origin: EVIL }]);
      await statuses(app, [{ path: '/none', origin: 'null' }]);
      expect(logger.ofCors('warn')).toEqual([
        `Refused a WebSocket handshake for "/partner" (SomeGateway) from "${EVIL}", sent to "api.example": origin-not-allowed. Add "${EVIL}" to the origin list in @Cors() on SomeGateway. If it is the app's own page, list its origin in \`self\`, or let the app trust its proxy's X-Forwarded-Host.`,
        'Refused a WebSocket handshake for "/none" from "null", sent to "api.example": origin-null. Nothing to add: anyone can send Origin null. Serve the page from its own origin, not from a file or a sandboxed frame.',
      ]);
    });

    it('at most a hundred an hour', async () => {
      const logger = new RecordingLogger();
      const app = await start({ origin: APP }, { nest: { logger } });

      for (let i = 0; i < 110; i++) await statuses(app, [{ origin: `https://a${String(i)}.example` }]);
      // Nest has one logger: an app of another test may still have had something to say.
      const lines = logger.ofCors('warn').filter(line => /"https:\/\/a\d+\.example"|^Logged 100/.test(line));
      expect(lines.length).toBe(101);
      expect(lines.at(-1)).toBe(
        'Logged 100 refused WebSocket handshakes within an hour: further ones are not logged until it is over.',
      );
    });
  });

  describe('beside other listeners', () => {
    it('reach each of these once if they are allowed, and none if not', async () => {
      const seen: string[] = [];
      const app = await start(
        { origin: APP },
        {
          configure: each => {
            (each.getHttpServer() as Server).on('upgrade', ({ headers }: IncomingMessage) =>
              seen.push(String(headers.origin)),
            );
            useWs(each);
            (each.getHttpServer() as Server).prependListener('upgrade', ({ headers }: IncomingMessage) =>
              seen.push(String(headers.origin)),
            );
          },
        },
      );

      expect(await statuses(app, [{ origin: APP }, { origin: EVIL }])).toEqual([101, 403]);
      expect(seen).toEqual([APP, APP]);
    });

    it('pass an emit that somebody else replaced, before and after', async () => {
      const seen: string[] = [];
      const wrap = (app: INestApplication, name: string) => {
        const server = app.getHttpServer() as Server;
        const { emit } = server;
        server.emit = function (this: Server, event: string, ...args: unknown[]) {
          if (event === 'upgrade') seen.push(name);
          return Reflect.apply(emit, this, [event, ...args]) as boolean;
        } as Server['emit'];
      };
      const app = await start(
        { origin: APP },
        {
          configure: each => {
            wrap(each, 'after');
            useWs(each);
          },
        },
      );

      expect(await statuses(app, [{ origin: APP }])).toEqual([101]);
      expect(seen).toEqual(['after']);
      expect(await statuses(app, [{ origin: EVIL }])).toEqual([403]);
      expect(seen).toEqual(['after', 'after']);
    });

    it('of another protocol are not looked at', async () => {
      const seen: string[] = [];
      const app = await start(
        { origin: APP },
        {
          providers: [],
          configure: each =>
            (each.getHttpServer() as Server).on('upgrade', ({ headers }: IncomingMessage, socket) => {
              seen.push(String(headers.upgrade));
              socket.end('HTTP/1.1 418 Seen\r\n\r\n');
            }),
        },
      );
      const upgrade = (text: string) => statuses(app, [{ origin: EVIL, headers: { Upgrade: text } }]);

      expect(await upgrade('h2c')).toEqual([418]);
      expect(await upgrade('websockets')).toEqual([418]);
      for (const text of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket/13', ' WEBSOCKET ,h2c']) {
        expect([text, await upgrade(text)]).toEqual([text, [403]]);
      }
      expect(seen).toEqual(['h2c', 'websockets']);
    });
  });

  describe('in an app without sockets', () => {
    it.each(['h2c', 'websocket', 'TLS/1.0, h2c'])('are ordinary requests: Upgrade: %s', async upgrade => {
      const app = await start({ origin: APP }, { providers: [], configure: () => undefined });
      const bytes = handshakeBytes({
        path: '/cats',
        origin: EVIL,
        headers: { Upgrade: upgrade, Connection: 'Upgrade, close' },
      });

      expect(await statusOf(app, bytes)).toBe(200);
    });
  });

  it('are refused on each address that the app listens on', async () => {
    const app = await startApp({ platform, cors: { origin: APP }, providers: [EventsGateway], configure: useWs });
    await app.close();
    const other = await start({ origin: APP });
    expect(await statuses(other, [{ origin: EVIL }])).toEqual([403]);
  });

  it('of two apps have the policies of each', async () => {
    const one = await start({ origin: APP });
    const other = await start({ origin: ADMIN });

    expect(await statuses(one, [{ origin: APP }, { origin: ADMIN }])).toEqual([101, 403]);
    expect(await statuses(other, [{ origin: APP }, { origin: ADMIN }])).toEqual([403, 101]);
    await one.close();
    expect(await statuses(other, [{ origin: APP }, { origin: ADMIN }])).toEqual([403, 101]);
  });

  it('are explained as they are answered', async () => {
    const closed = gatewayAt('/closed', NoCors());
    const app = await start({ origin: [APP, origin => origin === ADMIN] }, { providers: [EventsGateway, closed] });
    const service = app.get(CorsService);
    const explain = (url: string, origin: string) =>
      service.explain({ method: 'GET', url, origin, host: 'api.example', handshake: true });

    for (const path of ['/events', '/closed', '/other', '//x/closed']) {
      for (const origin of [APP, ADMIN, EVIL, 'null', 'https://api.example']) {
        const { actual, preflight } = await explain(path, origin);
        const status = await shakeHands(app, { path, origin });
        // Nobody takes what no gateway has: the adapter closes it.
        expect([path, origin, actual.allowed ? [101, 0] : [403]]).toEqual([
          path,
          origin,
          expect.arrayContaining([status]),
        ]);
        expect(preflight).toEqual(actual);
      }
    }
    expect(await explain('/closed', EVIL)).toMatchObject({
      route: { controller: 'SomeGateway', handler: 'handleConnection', method: 'GET', path: '/closed' },
      policy: { origin: false },
      provenance: { origin: 'controller' },
      actual: { allowed: false, reason: 'no-cross-origin-access', headers: {} },
      hint: 'The policy is origin: false in @Cors() on SomeGateway. List the origins that may read this route.',
    });
    const { actual: without } = await service.explain({ method: 'GET', url: '/closed', handshake: true });
    expect(without).toEqual({ allowed: true, reason: 'allowed', headers: {} });
  });

  it('are listed with their policies, after the routes', async () => {
    const partner = gatewayAt('/partner', Cors({ origin: add(ADMIN) }));
    const app = await start({ origin: APP }, { providers: [partner] });

    const rows = app.get(CorsService).policies();
    expect(rows.map(({ route, handshake, policy }) => [route.path, handshake, policy.origin])).toEqual([
      ['/cats', undefined, [APP]],
      ['/partner', true, [APP, ADMIN]],
    ]);
  });

  it('leave ordinary requests of the same server alone', async () => {
    const app = await start({ origin: APP });
    const request = httpRequest({ host: '127.0.0.1', port: portOf(app), path: '/cats', headers: { Origin: EVIL } });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

let resolver: () => boolean | Promise<boolean> = () => false;

function open(app: INestApplication, path: string, origin: string): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${String(portOf(app))}${path}`, { origin });
  sockets.push(socket);
  return socket;
}

/** A server of the app's own, beside Nest's adapters. */
function acceptAll(app: INestApplication, taken: string[]): void {
  const server = new WebSocketServer({ noServer: true });
  (app.getHttpServer() as Server).on('upgrade', (request: IncomingMessage, socket, head) => {
    taken.push(String(request.url));
    server.handleUpgrade(request, socket, head, client => {
      sockets.push(client);
    });
  });
}

/** A text frame of a client, with a mask of zeros. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

async function sendUntilData(app: INestApplication, bytes: Buffer, text: string): Promise<string> {
  const socket = connectSocket(portOf(app), '127.0.0.1');
  socket.write(bytes);
  let received = '';
  for await (const data of socket) {
    received += String(data);
    if (received.includes(text)) break;
  }
  socket.destroy();
  return received;
}

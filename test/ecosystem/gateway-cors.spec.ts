import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Logger, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Cors, CorsConfigurationError, CorsService, gatewayCors, type CorsPolicyOptions } from 'nestjs-cors';
import { WebSocket } from 'ws';
import { closeApps, configurationErrorOf, PLATFORMS, startApp } from '../support/app.js';
import { portOf, preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, PUBLIC, readable } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { observe } = watchHandlers();
const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

// A gateway's decorator runs before there is an app whose logger could be silenced.
beforeEach(() => Logger.overrideLogger(false));
afterEach(closeApps);

describe('The options that gatewayCors() gives', () => {
  it('are lists of their own, which socket.io may change', () => {
    const policy = { origin: APP, allowedHeaders: ['x-a'], exposedHeaders: ['x-b'] };
    const { methods, allowedHeaders, exposedHeaders } = gatewayCors(policy);

    expect([methods, allowedHeaders, exposedHeaders]).toEqual([['GET', 'POST'], ['x-a'], ['x-b']]);
    expect([methods, allowedHeaders, exposedHeaders].map(Object.isFrozen)).toEqual([false, false, false]);
  });

  it("are '*' where the policy says so", () => {
    const { origin, allowedHeaders, exposedHeaders } = gatewayCors({
      origin: '*',
      allowedHeaders: '*',
      exposedHeaders: '*',
    });
    expect([origin, allowedHeaders, exposedHeaders]).toEqual(['*', '*', '*']);
  });
});

describe.each(PLATFORMS)('gatewayCors() on %s (CTX-04)', platform => {
  function start(policy: CorsPolicyOptions) {
    @WebSocketGateway({ cors: gatewayCors(policy) })
    class EventsGateway {
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown) {
        return data;
      }
    }
    return startApp({
      platform,
      // Another policy than the gateway's: neither has a part in the other.
      cors: { origin: ADMIN, handshakes: false },
      providers: [EventsGateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
    });
  }
  const handshake = (headers: Record<string, string>) => ({ path: HANDSHAKE, headers });

  it('gives long-polling the policy: exact origins and patterns, with credentials', async () => {
    const app = await start({
      origin: [APP, 'https://*.preview.example'],
      credentials: true,
      exposedHeaders: ['x-id'],
    });

    for (const origin of [APP, 'https://pr-1.preview.example']) {
      expect(await observe(app, handshake({ Origin: origin }))).toEqual({
        status: 200,
        cors: readable(origin, { credentials: true, exposed: 'x-id' }),
        ran: [],
      });
    }
    for (const origin of [ADMIN, EVIL, 'null', `${APP}:443`, 'https://preview.example', `${APP}, ${APP}`]) {
      expect(await observe(app, handshake({ Origin: origin }))).toEqual({ status: 200, cors: {}, ran: [] });
    }
    expect(await observe(app, handshake({}))).toEqual({ status: 200, cors: {}, ran: [] });
  });

  it('answers its preflights', async () => {
    const app = await start({ origin: APP, allowedHeaders: ['authorization'], maxAge: 60, optionsSuccessStatus: 200 });

    expect(await observe(app, preflightOf(HANDSHAKE, APP, 'POST', 'authorization'))).toEqual({
      status: 200,
      cors: {
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'authorization',
        'access-control-max-age': '60',
        vary: 'Origin',
      },
      ran: [],
    });
    expect((await observe(app, preflightOf(HANDSHAKE, EVIL, 'POST', 'authorization'))).cors).toEqual({});
  });

  it('leaves WebSocket handshakes to allowRequest: browsers apply no CORS to them', async () => {
    @WebSocketGateway({ cors: gatewayCors({ origin: APP }) })
    class OpenGateway {}
    @WebSocketGateway({ allowRequest: ({ headers }, decide) => decide(null, headers.origin === APP) })
    class CheckedGateway {}
    const connect = async (gateway: Type, origin: string) => {
      const app = await startApp({
        platform,
        providers: [gateway],
        configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
      });
      const url = `ws://127.0.0.1:${String(portOf(app))}/socket.io/?EIO=4&transport=websocket`;
      const socket = new WebSocket(url, { origin });
      const result = await Promise.race(
        (['open', 'unexpected-response'] as const).map(event => once(socket, event).then(() => event)),
      );
      socket.terminate();
      return result;
    };

    expect(await connect(OpenGateway, EVIL)).toBe('open');
    expect(await connect(CheckedGateway, APP)).toBe('open');
    expect(await connect(CheckedGateway, EVIL)).toBe('unexpected-response');
  });

  it("opens it to everyone with '*', without credentials", async () => {
    const app = await start({ origin: '*', methods: ['GET'] });

    expect(await observe(app, handshake({ Origin: EVIL }))).toEqual({ status: 200, cors: PUBLIC, ran: [] });
  });
});

describe('gatewayCors()', () => {
  it('logs what is legal but questionable', () => {
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    gatewayCors({ origin: 'https://*.preview.example', credentials: true });

    expect(logger.ofCors('warn')).toEqual([expect.stringContaining('in gatewayCors(): is combined with credentials')]);
  });

  it.each([
    ['production', ['is loopback']],
    ['development', []],
  ])('looks at loopback origins as CorsModule does, in %s', (environment, told) => {
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = environment;
    try {
      gatewayCors({ origin: 'http://localhost:3000' });
    } finally {
      process.env['NODE_ENV'] = before;
    }

    expect(logger.ofCors('warn')).toEqual(told.map(text => expect.stringContaining(text) as string));
  });

  it('closes long-polling with false', () => {
    const { origin } = gatewayCors({ origin: false });
    const answers: unknown[] = [];
    if (origin !== '*') origin(APP, (...answer) => answers.push(answer));
    expect(answers).toEqual([[null, false]]);
  });

  it.each<[string, unknown, readonly string[]]>([
    ['no origin', {}, ['origin_missing']],
    ['every origin with credentials', { origin: '*', credentials: true }, ['origin_any_with_credentials']],
    [
      'several mistakes',
      { origin: [true, 'https://a.example/'], maxAge: -1 },
      ['origin_reflected', 'origin_path', 'max_age'],
    ],
    ['a resolver', { origin: [APP, () => true] }, ['gateway_resolver']],
    ['no options', undefined, ['options_type', 'origin_missing']],
  ])('refuses what CorsModule refuses: %s', (_what, policy, codes) => {
    const thrown = (() => {
      try {
        return gatewayCors(policy as CorsPolicyOptions);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(CorsConfigurationError);
    const { issues, message } = thrown as CorsConfigurationError;
    expect(issues.map(({ code }) => code)).toEqual(codes);
    expect(message).toContain('gatewayCors()');
  });
});

describe.each(PLATFORMS)("gatewayCors('name') on %s", platform => {
  @Cors('partners')
  @WebSocketGateway({ cors: gatewayCors('partners') })
  class EventsGateway {}

  const start = (partners: CorsPolicyOptions) =>
    startApp({
      platform,
      cors: { origin: ADMIN, policies: { partners } },
      providers: [EventsGateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
    });
  const poll = (origin: string) => ({ path: HANDSHAKE, headers: { Origin: origin } });

  it('gives long-polling the policy of the app whose server the request came to', async () => {
    const one = await start({ origin: APP, credentials: true, exposedHeaders: ['x-id'] });
    const other = await start({ origin: '*' });

    expect(await observe(one, poll(APP))).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true, exposed: 'x-id' }),
      ran: [],
    });
    expect(await observe(one, poll(EVIL))).toMatchObject({ status: 403 });
    expect(await observe(other, poll(EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: [] });
    expect(one.get(CorsService).warnings).toEqual([]);
  });

  it('answers its preflights, also after a reload', async () => {
    const app = await start({ origin: APP });
    const preflight = (origin: string) => preflightOf(HANDSHAKE, origin, 'POST', 'content-type');
    expect(await observe(app, preflight(APP))).toEqual({
      status: 204,
      cors: {
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'content-type,authorization',
        'access-control-max-age': '600',
        vary: 'Origin',
      },
      ran: [],
    });
    await app.get(CorsService).reload({ origin: ADMIN, policies: { partners: { origin: EVIL } } });
    expect(await observe(app, preflight(APP))).toMatchObject({ status: 403 });
    expect((await observe(app, preflight(EVIL))).status).toBe(204);
  });

  it('calls the resolver of the policy', async () => {
    const app = await start({ origin: origin => Promise.resolve(origin === APP) });

    expect(await observe(app, poll(APP))).toEqual({ status: 200, cors: readable(APP), ran: [] });
    expect(await observe(app, poll(EVIL))).toMatchObject({ status: 403 });
  });

  it('is a boot error where there is no such policy', async () => {
    const { issues } = await configurationErrorOf({
      platform,
      cors: { origin: ADMIN, policies: { partner: { origin: APP } }, handshakes: false },
      providers: [EventsGateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
    });
    expect(issues.map(({ code, message, hint }) => ({ code, message, hint }))).toEqual([
      {
        code: 'policy_unknown',
        message:
          'Invalid "partners" in gatewayCors(), affecting EventsGateway.handleConnection (GET /socket.io): is not the name of a policy in CorsModule.forRoot({ policies }).',
        hint: "Did you mean 'partner'?",
      },
    ]);
  });
});

it("gatewayCors('name') allows nobody on a server that is not an app's", () => {
  const answers: unknown[] = [];
  gatewayCors('partners')({ socket: { server: {} } } as unknown as IncomingMessage, (...answer) =>
    answers.push(answer),
  );
  gatewayCors('partners')({ socket: {} } as unknown as IncomingMessage, (...answer) => answers.push(answer));
  expect(answers).toEqual([
    [null, { origin: false }],
    [null, { origin: false }],
  ]);
});

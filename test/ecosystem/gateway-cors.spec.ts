import { once } from 'node:events';
import { Logger, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CorsConfigurationError, gatewayCors, type CorsPolicyOptions } from 'nestjs-cors';
import { WebSocket } from 'ws';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
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

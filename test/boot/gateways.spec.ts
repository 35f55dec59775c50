import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { Cors, CorsService, gatewayCors, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, configurationErrorOf, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, EVIL } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';

afterEach(closeApps);

const useIo = (app: INestApplication) => app.useWebSocketAdapter(new IoAdapter(app));

function gateway(options: object, ...decorators: readonly ClassDecorator[]): Type {
  class SomeGateway {}
  for (const decorate of [WebSocketGateway(options), ...decorators]) decorate(SomeGateway);
  return SomeGateway;
}

describe.each(PLATFORMS)('Gateways on %s', platform => {
  const start = (
    cors: CorsModuleOptions,
    providers: readonly Type[],
    configure: (app: INestApplication) => unknown,
  ) => {
    const logger = new RecordingLogger();
    return startApp({ platform, cors, providers: [...providers], configure, nest: { logger } }).then(app => ({
      app,
      logger,
      codes: app.get(CorsService).warnings.map(({ code }) => code),
    }));
  };

  it('are in the start-up log, by who may connect', async () => {
    const providers = [
      gateway({ path: '/a' }),
      gateway({ path: '/b' }),
      gateway({ path: '/c' }, NoCors()),
      gateway({ path: '/d' }, Cors({ origin: '*' })),
    ];
    const { logger } = await start({ origin: APP }, providers, app => app.useWebSocketAdapter(new WsAdapter(app)));

    expect(logger.ofCors('log').filter(line => line.startsWith('WebSockets'))).toEqual([
      `WebSockets from ${APP}: 2 gateways (SomeGateway /a, SomeGateway /b)`,
      'WebSockets from no other origin: 1 gateway (SomeGateway /c)',
      'WebSockets from any origin: 1 gateway (SomeGateway /d)',
    ]);
  });

  it.each<[CorsModuleOptions['handshakes'], readonly string[]]>([
    ['report', [`WebSockets (report only) from ${APP}: 1 gateway (SomeGateway /socket.io)`]],
    [false, []],
  ])('are there as the option handshakes says: %j', async (handshakes = 'enforce', lines) => {
    const { logger } = await start({ origin: APP, handshakes }, [gateway({})], useIo);
    expect(logger.ofCors('log').filter(line => line.startsWith('WebSockets'))).toEqual(lines);
  });

  it('may be open to all as the whole app is: only one that says so itself is a warning', async () => {
    expect((await start({ origin: '*' }, [gateway({})], useIo)).codes).toEqual([]);
    expect((await start({ origin: APP }, [gateway({}, Cors({ origin: '*' }))], useIo)).codes).toEqual([
      'gateway_any_origin',
    ]);
    // With credentials as well, which say nothing about a handshake.
    const open = [gateway({}, Cors({ origin: '*' }))];
    expect((await start({ origin: APP, credentials: true }, open, useIo)).codes).toEqual(['gateway_any_origin']);
  });

  it.each<[object, string | undefined]>([
    [
      { cors: true },
      "Write in `cors` the origins that may connect: cors: gatewayCors({ origin: ['https://app.example.com'] }).",
    ],
    [
      { cors: {} },
      "Write in `cors` the origins that may connect: cors: gatewayCors({ origin: ['https://app.example.com'] }).",
    ],
    [
      { cors: { origin: [APP, EVIL] } },
      `Add '${EVIL}' to @Cors({ origin: [\u2026] }) on the gateway, or take it out of \`cors\`.`,
    ],
    [
      { cors: gatewayCors({ origin: EVIL }) },
      `Add '${EVIL}' to @Cors({ origin: [\u2026] }) on the gateway, or take it out of \`cors\`.`,
    ],
    [
      { cors: gatewayCors('open') },
      "Write in `cors` the origins that may connect: cors: gatewayCors({ origin: ['https://app.example.com'] }).",
    ],
    [{ cors: { origin: APP } }, undefined],
    [{ cors: { origin: /evil/ } }, undefined],
    [{ cors: gatewayCors({ origin: [APP, 'https://*.preview.example'] }) }, undefined],
    [{ cors: gatewayCors({ origin: false }) }, undefined],
    [{}, undefined],
  ])('are compared with their own cors: %p', async (options, hint) => {
    const cors = { origin: [APP, 'https://*.preview.example'], policies: { open: { origin: '*' as const } } };
    const { app } = await start(cors, [gateway(options)], useIo);
    const found = app.get(CorsService).warnings.filter(({ code }) => code === 'gateway_cors_wider');
    expect(found.map(each => each.hint)).toEqual(hint === undefined ? [] : [hint]);
  });

  it('that only a resolver decides about are not', async () => {
    expect((await start({ origin: () => false }, [gateway({ cors: true })], useIo)).codes).toEqual([]);
  });

  it('with an option that is not for them are a warning, but for what may be in their list', async () => {
    const policy = { origin: ['http://old.example', ADMIN], dangerouslyAllowInsecureOrigins: true, maxAge: 1 };
    const { app } = await start({ origin: APP }, [gateway({}, Cors(policy))], useIo);

    expect(app.get(CorsService).warnings.map(({ code, path, location }) => ({ code, path, location }))).toEqual([
      {
        code: 'gateway_option_ignored',
        path: 'maxAge',
        location: { level: 'controller', controller: 'SomeGateway' },
      },
    ]);
  });

  it('are within bounds', async () => {
    const { issues } = await configurationErrorOf({
      platform,
      cors: { origin: APP, bounds: { origin: [APP] } },
      providers: [gateway({}, Cors({ origin: EVIL }))],
      configure: useIo,
    });
    expect(issues.map(({ code, location }) => ({ code, location }))).toEqual([
      { code: 'bounds_origin', location: { level: 'controller', controller: 'SomeGateway' } },
    ]);
  });

  it('with a mistake are a boot error, as controllers are', async () => {
    const { issues } = await configurationErrorOf({
      platform,
      cors: { origin: APP },
      providers: [gateway({}, Cors({ origin: `${EVIL}/` }))],
      configure: useIo,
    });
    expect(issues.map(({ code, message }) => ({ code, message }))).toMatchObject([
      { message: expect.stringContaining('affecting SomeGateway.handleConnection (GET /socket.io)') as string },
    ]);
  });
});

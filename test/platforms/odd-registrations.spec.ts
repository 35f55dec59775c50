import dns from 'node:dns';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import {
  Controller,
  Get,
  Module,
  Next,
  Post,
  Put,
  UseGuards,
  Version,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RouteConstraints } from '@nestjs/platform-fastify';
import type { Express } from 'express';
import { Cors, CorsModule, CorsService, NoCors } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { portOf, preflight, send } from '../support/client.js';

const APP = 'https://app.example';
const ADMIN = 'https://admin.example';
const EVIL = 'https://evil.example';

const refused = { vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' };

/** What is used of a Fastify instance. */
interface Fastify {
  route(options: object): void;
  register(plugin: (instance: Fastify, options: object, done: () => void) => void): void;
  get(path: string, handler: () => string): void;
  put(path: string, handler: () => string): void;
}

const createExpress = () => new ExpressAdapter().getInstance<Express>();

const instanceOf = (app: INestApplication) => app.getHttpAdapter().getInstance() as Fastify;

afterEach(closeApps);

describe('A handler that calls next(), on express,', () => {
  it.each([
    ['answers', undefined, 200],
    ['is guarded', () => false, 403],
  ])('leaves the response to the policy of the one that %s', async (_title, canActivate, status) => {
    @Controller('x')
    class First {
      @Cors({ origin: '*' })
      @Get()
      pass(@Next() next: () => void) {
        next();
      }
    }
    @Controller('x')
    class Second {
      @NoCors()
      @UseGuards({ canActivate: canActivate ?? (() => true) })
      @Get()
      secret() {
        return 'secret';
      }
    }
    const app = await startApp({ controllers: [First, Second], cors: { origin: APP } });
    const response = await send(app, { path: '/x', headers: { Origin: EVIL } });
    expect([response.status, response.cors]).toEqual([status, {}]);
  });
});

describe('Routes of one method and path that constraints tell apart, on fastify,', () => {
  it('have the policies of their own handlers', async () => {
    @Controller('x')
    class First {
      @RouteConstraints({ host: 'a.local' })
      @Cors({ origin: ADMIN })
      @Put()
      put() {
        return 'a';
      }
    }
    @Controller('x')
    class Second {
      @RouteConstraints({ host: /^b\.local$/ })
      @NoCors()
      @Put()
      put() {
        return 'b';
      }
    }
    const app = await startApp({ platform: 'fastify', controllers: [First, Second], cors: { origin: APP } });
    const ask = (Host: string) =>
      send(app, {
        method: 'OPTIONS',
        path: '/x',
        headers: { Host, Origin: ADMIN, 'Access-Control-Request-Method': 'PUT' },
      });
    expect((await ask('a.local')).cors['access-control-allow-origin']).toBe(ADMIN);
    expect([(await ask('b.local')).status, (await ask('b.local')).cors]).toEqual([403, refused]);

    const malformed = { 'Content-Type': 'application/json', Origin: ADMIN };
    for (const [Host, cors] of [
      ['a.local', { 'access-control-allow-origin': ADMIN, vary: 'Origin' }],
      ['b.local', {}],
    ] as const) {
      const response = await send(app, { method: 'PUT', path: '/x', headers: { ...malformed, Host }, body: '{' });
      expect([response.status, response.cors]).toEqual([400, cors]);
    }
  });

  it("have the module's policy where they are not of a controller", async () => {
    @Controller()
    class Own {
      @Cors({ origin: ADMIN })
      @Get('x')
      get() {
        return 'own';
      }
    }
    const app = await startApp({
      platform: 'fastify',
      controllers: [Own],
      cors: { origin: APP },
      configure: app =>
        instanceOf(app).route({ method: 'GET', url: '/x', constraints: { host: 'raw.local' }, handler: () => 'raw' }),
    });
    const raw = await send(app, { path: '/x', headers: { Host: 'raw.local', Origin: APP } });
    expect([raw.body, raw.cors]).toEqual(['raw', { 'access-control-allow-origin': APP, vary: 'Origin' }]);
    const own = await send(app, { path: '/x', headers: { Origin: ADMIN } });
    expect([own.body, own.cors]).toEqual(['own', { 'access-control-allow-origin': ADMIN, vary: 'Origin' }]);
  });
});

it("Routes of a plugin that loads late, on fastify, have the module's policy", async () => {
  @Cors({ origin: ADMIN })
  @Controller('x')
  class Own {
    @Get(':id')
    get() {
      return 'own';
    }

    @Put(':id')
    put() {
      return 'own';
    }
  }
  const app = await startApp({
    platform: 'fastify',
    controllers: [Own],
    cors: { origin: APP },
    configure: app =>
      instanceOf(app).register((instance, _options, done) => {
        instance.get('/x/status', () => 'plugin');
        instance.put('/x/status', () => 'plugin');
        done();
      }),
  });
  const response = await send(app, { path: '/x/status', headers: { Origin: ADMIN } });
  expect([response.body, response.cors]).toEqual(['plugin', { vary: 'Origin' }]);
  expect((await preflight(app, '/x/status', APP, 'PUT')).status).toBe(204);
  expect((await preflight(app, '/x/status', ADMIN, 'PUT')).status).toBe(403);
  expect((await preflight(app, '/x/7', ADMIN, 'PUT')).status).toBe(204);
});

it('A second app with the module on one instance of express does not boot', async () => {
  class Root {}
  Module({ imports: [CorsModule.forRoot({ origin: '*' })] })(Root);
  const shared = createExpress();
  const options = { logger: false, abortOnError: false } as const;
  const first = await NestFactory.create(Root, new ExpressAdapter(shared), options);
  await first.init();
  const second = await NestFactory.create(Root, new ExpressAdapter(shared), options);
  await expect(second.init()).rejects.toMatchObject({ issues: [{ code: 'platform_shared' }] });
  await first.close();
});

it("Every address that fastify listens on answers a malformed target with the module's policy", async () => {
  // Many machines have one address for localhost: two are what others have.
  const addresses = ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 }));
  const answer = (...args: readonly unknown[]) => {
    const done = args.at(-1) as (error: null, found: unknown, family?: number) => void;
    const [host, options] = args as [string, { all?: boolean }];
    if (options.all === true) done(null, addresses);
    else done(null, host === 'localhost' ? '127.0.0.1' : host, 4);
  };
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation(answer as never);
  const app = await createApp({ platform: 'fastify', cors: { origin: APP } });
  try {
    await app.listen(0, 'localhost');
    lookup.mockRestore();
    for (const { address } of addresses) {
      const options = { host: address, port: portOf(app), path: '/%', headers: { Origin: APP } };
      const [response] = (await once(get(options), 'response')) as [IncomingMessage];
      response.resume();
      expect([address, response.statusCode === 200, response.headers['access-control-allow-origin']]).toEqual([
        address,
        false,
        APP,
      ]);
    }
  } finally {
    lookup.mockRestore();
    await app.close();
  }
});

describe('An instrumented app, on express,', () => {
  it('boots where the platform wraps callbacks, and each route keeps its policy', async () => {
    @Controller('x')
    class Own {
      @Cors({ origin: ADMIN })
      @Get()
      get() {
        return 'own';
      }
    }
    const instance = createExpress();
    const { get } = instance;
    instance.get = function (this: unknown, path: string, ...handlers: ((...args: unknown[]) => unknown)[]) {
      const wrapped = handlers.map(
        handler =>
          (...args: unknown[]) =>
            handler(...args),
      );
      return Reflect.apply(get, instance, [path, ...wrapped]) as never;
    } as never;
    class Root {}
    Module({ controllers: [Own], imports: [CorsModule.forRoot({ origin: APP })] })(Root);
    const app = await NestFactory.create(Root, new ExpressAdapter(instance), { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    try {
      expect((await preflight(app, '/x', ADMIN, 'GET')).status).toBe(204);
      expect((await preflight(app, '/x', APP, 'GET')).status).toBe(403);
    } finally {
      await app.close();
    }
  });
});

describe.each(PLATFORMS)('On %s', platform => {
  it('a handler that a decorator wraps keeps the policy below', async () => {
    const Wrap: MethodDecorator = (_target, _key, descriptor) => {
      const wrapped = descriptor.value as unknown as (...args: unknown[]) => unknown;
      descriptor.value = function (this: unknown, ...args: unknown[]) {
        return wrapped.apply(this, args);
      } as never;
    };
    @Controller('x')
    class Own {
      @Get()
      @Wrap
      @NoCors()
      get() {
        return 'own';
      }
    }
    const app = await startApp({ platform, controllers: [Own], cors: { origin: APP } });
    const response = await send(app, { path: '/x', headers: { Origin: APP } });
    expect([response.body, response.cors]).toEqual(['own', {}]);
  });

  it('a rule decides about the methods that a catch-all of a controller leaves', async () => {
    @Controller()
    class Pages {
      @Get('*')
      page() {
        return 'page';
      }
    }
    const app = await startApp({
      platform,
      controllers: [Pages],
      cors: { origin: APP, routes: [{ path: '/graphql', policy: { origin: ADMIN } }] },
      configure: app =>
        app.use('/graphql', (_request: object, response: { end(text: string): void }) => response.end('graphql')),
    });
    expect((await preflight(app, '/graphql', ADMIN, 'POST')).cors['access-control-allow-origin']).toBe(ADMIN);
    expect((await preflight(app, '/graphql', APP, 'POST')).cors).toEqual(refused);
    const response = await send(app, { method: 'POST', path: '/graphql', headers: { Origin: ADMIN } });
    expect([response.body, response.cors]).toEqual([
      'graphql',
      { 'access-control-allow-origin': ADMIN, vary: 'Origin' },
    ]);
    // Where there is no rule, a method that nobody serves is refused.
    expect((await preflight(app, '/other', APP, 'POST')).cors).toEqual(refused);
  });

  it('versions whose paths overlap are told where their policies differ, and only those', async () => {
    @Controller('c')
    class First {
      @Version('1')
      @Cors({ origin: APP })
      @Get('me')
      me() {
        return 'me';
      }

      @Version('1')
      @Cors({ origin: APP })
      @Post('alone')
      alone() {
        return 'alone';
      }
    }
    @Controller('c')
    class Second {
      @Version('2')
      @Cors({ origin: ADMIN })
      @Get(':id')
      one() {
        return 'one';
      }
    }
    const app = await startApp({
      platform,
      controllers: [First, Second],
      cors: { origin: false },
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    });
    const told = app.get(CorsService).warnings.map(({ code, routes }) => [code, routes.map(({ path }) => path)]);
    expect(told).toEqual([['candidates_differ', ['/c/me', '/c/:id']]]);
  });

  it('a response whose headers follow an absent reason keeps them', async () => {
    const app = await startApp({
      platform,
      cors: { origin: APP },
      configure: app =>
        app.use((_request: object, response: { writeHead(...args: unknown[]): void; end(): void }) => {
          response.writeHead(200, undefined, { 'x-own': '1', 'access-control-allow-origin': '*' });
          response.end();
        }),
    });
    const response = await send(app, { path: '/', headers: { Origin: APP } });
    expect([response.status, response.headers['x-own'], response.cors]).toEqual([
      200,
      '1',
      { 'access-control-allow-origin': APP, vary: 'Origin' },
    ]);
  });

  it('the options can be injected, and explain() announces what browsers announce', async () => {
    const { CORS_MODULE_OPTIONS } = await import('nestjs-cors');
    class Reader {
      constructor(readonly options: unknown) {}
    }
    @Controller()
    class Own {
      @Post()
      post() {
        return 'own';
      }
    }
    const cors = { origin: APP, allowedHeaders: [] };
    const reader = {
      provide: Reader,
      inject: [CORS_MODULE_OPTIONS],
      useFactory: (options: unknown) => new Reader(options),
    };
    const app = await createApp({ platform, controllers: [Own], cors, providers: [reader] });
    await app.init();
    expect(app.get(Reader).options).toEqual(cors);
    const { preflight: simple } = await app.get(CorsService).explain({
      method: 'POST',
      url: '/',
      origin: APP,
      headers: { Accept: 'text/html', 'Content-Type': 'text/plain; charset=utf-8', Cookie: 'a=b', 'User-Agent': 'x' },
    });
    // User-Agent is no forbidden header: scripts may set it, and then it is announced.
    expect([simple.allowed, simple.reason]).toEqual([false, 'header-not-allowed']);
    const { preflight: plain } = await app.get(CorsService).explain({
      method: 'POST',
      url: '/',
      origin: APP,
      headers: { Accept: 'text/html', 'Content-Type': 'text/plain; charset=utf-8', Cookie: 'a=b' },
    });
    expect([plain.allowed, plain.reason]).toEqual([true, 'allowed']);
    await app.close();
  });
});

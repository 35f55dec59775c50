import { Controller, Delete, Get, Module, Put, VersioningType, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, RouteConstraints } from '@nestjs/platform-fastify';
import { Cors, CorsModule, CorsService, NoCors } from 'nestjs-cors';
import { closeApps, startApp } from '../support/app.js';
import { preflight, send } from '../support/client.js';
import { ADMIN, APP, EVIL } from '../support/expected.js';

/** What is used of a Fastify instance. */
interface Fastify {
  addConstraintStrategy(strategy: object): void;
  register(plugin: (instance: Fastify, options: object, done: () => void) => void): void;
  put(path: string, options: object, handler: () => string): void;
}

interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly method: string;
  readonly url: string;
}

type Done = (error: Error | null, value?: unknown) => void;

const instanceOf = (app: INestApplication) => app.getHttpAdapter().getInstance() as Fastify;

function storage() {
  const held = new Map<unknown, unknown>();
  return {
    get: (value: unknown) => held.get(value) ?? null,
    set: (value: unknown, routes: unknown) => held.set(value, routes),
  };
}

const byHeader = { name: 'kind', storage, deriveConstraint: ({ headers }: Incoming) => headers['accept'] };

const add =
  (...strategies: readonly object[]) =>
  (app: INestApplication) =>
    strategies.forEach(strategy => instanceOf(app).addConstraintStrategy(strategy));

/** One handler for the constraint, one for everything else, with policies of their own. */
function twins(...internal: (ClassDecorator & MethodDecorator)[]): Type {
  @Controller('admin')
  class Twins {
    @RouteConstraints({ kind: 'internal' })
    @Delete(':id')
    closed() {
      return 'closed';
    }

    @Cors({ origin: ADMIN })
    @Delete(':id')
    open() {
      return 'open';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Twins.prototype, 'closed') as PropertyDescriptor;
  for (const decorate of internal) decorate(Twins.prototype, 'closed', descriptor);
  return Twins;
}

const asks = async (app: INestApplication, path: string, origin: string, method: string) => {
  const { status, cors } = await preflight(app, path, origin, method);
  return status === 204 ? cors['access-control-allow-origin'] : status;
};

afterEach(closeApps);

describe('On fastify, a route under a constraint', () => {
  it('that reads a header of the request is a candidate for its preflight, and so is the route without it', async () => {
    const controllers = [twins(Cors({ origin: EVIL }))];
    const app = await startApp({ platform: 'fastify', controllers, cors: { origin: APP }, configure: add(byHeader) });

    const answers = [];
    for (const origin of [APP, ADMIN, EVIL]) answers.push(await asks(app, '/admin/1', origin, 'DELETE'));
    expect(answers).toEqual([403, ADMIN, EVIL]);
  });

  it('that reads a header is not judged by the policy of the module', async () => {
    @Controller('admin')
    class Closed {
      @NoCors()
      @RouteConstraints({ kind: 'internal' })
      @Delete(':id')
      remove() {
        return 'removed';
      }
    }
    const app = await startApp({
      platform: 'fastify',
      controllers: [Closed],
      cors: { origin: APP },
      configure: add(byHeader),
    });

    expect(await asks(app, '/admin/1', APP, 'DELETE')).toBe(403);
    const actual = await send(app, {
      method: 'DELETE',
      path: '/admin/1',
      headers: { Origin: APP, Accept: 'internal' },
    });
    expect([actual.body, actual.cors]).toEqual(['removed', {}]);
  });

  it.each<[string, object]>([
    [
      'answers asynchronously',
      { deriveConstraint: ({ headers }: Incoming, _: unknown, done: Done) => done(null, headers['accept']) },
    ],
    [
      'throws without its header',
      {
        deriveConstraint({ headers, method }: Incoming) {
          if (headers['accept'] === undefined && method !== 'OPTIONS') throw new Error('no kind');
          return headers['accept'];
        },
      },
    ],
    ['must match', { deriveConstraint: byHeader.deriveConstraint, mustMatchWhenDerived: true }],
  ])('whose strategy %s is a candidate', async (_title, strategy) => {
    const app = await startApp({
      platform: 'fastify',
      controllers: [twins(Cors({ origin: EVIL }))],
      cors: { origin: APP },
      configure: add({ ...byHeader, ...strategy }),
    });
    const answers = [];
    for (const origin of [APP, ADMIN, EVIL]) answers.push(await asks(app, '/admin/1', origin, 'DELETE'));
    expect(answers).toEqual([403, ADMIN, EVIL]);
  });

  it.each<[string, (request: Incoming) => unknown, string]>([
    ['the host', ({ headers }) => (headers['host']?.startsWith('127') === true ? 'internal' : undefined), EVIL],
    ['the URL', ({ url }) => (url.includes('?') ? undefined : 'internal'), EVIL],
    ['the method, which is the announced one', ({ method }) => (method === 'DELETE' ? 'internal' : undefined), EVIL],
    ['nothing', () => 'elsewhere', ADMIN],
  ])('that reads %s has one candidate', async (_title, deriveConstraint, allowed) => {
    const app = await startApp({
      platform: 'fastify',
      controllers: [twins(Cors({ origin: EVIL }))],
      cors: { origin: APP },
      configure: add({ ...byHeader, deriveConstraint }),
    });
    const answers = [];
    for (const origin of [APP, ADMIN, EVIL]) answers.push(await asks(app, '/admin/1', origin, 'DELETE'));
    expect(answers).toEqual([403, ADMIN, EVIL].map(each => (each === allowed ? allowed : 403)));
    expect(app.get(CorsService).warnings).toEqual([]);
  });

  it('leaves other paths as they are: nothing there is answered 500', async () => {
    const app = await startApp({
      platform: 'fastify',
      controllers: [twins()],
      cors: { origin: APP },
      configure: add(byHeader),
    });

    expect(await asks(app, '/nowhere', APP, 'PUT')).toBe(APP);
    const unknown = await send(app, { path: '/nowhere', headers: { Origin: APP } });
    expect([unknown.status, unknown.cors]).toEqual([404, { 'access-control-allow-origin': APP, vary: 'Origin' }]);
  });

  it('whose strategy a plugin adds has its candidates', async () => {
    const app = await startApp({
      platform: 'fastify',
      cors: { origin: APP },
      configure: each =>
        instanceOf(each).register((instance, _options, done) => {
          instance.addConstraintStrategy(byHeader);
          instance.put('/plugin', { constraints: { kind: 'internal' } }, () => 'plugin');
          done();
        }),
    });

    expect([await asks(app, '/plugin', APP, 'PUT'), await asks(app, '/plugin', EVIL, 'PUT')]).toEqual([APP, 403]);
    expect(await asks(app, '/plugin', APP, 'DELETE')).toBe(403);
  });

  it('whose strategy was added before the module could see it has its candidates', async () => {
    const adapter = new FastifyAdapter();
    (adapter.getInstance() as unknown as Fastify).addConstraintStrategy({ ...byHeader });
    class Root {}
    Module({ controllers: [twins(Cors({ origin: EVIL }))], imports: [CorsModule.forRoot({ origin: APP })] })(Root);
    const app = await NestFactory.create(Root, adapter as never, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    try {
      const answers = [];
      for (const origin of [APP, ADMIN, EVIL]) answers.push(await asks(app, '/admin/1', origin, 'DELETE'));
      expect(answers).toEqual([403, ADMIN, EVIL]);
      const actual = await send(app, {
        method: 'DELETE',
        path: '/admin/1',
        headers: { Origin: EVIL, Accept: 'internal' },
      });
      expect([actual.body, actual.cors['access-control-allow-origin']]).toEqual(['closed', EVIL]);
    } finally {
      await app.close();
    }
  });

  it('is reported where the policies of its candidates differ', async () => {
    const start = (...decorators: (ClassDecorator & MethodDecorator)[]) =>
      startApp({
        platform: 'fastify',
        controllers: [twins(...decorators)],
        cors: { origin: APP },
        configure: add(byHeader),
      });
    const reported = (app: INestApplication) =>
      app.get(CorsService).warnings.map(({ code, value, routes }) => [code, value, routes.length]);

    expect(reported(await start(NoCors()))).toEqual([['candidates_differ', 'DELETE /admin/:id', 2]]);
    expect(reported(await start(Cors({ origin: ADMIN })))).toEqual([]);
  });
});

describe('On fastify, versions by an extractor', () => {
  @Controller('x')
  class Versions {
    @Cors({ origin: ADMIN })
    @Put()
    plain() {
      return 'plain';
    }
  }

  @Controller({ path: 'x', version: '1' })
  class First {
    @Cors({ origin: APP })
    @Put()
    put() {
      return 'first';
    }

    @Get()
    get() {
      return 'get';
    }
  }

  const start = (extractor: (request: unknown) => string | string[]) =>
    startApp({
      platform: 'fastify',
      controllers: [Versions, First],
      cors: { origin: EVIL },
      configure: app => app.enableVersioning({ type: VersioningType.CUSTOM, extractor }),
    });

  it('that throws without its header is no 500 for preflights, and every version is a candidate', async () => {
    const app = await start(request => {
      const version = (request as Incoming).headers['x-version'];
      if (version === undefined) throw new Error('no version');
      return version;
    });
    const answers = [];
    for (const origin of [APP, ADMIN, EVIL]) answers.push(await asks(app, '/x', origin, 'PUT'));
    expect(answers).toEqual([APP, ADMIN, 403]);
    expect((await send(app, { method: 'PUT', path: '/x' })).status).toBe(500);
  });

  it('that reads the host alone leave one candidate', async () => {
    const app = await start(request => ((request as Incoming).headers['host']?.startsWith('127') === true ? '1' : '2'));
    expect([await asks(app, '/x', APP, 'PUT'), await asks(app, '/x', ADMIN, 'PUT')]).toEqual([APP, 403]);
  });
});

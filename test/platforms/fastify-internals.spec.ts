/**
 * What this package uses of Fastify beyond its public API. When one of these tests fails after an update of a dependency,
 * lib/platforms/fastify/internals.ts is the place to look.
 */
import { Controller, Put, Version, VersioningType } from '@nestjs/common';
import { HttpAdapterHost, NestApplication, type AbstractHttpAdapter } from '@nestjs/core';
import {
  createParamsFilter,
  fastifyFindMyWay,
  fastifyHostname,
  fastifyRouterOptions,
  forgetVersionError,
  nestVersionStrategy,
  watchConstraintStrategies,
  type CreateFindMyWay,
  type FastifyConstraint,
} from '../../lib/platforms/fastify/internals.js';
import { closeApps, startApp } from '../support/app.js';

@Controller('cats')
class CatsController {
  @Put(':id')
  @Version('2')
  put() {
    return 'put';
  }
}

afterEach(closeApps);

it("Fastify keeps the options of its router, Nest's version constraint among them", async () => {
  const app = await startApp({ platform: 'fastify', fastify: { routerOptions: { maxParamLength: 7 } } });
  const options = fastifyRouterOptions(adapterOf(app));
  expect(options).toMatchObject({ maxParamLength: 7 });
  expect(options.constraints?.['version']?.storage).toBeInstanceOf(Function);
});

it('the router of Fastify is the copy of find-my-way that Fastify loaded', async () => {
  const app = await startApp({ platform: 'fastify' });
  const Router = fastifyFindMyWay(adapterOf(app));
  expect(Router?.name).toBe('Router');
  // The release that comes with Nest 11 cannot compile its tree; the one that this package depends on can.
  const isNest11 = !('enableCsrfProtection' in NestApplication.prototype);
  expect('compile' in (Router?.prototype as object)).toBe(!isNest11);
});

it('find-my-way has strategies of its own, by name, and Nest adds that of versions', async () => {
  const app = await startApp({ platform: 'fastify' });
  const Router = fastifyFindMyWay(adapterOf(app)) as CreateFindMyWay;
  const { strategies } = new Router({}).constrainer ?? {};
  expect(strategies?.['host']?.storage()).toMatchObject({ get: expect.any(Function), set: expect.any(Function) });
  expect([strategies?.['version']?.mustMatchWhenDerived, strategies?.['host']?.mustMatchWhenDerived]).toEqual([
    true,
    false,
  ]);
  const { constraints } = fastifyRouterOptions(adapterOf(app));
  expect(constraints?.['version']).toBe(nestVersionStrategy(adapterOf(app)));
});

it('find-my-way asks the storage of each place that a path leads to, until one matches', async () => {
  const app = await startApp({ platform: 'fastify' });
  const Router = fastifyFindMyWay(adapterOf(app)) as CreateFindMyWay;
  const asked: unknown[][] = [];
  const storage = () => {
    const values: unknown[] = [];
    return {
      get(value: unknown) {
        if (value === 'walk') asked.push(values);
        return undefined;
      },
      set: (value: unknown) => values.push(value),
    };
  };
  const router = new Router({ constraints: { place: { name: 'place', storage, deriveConstraint() {} } } });
  for (const [index, url] of ['/a/*', '/a/:id', '/a/:name', '/a/me', '/b'].entries()) {
    router.on('GET', url, { constraints: { place: index } }, () => undefined);
  }
  expect(router.find('GET', '/a/me', { place: 'walk' })).toBeNull();
  expect(asked).toEqual([[3], [1, 2], [0]]);
});

it('the strategies that an app adds are noted, those of its plugins as well', async () => {
  const strategy = (name: string) => ({
    name,
    storage: () => new Map<unknown, unknown>(),
    deriveConstraint: () => undefined,
  });
  let added: readonly { readonly name: string }[] = [];
  await startApp({
    platform: 'fastify',
    configure: app => {
      added = watchConstraintStrategies(adapterOf(app));
      const instance = app.getHttpAdapter().getInstance() as Fastify;
      instance.addConstraintStrategy(strategy('one'));
      instance.register((plugin, _options, done) => {
        plugin.addConstraintStrategy(strategy('two'));
        done();
      });
    },
  });
  expect(added.map(({ name }) => name)).toEqual(['one', 'two']);
});

it("Nest's adapter keeps what a version extractor throws, until the edge makes it forget it", async () => {
  const app = await startApp({
    platform: 'fastify',
    controllers: [CatsController],
    configure: each =>
      each.enableVersioning({
        type: VersioningType.CUSTOM,
        extractor: () => {
          throw new Error('no version');
        },
      }),
  });
  const adapter = adapterOf(app);
  const request = { headers: {} };
  const { versionExtractorErrors: errors } = adapter as unknown as { versionExtractorErrors: WeakMap<object, unknown> };
  (nestVersionStrategy(adapter) as FastifyConstraint).deriveConstraint?.(request);
  expect(errors.has(request)).toBe(true);
  forgetVersionError(adapter, request);
  expect(errors.has(request)).toBe(false);
});

it("Fastify gives the host name of a request, with the app's trust in its proxy", async () => {
  const headers = { host: 'inner.test:3000', 'x-forwarded-host': 'outer.test' };
  const request = { headers, socket: { remoteAddress: '127.0.0.1' } };
  const direct = await startApp({ platform: 'fastify' });
  const proxied = await startApp({ platform: 'fastify', fastify: { trustProxy: true } });
  expect([fastifyHostname(adapterOf(direct), request), fastifyHostname(adapterOf(proxied), request)]).toEqual([
    'inner.test',
    'outer.test',
  ]);
});

it("Nest's adapter for Fastify refuses empty parameters", async () => {
  const app = await startApp({ platform: 'fastify' });
  const accepts = createParamsFilter(adapterOf(app))('/users/:id/posts');
  const request = { url: '/users//posts', headers: {} };
  expect([accepts?.(request, { id: '7' }), accepts?.(request, { id: '' })]).toEqual([true, false]);
});

/** What is used of a Fastify instance. */
interface Fastify {
  addConstraintStrategy(strategy: object): void;
  register(plugin: (instance: Fastify, options: object, done: () => void) => void): void;
}

function adapterOf(app: { get(token: typeof HttpAdapterHost): HttpAdapterHost }): AbstractHttpAdapter {
  return app.get(HttpAdapterHost).httpAdapter;
}

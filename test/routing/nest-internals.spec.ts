/**
 * What this package uses of Nest and Fastify beyond their public API. When one of these tests fails after an update of
 * a dependency, lib/routing/nest-internals.ts or lib/routing/fastify-internals.ts is the place to look.
 */
import { Controller, Get, Injectable, Module, Put, Scope, Version, VersioningType } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, type AbstractHttpAdapter } from '@nestjs/core';
import { createParamsFilter, fastifyHostname, fastifyRouterOptions } from '../../lib/routing/fastify-internals.js';
import {
  applicationConfigOf,
  containerOf,
  ExecutionContextHost,
  LegacyRouteConverter,
  PATH_METADATA,
  recordRoutes,
} from '../../lib/routing/nest-internals.js';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';

let constructed = 0;

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Controller({ path: 'cats', host: 'one.test' })
class CatsController {
  @Get()
  list() {
    return [];
  }

  @Put(':id')
  @Version('2')
  put() {
    return 'put';
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  constructor(readonly dependency: PerRequest) {
    constructed++;
  }

  @Get()
  get() {
    return 'scoped';
  }
}

@Module({ controllers: [CatsController, ScopedController], providers: [PerRequest] })
class FeatureModule {}

const start = (platform: Platform) =>
  startApp({
    platform,
    imports: [FeatureModule],
    configure: app => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
    },
  });

afterEach(closeApps);

it('Nest keeps the path of a handler in its metadata', () => {
  expect(Reflect.getMetadata(PATH_METADATA, CatsController.prototype.put)).toBe(':id');
});

it('an execution context is made of its arguments, a class and a handler', () => {
  const context = new ExecutionContextHost(['request', 'response'], CatsController, CatsController.prototype.list);
  expect([context.getType(), context.getClass(), context.getHandler(), context.switchToHttp().getRequest()]).toEqual([
    'http',
    CatsController,
    CatsController.prototype.list,
    'request',
  ]);
});

it('old wildcards are converted quietly', () => {
  expect(LegacyRouteConverter.tryConvert('/a/*', { logs: false })).toBe('/a/{*path}');
});

describe.each(PLATFORMS)('on %s', platform => {
  it('what Nest registers is recorded, with its filters, without side effects', async () => {
    constructed = 0;
    const app = await start(platform);
    const container = containerOf(app.get(ModuleRef));
    expect(applicationConfigOf(container).getGlobalPrefix()).toBe('api');

    const routes = recordRoutes(container, app.get(HttpAdapterHost).httpAdapter);
    const { prototype } = CatsController;
    expect(
      routes.map(({ verb, path, controller, handler, handlerName, version }) => ({
        verb,
        path,
        controller,
        handler,
        handlerName,
        version,
      })),
    ).toEqual([
      {
        verb: 'get',
        path: '/api/cats',
        controller: CatsController,
        handler: prototype.list,
        handlerName: 'list',
        version: undefined,
      },
      {
        verb: 'put',
        path: '/api/cats/:id',
        controller: CatsController,
        handler: prototype.put,
        handlerName: 'put',
        version: '2',
      },
      {
        verb: 'get',
        path: '/api/scoped',
        controller: ScopedController,
        handler: ScopedController.prototype.get,
        handlerName: 'get',
        version: undefined,
      },
    ]);
    expect(constructed).toBe(0);

    const [list, put, scoped] = routes;
    const asks = (hostname: string, version?: string) => ({ hostname, headers: { 'x-version': version } });
    expect([list?.acceptsHost(asks('one.test')), list?.acceptsHost(asks('two.test'))]).toEqual([true, false]);
    expect(scoped?.accepts(asks('two.test'))).toBe(true);
    // Express filters by version; Fastify's router does it by a constraint.
    const byVersion = platform === 'express' ? [true, false] : [true, true];
    expect([put?.accepts(asks('one.test', '2')), put?.accepts(asks('one.test', '1'))]).toEqual(byVersion);
  });
});

it("Fastify tells the options of its router, Nest's version constraint among them", async () => {
  const app = await startApp({ platform: 'fastify', fastify: { routerOptions: { maxParamLength: 7 } } });
  const options = fastifyRouterOptions(adapterOf(app));
  expect(options).toMatchObject({ maxParamLength: 7 });
  expect(options.constraints?.['version']?.storage).toBeInstanceOf(Function);
});

it("Fastify tells the host name of a request, with the app's trust in its proxy", async () => {
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
  expect([accepts(request, { id: '7' }), accepts(request, { id: '' })]).toEqual([true, false]);
});

function adapterOf(app: { get(token: typeof HttpAdapterHost): HttpAdapterHost }): AbstractHttpAdapter {
  return app.get(HttpAdapterHost).httpAdapter;
}

/**
 * What this package uses of Nest beyond its public API. When one of these tests fails after an update of a dependency,
 * lib/routing/nest-internals.ts is the place to look.
 */
import {
  Controller,
  Get,
  Injectable,
  Module,
  Put,
  Scope,
  Version,
  VersioningType,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  applicationConfigOf,
  containerOf,
  ExecutionContextHost,
  LegacyRouteConverter,
  PATH_METADATA,
  recordRoutes,
  watchAdapter,
  watchApp,
} from '../../lib/routing/nest-internals.js';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';

let constructed = 0;

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Injectable()
class PerProcess {}

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

describe.each(PLATFORMS)('A testing module on %s', platform => {
  const createAdapter = () =>
    platform === 'express' ? new ExpressAdapter() : (new FastifyAdapter() as AbstractHttpAdapter);

  it('sets the adapter of each app on one host, by its accessor', async () => {
    const module = await Test.createTestingModule({}).compile();
    const host = module.get(HttpAdapterHost);
    const seen: [adapter: AbstractHttpAdapter, present: AbstractHttpAdapter | undefined][] = [];
    watchAdapter(host, adapter => seen.push([adapter, host.httpAdapter]));
    const [one, two] = [createAdapter(), createAdapter()];
    const apps = [one, two].map(adapter => module.createNestApplication(adapter));

    expect(seen.map(([adapter]) => [one, two].indexOf(adapter))).toEqual([0, 1]);
    // Called before the host has it.
    expect(seen.map(([, present]) => present === undefined || present === one)).toEqual([true, true]);
    expect(host.httpAdapter).toBe(two);
    await Promise.all(apps.map(app => app.close()));
  });

  it('initializes the adapter of an app first, then registers routes, runs hooks, and closes it at the end', async () => {
    const events: string[] = [];
    @Injectable()
    class Witness implements OnModuleInit {
      onModuleInit() {
        events.push('onModuleInit');
      }
    }
    const module = await Test.createTestingModule({ controllers: [CatsController], providers: [Witness] }).compile();
    for (const name of ['one', 'two']) {
      const adapter = createAdapter();
      watchApp(adapter, {
        starts: () => events.push(`${name} starts`),
        closed: () => events.push(`${name} closed`),
      });
      for (const method of ['registerParserMiddleware', 'get', 'put', 'close'] as const) {
        const original = adapter[method] as (...args: unknown[]) => unknown;
        Object.assign(adapter, {
          [method]: (...args: unknown[]) => {
            events.push(`${name} ${method}`);
            return original.apply(adapter, args);
          },
        });
      }
      const app = module.createNestApplication(adapter, { logger: false });
      await app.init();
      await app.init();
      await app.close();
    }

    const lifeOf = (name: string) => [
      `${name} starts`,
      `${name} registerParserMiddleware`,
      `${name} get`,
      `${name} put`,
      'onModuleInit',
      `${name} close`,
      `${name} closed`,
    ];
    expect(events).toEqual([...lifeOf('one'), ...lifeOf('two')]);
  });

  it('rejects app.init() with what is thrown as its adapter is initialized', async () => {
    const module = await Test.createTestingModule({}).compile();
    const adapter = createAdapter();
    watchApp(adapter, {
      starts() {
        throw new Error('not this one');
      },
      closed() {},
    });
    const app = module.createNestApplication(adapter, { logger: false });

    await expect(app.init()).rejects.toThrow('not this one');
    await app.close();
  });

  it('has other providers after another compile(), and the same adapter host', async () => {
    const builder = Test.createTestingModule({ providers: [PerProcess] });
    const first = await builder.compile();
    const [provider, host] = [first.get(PerProcess), first.get(HttpAdapterHost)];
    const second = await builder.compile();

    expect(second.get(PerProcess)).not.toBe(provider);
    expect(second.get(HttpAdapterHost)).toBe(host);
  });
});

import { All, Controller, Get, Injectable, Put, VersioningType, type Type } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import { Cors, CorsService, type CorsIssue, type CorsModuleOptions, type CorsPolicyOptions } from 'nestjs-cors';
import { PROBLEMS } from '../../lib/issues/catalog.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, readable } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

const list = { path: '/cats', headers: { Origin: APP } };
const served = { status: 200, cors: readable(APP), ran: ['list'] };

afterEach(closeApps);

describe.each(PLATFORMS)('CorsService.warnings on %s', platform => {
  it('is empty where there is nothing to warn of', async () => {
    const app = await startApp({ platform, cors: { origin: APP }, controllers: [CatsController] });

    expect(app.get(CorsService).warnings).toEqual([]);
    expect(await observe(app, list)).toEqual(served);
  });

  it('has the shape of issues, and each is logged once with its remedy', async () => {
    const logger = new RecordingLogger();
    const cors: CorsModuleOptions = {
      origin: [APP, 'https://a.example.com', 'https://*.example.com', 'https://b.example:*'],
    };
    const app = await startApp({ platform, cors, controllers: [CatsController], nest: { logger } });
    const { warnings } = app.get(CorsService);

    const location = { level: 'module' };
    expect(
      warnings.map(({ code, severity, path, location, routes }) => ({ code, severity, path, location, routes })),
    ).toEqual([
      { code: 'origin_subsumed', severity: 'warning', path: 'origin[1]', location, routes: [] },
      { code: 'origin_any_port', severity: 'warning', path: 'origin[3]', location, routes: [] },
    ]);
    expect(logger.ofCors('warn')).toEqual(warnings.map(({ message, hint }) => `${message} ${hint}`));
    expect(await observe(app, list)).toEqual(served);
  });

  it('has those of rules', async () => {
    const cors: CorsModuleOptions = {
      origin: APP,
      routes: [
        { path: '/files/*path', policy: {} },
        { path: '/files/public', policy: {} },
        { path: '/other', policy: { origin: 'https://b.example:*' } },
      ],
    };
    const app = await startApp({ platform, cors, controllers: [CatsController] });

    expect(app.get(CorsService).warnings.map(({ code, path }) => [code, path])).toEqual([
      ['origin_any_port', 'origin[0]'],
      ['rule_covered', 'routes[1].path'],
    ]);
    expect(await observe(app, list)).toEqual(served);
  });

  it('has what @Cors() does where it has no effect (DEC-08)', async () => {
    @Cors({ origin: ADMIN })
    @Injectable()
    class CatsService {
      @Cors({ origin: ADMIN })
      find() {
        return [];
      }
    }
    @Controller('dogs')
    class DogsController {
      @Cors({ origin: ADMIN })
      helper() {
        return 1;
      }

      @Get()
      list() {
        return ran('dogs');
      }
    }
    @Cors({ origin: ADMIN })
    @Controller('empty')
    class EmptyController {}
    const app = await startApp({
      platform,
      cors: { origin: APP },
      controllers: [CatsController, DogsController, EmptyController],
      providers: [CatsService],
    });

    const found = (location: CorsIssue['location']) => ({ code: 'decorator_without_effect', location });
    expect(app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }))).toEqual([
      found({ level: 'controller', controller: 'CatsService' }),
      found({ level: 'handler', controller: 'CatsService', handler: 'find' }),
      found({ level: 'handler', controller: 'DogsController', handler: 'helper' }),
      found({ level: 'controller', controller: 'EmptyController' }),
    ]);
    expect(await observe(app, list)).toEqual(served);
  });

  it('has @Cors() on what is never a route: static methods, accessors, and what a symbol names (DEC-08)', async () => {
    let read = 0;
    const hidden = Symbol('hidden');
    class Base {
      @Cors({ origin: ADMIN })
      static inherited() {}

      @Cors({ origin: ADMIN })
      overridden() {}
    }
    @Injectable()
    class CatsService extends Base {
      @Cors({ origin: ADMIN })
      static create() {}

      static plain() {}

      @Cors({ origin: ADMIN })
      get total() {
        return ++read;
      }

      override overridden() {}
    }
    @Controller('dogs')
    class DogsController {
      @Cors({ origin: ADMIN })
      @Get('static')
      static list() {}

      @Cors({ origin: ADMIN })
      get total() {
        return ++read;
      }

      @Cors({ origin: ADMIN })
      set name(_name: string) {}

      @Cors({ origin: ADMIN })
      static get count() {
        return ++read;
      }

      @Cors({ origin: ADMIN })
      @Get('hidden')
      [hidden]() {}

      @Cors({ origin: APP })
      @Get()
      list() {
        return ran('dogs');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: ADMIN },
      controllers: [DogsController],
      providers: [CatsService],
    });

    const found = (controller: string, handler: string) => ({
      code: 'decorator_without_effect',
      location: { level: 'handler', controller, handler },
    });
    const { warnings } = app.get(CorsService);
    expect(warnings.map(({ code, location }) => ({ code, location }))).toEqual([
      found('CatsService', 'total'),
      found('CatsService', 'create'),
      found('CatsService', 'inherited'),
      found('DogsController', 'total'),
      found('DogsController', 'name'),
      found('DogsController', 'Symbol(hidden)'),
      found('DogsController', 'list'),
      found('DogsController', 'count'),
    ]);
    expect(read).toBe(0);
    // The route of the same name as a static method has its own.
    expect(await observe(app, { path: '/dogs', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['dogs'],
    });
    expect(await observe(app, { path: '/dogs/static', headers: { Origin: ADMIN } })).toMatchObject({ status: 404 });
    expect(await observe(app, { path: '/dogs/hidden', headers: { Origin: ADMIN } })).toMatchObject({ status: 404 });
  });

  it('has @Cors() on what would be a route elsewhere: a controller that is none, an override without a route', async () => {
    @Controller('dogs')
    class DogsController {
      @Cors({ origin: ADMIN })
      @Get()
      list() {
        return ran('list');
      }
    }
    class Base {
      @Cors({ origin: ADMIN })
      @Get('one')
      one() {
        return ran('one');
      }
    }
    @Controller('birds')
    class BirdsController extends Base {
      @Cors({ origin: ADMIN })
      override one() {
        return ran('own');
      }

      @Get()
      list() {
        return ran('list');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP },
      controllers: [BirdsController],
      providers: [DogsController],
    });

    const found = (controller: string, handler: string) => ({
      code: 'decorator_without_effect',
      location: { level: 'handler', controller, handler },
    });
    const told = app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }));
    expect(told).toHaveLength(2);
    expect(told).toEqual(expect.arrayContaining([found('DogsController', 'list'), found('BirdsController', 'one')]));
  });

  it('has @Cors() twice on one target, and the upper one is in force (DEC-08)', async () => {
    @Controller('twice')
    class TwiceController {
      @Cors({ origin: ADMIN })
      @Cors({ origin: APP })
      @Get()
      list() {
        return ran('twice');
      }
    }
    const app = await startApp({ platform, cors: { origin: APP }, controllers: [TwiceController] });

    const route = { controller: 'TwiceController', handler: 'list', method: 'GET', path: '/twice' };
    expect(app.get(CorsService).warnings).toEqual([
      {
        code: 'decorator_twice',
        severity: 'warning',
        path: '@Cors()',
        value: '@Cors()',
        message: `@Cors() on TwiceController.list (GET /twice) ${PROBLEMS.decorator_twice.problem}.`,
        hint: PROBLEMS.decorator_twice.hint,
        location: { level: 'handler', controller: 'TwiceController', handler: 'list' },
        routes: [route],
      },
    ]);
    expect(await observe(app, { path: '/twice', headers: { Origin: ADMIN } })).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['twice'],
    });
  });

  it('has versions of one route with different policies, which a preflight cannot tell apart', async () => {
    @Controller({ path: 'jobs', version: '1' })
    class FirstController {
      @Put()
      replace() {
        return ran('first');
      }

      @Get()
      list() {
        return ran('first list');
      }
    }
    @Controller({ path: 'jobs', version: '2' })
    class SecondController {
      @Cors({ origin: ADMIN })
      @Put()
      replace() {
        return ran('second');
      }

      @Get()
      list() {
        return ran('second list');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP },
      controllers: [FirstController, SecondController, CatsController],
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }),
    });

    const route = { handler: 'replace', method: 'PUT', path: '/jobs' };
    expect(app.get(CorsService).warnings.map(({ code, value, routes }) => ({ code, value, routes }))).toEqual([
      {
        code: 'candidates_differ',
        value: 'PUT /jobs',
        routes: [
          { controller: 'FirstController', ...route },
          { controller: 'SecondController', ...route },
        ],
      },
    ]);
    expect(
      await observe(app, { method: 'PUT', path: '/jobs', headers: { Origin: ADMIN, 'x-api-version': '2' } }),
    ).toEqual({ status: 200, cors: readable(ADMIN), ran: ['second'] });
  });

  describe('has such versions once', () => {
    const versioned = (path: string, version: string | undefined, origin: string, verb = Get()): Type => {
      class VersionedController {
        handle() {
          return ran('handle');
        }
      }
      const { prototype } = VersionedController;
      Reflect.decorate([verb], prototype, 'handle', Object.getOwnPropertyDescriptor(prototype, 'handle'));
      Cors({ origin })(VersionedController);
      Controller({ path, host: 'api.example', ...(version !== undefined && { version }) })(VersionedController);
      return VersionedController;
    };
    const toldOf = async (...controllers: readonly Type[]) => {
      const app = await startApp({
        platform,
        cors: { origin: false },
        controllers: [...controllers],
        configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }),
      });
      return app.get(CorsService).warnings.map(({ code, value }) => [code, value]);
    };

    it('where their paths are written otherwise, on a host of their own', async () => {
      expect(await toldOf(versioned('jobs/:id', '1', APP), versioned('jobs/:name', '2', ADMIN))).toEqual([
        ['candidates_differ', 'GET /jobs/:id'],
      ]);
    });

    // Nest 11 registers them on Fastify without their versions, and Fastify refuses the second.
    const canBoth = platform === 'express' || 'enableCsrfProtection' in NestApplication.prototype;
    (canBoth ? it : it.skip)('where they serve every method', async () => {
      expect(await toldOf(versioned('jobs', '1', APP, All()), versioned('jobs', '2', ADMIN, All()))).toEqual([
        ['candidates_differ', 'GET /jobs'],
      ]);
    });

    it('where one has no version, and serves what the others leave', async () => {
      expect(await toldOf(versioned('jobs', '1', APP), versioned('jobs', undefined, ADMIN))).toEqual([
        ['candidates_differ', 'GET /jobs'],
      ]);
    });
  });

  it.each<[string, CorsModuleOptions, CorsPolicyOptions, CorsPolicyOptions, readonly string[]]>([
    ['another lifetime', { origin: APP }, { maxAge: 1 }, { maxAge: 2 }, ['candidates_differ']],
    ['another resolver', { origin: APP }, { origin: () => true }, { origin: () => true }, ['candidates_differ']],
    ['the same origins, each in a list of its own', { origin: APP }, { origin: [ADMIN] }, { origin: [ADMIN] }, []],
  ])('compares versions of one route whole: %s', async (_what, cors, first, second, codes) => {
    @Cors(first)
    @Controller({ path: 'jobs', version: '1' })
    class FirstController {
      @Put()
      replace() {
        return ran('first');
      }
    }
    @Cors(second)
    @Controller({ path: 'jobs', version: '2' })
    class SecondController {
      @Put()
      replace() {
        return ran('second');
      }
    }
    const app = await startApp({
      platform,
      cors,
      controllers: [FirstController, SecondController],
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }),
    });

    expect(app.get(CorsService).warnings.map(({ code }) => code)).toEqual(codes);
  });

  describe('in production', () => {
    const environment = process.env['NODE_ENV'];
    beforeEach(() => (process.env['NODE_ENV'] = 'production'));
    afterEach(() => (process.env['NODE_ENV'] = environment));

    it('has loopback origins and debug', async () => {
      const cors: CorsModuleOptions = { origin: [APP, 'http://localhost:4200'], debug: true };
      const app = await startApp({ platform, cors, controllers: [CatsController] });

      expect(app.get(CorsService).warnings.map(({ code, path }) => `${path}: ${code}`)).toEqual([
        'debug: debug_in_production',
        'origin[1]: origin_loopback_in_production',
      ]);
      expect(await observe(app, list)).toEqual(served);
    });
  });
});

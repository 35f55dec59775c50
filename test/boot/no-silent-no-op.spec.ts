import {
  Catch,
  Controller,
  Delete,
  Get,
  Injectable,
  Module,
  Post,
  Put,
  UseFilters,
  UseGuards,
  VersioningType,
  type CanActivate,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import { Cors, CorsModule, CorsService, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import '../support/fastify-static.js';
import { preflightOf } from '../support/client.js';
import { APP, granted } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Put(':id')
  replace() {
    return ran('replace');
  }
}

const cors: CorsModuleOptions = { origin: [APP] };

afterEach(closeApps);

describe.each(PLATFORMS)('What has no effect on %s', platform => {
  interface Warned {
    readonly cors?: CorsModuleOptions;
    readonly controllers?: readonly Type[];
    readonly imports?: readonly Type[];
    readonly configure?: (app: INestApplication) => void;
  }

  /** The warnings of an app: their codes, and their messages and hints. */
  async function warningsOf({ cors: options = cors, controllers = [CatsController], configure }: Warned) {
    const app = await startApp({
      platform,
      cors: options,
      controllers: [...controllers],
      ...(configure && { configure }),
    });
    return app.get(CorsService).warnings.map(({ code, message, hint }) => [code, message, hint]);
  }

  it('is nothing in an ordinary app', async () => {
    @Cors('public')
    @Controller('widget')
    class WidgetController {
      @Get()
      show() {}
    }
    @NoCors()
    @Controller('admin')
    class AdminController {
      @Cors(false)
      @Delete(':id')
      remove() {}
    }
    const options: CorsModuleOptions = {
      ...cors,
      methods: 'GET,HEAD,PUT,PATCH,POST,DELETE',
      policies: { public: { origin: '*', methods: ['GET'] } },
      routes: [
        { path: '/graphql', policy: {} },
        { path: '/assets/*path', policy: 'public' },
      ],
    };
    expect(
      await warningsOf({ cors: options, controllers: [CatsController, WidgetController, AdminController] }),
    ).toEqual([]);
  });

  it('is @Cors() under origin: false, bare or with other options than the origin', async () => {
    @Cors()
    @Controller('bare')
    class BareController {
      @Get()
      list() {}

      @Cors({ credentials: true })
      @Put()
      replace() {}
    }
    @Cors({ maxAge: 5 })
    @Controller('opened')
    class OpenedController {
      @Cors({ origin: APP })
      @Get()
      list() {}

      @NoCors()
      @Put()
      closed() {}
    }
    const reason = 'has no effect: it inherits origin: false, which allows no cross-origin access.';
    const hint = "Set its origin, { origin: ['https://app.example.com'] }, or remove it.";
    expect(
      await warningsOf({
        cors: { origin: false, routes: [{ path: '/raw', policy: { maxAge: 5 } }] },
        controllers: [BareController, OpenedController],
      }),
    ).toEqual([
      [
        'origin_stays_closed',
        `@Cors() on BareController, affecting BareController.list (GET /bare) and 1 more, ${reason}`,
        hint,
      ],
      ['origin_stays_closed', `@Cors() on BareController.replace (PUT /bare) ${reason}`, hint],
      ['origin_stays_closed', `Questionable policy in CorsModule.forRoot(), rule for /raw: ${reason}`, hint],
    ]);
  });

  it('is a policy that nobody names', async () => {
    const policies = { public: { origin: '*' as const }, used: { origin: '*' as const } };
    const routes = [{ path: '/raw', policy: 'used' }];
    expect(await warningsOf({ cors: { ...cors, policies, routes } })).toEqual([
      [
        'policy_unused',
        'Questionable policies.public in CorsModule.forRoot(): is not used: no @Cors(), feature or rule names it.',
        "Write @Cors('public') on a controller or a handler, or remove it.",
      ],
    ]);
  });

  it('is a method that no route under the list serves; a list for many routes may have the usual ones', async () => {
    @Cors({ methods: ['GET', 'PUT', 'PATCH'] })
    @Controller('dogs')
    class DogsController {
      @Get()
      list() {}

      @Cors({ methods: ['PUT', 'DELETE'] })
      @Put()
      replace() {}
    }
    const unserved = (method: string, place: string) => [
      'method_unserved',
      `Questionable methods "${method}" in ${place}: is served by no route that this list applies to: it has no effect.`,
      'Remove it.',
    ];
    expect(
      await warningsOf({
        cors: { ...cors, methods: ['GET', 'PUT', 'POST', 'PURGE'] },
        controllers: [CatsController, DogsController],
      }),
    ).toEqual([
      unserved('PURGE', 'CorsModule.forRoot()'),
      unserved('PUT', '@Cors() on DogsController'),
      unserved('PATCH', '@Cors() on DogsController'),
      unserved('DELETE', '@Cors() on DogsController.replace'),
    ]);
  });

  it('is a list of methods that leaves out a GET that is served', async () => {
    expect(await warningsOf({ cors: { ...cors, methods: ['POST', 'PUT'] } })).toEqual([
      [
        'methods_without_get',
        'Questionable methods (a list of 2) in CorsModule.forRoot(), affecting CatsController.list (GET /cats): leaves out GET, so that no page can read what a GET route of it answers.',
        "Add 'GET'. If pages are not meant to read it, ignore this.",
      ],
    ]);
  });

  it('is a rule without the prefix of the app, or with one too many', async () => {
    const options = (path: string) => ({ origin: false as const, routes: [{ path, policy: { origin: APP } }] });
    const warned = (path: string, fix: string) => [
      [
        'rule_prefix',
        `Questionable routes[0].path "${path}" in CorsModule.forRoot(), rule for ${path}: matches nothing that is registered, and the same path with another prefix does.`,
        `Write '${fix}': a rule's path is the whole path, the global prefix included where it applies.`,
      ],
    ];
    const mount = (path: string, prefix?: string) => (app: INestApplication) => {
      if (prefix !== undefined) app.setGlobalPrefix(prefix);
      app.use(path, (_request: unknown, response: { end(text: string): void }) => {
        response.end('{}');
      });
    };
    expect(await warningsOf({ cors: options('/graphql'), configure: mount('/api/graphql', 'api') })).toEqual(
      warned('/graphql', '/api/graphql'),
    );
    expect(await warningsOf({ cors: options('/api/graphql/*path'), configure: mount('/graphql', '/api') })).toEqual(
      warned('/api/graphql/*path', '/graphql/*path'),
    );
    expect(await warningsOf({ cors: options('/v1/graphql'), configure: mount('/graphql') })).toEqual(
      warned('/v1/graphql', '/graphql'),
    );
    expect(await warningsOf({ cors: options('/api/graphql'), configure: mount('/api/graphql', 'api') })).toEqual([]);
    expect(await warningsOf({ cors: options('/graphql'), configure: mount('/graphql', 'api') })).toEqual([]);
    expect(await warningsOf({ cors: options('/nobody/knows'), configure: app => app.setGlobalPrefix('api') })).toEqual(
      [],
    );
  });

  it.each([
    ['/api/graphql', '/api'],
    ['/assets/fonts/*path', '/assets'],
    ['/uploads/cats/*path', '/uploads'],
    ['/cats/*path', '/api'],
    ['/*path', '/api'],
    ['/sale-100%', '/sale'],
  ])('is no rule for %s beside what is mounted at %s, or a parameter that may be anything', async (path, mount) => {
    @Controller()
    class PagesController {
      @Get(':slug')
      page() {}
    }
    const configure = (app: INestApplication) => {
      if (mount === '/api') app.setGlobalPrefix('api');
      app.use(mount, (_request: unknown, _response: unknown, next: () => void) => {
        next();
      });
    };
    const options = { ...cors, routes: [{ path, policy: { origin: '*' as const } }] };
    const warned = await warningsOf({ cors: options, controllers: [CatsController, PagesController], configure });
    expect(warned.filter(([code]) => code !== 'rule_shadowed')).toEqual([]);
  });

  it('is no @Cors() that rejects, and no list that subclasses share or a rule may use', async () => {
    @Cors({ rejectDisallowed: true })
    @Controller('closed')
    class ClosedController {
      @Post()
      create() {}
    }
    expect(await warningsOf({ cors: { origin: false, self: [APP] }, controllers: [ClosedController] })).toEqual([]);

    @Cors({ methods: ['GET', 'POST', 'DELETE'] })
    abstract class Crud {
      @Get()
      list() {}
    }
    @Controller('one')
    class OneController extends Crud {
      @Post()
      create() {}
    }
    @Controller('two')
    class TwoController extends Crud {
      @Delete()
      remove() {}
    }
    expect(await warningsOf({ controllers: [OneController, TwoController] })).toEqual([]);
    const methods = ['GET', 'PUT', 'PROPFIND'];
    expect(await warningsOf({ cors: { ...cors, methods, routes: [{ path: '/dav/*path', policy: {} }] } })).toEqual([]);
  });

  it("is a rule for Swagger's page without one for its document", async () => {
    const swagger = (app: INestApplication) => {
      const document = { openapi: '3.0.0', info: { title: 'Cats', version: '1' }, paths: {} };
      SwaggerModule.setup('docs', app, document);
    };
    const docs = { path: '/docs', policy: { origin: '*' as const } };
    const documents = ['/docs-json', '/docs-yaml'];
    expect(await warningsOf({ cors: { ...cors, routes: [docs] }, configure: swagger })).toEqual([
      [
        'rule_without_document',
        `Questionable routes[0].path "/docs" in CorsModule.forRoot(), rule for /docs: covers the page, but not the API's document.`,
        "Add a rule with the same policy for each: '/docs-json', '/docs-yaml'.",
      ],
    ]);
    const routes = [docs, ...documents.map(path => ({ ...docs, path }))];
    expect(await warningsOf({ cors: { ...cors, routes }, configure: swagger })).toEqual([]);
  });

  it('is @Cors() on a guard, a filter and a global enhancer', async () => {
    @Cors({ origin: APP })
    @Injectable()
    class CatsGuard implements CanActivate {
      canActivate() {
        return true;
      }
    }
    @Cors({ origin: APP })
    @Catch(TypeError)
    class CatsFilter {
      catch() {}
    }
    @Cors({ origin: APP })
    class EverywhereGuard implements CanActivate {
      canActivate() {
        return true;
      }
    }
    @UseFilters(CatsFilter)
    @UseGuards(CatsGuard)
    @Controller('guarded')
    class GuardedController {
      @Get()
      list() {}
    }
    const warned = await warningsOf({
      controllers: [GuardedController],
      configure: app => app.useGlobalGuards(new EverywhereGuard()),
    });
    expect(warned.map(([code, message]) => [code, message?.split(' has ')[0]])).toEqual([
      ['decorator_without_effect', '@Cors() on CatsGuard'],
      ['decorator_without_effect', '@Cors() on CatsFilter'],
      ['decorator_without_effect', '@Cors() on EverywhereGuard'],
    ]);
  });

  it('is no decorator without its parentheses: it throws where it is written', () => {
    class CatsService {
      find() {}
    }
    const decorators = { Cors, NoCors } as unknown as Record<'Cors' | 'NoCors', (...args: unknown[]) => unknown>;
    const descriptor = Object.getOwnPropertyDescriptor(CatsService.prototype, 'find');

    for (const args of [[CatsService], [CatsService.prototype, 'find', descriptor]]) {
      expect(() => decorators.Cors(...args)).toThrow('@Cors is called with its policy: write @Cors({ … })');
      expect(() => decorators.NoCors(...args)).toThrow('@NoCors is called: write @NoCors()');
    }
  });

  it('is a list without the header that a version is read from', async () => {
    @Controller({ path: 'jobs', version: '2' })
    class JobsController {
      @Get()
      list() {}
    }
    const warned = await warningsOf({
      cors: { ...cors, allowedHeaders: ['content-type'] },
      controllers: [CatsController, JobsController],
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    });
    expect(warned).toEqual([
      [
        'request_header_unlisted',
        'Questionable allowedHeaders "x-version" in CorsModule.forRoot(), affecting JobsController.list (GET /jobs): is missing from the list, but is read there, with @Headers() or as the version: browsers refuse requests that send it.',
        "Add 'x-version' to the list.",
      ],
    ]);
  });

  it('is @Cors() on a method that a subclass overrides without it', async () => {
    abstract class Base {
      @NoCors()
      list(): unknown {
        return [];
      }

      @NoCors()
      kept(): unknown {
        return [];
      }
    }
    @Controller('derived')
    class DerivedController extends Base {
      @Get()
      override list() {
        return ran('derived');
      }

      @Cors({ maxAge: 5 })
      @Post()
      override kept() {
        return ran('kept');
      }
    }
    expect(await warningsOf({ controllers: [DerivedController] })).toEqual([
      [
        'decorator_overridden',
        '@Cors() on Base.list (GET /derived) has no effect on the override in a subclass: a method does not inherit the decorators of the one it overrides.',
        'Write @Cors() on the method in DerivedController as well.',
      ],
    ]);
  });

  describe('without CorsModule', () => {
    @Cors({ origin: APP })
    @Controller('one')
    class OneController {
      @Get()
      list() {
        return ran('one');
      }

      @Get('broken')
      broken() {
        throw new TypeError('broken');
      }
    }
    @Controller('two')
    class TwoController {
      @NoCors()
      @Get()
      list() {
        return ran('two');
      }
    }

    it('is every @Cors(): logged once, when the app starts', async () => {
      const logger = new RecordingLogger();
      const app = await startApp({
        platform,
        controllers: [OneController, TwoController, CatsController],
        nest: { logger },
      });

      expect(logger.ofCors()).toEqual([
        "@Cors() on OneController, TwoController has no effect: CorsModule is not imported. Import CorsModule.forRoot({ origin: ['https://app.example.com'] }) in the root module.",
      ]);
      expect(await observe(app, { path: '/one', headers: { Origin: APP } })).toEqual({
        status: 200,
        cors: {},
        ran: ['one'],
      });
      expect(await observe(app, { path: '/one/broken', headers: { Origin: APP } })).toEqual({
        status: 500,
        cors: {},
        ran: [],
      });
    });

    it('is no line where the module is imported, or where there is no server', async () => {
      const logger = new RecordingLogger();
      const app = await startApp({ platform, cors, controllers: [OneController, TwoController], nest: { logger } });

      expect(logger.ofCors('warn')).toEqual([]);
      expect(await observe(app, preflightOf('/one', APP, 'GET'))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD' }),
        ran: [],
      });
      @Module({ controllers: [OneController] })
      class ContextModule {}
      const context = await NestFactory.createApplicationContext(ContextModule, { logger });
      await context.close();
      expect(logger.ofCors('warn')).toEqual([]);
      expect(CorsModule).toBeDefined();
    });
  });
});

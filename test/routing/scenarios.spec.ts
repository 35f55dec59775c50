import {
  All,
  Controller,
  Get,
  Lock,
  Module,
  Options,
  Post,
  Propfind,
  Put,
  RequestMethod,
  Search,
  VersioningType,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader, RouterModule } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Cors, CorsService, NoCors } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { preflight, send, sendRaw } from '../support/client.js';

const APP = 'https://app.example';
const ADMIN = 'https://admin.example';
const EVIL = 'https://evil.example';

const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

/** The whole CORS header set of an allowed preflight. */
const allowed = (origin: string, methods: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': methods,
  'access-control-allow-headers': 'content-type, authorization',
  'access-control-max-age': '600',
  vary: PREFLIGHT_VARY,
});
const refused = { vary: PREFLIGHT_VARY };

afterEach(closeApps);

describe.each(PLATFORMS)('On %s', platform => {
  describe('RT-03: two routes fit one request', () => {
    @Controller('users')
    class UsersController {
      @Cors({ origin: ADMIN })
      @Get(':id')
      one() {
        return 'one';
      }

      @Cors({ origin: APP })
      @Get('me')
      me() {
        return 'me';
      }
    }

    it.each([['declaration'], ['specificity']])(
      'the policy is that of the handler that runs, with routes by %s',
      async routeResolutionStrategy => {
        const nest = { routeResolutionStrategy } as object;
        const app = await startApp({ platform, controllers: [UsersController], cors: { origin: false }, nest });
        const { body } = await send(app, { path: '/users/me' });
        const [own, other] = body === 'me' ? [APP, ADMIN] : [ADMIN, APP];

        expect((await preflight(app, '/users/me', own, 'GET')).cors).toEqual(allowed(own, 'GET, HEAD'));
        expect((await preflight(app, '/users/me', other, 'GET')).cors).toEqual(refused);
        const answer = await send(app, { path: '/users/me', headers: { Origin: own } });
        expect([answer.body, answer.cors]).toEqual([body, { 'access-control-allow-origin': own, vary: 'Origin' }]);
        const foreign = await send(app, { path: '/users/me', headers: { Origin: other } });
        expect([foreign.body, foreign.cors]).toEqual([body, { vary: 'Origin' }]);
      },
    );

    it('Express tries them as they are declared, Fastify the more specific first', async () => {
      const app = await startApp({ platform, controllers: [UsersController], cors: { origin: false } });
      expect((await send(app, { path: '/users/me' })).body).toBe(platform === 'express' ? 'one' : 'me');
    });
  });

  describe('versions', () => {
    @Cors({ origin: APP })
    @Controller({ path: 'c', version: ['1', '2'] })
    class OldController {
      @Put()
      put() {
        return 'old';
      }
    }

    @Controller({ path: 'c', version: '3' })
    class NewController {
      @Put()
      put() {
        return 'new';
      }
    }

    it('RT-07: in the path are routes of their own', async () => {
      const app = await startApp({
        platform,
        controllers: [OldController, NewController],
        cors: { origin: ADMIN },
        configure: app => app.enableVersioning({ type: VersioningType.URI }),
      });
      for (const path of ['/v1/c', '/v2/c']) {
        expect((await preflight(app, path, APP, 'PUT')).cors).toEqual(allowed(APP, 'PUT'));
      }
      const newest = await preflight(app, '/v3/c', APP, 'PUT');
      expect([newest.status, newest.cors]).toEqual([403, refused]);
      expect((await preflight(app, '/v3/c', ADMIN, 'PUT')).cors).toEqual(allowed(ADMIN, 'PUT'));
    });

    it.each([
      ['a media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const],
      [
        'anything',
        {
          type: VersioningType.CUSTOM,
          extractor: (request: unknown) =>
            (request as { headers: { accept?: string } }).headers.accept?.includes('v=2') === true ? '2' : '3',
        } as const,
      ],
    ])('RT-09: in %s are all candidates of a preflight', async (_where, versioning) => {
      const app = await startApp({
        platform,
        controllers: [OldController, NewController],
        cors: { origin: ADMIN },
        configure: app => app.enableVersioning(versioning),
      });
      for (const origin of [APP, ADMIN]) {
        expect((await preflight(app, '/c', origin, 'PUT')).cors).toEqual(allowed(origin, 'PUT'));
      }
      expect((await preflight(app, '/c', EVIL, 'PUT')).cors).toEqual(refused);
      // The actual request has its exact handler's policy.
      const headers = { Accept: 'application/json;v=2' };
      const own = await send(app, { method: 'PUT', path: '/c', headers: { ...headers, Origin: APP } });
      expect([own.body, own.cors]).toEqual(['old', { 'access-control-allow-origin': APP, vary: 'Origin' }]);
      const other = await send(app, { method: 'PUT', path: '/c', headers: { ...headers, Origin: ADMIN } });
      expect([other.status, other.cors]).toEqual([403, { vary: 'Origin' }]);
    });

    it('in a header are candidates only if the preflight names that header, and are told at boot', async () => {
      const app = await startApp({
        platform,
        controllers: [OldController, NewController],
        cors: { origin: ADMIN, allowedHeaders: ['x-version'] },
        configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
      });
      expect((await preflight(app, '/c', APP, 'PUT', 'x-version')).status).toBe(204);
      expect((await preflight(app, '/c', APP, 'PUT')).status).toBe(403);
      expect(app.get(CorsService).warnings.map(({ code, routes }) => [code, routes.map(({ path }) => path)])).toEqual([
        ['candidates_differ', ['/c', '/c']],
      ]);
    });
  });

  it('RT-12: an escaped path has the policy of the handler that it reaches', async () => {
    @Controller()
    class Users {
      @Cors({ origin: '*' })
      @Get('me')
      me() {
        return 'me';
      }

      @Cors({ origin: ADMIN })
      @Get(':id')
      one() {
        return 'one';
      }
    }
    const app = await startApp({ platform, controllers: [Users], cors: { origin: false } });
    const { body, cors } = await send(app, { path: '/%6De', headers: { Origin: EVIL } });
    const preflighted = await preflight(app, '/%6De', EVIL, 'GET');
    if (platform === 'express') expect([body, cors, preflighted.cors]).toEqual(['one', { vary: 'Origin' }, refused]);
    else
      expect([body, cors, preflighted.cors]).toEqual([
        'me',
        { 'access-control-allow-origin': '*' },
        allowed('*', 'GET, HEAD'),
      ]);
  });

  it('RT-13: no trick with the path picks a laxer policy', async () => {
    @Controller()
    class Paths {
      @Cors({ origin: '*' })
      @Get('public/x')
      open() {
        return 'public';
      }

      @Get('private/x')
      closed() {
        return 'private';
      }

      @Get('publications')
      lookalike() {
        return 'publications';
      }
    }
    const app = await startApp({ platform, controllers: [Paths], cors: { origin: APP } });
    const tricks = [
      '/public/..%2fprivate/x',
      '/publications',
      '//private/x',
      '/private/x;a=1',
      '/private/x?p=/public/x',
    ];
    for (const path of [...tricks, '/public/../private/x', '/PRIVATE/x', '/private//x', '/private/x/']) {
      const { body, cors } = await send(app, { path, headers: { Origin: EVIL } });
      if (body !== 'public') expect([path, cors]).toEqual([path, { vary: 'Origin' }]);
      expect([path, (await preflight(app, path, EVIL, 'GET')).cors]).toEqual([path, refused]);
    }
  });

  describe('RT-15: routes for every path', () => {
    @Controller()
    class CatchAll {
      @Cors({ origin: APP })
      @Options('own/*')
      own() {
        return 'own';
      }

      @Cors({ origin: ADMIN })
      @All('*')
      all() {
        return 'all';
      }
    }

    it('boot, and their preflights are answered', async () => {
      const app = await startApp({ platform, controllers: [CatchAll], cors: { origin: false } });
      const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
      expect((await preflight(app, '/q', ADMIN, 'PUT')).cors).toEqual(allowed(ADMIN, methods));
      expect((await preflight(app, '/q', APP, 'PUT')).cors).toEqual(refused);
      // OPTIONS requests of scripts have a handler of their own below /own.
      expect((await preflight(app, '/own/x', APP, 'OPTIONS')).cors).toEqual(allowed(APP, 'OPTIONS'));
      expect((await preflight(app, '/own/x', ADMIN, 'OPTIONS')).cors).toEqual(refused);
    });
  });

  it('RT-16: an index route under a prefix', async () => {
    @Controller()
    class Index {
      @Put()
      put() {
        return 'index';
      }
    }
    const app = await startApp({
      platform,
      controllers: [Index],
      cors: { origin: APP },
      configure: app => app.setGlobalPrefix('public'),
    });
    expect((await preflight(app, '/public', APP, 'PUT')).cors).toEqual(allowed(APP, 'PUT'));
    expect((await preflight(app, '/public', APP, 'GET')).cors).toEqual(refused);
  });

  it('DEC-10: the OpenAPI document is that of an app without the module', async () => {
    @Controller('cats')
    class CatsController {
      @Cors({ maxAge: 5 })
      @Get()
      list() {
        return [];
      }

      @NoCors()
      @Post()
      create() {
        return 'created';
      }

      @Cors({ origin: ADMIN })
      @Put(':id')
      update() {
        return 'updated';
      }
    }
    const documentOf = async (cors: { origin: string } | undefined) => {
      const app = await createApp({ platform, controllers: [CatsController], ...(cors && { cors }) });
      await app.init();
      const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
      await app.close();
      return document;
    };
    const document = await documentOf({ origin: APP });
    expect(document).toEqual(await documentOf(undefined));
    expect(Object.values(document.paths).flatMap(Object.keys).sort()).toEqual(['get', 'post', 'put']);
  });

  it('two apps with the module live in one process', async () => {
    const controllerOf = (text: string): Type => {
      @Controller('who')
      class Who {
        @Get()
        who() {
          return text;
        }
      }
      return Who;
    };
    const first = await startApp({ platform, controllers: [controllerOf('first')], cors: { origin: APP } });
    const second = await startApp({ platform, controllers: [controllerOf('second')], cors: { origin: ADMIN } });
    for (const [app, own, other] of [
      [first, APP, ADMIN],
      [second, ADMIN, APP],
    ] as const) {
      expect((await preflight(app, '/who', own, 'GET')).cors).toEqual(allowed(own, 'GET, HEAD'));
      expect((await preflight(app, '/who', other, 'GET')).cors).toEqual(refused);
      expect((await send(app, { path: '/who', headers: { Origin: own } })).cors['access-control-allow-origin']).toBe(
        own,
      );
    }
  });

  it('one controller in two modules with prefixes of their own has its policy under both', async () => {
    @Cors({ origin: ADMIN })
    @Controller(['a', 'b'])
    class Shared {
      @Get(['x', 'y'])
      get() {
        return 'shared';
      }
    }
    @Module({ controllers: [Shared] })
    class One {}
    @Module({ controllers: [Shared] })
    class Two {}
    const routes = [
      { path: 'one', module: One },
      { path: 'two', module: Two },
    ];
    const imports = [One, Two, RouterModule.register(routes)];
    const app = await startApp({ platform, imports, cors: { origin: APP } });
    for (const path of ['/one/a/x', '/one/b/y', '/two/a/y', '/two/b/x']) {
      expect((await preflight(app, path, ADMIN, 'GET')).cors).toEqual(allowed(ADMIN, 'GET, HEAD'));
      expect((await preflight(app, path, APP, 'GET')).cors).toEqual(refused);
    }
    expect((await preflight(app, '/a/x', ADMIN, 'GET')).cors).toEqual(refused);
  });

  it('RT-04: a route that is left out of the global prefix, by path and by method', async () => {
    @Cors({ origin: ADMIN })
    @Controller('health')
    class Health {
      @Get()
      get() {
        return 'get';
      }

      @Post()
      post() {
        return 'post';
      }
    }
    const exclude = [{ path: 'health', method: RequestMethod.GET }];
    const app = await startApp({
      platform,
      controllers: [Health],
      cors: { origin: APP },
      configure: app => app.setGlobalPrefix('api', { exclude }),
    });
    expect((await preflight(app, '/health', ADMIN, 'GET')).cors).toEqual(allowed(ADMIN, 'GET, HEAD'));
    expect((await preflight(app, '/api/health', ADMIN, 'POST')).cors).toEqual(allowed(ADMIN, 'POST'));
    expect((await preflight(app, '/health', ADMIN, 'POST')).cors).toEqual(refused);
    expect((await preflight(app, '/api/health', ADMIN, 'GET')).cors).toEqual(refused);
  });

  it('methods beyond the usual ones', async () => {
    @Cors({ origin: ADMIN })
    @Controller('dav')
    class Dav {
      @Search()
      search() {
        return 'search';
      }

      @Propfind()
      propfind() {
        return 'propfind';
      }

      @Lock()
      lock() {
        return 'lock';
      }
    }
    const app = await startApp({ platform, controllers: [Dav], cors: { origin: APP } });
    for (const method of ['SEARCH', 'PROPFIND', 'LOCK']) {
      expect((await preflight(app, '/dav', ADMIN, method)).cors).toEqual(allowed(ADMIN, 'LOCK, PROPFIND, SEARCH'));
      const answer = await send(app, { method, path: '/dav', headers: { Origin: ADMIN } });
      expect([answer.body, answer.cors]).toEqual([
        method.toLowerCase(),
        { 'access-control-allow-origin': ADMIN, vary: 'Origin' },
      ]);
    }
    expect((await preflight(app, '/dav', ADMIN, 'UNLOCK')).cors).toEqual(refused);
  });

  it('optional parts of a path', async () => {
    const path = platform === 'express' ? 'files{/:name}' : 'files/:name?';
    @Cors({ origin: ADMIN })
    @Controller()
    class Files {
      @Get(path)
      get() {
        return 'files';
      }
    }
    const app = await startApp({ platform, controllers: [Files], cors: { origin: APP } });
    for (const target of ['/files', '/files/a']) {
      expect((await preflight(app, target, ADMIN, 'GET')).cors).toEqual(allowed(ADMIN, 'GET, HEAD'));
    }
    expect((await preflight(app, '/files/a/b', ADMIN, 'GET')).cors).toEqual(refused);
  });

  it('the controllers of a lazily loaded module serve nothing, and disturb nothing', async () => {
    @Cors({ origin: '*' })
    @Controller('lazy')
    class LazyController {
      @Get()
      get() {
        return 'lazy';
      }
    }
    @Module({ controllers: [LazyController] })
    class LazyModule {}
    const app = await startApp({ platform, cors: { origin: APP } });
    await app.get(LazyModuleLoader).load(() => LazyModule);

    expect((await preflight(app, '/lazy', EVIL, 'GET')).cors).toEqual(refused);
    const { status, cors } = await send(app, { path: '/lazy', headers: { Origin: APP } });
    expect([status, cors]).toEqual([404, { 'access-control-allow-origin': APP, vary: 'Origin' }]);
  });

  it("a target that cannot be decoded is answered with the headers of the module's policy", async () => {
    @Controller()
    class Users {
      @Cors({ origin: ADMIN })
      @Get(':id')
      one() {
        return 'one';
      }
    }
    const app = await startApp({ platform, controllers: [Users], cors: { origin: APP } });
    for (const path of ['/%', '/%FF', '/%E0%A4%A']) {
      const raw = await sendRaw(app, `GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: ${APP}\r\nConnection: close\r\n\r\n`);
      expect(raw).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(raw.match(/^access-control-.*$/gim)).toEqual([`Access-Control-Allow-Origin: ${APP}`]);
    }
  });
});

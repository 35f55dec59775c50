import { All, Controller, Get, Module, Param, Put, type INestApplication } from '@nestjs/common';
import { NestApplication, RouterModule } from '@nestjs/core';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp, type AppOptions, type Platform } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };
const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

/** `routeResolutionStrategy` came with Nest 12. */
const itOnNest12 = 'enableCsrfProtection' in NestApplication.prototype ? it : it.skip;

@Controller('users')
class UsersController {
  @Cors({ origin: ADMIN })
  @Get(':id')
  read(@Param('id') id: string) {
    return ran(`read ${id}`);
  }

  @Cors({ origin: '*' })
  @Get('me')
  me() {
    return ran('me');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('The handler that a policy is taken from on %s', platform => {
  const start = (options: Partial<AppOptions>) => startApp({ platform, cors, ...options });

  /** The handler that serves `/users/me`, by the order of declaration or by specificity. */
  async function expectMe(app: INestApplication, bySpecificity: boolean): Promise<void> {
    for (const origin of [ADMIN, EVIL]) {
      const byId = { status: 200, cors: origin === ADMIN ? readable(ADMIN) : UNREADABLE, ran: ['read me'] };
      const me = { status: 200, cors: PUBLIC, ran: ['me'] };
      expect(await observe(app, get('/users/me', origin))).toEqual(bySpecificity ? me : byId);
      const { status, cors } = await observe(app, preflightOf('/users/me', origin, 'GET'));
      const allowOrigin = bySpecificity ? '*' : origin === ADMIN ? ADMIN : undefined;
      expect({ status, allowOrigin: cors['access-control-allow-origin'] }).toEqual({
        status: allowOrigin === undefined ? 403 : 204,
        allowOrigin,
      });
    }
  }

  it('is the first that matches on Express, and the most specific on Fastify (RT-03)', async () => {
    await expectMe(await start({ controllers: [UsersController] }), platform === 'fastify');
  });

  itOnNest12("is the most specific on both with Nest's own strategy (RT-03)", async () => {
    const nest = { routeResolutionStrategy: 'specificity' } as object;
    await expectMe(await start({ controllers: [UsersController], nest }), true);
  });

  it('is the one that runs, also for an encoded path (RT-12)', async () => {
    @Controller('users')
    class EncodedController {
      @Cors({ origin: '*' })
      @Get('me')
      me() {
        return ran('me');
      }

      @Cors({ origin: ADMIN })
      @Get(':id')
      read(@Param('id') id: string) {
        return ran(`read ${id}`);
      }
    }
    const app = await start({ controllers: [EncodedController] });

    // Express matches the raw text, Fastify the decoded one.
    const expected: Record<Platform, object> = {
      express: { status: 200, cors: UNREADABLE, ran: ['read me'] },
      fastify: { status: 200, cors: PUBLIC, ran: ['me'] },
    };
    expect(await observe(app, get('/users/%6De', EVIL))).toEqual(expected[platform]);
    const { status } = await observe(app, preflightOf('/users/%6De', EVIL, 'GET'));
    expect(status).toBe(platform === 'express' ? 403 : 204);
  });

  it('is not another one by a trick of the path (RT-13)', async () => {
    @Controller()
    class TrickedController {
      @Cors({ origin: '*' })
      @Get('public/x')
      public() {
        return ran('public');
      }

      @Get('private/x')
      private() {
        return ran('private');
      }

      @Get('publications')
      publications() {
        return ran('publications');
      }
    }
    const app = await start({ controllers: [TrickedController] });

    for (const path of [
      '/public/..%2fprivate/x',
      '/public/../private/x',
      '/publications',
      '//private/x',
      '//public/x',
      '/private/x;a=1',
      '/private/x?p=/public/x',
      '/private/x#/public/x',
      '/public/x/../../private/x',
      '/public%2Fx',
      '/public\\x',
    ]) {
      const { status, cors, ran: handlers } = await observe(app, get(path, EVIL));
      expect({ status, cors }).toEqual({ status: handlers.length === 0 ? 404 : 200, cors: UNREADABLE });
      expect(handlers).not.toContain('public');
    }
    expect(await observe(app, get('/public/x?y=/private/x', EVIL))).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['public'],
    });
  });

  it('may be a catch-all for every method (RT-15)', async () => {
    @Controller()
    class CatchAllController {
      @Cors({ origin: ADMIN })
      @All('*')
      all() {
        return ran('all');
      }
    }
    const app = await start({ controllers: [CatchAllController] });

    expect(await observe(app, preflightOf('/q/r', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/q', APP, 'PUT'))).toEqual(refused);
    expect(await observe(app, { method: 'OPTIONS', path: '/q', headers: { Origin: ADMIN } })).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['all'],
    });
  });

  it('is found at the root of a prefix, and under a router module (RT-16)', async () => {
    @Controller()
    class IndexController {
      @Cors({ origin: ADMIN })
      @Put()
      replace() {
        return ran('index');
      }
    }
    @Module({ controllers: [IndexController] })
    class IndexModule {}
    const app = await start({
      imports: [IndexModule, RouterModule.register([{ path: 'inner', module: IndexModule }])],
      configure: app => app.setGlobalPrefix('public'),
    });

    expect(await observe(app, preflightOf('/public/inner', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/inner', ADMIN, 'PUT'))).toEqual(refused);

    const root = await start({ controllers: [IndexController], configure: app => app.setGlobalPrefix('public') });
    expect(await observe(root, preflightOf('/public', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT' }),
      ran: [],
    });
  });

  it('is found by the target that middleware has not touched yet', async () => {
    @Controller()
    class MovedController {
      @Cors({ origin: ADMIN })
      @Put('new')
      replace() {
        return ran('new');
      }
    }
    const app = await start({
      controllers: [MovedController],
      // Fastify rewrites targets before all else, Express in a middleware: what is routed is what counts.
      fastify: { rewriteUrl: ({ url }: IncomingMessage) => url?.replace('/old', '/new') },
      configure: app => {
        app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
          if (request.headers.authorization !== undefined) return next();
          request.url = '/elsewhere';
          response.statusCode = 401;
          response.end();
        });
      },
    });
    const path = platform === 'fastify' ? '/old' : '/new';

    expect(await observe(app, preflightOf(path, ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT' }),
      ran: [],
    });
    const put = { method: 'PUT', path };
    expect(await observe(app, { ...put, headers: { Origin: ADMIN } })).toEqual({
      status: 401,
      cors: readable(ADMIN),
      ran: [],
    });
    expect(await observe(app, { ...put, headers: { Origin: ADMIN, Authorization: 'x' } })).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['new'],
    });
  });
});

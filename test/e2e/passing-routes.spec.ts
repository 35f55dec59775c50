import { All, Controller, Delete, Get, Next, Res, type INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cors, CorsService, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

// Express alone: on Fastify a route answers what it is given.

const { ran, observe } = watchHandlers();
type Next = (error?: unknown) => void;
type Listener = (request: IncomingMessage, response: ServerResponse, next: Next) => void;
interface Router {
  all(path: string, ...listeners: readonly Listener[]): void;
  get(path: string, ...listeners: readonly Listener[]): void;
}

const routerOf = (app: INestApplication) => app.getHttpAdapter().getInstance() as Router;
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe('A route of Express that passes requests on', () => {
  @NoCors()
  @Controller('admin')
  class ClosedController {
    @Delete(':id')
    remove() {
      return ran('remove');
    }
  }

  @Controller('admin')
  class InheritingController {
    @Delete(':id')
    remove() {
      return ran('remove');
    }
  }

  const cors: CorsModuleOptions = { origin: [APP], credentials: true };
  const start = (controllers: AppOptions['controllers'], configure?: AppOptions['configure']) =>
    startApp({ cors, ...(controllers && { controllers }), ...(configure && { configure }) });

  const pass: Listener = (_request, _response, next) => {
    ran('pass');
    next();
  };

  it.each<[string, (router: Router) => void]>([
    ['a raw route for every method', router => router.all('/admin/*splat', pass)],
    [
      'one that has several listeners',
      router => router.all('/admin/*splat', (_request, _response, next) => next(), pass),
    ],
    [
      'one whose listener names no parameters',
      router =>
        router.all('/admin/*splat', (...args: Parameters<Listener>) => {
          pass(...args);
        }),
    ],
    [
      "one that leaves its own listeners by next('route')",
      router => router.all('/admin/:id', (_q, _s, next) => next('route')),
    ],
  ])('does not open the closed handler behind it: %s', async (_what, register) => {
    const app = await start([ClosedController], each => register(routerOf(each)));
    expect(await observe(app, preflightOf('/admin/1', APP, 'DELETE'))).toEqual(refused);
    expect(await observe(app, preflightOf('/admin/1', EVIL, 'DELETE'))).toEqual(refused);
  });

  it('leaves alone what everyone behind it allows', async () => {
    const app = await start([InheritingController], each => routerOf(each).all('/admin/*splat', pass));
    expect(await observe(app, preflightOf('/admin/1', APP, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/admin/1', EVIL, 'DELETE'))).toEqual(refused);
    const remove = (origin: string) => ({ method: 'DELETE', path: '/admin/1', headers: { Origin: origin } });
    expect(await observe(app, remove(APP))).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['pass', 'remove'],
    });
  });

  it('answers with the narrowest of the policies, and the shortest max-age', async () => {
    @Cors({ credentials: false, allowedHeaders: [], maxAge: 5 })
    @Controller('admin')
    class NarrowController {
      @Delete(':id')
      remove() {
        return ran('remove');
      }
    }
    const app = await start([NarrowController], each => routerOf(each).all('/admin/*splat', pass));
    expect(await observe(app, preflightOf('/admin/1', APP, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'DELETE', headers: '', maxAge: '5' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/admin/1', APP, 'DELETE', 'content-type'))).toEqual(refused);
  });

  it('is not one whose listeners take no next', async () => {
    const app = await start([ClosedController], each =>
      routerOf(each).all('/admin/health', ((_request: IncomingMessage, response: ServerResponse) => {
        ran('health');
        response.end('ok');
      }) as Listener),
    );
    expect(await observe(app, preflightOf('/admin/health', APP, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(APP, {
        methods: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
        credentials: true,
      }),
      ran: [],
    });
  });

  it('is not one whose last listener takes no next, behind a body parser', async () => {
    const app = await start([ClosedController], each =>
      routerOf(each).all('/admin/hook', pass, ((_request: IncomingMessage, response: ServerResponse) => {
        ran('hook');
        response.end('ok');
      }) as Listener),
    );
    expect(await observe(app, preflightOf('/admin/hook', APP, 'DELETE'))).toMatchObject({ status: 204, ran: [] });
    expect(await observe(app, { method: 'DELETE', path: '/admin/hook', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['pass', 'hook'],
    });
  });

  it('may be a handler that takes @Next()', async () => {
    @Cors({ origin: [EVIL] })
    @Controller()
    class PassingController {
      @All('admin/*splat')
      pass(@Next() next: Next) {
        ran('pass');
        next();
      }

      @Cors({ origin: [EVIL, ADMIN] })
      @Get('admin/:id')
      answer(@Res() response: ServerResponse) {
        ran('answer');
        response.end('answer');
      }
    }
    @Cors({ origin: [ADMIN] })
    @Controller('admin')
    class AdminController extends InheritingController {}
    const app = await startApp({
      cors: { origin: [APP] },
      controllers: [PassingController, AdminController],
    });

    for (const origin of [APP, ADMIN, EVIL]) {
      expect(await observe(app, preflightOf('/admin/1', origin, 'DELETE'))).toEqual(refused);
    }
    // What GET passes through allows it.
    expect(await observe(app, preflightOf('/admin/1', EVIL, 'GET'))).toMatchObject({ status: 204, ran: [] });

    // Whoever runs is judged by its own policy.
    const remove = (origin: string) => ({ method: 'DELETE', path: '/admin/1', headers: { Origin: origin } });
    expect(await observe(app, remove(EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: ['pass'] });
    expect(await observe(app, remove(ADMIN))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(app, { ...remove(EVIL), method: 'GET' })).toEqual({
      status: 200,
      cors: readable(EVIL),
      ran: ['pass', 'answer'],
    });
  });

  it('shows everyone behind it in explain()', async () => {
    const app = await start([ClosedController], each => routerOf(each).all('/admin/*splat', pass));
    const { candidates, preflight, hint } = await app
      .get(CorsService)
      .explain({ method: 'DELETE', url: '/admin/1', origin: APP });

    expect(candidates).toEqual([
      { controller: 'ClosedController', handler: 'remove', method: 'DELETE', path: '/admin/:id' },
    ]);
    expect(preflight).toMatchObject({ allowed: false, reason: 'no-cross-origin-access' });
    expect(hint).toMatch(/^The policy is origin: false/);
  });
});

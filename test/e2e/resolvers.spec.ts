import {
  All,
  Controller,
  Delete,
  Get,
  Inject,
  Injectable,
  Module,
  Next,
  Options,
  Patch,
  Post,
  Put,
  UnauthorizedException,
  UseGuards,
  Version,
  VersioningType,
  type CanActivate,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import {
  add,
  Cors,
  CorsService,
  type CorsModuleOptions,
  type CorsOriginResolver,
  type CorsOriginResolverRef,
  type CorsRequestContext,
} from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf, send, sendLines } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { Gate } from '../support/gate.js';
import { RecordingLogger } from '../support/logger.js';
import { collectGarbage } from '../support/node-process.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe } = watchHandlers();

const refuse: CanActivate = {
  canActivate: () => {
    throw new UnauthorizedException();
  },
};

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

  @UseGuards(refuse)
  @Get('guarded')
  guarded() {
    return ran('guarded');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A resolver on %s', platform => {
  const start = (origin: CorsModuleOptions['origin'], options: Partial<AppOptions> & { own?: object } = {}) =>
    startApp({ platform, cors: { origin, ...options.own }, controllers: [CatsController], ...options });
  const get = (path: string, origin?: string) => ({
    path,
    headers: { ...(origin !== undefined && { Origin: origin }) },
  });

  it.each<[string, (allowed: boolean) => boolean | Promise<boolean>]>([
    ['at once', allowed => allowed],
    ['later', async allowed => Promise.resolve(allowed)],
  ])('decides about preflights and responses, whatever ends them, answering %s (DYN-03)', async (_when, answer) => {
    const app = await start(origin => answer(origin === APP), { own: { credentials: true } });
    const mine = { cors: readable(APP, { credentials: true }) };

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, ...mine, ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/cats'))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/cats/guarded', APP))).toEqual({ status: 401, ...mine, ran: [] });
    expect(await observe(app, get('/cats/guarded', EVIL))).toEqual({ status: 401, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get('/nope', APP))).toEqual({ status: 404, ...mine, ran: [] });
    const malformed = {
      method: 'POST',
      path: '/cats',
      headers: { Origin: APP, 'Content-Type': 'application/json' },
      body: '{',
    };
    expect(await observe(app, malformed)).toEqual({ status: 400, ...mine, ran: [] });
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'content-type'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats/1', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('is a class with dependencies of its own, taken from the injector (DYN-03)', async () => {
    @Injectable()
    class Tenants {
      readonly origins = new Map([['acme.example', APP]]);
    }
    let made = 0;
    @Injectable()
    class TenantOrigins implements CorsOriginResolver {
      constructor(@Inject(Tenants) private readonly tenants: Tenants) {
        made++;
      }

      async isAllowed(origin: string, { host }: CorsRequestContext) {
        return Promise.resolve(this.tenants.origins.get(host) === origin);
      }
    }
    @Module({ providers: [Tenants, TenantOrigins] })
    class TenantsModule {}
    const app = await start(TenantOrigins, { imports: [TenantsModule] });
    const at = (host: string) => ({ path: '/cats', headers: { Host: host, Origin: APP } });

    expect(await observe(app, at('acme.example'))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, at('other.example'))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    app.get(Tenants).origins.set('other.example', APP);
    expect(await observe(app, at('other.example'))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(made).toBe(1);
  });

  it('may be a class that no module provides', async () => {
    class Everyone implements CorsOriginResolver {
      isAllowed = (origin: string) => origin === APP;
    }
    const app = await start([ADMIN, Everyone]);

    for (const origin of [ADMIN, APP]) {
      expect(await observe(app, get('/cats', origin))).toEqual({ status: 200, cors: readable(origin), ran: ['list'] });
    }
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
  });

  it('is asked after the strings, once, and only about well-formed origins', async () => {
    const asked: string[] = [];
    const app = await start([
      ADMIN,
      'https://*.preview.example',
      origin => {
        asked.push(origin);
        return false;
      },
    ]);

    for (const origin of [
      ADMIN,
      'https://a.preview.example',
      'null',
      '',
      'not an origin',
      `${APP}/`,
      `${APP}, ${APP}`,
    ]) {
      await observe(app, get('/cats', origin));
      await observe(app, preflightOf('/cats', origin, 'GET'));
    }
    await observe(app, get('/cats'));
    await sendLines(app, 'GET /cats HTTP/1.1', `Origin: ${APP}`, `Origin: ${APP}`);
    // Refused for another reason: its answer would not matter.
    await observe(app, preflightOf('/cats', EVIL, 'GET', 'x-unlisted'));
    await observe(app, preflightOf('/cats', EVIL, 'DELETE'));
    expect(asked).toEqual([]);

    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(asked).toEqual([EVIL]);
    expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(asked).toEqual([EVIL, EVIL]);
  });

  it('is told the request: of a preflight the announced method, and the handler that it is about', async () => {
    const contexts: CorsRequestContext[] = [];
    const app = await start((_origin, context) => {
      contexts.push(context);
      return true;
    });

    await observe(app, { path: '/cats?x=1', headers: { Origin: APP, Host: 'api.example:81', 'X-Own': '1' } });
    await observe(app, preflightOf('/cats/1', APP, 'PUT', 'content-type'));
    await observe(app, get('/nope', APP));
    const [actual, preflight, unknown] = contexts;
    const { list, replace } = CatsController.prototype;
    expect(actual).toMatchObject({ method: 'GET', url: '/cats?x=1', host: 'api.example:81', preflight: false });
    expect([actual?.controller, actual?.handler, actual?.headers['x-own']]).toEqual([CatsController, list, '1']);
    expect(preflight).toMatchObject({ method: 'PUT', url: '/cats/1', preflight: true });
    expect([preflight?.controller, preflight?.handler]).toEqual([CatsController, replace]);
    expect(unknown).not.toHaveProperty('controller');
    expect(contexts).toHaveLength(3);
  });

  it('decides for each method of a path that a preflight lists', async () => {
    @Controller('dogs')
    class DogsController {
      @Get()
      list() {
        return ran('list');
      }

      @Post()
      create() {
        return ran('create');
      }

      @Put()
      replace() {
        return ran('replace');
      }
    }
    const methods: string[] = [];
    const app = await start(
      (_origin, { method }) => {
        methods.push(method);
        return method !== 'POST';
      },
      { controllers: [DogsController] },
    );

    expect(await observe(app, preflightOf('/dogs', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, PUT' }),
      ran: [],
    });
    // HEAD is served by the GET handler.
    expect(methods.sort()).toEqual(['GET', 'POST', 'PUT']);
    expect(await observe(app, preflightOf('/dogs', APP, 'POST'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, preflightOf('/dogs', APP, 'HEAD'))).toMatchObject({ status: 204 });
  });

  it('is called for the announced method alone where the others would take many calls', async () => {
    class ManyController {}
    Controller('many')(ManyController);
    const verbs = [Get, Post, Put, Patch, Delete, Options];
    for (const [index, verb] of verbs.entries()) {
      const value = () => ran(String(index));
      Object.defineProperty(ManyController.prototype, `m${String(index)}`, { value });
      const descriptor = Object.getOwnPropertyDescriptor(ManyController.prototype, `m${String(index)}`);
      if (descriptor) verb()(ManyController.prototype, `m${String(index)}`, descriptor);
    }
    const methods: string[] = [];
    const app = await start((_origin, { method }) => methods.push(method) > 0, { controllers: [ManyController] });

    expect(await observe(app, preflightOf('/many', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT' }),
      ran: [],
    });
    expect(methods).toEqual(['PUT']);
  });

  it('is called for one version after the other only until one is allowed, and keeps their answers apart', async () => {
    @Controller('versions')
    class VersionsController {
      @Version('1')
      @Put()
      first() {
        return ran('first');
      }

      @Version('2')
      @Put()
      second() {
        return ran('second');
      }

      @Version('3')
      @Put()
      third() {
        return ran('third');
      }

      @Version('1')
      @Post()
      create() {
        return ran('create');
      }

      @Version('2')
      @Post()
      createAgain() {
        return ran('create again');
      }
    }
    const { prototype } = VersionsController;
    let asked: unknown[] = [];
    const startVersions = (isAllowed: (handler: unknown) => boolean, slow: unknown) =>
      start(
        async (_origin, { handler }) => {
          asked.push(handler);
          // Whoever answers last answers for itself alone.
          for (let turn = 0; turn < (handler === slow ? 50 : 1); turn++) await Promise.resolve();
          return isAllowed(handler);
        },
        {
          controllers: [VersionsController],
          configure: app => app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
        },
      );
    const put = preflightOf('/versions', APP, 'PUT');
    const allowed = { status: 204, cors: granted(APP, { methods: 'PUT' }), ran: [] };

    const all = await startVersions(() => true, undefined);
    expect(await observe(all, put)).toEqual(allowed);
    expect(asked).toEqual([prototype.first]);
    for (const slow of [prototype.first, prototype.second, prototype.third]) {
      for (const only of [prototype.first, prototype.second, prototype.third]) {
        asked = [];
        const one = await startVersions(handler => handler === only, slow);
        expect(await observe(one, put)).toEqual(allowed);
        expect(asked.length).toBe(only === prototype.first ? 1 : 3);
      }
    }
    const none = await startVersions(() => false, prototype.first);
    expect(await observe(none, put)).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it.each([false, true])(
    'is called for the handler that runs, not about the one that was expected (%s)',
    async isLate => {
      @Controller('public')
      class PublicController {
        @Get('x')
        show() {
          return ran('public');
        }

        @All(platform === 'express' ? 'pass/*splat' : 'pass/y/*')
        pass(@Next() next: () => void) {
          next();
        }
      }
      @Controller()
      class AdminController {
        @Get('admin/x')
        admin() {
          return ran('admin');
        }

        @Get('public/pass/x')
        behind() {
          return ran('behind');
        }
      }
      const app = await start(
        (_origin, { controller }) => {
          const isPublic = controller === PublicController;
          return isLate ? Promise.resolve(isPublic) : isPublic;
        },
        {
          own: { credentials: true, rejectDisallowed: true },
          controllers: [PublicController, AdminController],
          configure: each =>
            each.use((request: IncomingMessage, _response: unknown, next: () => void) => {
              if (request.url === '/public/x?alias') request.url = '/admin/x';
              next();
            }),
        },
      );
      const rejected = { status: 403, cors: UNREADABLE, ran: [] };
      const shown = { status: 200, cors: readable(APP, { credentials: true }), ran: ['public'] };

      expect(await observe(app, get('/public/x', APP))).toEqual(shown);
      expect(await observe(app, get('/admin/x', APP))).toEqual(rejected);
      // Fastify has chosen its route before any middleware runs, and its routes pass nothing on.
      expect(await observe(app, get('/public/x?alias', APP))).toEqual(platform === 'express' ? rejected : shown);
      expect(await observe(app, get('/public/pass/x', APP))).toEqual(rejected);
    },
  );

  it('may be added to an inherited list, and be of one route only: the others stay as they are', async () => {
    const never: CorsOriginResolverRef = () => {
      throw new Error('asked');
    };
    @Controller()
    class MixedController {
      @Cors({ origin: add(origin => origin === ADMIN) })
      @Get('mixed')
      mixed() {
        return ran('mixed');
      }

      @Get('plain')
      plain() {
        return ran('plain');
      }

      @Cors({ origin: [APP, never], methods: ['PUT'] })
      @Get('unlisted')
      unlisted() {
        return ran('unlisted');
      }
    }
    const app = await start(APP, { controllers: [MixedController] });

    for (const origin of [APP, ADMIN]) {
      expect(await observe(app, get('/mixed', origin))).toEqual({
        status: 200,
        cors: readable(origin),
        ran: ['mixed'],
      });
    }
    expect(await observe(app, get('/mixed', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['mixed'] });
    expect(await observe(app, get('/plain', ADMIN))).toEqual({ status: 200, cors: UNREADABLE, ran: ['plain'] });
    expect(app.get(CorsService).policies()[0]?.policy.origin).toEqual([APP, '[resolver]']);
  });

  it('rejects, with rejectDisallowed, what it denies: on routes and elsewhere', async () => {
    const app = await start(async origin => Promise.resolve(origin === APP), { own: { rejectDisallowed: true } });

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get('/nope', EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get('/nope', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
  });

  const FAULTS: readonly [string, CorsOriginResolverRef, RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('no\ndatabase');
      },
      /^The resolver function threw "no\\ndatabase": the origin is denied\.$/,
    ],
    ['rejects', () => Promise.reject(new Error('gone')), /rejected with "gone"/],
    ['rejects with nothing', () => Promise.reject(), /rejected with undefined/],
    ['never answers', () => new Promise(() => {}), /gave no answer within 20 ms/],
    [
      'answers a string',
      () => 'yes' as never,
      /answered "yes", which is no boolean: the origin is denied\. Return true or false\./,
    ],
    [
      'answers 1 later',
      () => Promise.resolve(1 as never),
      /answered 1, which is no boolean: the origin is denied\. Return true or false\./,
    ],
    ['answers nothing', () => undefined as never, /answered undefined/],
    [
      'answers what only looks like a promise',
      () =>
        ({
          then: () => {
            throw new Error('thenable');
          },
        }) as never,
      /rejected with "thenable"/,
    ],
    [
      'is a trap',
      () =>
        ({
          get then() {
            throw new Error('trap');
          },
        }) as never,
      /threw "trap"/,
    ],
    [
      'has a class that throws',
      class Faulty implements CorsOriginResolver {
        isAllowed(): boolean {
          throw new Error('class');
        }
      },
      /The resolver Faulty threw "class"/,
    ],
  ];

  it.each(FAULTS)('that %s denies, and says so once (DYN-05)', async (_what, faulty, line) => {
    const logger = new RecordingLogger();
    const app = await start([ADMIN, faulty], { nest: { logger }, own: { resolver: { timeoutMs: 20 } } });

    for (let round = 0; round < 3; round++) {
      expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
      expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    }
    expect(await observe(app, get('/cats', ADMIN))).toEqual({ status: 200, cors: readable(ADMIN), ran: ['list'] });
    expect(logger.ofCors('error')).toEqual([expect.stringMatching(line)]);
  });

  it('that answers too late has no effect by then, and leaves no rejection unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const late: ((error: Error) => void)[] = [];
    const app = await start(() => new Promise((_resolve, reject) => late.push(reject)), {
      own: { resolver: { timeoutMs: 5 } },
    });

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    for (const reject of late) reject(new Error('late'));
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect([late.length, unhandled]).toEqual([1, []]);
  });

  it('that hangs keeps no request or response in memory that was answered when the time was up', async () => {
    // What an async function that waits forever refers to: its promise and its arguments.
    const hanging: (readonly [Promise<boolean>, CorsRequestContext])[] = [];
    const hang = (_origin: string, context: CorsRequestContext) => {
      const promise = new Promise<boolean>(() => {});
      hanging.push([promise, context]);
      return promise;
    };
    const app = await start(hang, { own: { resolver: { timeoutMs: 5 } } });
    const served: WeakRef<object>[] = [];
    const note = (request: object, response: object) => served.push(new WeakRef(request), new WeakRef(response));
    (app.getHttpServer() as { on(event: 'request', listener: typeof note): void }).on('request', note);

    for (let round = 0; round < 10; round++) {
      expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
      expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
      expect(await observe(app, get('/nope', APP))).toEqual({ status: 404, cors: UNREADABLE, ran: [] });
    }
    await collectGarbage();
    expect(served).toHaveLength(60);
    expect(hanging).toHaveLength(30);
    expect(served.filter(each => each.deref() !== undefined)).toHaveLength(0);
  });

  it('with `maxOpen` open calls denies what it is not called about, says so once, and goes on as they settle', async () => {
    const logger = new RecordingLogger();
    let calls = 0;
    const settle: ((allowed: boolean) => void)[] = [];
    const bothCalled = new Gate();
    const app = await start(
      () => {
        calls++;
        if (calls > 2) return true;
        if (calls === 2) void bothCalled.pass();
        return new Promise<boolean>(resolve => settle.push(resolve));
      },
      { nest: { logger }, own: { resolver: { timeoutMs: 60_000, maxOpen: 2 } } },
    );
    const waiting = [send(app, get('/cats?x=1', APP)), send(app, get('/cats?x=2', APP))];
    await bothCalled.reached;

    for (let round = 0; round < 3; round++) {
      expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
      expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    }
    expect(await app.get(CorsService).explain({ method: 'GET', url: '/cats', origin: APP })).toMatchObject({
      actual: { reason: 'resolver-failed' },
    });
    expect(calls).toBe(2);
    expect(logger.ofCors('error')).toEqual([
      'The resolver function was not called because its open calls reached resolver.maxOpen (2): the origin is denied.',
    ]);

    for (const allow of settle) allow(true);
    for (const { status, cors } of await Promise.all(waiting)) expect([status, cors]).toEqual([200, readable(APP)]);
    expect(take()).toEqual(['list', 'list']);
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
  });

  it('that hangs is called again after ten times its time limit', async () => {
    let calls = 0;
    const app = await start(() => ++calls > 1 || new Promise<boolean>(() => {}), {
      own: { resolver: { timeoutMs: 5, maxOpen: 1 } },
    });
    const ask = () => observe(app, get('/cats', APP));

    expect(await ask()).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    let last = await ask();
    // However long it takes: each of these is denied, and the resolver is not called.
    while (calls === 1) {
      expect(last).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
      last = await ask();
    }
    expect(last).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
  });

  it('is asked once for requests that are equal and open at the same time (DYN-09)', async () => {
    let asked = 0;
    let open: (allowed: boolean) => void = () => {};
    const answer = new Promise<boolean>(resolve => (open = resolve));
    const app = await start(() => {
      asked++;
      return answer;
    });
    const arrived = new Promise<void>(resolve => {
      let waiting = 0;
      // After the app's own listener: the request waits for its answer by then.
      const count = () => void (++waiting === 11 && resolve());
      (app.getHttpServer() as { on(event: 'request', listener: () => void): void }).on('request', count);
    });
    const equal = Array.from({ length: 10 }, () => observe(app, get('/cats', APP)));
    const other = observe(app, { path: '/cats', headers: { Origin: APP, 'X-Other': '1' } });
    await arrived;
    open(true);

    for (const { status, cors } of await Promise.all([...equal, other])) {
      expect([status, cors]).toEqual([200, readable(APP)]);
    }
    take();
    expect(asked).toBe(2);
  });

  it('is told by explain(), which asks it as a request would', async () => {
    const app = await start(async (origin, { method }) => Promise.resolve(origin === APP && method === 'PUT'));
    const explain = (origin: string, method: string) =>
      app.get(CorsService).explain({ method, url: '/cats/1', origin });

    expect(await explain(APP, 'PUT')).toMatchObject({
      preflight: { allowed: true, headers: { 'Access-Control-Allow-Methods': 'PUT' } },
      actual: { allowed: true, headers: { 'Access-Control-Allow-Origin': APP } },
    });
    const denied = await explain(EVIL, 'PUT');
    expect(denied).toMatchObject({ preflight: { reason: 'resolver-denied' }, actual: { reason: 'resolver-denied' } });
    expect(denied.hint).toBe(`The resolver in CorsModule.forRoot() answered false for "${EVIL}": change its answer.`);
  });
});

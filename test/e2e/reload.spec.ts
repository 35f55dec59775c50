import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Body, Controller, Get, Inject, Injectable, Module, Post, Put, type INestApplication } from '@nestjs/common';
import {
  add,
  Cors,
  CorsConfigurationError,
  CorsModule,
  CorsService,
  type CorsIssue,
  type CorsModuleOptions,
  type CorsOriginResolver,
} from 'nestjs-cors';
import { ResolverBinder } from '../../lib/resolvers/bind.js';
import { closeApps, configurationErrorOf, createApp, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, responseOf, send } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observed, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

/** A promise that a test settles. */
function gate<T>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>(resolve => (open = resolve));
  return { promise, open };
}

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Cors({ origin: add(PARTNER), maxAge: 5 })
  @Put(':id')
  replace() {
    return ran('replace');
  }

  @Cors('public')
  @Get('status')
  status() {
    return ran('status');
  }

  @Post()
  create(@Body() body: unknown) {
    return ran(`create ${JSON.stringify(body)}`);
  }
}

@Injectable()
class Unresolved implements CorsOriginResolver {
  constructor(@Inject('missing') readonly missing: unknown) {}

  isAllowed() {
    return true;
  }
}

const policies = { public: { origin: '*' } };
const BEFORE: CorsModuleOptions = { origin: APP, policies };
const AFTER: CorsModuleOptions = {
  origin: ADMIN,
  credentials: true,
  exposedHeaders: ['x-total'],
  policies: { public: { origin: false } },
  routes: [{ path: '/graphql', policy: { origin: EVIL } }],
};

afterEach(closeApps);

describe.each(PLATFORMS)('CorsService.reload() on %s', platform => {
  const start = (options: Partial<AppOptions> = {}) =>
    startApp({ platform, cors: BEFORE, controllers: [CatsController], ...options });
  /** @returns the issues that it rejects with; none where the options are in use */
  const reload = (app: INestApplication, options: unknown): Promise<readonly CorsIssue[]> =>
    app
      .get(CorsService)
      .reload(options as CorsModuleOptions)
      .then(
        () => [],
        (error: unknown) => {
          if (error instanceof CorsConfigurationError) return error.issues;
          throw error;
        },
      );
  const served = async (app: INestApplication, origin: string) =>
    expect(await observe(app, get('/cats', origin))).toEqual({ status: 200, cors: readable(origin), ran: ['list'] });
  const unserved = async (app: INestApplication, origin: string) =>
    expect(await observe(app, get('/cats', origin))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });

  it('puts other options into force, whole, under the decorators and features of the app', async () => {
    @Controller('orders')
    class OrdersController {
      @Get()
      list() {
        return ran('orders');
      }
    }
    @Module({ imports: [CorsModule.forFeature({ origin: add(PARTNER) })], controllers: [OrdersController] })
    class OrdersModule {}
    const app = await start({ cors: { ...BEFORE, rejectDisallowed: true }, imports: [OrdersModule] });
    const exposing = { credentials: true, exposed: 'x-total' };

    expect(await reload(app, AFTER)).toEqual([]);
    expect(await observe(app, get('/cats', ADMIN))).toEqual({
      status: 200,
      cors: readable(ADMIN, exposing),
      ran: ['list'],
    });
    // They replace those before, and are not merged over them: nothing is rejected any more.
    await unserved(app, APP);
    for (const origin of [ADMIN, PARTNER]) {
      expect(await observe(app, preflightOf('/cats/1', origin, 'PUT'))).toEqual({
        status: 204,
        cors: granted(origin, { methods: 'PUT', maxAge: '5', credentials: true }),
        ran: [],
      });
      expect(await observe(app, get('/orders', origin))).toEqual({
        status: 200,
        cors: readable(origin, exposing),
        ran: ['orders'],
      });
    }
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual(refused);
    expect(await observe(app, get('/cats/status', APP))).toEqual({ status: 200, cors: CLOSED, ran: ['status'] });
    expect(await observe(app, get('/graphql', EVIL))).toEqual({
      status: 404,
      cors: readable(EVIL, exposing),
      ran: [],
    });
    expect(await observe(app, get('/nope', ADMIN))).toEqual({ status: 404, cors: readable(ADMIN, exposing), ran: [] });
    expect(app.get(CorsService).trustedOrigins()).toEqual([ADMIN, PARTNER, EVIL]);
    expect(app.get(CorsService).policies()[0]).toMatchObject({ policy: { origin: [ADMIN], credentials: true } });
  });

  it.each<[what: string, options: unknown]>([
    [
      'several mistakes',
      { origin: `${APP}/`, orign: APP, policies: { public: { origin: true } }, routes: [{ path: '/x', policy: 'no' }] },
    ],
    ['a policy gone that a route names', { origin: ADMIN }],
    ['what does not merge', { origin: '*', policies }],
    ['an unset origin', { origin: undefined, policies }],
    ['null', null],
    ['a Map', new Map([['origin', ADMIN]])],
    ['bounds that a decorator exceeds', { origin: APP, policies, bounds: { origin: APP, anyOrigin: true } }],
    [
      'a resolver that cannot be made',
      {
        origin: Unresolved,
        policies,
      },
    ],
  ])('changes nothing with %s, and tells what boot would', async (_what, options) => {
    const { issues: atBoot } = await configurationErrorOf({
      platform,
      imports: [CorsModule.forRootAsync({ useFactory: () => options as CorsModuleOptions })],
      controllers: [CatsController],
    });
    const app = await start();
    const { warnings } = app.get(CorsService);
    const issues = await reload(app, options);

    expect(issues).toEqual(atBoot);
    await served(app, APP);
    await unserved(app, ADMIN);
    expect(await observe(app, get('/cats/status', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['status'] });
    expect(app.get(CorsService).warnings).toBe(warnings);
  });

  it('rejects as boot does, and not with a list that nobody reads', async () => {
    const app = await start();
    const refused = app.get(CorsService).reload(JSON.parse('{ "origin": true }') as CorsModuleOptions);

    await expect(refused).rejects.toBeInstanceOf(CorsConfigurationError);
    await expect(refused).rejects.toThrow(/^the CORS configuration has 2 errors\n/);
    expect(await app.get(CorsService).reload({ ...BEFORE, origin: ADMIN })).toBeUndefined();
    await served(app, ADMIN);
  });

  it('goes on after one that was refused', async () => {
    const app = await start();
    expect(await reload(app, { origin: true })).not.toEqual([]);
    expect(await reload(app, { ...BEFORE, origin: ADMIN })).toEqual([]);

    await served(app, ADMIN);
  });

  it('holds the new options to their own bounds, resolvers included', async () => {
    const app = await start({ cors: { ...BEFORE, bounds: { origin: [APP, PARTNER], anyOrigin: true } } });
    const bounds = { origin: [ADMIN, PARTNER], anyOrigin: true };
    expect((await reload(app, { ...BEFORE, bounds })).map(({ code, path }) => [code, path])).toEqual([
      ['bounds_origin', 'origin[0]'],
    ]);
    await served(app, APP);

    expect(await reload(app, { ...BEFORE, bounds, origin: [PARTNER, () => true] })).toEqual([]);
    await served(app, ADMIN);
    await unserved(app, EVIL);
  });

  it('binds resolvers anew', async () => {
    let made = 0;
    @Injectable()
    class Counting implements CorsOriginResolver {
      readonly number = ++made;

      isAllowed(origin: string) {
        return origin === (this.number === 1 ? APP : ADMIN);
      }
    }
    const app = await start({ cors: { ...BEFORE, origin: Counting } });
    await served(app, APP);
    expect(await reload(app, { ...BEFORE, origin: Counting })).toEqual([]);
    await served(app, ADMIN);
    expect(made).toBe(2);

    expect(
      await reload(app, { ...BEFORE, origin: (origin: string) => origin === EVIL, resolver: { timeoutMs: 5 } }),
    ).toEqual([]);
    await served(app, EVIL);
    await unserved(app, ADMIN);
    expect(await reload(app, { ...BEFORE, origin: () => new Promise(() => {}), resolver: { timeoutMs: 5 } })).toEqual(
      [],
    );
    await unserved(app, EVIL);
    expect(await reload(app, BEFORE)).toEqual([]);
    await served(app, APP);
  });

  describe('lets requests under way finish under the policies that they arrived at', () => {
    it('in a handler', async () => {
      const [arrived, released] = [gate<undefined>(), gate<undefined>()];
      @Controller('slow')
      class SlowController {
        @Get()
        async wait() {
          arrived.open(undefined);
          await released.promise;
          return ran('wait');
        }
      }
      const app = await start({ controllers: [CatsController, SlowController] });
      const response = send(app, get('/slow', APP));
      await arrived.promise;
      expect(await reload(app, AFTER)).toEqual([]);
      released.open(undefined);

      expect(observed(await response)).toEqual({ status: 200, cors: readable(APP), ran: ['wait'] });
      await unserved(app, APP);
    });

    it('while a resolver is asked, about a preflight and about a request', async () => {
      const answer = gate<boolean>();
      let asked = 0;
      const both = gate<undefined>();
      const origin = () => {
        if (++asked === 2) both.open(undefined);
        return answer.promise;
      };
      const app = await start({ cors: { ...BEFORE, origin, credentials: true } });
      const actual = send(app, get('/cats', APP));
      const preflight = send(app, preflightOf('/cats', APP, 'GET'));
      await both.promise;
      expect(await reload(app, { origin: false, policies })).not.toEqual([]);
      expect(await reload(app, { ...BEFORE, origin: ADMIN })).toEqual([]);
      answer.open(true);

      expect(await actual).toMatchObject({ status: 200, cors: readable(APP, { credentials: true }) });
      expect(await preflight).toMatchObject({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD, POST', credentials: true }),
      });
      expect(observed(await actual).ran).toEqual(['list']);
      await unserved(app, APP);
    });

    it.each([
      ['whole', '{"a":1}', 201, ['create {"a":1}']],
      ['malformed', '{"a":1', 400, []],
    ])('while their body comes in, %s', async (_how, body, status, handlers) => {
      const app = await start();
      const request = httpRequest({
        host: '127.0.0.1',
        port: portOf(app),
        agent: false,
        path: '/cats',
        method: 'POST',
        headers: { Origin: APP, 'Content-Type': 'application/json', 'Content-Length': body.length },
      });
      const arrived = once(app.getHttpServer() as never, 'request');
      request.write(body.slice(0, 3));
      await arrived;
      expect(await reload(app, AFTER)).toEqual([]);
      request.end(body.slice(3));
      const [response] = (await once(request, 'response')) as Parameters<typeof responseOf>[0][];
      if (response === undefined) throw new Error('No response');

      expect(observed(responseOf(response, await text(response)))).toEqual({
        status,
        cors: readable(APP),
        ran: handlers,
      });
    });
  });

  it('ends in the last one that was asked for, whichever takes longest', async () => {
    const [first, started] = [gate<undefined>(), gate<undefined>()];
    @Injectable()
    class Slow implements CorsOriginResolver {
      isAllowed() {
        return true;
      }
    }
    const app = await start();
    const binder = app.get(ResolverBinder);
    const bind = binder.bind.bind(binder);
    binder.bind = async (refs, ...rest) => {
      const all = [...refs];
      if (all.includes(Slow)) {
        started.open(undefined);
        await first.promise;
      }
      return bind(all, ...rest);
    };
    const settled: string[] = [];
    const note = (name: string) => (issues: readonly CorsIssue[]) => void settled.push(`${name} ${issues.length}`);
    const all = [
      reload(app, { ...BEFORE, origin: Slow }).then(note('slow')),
      reload(app, { origin: true }).then(note('wrong')),
      reload(app, { ...BEFORE, origin: ADMIN }).then(note('last')),
    ];
    await started.promise;
    // Nothing is in force before it is its turn.
    await served(app, APP);
    await unserved(app, ADMIN);
    first.open(undefined);
    await Promise.all(all);

    expect(settled.map(each => each.split(' ')[0])).toEqual(['slow', 'wrong', 'last']);
    await served(app, ADMIN);
    await unserved(app, EVIL);
  });

  it('is never seen half done: each response is of one configuration, and at last of the last', async () => {
    const one: CorsModuleOptions = {
      ...BEFORE,
      origin: [APP, 'https://*.example.com'],
      credentials: true,
      maxAge: 1,
      allowedHeaders: ['x-one', 'content-type'],
      exposedHeaders: ['x-one'],
    };
    const two: CorsModuleOptions = {
      ...BEFORE,
      origin: [APP, async () => Promise.resolve(true)],
      maxAge: 2,
      allowedHeaders: ['x-two', 'content-type'],
      exposedHeaders: ['x-two'],
    };
    const app = await start({ cors: one });
    const actual = [readable(APP, { credentials: true, exposed: 'x-one' }), readable(APP, { exposed: 'x-two' })];
    const preflights = [
      granted(APP, { methods: 'GET, HEAD, POST', headers: 'x-one, content-type', maxAge: '1', credentials: true }),
      granted(APP, { methods: 'GET, HEAD, POST', headers: 'x-two, content-type', maxAge: '2' }),
    ];
    const seen = { one: 0, two: 0 };
    const reloads: Promise<readonly CorsIssue[]>[] = [];
    for (let round = 0; round < 30; round++) {
      const responses = [get('/cats', APP), preflightOf('/cats', APP, 'GET', 'content-type')].flatMap(request => [
        send(app, request),
        send(app, request),
      ]);
      reloads.push(reload(app, round % 2 === 0 ? two : one), reload(app, { origin: true }));
      if (round % 3 === 0) reloads.push(reload(app, one), reload(app, two));
      const [first, second, third, fourth] = (await Promise.all(responses)).map(({ cors }) => cors);
      for (const cors of [first, second]) {
        expect(actual).toContainEqual(cors);
        seen[cors?.['access-control-expose-headers'] === 'x-one' ? 'one' : 'two']++;
      }
      for (const cors of [third, fourth]) expect(preflights).toContainEqual(cors);
    }
    const results = await Promise.all([...reloads, reload(app, two)]);
    const last = await observe(app, get('/cats', APP));

    expect(results.filter(issues => issues.length === 0).length).toBe(51);
    expect(last.cors).toEqual(actual[1]);
    expect(Math.min(seen.one, seen.two)).toBeGreaterThan(0);
  });

  it('has the warnings of the new options, and of decorators without effect still', async () => {
    @Controller('dogs')
    class DogsController {
      @Cors({ origin: ADMIN })
      helper() {}
    }
    const app = await start({ cors: { ...BEFORE, origin: [APP, APP] }, controllers: [CatsController, DogsController] });
    const codes = () => app.get(CorsService).warnings.map(({ code }) => code);
    expect(codes()).toEqual(['origin_duplicate', 'decorator_without_effect']);

    expect(await reload(app, { ...BEFORE, origin: [APP, 'https://a.example:*'] })).toEqual([]);
    expect(codes()).toEqual(['origin_any_port', 'decorator_without_effect']);
    expect(await reload(app, BEFORE)).toEqual([]);
    expect(codes()).toEqual(['decorator_without_effect']);
  });

  it('keeps the options as they were when it was called', async () => {
    const app = await start();
    const origin = [ADMIN];
    const options = { ...BEFORE, origin };
    const reloading = reload(app, options);
    origin.push(EVIL);
    options.origin = [EVIL];
    expect(await reloading).toEqual([]);
    origin.push(APP);

    await served(app, ADMIN);
    await unserved(app, EVIL);
    await unserved(app, APP);
  });

  it('is refused before the app is initialized, and works from then on', async () => {
    const app = await createApp({ platform, cors: BEFORE, controllers: [CatsController] });
    await expect(reload(app, AFTER)).rejects.toThrow('call app.init() or app.listen() first');
    await app.init();
    expect(await reload(app, AFTER)).toEqual([]);
    expect(app.get(CorsService).policies()[0]?.policy.origin).toEqual([ADMIN]);

    await app.close();
    // There is nobody to serve any more, and nothing to break.
    expect(await reload(app, BEFORE)).toEqual([]);
    expect(await reload(app, { origin: true })).not.toEqual([]);
  });

  it('begun before the app is closed is no obstacle to that', async () => {
    const app = await createApp({ platform, cors: BEFORE, controllers: [CatsController] });
    await app.listen(0, '127.0.0.1');
    const reloading = reload(app, AFTER);
    await app.close();

    expect(await reloading).toEqual([]);
  });
});

import { All, Controller, Get, Head, Module, Patch, Post, Put, type DynamicModule } from '@nestjs/common';
import {
  add,
  Cors,
  CorsModule,
  CorsService,
  NoCors,
  type CorsBounds,
  type CorsIssue,
  type CorsModuleOptions,
  type CorsPolicyOptions,
} from 'nestjs-cors';
import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { closeApps, configurationErrorOf, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

const BOUNDS: CorsBounds = {
  origin: [APP, 'https://*.example.com'],
  resolvers: false,
  credentials: false,
  methods: ['GET', 'POST'],
  allowedHeaders: ['content-type', 'x-token'],
  exposedHeaders: ['x-total'],
  maxAge: 60,
};

const resolver = () => true;
/** One policy for each field that exceeds {@link BOUNDS} in it, and nothing else. */
const EXCESSES: readonly (readonly [options: CorsPolicyOptions, code: CorsIssue['code'], path: string])[] = [
  [{ origin: [APP, EVIL] }, 'bounds_origin', 'origin[1]'],
  [{ origin: '*' }, 'bounds_any_origin', 'origin'],
  [{ origin: [APP, resolver] }, 'bounds_resolver', 'origin'],
  [{ origin: APP, credentials: true }, 'bounds_credentials', 'credentials'],
  [{ origin: APP, methods: ['GET', 'PUT'] }, 'bounds_method', 'methods'],
  [{ origin: APP, allowedHeaders: ['x-other'] }, 'bounds_header', 'allowedHeaders'],
  [{ origin: APP, exposedHeaders: ['x-other'] }, 'bounds_header', 'exposedHeaders'],
  [{ origin: APP, maxAge: 61 }, 'bounds_max_age', 'maxAge'],
];

const list = { controller: 'OrdersController', handler: 'list', method: 'GET', path: '/orders' };
const create = { controller: 'OrdersController', handler: 'create', method: 'POST', path: '/orders' };

type Level = (options: CorsPolicyOptions) => Partial<AppOptions>;

function ordersWith(ofController: CorsPolicyOptions = {}, ofHandler: CorsPolicyOptions = {}) {
  @Cors(ofController)
  @Controller('orders')
  class OrdersController {
    @Cors(ofHandler)
    @Get()
    list() {
      return ran('list');
    }

    @Post()
    create() {
      return ran('create');
    }
  }
  return OrdersController;
}

function ordersModuleWith(feature: DynamicModule) {
  @Module({ imports: [feature], controllers: [ordersWith()] })
  class OrdersModule {}
  return OrdersModule;
}

const withCors = (options: Partial<CorsModuleOptions>): Partial<AppOptions> => ({
  cors: { origin: APP, bounds: BOUNDS, ...options },
});

const LEVELS: readonly (readonly [
  where: string,
  build: Level,
  location: CorsIssue['location'],
  routes: CorsIssue['routes'],
])[] = [
  [
    'the module',
    options => ({ ...withCors(options as Partial<CorsModuleOptions>), controllers: [ordersWith()] }),
    { level: 'module' },
    [],
  ],
  [
    'a named policy, also one that no route names',
    options => withCors({ policies: { some: options } }),
    { level: 'policy', policy: 'some' },
    [],
  ],
  [
    'a feature',
    options => ({ ...withCors({}), imports: [ordersModuleWith(CorsModule.forFeature(options))] }),
    { level: 'feature', module: 'OrdersModule' },
    [list, create],
  ],
  [
    'a controller',
    options => ({ ...withCors({}), controllers: [ordersWith(options)] }),
    { level: 'controller', controller: 'OrdersController' },
    [list, create],
  ],
  [
    'a handler',
    options => ({ ...withCors({}), controllers: [ordersWith({}, options)] }),
    { level: 'handler', controller: 'OrdersController', handler: 'list' },
    [list],
  ],
  [
    'a rule',
    options => withCors({ routes: [{ path: '/graphql', policy: options }] }),
    { level: 'route', rule: '/graphql' },
    [],
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)('Bounds on %s', platform => {
  const boot = (options: Partial<AppOptions>) => configurationErrorOf({ platform, ...options });
  const issuesOf = ({ issues }: { readonly issues: readonly CorsIssue[] }) =>
    issues.map(({ code, path, location, routes }) => ({ code, path, location, routes }));

  describe.each(LEVELS)('that %s exceeds', (_where, build, location, routes) => {
    it.each(EXCESSES)(
      'by %p are an error at that level, with the field and the routes',
      async (options, code, path) => {
        expect(issuesOf(await boot(build(options)))).toEqual([{ code, path, location, routes }]);
      },
    );

    it('are none that an inner level exceeds without cross-origin access', async () => {
      for (const [options] of EXCESSES) {
        const app = await startApp({ platform, ...build({ ...options, origin: false }) });
        const codes = app.get(CorsService).warnings.map(({ code }) => code);
        expect(codes.filter(code => code.startsWith('bounds'))).toEqual([]);
      }
    });
  });

  it('are told with the value, the place and the remedy', async () => {
    const error = await boot({ ...withCors({}), controllers: [ordersWith({ maxAge: 3600 }, { origin: add(EVIL) })] });

    expect(error.issues).toEqual([
      {
        code: 'bounds_origin',
        severity: 'error',
        path: 'origin[0]',
        value: EVIL,
        message:
          `Invalid origin[0] "${EVIL}" in @Cors() on OrdersController.list (GET /orders): ` +
          `${PROBLEMS.bounds_origin.problem}.`,
        hint: PROBLEMS.bounds_origin.hint,
        location: { level: 'handler', controller: 'OrdersController', handler: 'list' },
        routes: [list],
      },
      {
        code: 'bounds_max_age',
        severity: 'error',
        path: 'maxAge',
        value: 3600,
        message:
          'Invalid maxAge 3600 in @Cors() on OrdersController, affecting OrdersController.list (GET /orders) and 1 more: ' +
          `${PROBLEMS.bounds_max_age.problem}.`,
        hint: hintOf('bounds_max_age', '60'),
        location: { level: 'controller', controller: 'OrdersController' },
        routes: [list, create],
      },
    ]);
  });

  it('are exceeded where a part of a list is stated, not where the list is extended', async () => {
    const parts = { origin: [EVIL], methods: ['PUT'], allowedHeaders: ['x-b'], exposedHeaders: ['x-b'] };
    const more = {
      origin: add(APP),
      methods: add('GET'),
      allowedHeaders: add('x-token'),
      exposedHeaders: add('x-total'),
    };
    const error = await boot({ ...withCors(parts), controllers: [ordersWith(more, more)] });

    expect(issuesOf(error)).toEqual(
      (
        [
          ['bounds_origin', 'origin[0]'],
          ['bounds_method', 'methods'],
          ['bounds_header', 'allowedHeaders'],
          ['bounds_header', 'exposedHeaders'],
        ] as const
      ).map(([code, path]) => ({ code, path, location: { level: 'module' }, routes: [] })),
    );
  });

  it('hold for the methods that are routed where none are stated, and HEAD comes with GET', async () => {
    @Controller('cats')
    class CatsController {
      @Get()
      list() {}

      @Head('head')
      head() {}

      @Put(':id')
      replace() {}

      @All('any')
      any() {}

      @NoCors()
      @Patch()
      closed() {}

      @Cors({ methods: ['GET'] })
      @All('some')
      some() {}
    }
    const error = await boot({ ...withCors({ bounds: { methods: ['GET'] } }), controllers: [CatsController] });
    const route = (handler: string, method: string, path: string) => ({
      location: { level: 'handler', controller: 'CatsController', handler },
      routes: [{ controller: 'CatsController', handler, method, path }],
    });
    const replace = { code: 'bounds_method', path: 'methods', ...route('replace', 'PUT', '/cats/:id') };

    expect(error.issues.map(({ value }) => value)).toEqual(['PUT', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
    expect(issuesOf(error)).toEqual([
      replace,
      ...Array.from({ length: 5 }, () => ({
        code: 'bounds_method',
        path: 'methods',
        ...route('any', 'ALL', '/cats/any'),
      })),
    ]);
  });

  it('name GET once where it is not permitted: its HEAD is no method of its own', async () => {
    const error = await boot({ ...withCors({ bounds: { methods: ['POST'] } }), controllers: [ordersWith()] });
    expect(error.issues.map(({ code, value, routes }) => ({ code, value, routes }))).toEqual([
      { code: 'bounds_method', value: 'GET', routes: [list] },
    ]);
  });

  it('cut what is left out: the methods of rules and unknown paths, and the default max-age', async () => {
    const app = await startApp({
      platform,
      cors: {
        origin: APP,
        bounds: { methods: ['GET', 'POST'], maxAge: 60 },
        routes: [{ path: '/graphql', policy: {} }],
      },
      controllers: [ordersWith()],
    });

    for (const path of ['/graphql', '/nope']) {
      for (const [method, methods] of [
        ['GET', 'GET'],
        ['POST', 'POST'],
        ['HEAD', 'HEAD'],
      ] as const) {
        expect(await observe(app, preflightOf(path, APP, method))).toEqual({
          status: 204,
          cors: granted(APP, { methods, maxAge: '60' }),
          ran: [],
        });
      }
      for (const method of ['PUT', 'DELETE']) {
        expect(await observe(app, preflightOf(path, APP, method))).toEqual(refused);
        expect(await observe(app, { ...get(path, APP), method })).toEqual({ status: 404, cors: UNREADABLE, ran: [] });
      }
      expect(await observe(app, get(path, APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
    }
    expect(await observe(app, preflightOf('/orders', APP, 'POST'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, POST', maxAge: '60' }),
      ran: [],
    });
    expect(app.get(CorsService).policies()[0]).toMatchObject({
      policy: { maxAge: 60, methods: ['GET', 'POST', 'HEAD'] },
      provenance: { maxAge: 'default', methods: 'default' },
    });
  });

  it("leave a default alone that is within them, and permit '*' by anyOrigin", async () => {
    const app = await startApp({
      platform,
      cors: {
        origin: APP,
        bounds: { origin: [APP], anyOrigin: true, maxAge: 3600 },
        policies: { public: { origin: '*' } },
      },
      controllers: [ordersWith({}, { origin: '*' })],
    });

    expect(await observe(app, get('/orders', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['list'] });
    expect(await observe(app, preflightOf('/orders', APP, 'POST'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'POST' }),
      ran: [],
    });
  });

  it('contain patterns that are narrower, and nothing else', async () => {
    const bounds = { origin: ['https://*.example.com', 'https://tools.example:*'] };
    const within = ['https://*.a.example.com', 'https://b.example.com', 'https://tools.example:8443'];
    const app = await startApp({ platform, cors: { origin: within, bounds }, controllers: [ordersWith()] });

    for (const origin of ['https://x.a.example.com', 'https://b.example.com', 'https://tools.example:8443']) {
      expect(await observe(app, get('/orders', origin))).toEqual({
        status: 200,
        cors: readable(origin),
        ran: ['list'],
      });
    }
    expect(await observe(app, get('/orders', 'https://c.example.com'))).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['list'],
    });

    const beyond = [
      'https://example.com',
      'https://*.com',
      'http://a.example.com',
      'https://a.example.com:8443',
      'https://a.example.com:*',
      'http://tools.example:1',
    ];
    const error = await boot({
      cors: {
        origin: [...within, ...beyond],
        bounds,
        dangerouslyAllowInsecureOrigins: true,
        dangerouslyAllowPublicSuffixPatterns: true,
      },
    });
    expect(issuesOf(error)).toEqual(
      beyond.map((_, index) => ({
        code: 'bounds_origin',
        path: `origin[${String(within.length + index)}]`,
        location: { level: 'module' },
        routes: [],
      })),
    );
  });

  it.each<[string, (allowed: boolean) => boolean | Promise<boolean>]>([
    ['at once', allowed => allowed],
    ['later', async allowed => Promise.resolve(allowed)],
  ])('hold what a resolver allows, which is not asked about what lies beyond (answering %s)', async (_when, answer) => {
    const asked: string[] = [];
    const app = await startApp({
      platform,
      cors: {
        origin: [
          APP,
          origin => {
            asked.push(origin);
            return answer(true);
          },
        ],
        bounds: { origin: [APP, ADMIN, 'https://*.example.com'] },
        routes: [{ path: '/graphql', policy: {} }],
      },
      controllers: [ordersWith()],
    });

    for (const origin of [ADMIN, 'https://a.example.com']) {
      expect(await observe(app, get('/orders', origin))).toEqual({
        status: 200,
        cors: readable(origin),
        ran: ['list'],
      });
      expect(await observe(app, preflightOf('/orders', origin, 'GET'))).toMatchObject({ status: 204 });
    }
    expect(asked.splice(0)).toContain(ADMIN);
    for (const origin of [EVIL, 'https://example.com', 'http://a.example.com', 'https://a.example.com:8443']) {
      for (const [path, status, handlers] of [
        ['/orders', 200, ['list']],
        ['/graphql', 404, []],
        ['/nope', 404, []],
      ] as const) {
        expect(await observe(app, get(path, origin))).toEqual({ status, cors: UNREADABLE, ran: handlers });
        expect(await observe(app, preflightOf(path, origin, 'GET'))).toEqual(refused);
      }
    }
    expect(asked).toEqual([]);
    expect(await app.get(CorsService).explain({ method: 'GET', url: '/orders', origin: EVIL })).toMatchObject({
      actual: { allowed: false, reason: 'origin-not-allowed' },
    });
    expect(asked).toEqual([]);
  });

  it('add nothing to what is in error by itself', async () => {
    const wrong = {
      origin: 7,
      methods: ['get'],
      allowedHeaders: ['x y'],
      exposedHeaders: 7,
      credentials: 1,
      maxAge: -1,
    };
    const error = await boot({ cors: { ...wrong, bounds: BOUNDS } as never, controllers: [ordersWith()] });
    expect(error.issues.map(({ code }) => code)).toEqual([
      'origin_type',
      'method_case',
      'header_invalid',
      'headers_type',
      'boolean_type',
      'max_age',
    ]);
    const others = await boot({ cors: { ...wrong, origin: APP, bounds: BOUNDS } as never });
    expect(others.issues.map(({ code }) => code)).toEqual(error.issues.slice(1).map(({ code }) => code));
  });

  it('that are wrong are errors at their own fields', async () => {
    const bounds = { orign: [APP], methods: add('GET'), origin: [`${APP}/`], credentials: 'no', maxAge: -1 };
    const error = await boot({ cors: { origin: APP, bounds: bounds as never } });

    expect(error.issues.map(({ code, path, hint, location }) => ({ code, path, hint, location }))).toEqual(
      (
        [
          ['option_unknown', 'orign', hintOf('option_unknown', 'origin')],
          ['origin_path', 'origin[0]', hintOf('origin_path', APP)],
          ['add_without_list', 'methods', hintOf('add_without_list', undefined)],
          ['max_age', 'maxAge', hintOf('max_age', '0')],
          ['boolean_type', 'credentials', hintOf('boolean_type', 'false')],
        ] as const
      ).map(([code, path, hint]) => ({ code, path: `bounds.${path}`, hint, location: { level: 'module' } })),
    );
  });

  it.each([[[APP]], ['*'], [new Map([['origin', APP]])], [Promise.resolve({ origin: APP })]])(
    'that are none, %p, are an error',
    async bounds => {
      const error = await boot({ cors: { origin: APP, bounds: bounds as never } });
      expect(issuesOf(error)).toEqual([
        { code: 'bounds_type', path: 'bounds', location: { level: 'module' }, routes: [] },
      ]);
    },
  );
});

import {
  Controller,
  forwardRef,
  Get,
  Global,
  Module,
  Post,
  Put,
  Scope,
  VersioningType,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader, RouterModule } from '@nestjs/core';
import {
  add,
  Cors,
  CorsConfigurationError,
  CorsModule,
  CorsService,
  NoCors,
  type CorsModuleOptions,
} from 'nestjs-cors';
import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { hintFor } from '../support/remedy.js';
import { closeApps, configurationErrorOf, PLATFORMS, startApp, createApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import {
  ADMIN,
  APP,
  CLOSED,
  DEFAULT_POLICY,
  DEFAULT_PROVENANCE,
  EVIL,
  granted,
  PUBLIC,
  readable,
  REFUSED,
  UNREADABLE,
} from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

/** A controller with one GET route, which says its own name. */
function controllerAt(path: string): Type {
  @Controller(path)
  class PathController {
    @Get()
    list() {
      return ran(path);
    }
  }
  return PathController;
}

/** A module with controllers of its own. */
function moduleOf(imports: NonNullable<AppOptions['imports']>, ...controllers: Type[]): Type {
  class SomeModule {}
  Module({ imports, controllers })(SomeModule);
  return SomeModule;
}

afterEach(closeApps);

describe.each(PLATFORMS)('CorsModule.forFeature() on %s', platform => {
  /** Asserts which of the origins may read each path, and that its handler ran. */
  async function expectReaders(app: Awaited<ReturnType<typeof startApp>>, readers: Record<string, string>) {
    for (const [path, reader] of Object.entries(readers)) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      for (const origin of [APP, ADMIN, PARTNER, EVIL]) {
        const may = origin === reader;
        expect([path, await observe(app, get(path, origin))]).toEqual([
          path,
          { status: 200, cors: may ? readable(origin) : UNREADABLE, ran: [name] },
        ]);
        expect([path, await observe(app, preflightOf(path, origin, 'GET'))]).toEqual([
          path,
          may ? { status: 204, cors: granted(origin, { methods: 'GET, HEAD' }), ran: [] } : refused,
        ]);
      }
    }
  }

  it("stands between forRoot() and the controller's @Cors(), field by field", async () => {
    @Cors({ maxAge: 30, allowedHeaders: add('x-controller') })
    @Controller('orders')
    class OrdersController {
      @Put()
      replace() {
        return ran('replace');
      }

      @Cors({ origin: ADMIN, exposedHeaders: add('x-page') })
      @Post()
      create() {
        return ran('create');
      }
    }
    const feature = CorsModule.forFeature({
      origin: add(PARTNER),
      allowedHeaders: ['x-feature'],
      maxAge: 20,
      credentials: false,
    });
    const app = await startApp({
      platform,
      cors: { origin: APP, credentials: true, maxAge: 10, exposedHeaders: ['x-total'] },
      imports: [moduleOf([feature], OrdersController)],
    });
    const terms = { headers: 'x-feature, x-controller', maxAge: '30' };

    for (const origin of [APP, PARTNER]) {
      expect(await observe(app, preflightOf('/orders', origin, 'PUT', 'x-feature,x-controller'))).toEqual({
        status: 204,
        cors: granted(origin, { methods: 'PUT', ...terms }),
        ran: [],
      });
      expect(await observe(app, { ...get('/orders', origin), method: 'PUT' })).toEqual({
        status: 200,
        cors: readable(origin, { exposed: 'x-total' }),
        ran: ['replace'],
      });
    }
    expect(await observe(app, preflightOf('/orders', ADMIN, 'PUT'))).toEqual(refused);
    expect(await observe(app, preflightOf('/orders', PARTNER, 'POST'))).toEqual(refused);
    expect(await observe(app, { ...get('/orders', ADMIN), method: 'POST' })).toEqual({
      status: 201,
      cors: readable(ADMIN, { exposed: 'x-total, x-page' }),
      ran: ['create'],
    });
  });

  it('takes a named policy, whole, with overrides, and false', async () => {
    @Controller('reopened')
    class ReopenedController {
      @Cors({ origin: ADMIN })
      @Get()
      list() {
        return ran('reopened');
      }
    }
    const cors: CorsModuleOptions = {
      origin: APP,
      exposedHeaders: ['x-total'],
      policies: { public: { origin: '*' }, partner: { origin: PARTNER, maxAge: 5 } },
    };
    const app = await startApp({
      platform,
      cors,
      imports: [
        moduleOf([CorsModule.forFeature('public')], controllerAt('status')),
        moduleOf([CorsModule.forFeature('partner', { credentials: true, origin: add(ADMIN) })], controllerAt('orders')),
        moduleOf([CorsModule.forFeature(false)], controllerAt('internal'), ReopenedController),
      ],
    });

    expect(await observe(app, get('/status', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['status'] });
    for (const origin of [PARTNER, ADMIN]) {
      expect(await observe(app, preflightOf('/orders', origin, 'GET'))).toEqual({
        status: 204,
        cors: granted(origin, { methods: 'GET, HEAD', maxAge: '5', credentials: true }),
        ran: [],
      });
    }
    expect(await observe(app, get('/orders', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['orders'] });
    expect(await observe(app, get('/internal', APP))).toEqual({ status: 200, cors: CLOSED, ran: ['internal'] });
    expect(await observe(app, preflightOf('/internal', APP, 'GET'))).toEqual(refused);
    // A nearer level re-enables what the feature disabled.
    expect(await observe(app, get('/reopened', ADMIN))).toEqual({
      status: 200,
      cors: readable(ADMIN, { exposed: 'x-total' }),
      ran: ['reopened'],
    });
  });

  it('is replaced by a named policy of a controller, and by @NoCors()', async () => {
    @Cors('public')
    @Controller('named')
    class NamedController {
      @Get()
      list() {
        return ran('named');
      }

      @NoCors()
      @Put()
      replace() {
        return ran('replace');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP, policies: { public: { origin: '*' } } },
      imports: [moduleOf([CorsModule.forFeature({ credentials: true, origin: PARTNER })], NamedController)],
    });

    expect(await observe(app, get('/named', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['named'] });
    expect(await observe(app, preflightOf('/named', PARTNER, 'PUT'))).toEqual(refused);
  });

  it('is of the module that imports it alone: not of its parents, its imports, what exports it, or another feature', async () => {
    const feature = CorsModule.forFeature({ origin: PARTNER });
    const Child = moduleOf([], controllerAt('child'));
    class ExportingModule {}
    Module({ imports: [feature, Child], exports: [feature, Child], controllers: [controllerAt('exporting')] })(
      ExportingModule,
    );
    class GlobalModule {}
    Module({ imports: [CorsModule.forFeature({ origin: ADMIN })], controllers: [controllerAt('global')] })(
      GlobalModule,
    );
    Global()(GlobalModule);
    const Parent = moduleOf([ExportingModule], controllerAt('parent'));
    const Other = moduleOf([CorsModule.forFeature({ origin: ADMIN }), ExportingModule], controllerAt('other'));
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [Parent, Other, GlobalModule],
      controllers: [controllerAt('root')],
    });

    await expectReaders(app, {
      '/child': APP,
      '/exporting': PARTNER,
      '/parent': APP,
      '/other': ADMIN,
      '/global': ADMIN,
      '/root': APP,
    });
  });

  it('of the root module is for its own controllers', async () => {
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [CorsModule.forFeature({ origin: ADMIN }), moduleOf([], controllerAt('below'))],
      controllers: [controllerAt('root')],
    });

    await expectReaders(app, { '/root': ADMIN, '/below': APP });
    expect(await observe(app, get('/nope', ADMIN))).toEqual({ status: 404, cors: UNREADABLE, ran: [] });
  });

  it('differs between dynamic modules of one class', async () => {
    class TenantModule {
      static for(tenant: string, origin: string): DynamicModule {
        return {
          module: TenantModule,
          imports: [CorsModule.forFeature({ origin })],
          controllers: [controllerAt(tenant)],
        };
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [TenantModule.for('one', PARTNER), TenantModule.for('two', ADMIN)],
    });

    await expectReaders(app, { '/one': PARTNER, '/two': ADMIN });
  });

  it('may be imported by several modules, as one object', async () => {
    const feature = CorsModule.forFeature({ origin: PARTNER });
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [moduleOf([feature], controllerAt('one')), moduleOf([feature, feature], controllerAt('two'))],
    });

    await expectReaders(app, { '/one': PARTNER, '/two': PARTNER });
  });

  it('holds under a global prefix, the prefix of RouterModule and in versions', async () => {
    @Controller({ path: 'orders', version: '1' })
    class FirstController {
      @Get()
      list() {
        return ran('first');
      }
    }
    @Controller({ path: 'orders', version: '2' })
    class SecondController {
      @Get()
      list() {
        return ran('second');
      }
    }
    const First = moduleOf([CorsModule.forFeature({ origin: PARTNER })], FirstController);
    const Second = moduleOf([CorsModule.forFeature({ origin: ADMIN })], SecondController);
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [
        First,
        Second,
        RouterModule.register([
          { path: 'shop', module: First },
          { path: 'shop', module: Second },
        ]),
      ],
      configure: app => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI });
      },
    });

    for (const [path, origin, handler] of [
      ['/api/v1/shop/orders', PARTNER, 'first'],
      ['/api/v2/shop/orders', ADMIN, 'second'],
    ] as const) {
      expect(await observe(app, get(path, origin))).toEqual({ status: 200, cors: readable(origin), ran: [handler] });
      expect(await observe(app, get(path, APP))).toEqual({ status: 200, cors: UNREADABLE, ran: [handler] });
      expect(await observe(app, preflightOf(path, origin, 'GET'))).toEqual({
        status: 204,
        cors: granted(origin, { methods: 'GET, HEAD' }),
        ran: [],
      });
    }
    expect(await observe(app, preflightOf('/api/v1/shop/orders', ADMIN, 'GET'))).toEqual(refused);
  });

  it('holds for controllers that are made for each request', async () => {
    let made = 0;
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedController {
      constructor() {
        made++;
      }

      @Get()
      list() {
        return ran('scoped');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [moduleOf([CorsModule.forFeature({ origin: PARTNER })], ScopedController)],
    });

    await expectReaders(app, { '/scoped': PARTNER });
    // One for each actual request, none for preflights.
    expect(made).toBe(4);
  });

  it.each<[string, (feature: Type) => Partial<AppOptions>]>([
    ['after forRoot()', feature => ({ imports: [CorsModule.forRoot({ origin: APP }), feature] })],
    ['before forRoot()', feature => ({ imports: [feature, CorsModule.forRoot({ origin: APP })] })],
    [
      'before forRootAsync()',
      feature => ({
        imports: [feature, CorsModule.forRootAsync({ useFactory: async () => Promise.resolve({ origin: APP }) })],
      }),
    ],
    ['below other modules', feature => ({ cors: { origin: APP }, imports: [moduleOf([moduleOf([feature])])] })],
    [
      'below the module that has forRoot()',
      feature => ({ imports: [moduleOf([moduleOf([feature]), CorsModule.forRoot({ origin: APP })])] }),
    ],
    [
      'in Test.createTestingModule()',
      feature => ({ cors: { origin: APP }, imports: [feature], bootstrap: 'Test.createTestingModule' }),
    ],
  ])('holds where its module is imported %s', async (_where, options) => {
    const feature = moduleOf([CorsModule.forFeature({ origin: PARTNER })], controllerAt('orders'));
    const app = await startApp({ platform, ...options(feature), controllers: [controllerAt('root')] });

    await expectReaders(app, { '/orders': PARTNER, '/root': APP });
  });

  it('holds in modules that import each other, and in one that is loaded late there is nothing to hold for', async () => {
    class One {}
    class Two {}
    Module({
      imports: [forwardRef(() => Two), CorsModule.forFeature({ origin: PARTNER })],
      controllers: [controllerAt('one')],
    })(One);
    Module({
      imports: [forwardRef(() => One), CorsModule.forFeature({ origin: ADMIN })],
      controllers: [controllerAt('two')],
    })(Two);
    const app = await startApp({ platform, cors: { origin: APP }, imports: [One] });
    await app
      .get(LazyModuleLoader)
      .load(() => moduleOf([CorsModule.forFeature({ origin: EVIL })], controllerAt('late')));

    await expectReaders(app, { '/one': PARTNER, '/two': ADMIN });
    // Nest does not route what it loads late.
    expect(await observe(app, get('/late', EVIL))).toEqual({ status: 404, cors: UNREADABLE, ran: [] });
  });

  it('is told by policies() and explain(), and the hint names the module that imports it', async () => {
    @Module({
      imports: [CorsModule.forFeature({ origin: PARTNER, maxAge: 5 })],
      controllers: [controllerAt('orders')],
    })
    class PartnerModule {}
    const app = await startApp({ platform, cors: { origin: APP, credentials: true }, imports: [PartnerModule] });
    const service = app.get(CorsService);
    const route = { controller: 'PathController', handler: 'list', method: 'GET', path: '/orders' };
    const policy = {
      ...DEFAULT_POLICY,
      origin: [PARTNER],
      methods: ['GET', 'HEAD'],
      maxAge: 5,
      credentials: true,
    };
    const provenance = { ...DEFAULT_PROVENANCE, origin: 'feature', maxAge: 'feature', credentials: 'module' };

    expect(service.policies()).toEqual([{ route, policy, provenance }]);
    expect(await service.explain({ method: 'GET', url: '/orders', origin: APP })).toMatchObject({
      route,
      policy,
      provenance,
      preflight: { allowed: false, reason: 'origin-not-allowed' },
      actual: { allowed: false, reason: 'origin-not-allowed' },
      hint: hintFor('origin-not-allowed', APP, 'CorsModule.forFeature() in PartnerModule'),
    });
    expect(await observe(app, get('/orders', PARTNER))).toEqual({
      status: 200,
      cors: readable(PARTNER, { credentials: true }),
      ran: ['orders'],
    });
  });

  it('warns where the module that imports it has no controllers of its own', async () => {
    @Module({ imports: [CorsModule.forFeature({ origin: PARTNER }), moduleOf([], controllerAt('child'))] })
    class EmptyModule {}
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: { origin: APP }, imports: [EmptyModule], nest: { logger } });
    const { warnings } = app.get(CorsService);

    expect(warnings).toEqual([
      {
        code: 'feature_without_effect',
        severity: 'warning',
        path: 'CorsModule.forFeature()',
        value: 'CorsModule.forFeature()',
        message: `CorsModule.forFeature() in EmptyModule ${PROBLEMS.feature_without_effect.problem}.`,
        hint: PROBLEMS.feature_without_effect.hint,
        location: { level: 'feature', module: 'EmptyModule' },
        routes: [],
      },
    ]);
    expect(logger.ofCors('warn')).toEqual([`${String(warnings[0]?.message)} ${String(warnings[0]?.hint)}`]);
    await expectReaders(app, { '/child': APP });
  });
});

describe.each(PLATFORMS)('A wrong CorsModule.forFeature() on %s', platform => {
  @Controller('orders')
  class OrdersController {
    @Get()
    list() {}

    @Put(':id')
    replace() {}
  }
  const list = { controller: 'OrdersController', handler: 'list', method: 'GET', path: '/orders' };
  const replace = { controller: 'OrdersController', handler: 'replace', method: 'PUT', path: '/orders/:id' };
  const feature = CorsModule.forFeature as (...args: unknown[]) => DynamicModule;
  const location = { level: 'feature', module: 'OrdersModule' };

  const boot = (imports: NonNullable<AppOptions['imports']>, options: Partial<AppOptions> = {}) => {
    @Module({ imports, controllers: [OrdersController] })
    class OrdersModule {}
    return configurationErrorOf({ platform, cors: { origin: APP }, imports: [OrdersModule], ...options });
  };
  const issuesOf = ({ issues }: CorsConfigurationError) =>
    issues.map(({ code, path, location, routes }) => ({ code, path, location, routes }));

  it('is an error where one module imports two, also of the same policy', async () => {
    for (const origin of [ADMIN, PARTNER]) {
      const error = await boot([feature({ origin: PARTNER }), feature({ origin })]);
      expect(issuesOf(error)).toEqual([
        { code: 'feature_twice', path: 'CorsModule.forFeature()', location, routes: [] },
      ]);
      expect(error.message).toContain('CorsModule.forFeature() in OrdersModule');
    }
  });

  it.each<[string, NonNullable<AppOptions['imports']>]>([
    ['with another', [feature({ origin: ADMIN })]],
    ['without one', []],
  ])('is an error where a controller is also of a module %s', async (_what, imports) => {
    const Elsewhere = moduleOf(imports, OrdersController);
    const error = await boot([], {
      imports: [
        // Or else Fastify refuses the second route of one path by itself.
        RouterModule.register([{ path: 'elsewhere', module: Elsewhere }]),
        Elsewhere,
        moduleOf([feature({ origin: PARTNER })], OrdersController),
      ],
    });

    expect(issuesOf(error)).toEqual([
      { code: 'feature_ambiguous', path: 'OrdersController', location: { level: 'app' }, routes: [list, replace] },
    ]);
    expect(error.issues[0]?.hint).toBe(PROBLEMS.feature_ambiguous.hint);
  });

  it('is an error without CorsModule.forRoot(), also where no HTTP server is', async () => {
    const app = await createApp({ platform, imports: [feature({ origin: PARTNER })] });
    const error: unknown = await app.init().catch((thrown: unknown) => thrown);
    await app.close();

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect(issuesOf(error as CorsConfigurationError)).toEqual([
      {
        code: 'feature_without_root',
        path: 'CorsModule.forFeature()',
        location: { level: 'app' },
        routes: [],
      },
    ]);
  });

  it('is an error where it names a policy that there is none of: the nearest is suggested', async () => {
    const cors = { origin: APP, policies: { partner: { origin: PARTNER } } };
    const error = await boot([feature('partners', { maxAge: 5 })], { cors });

    expect(error.issues).toEqual([
      {
        code: 'policy_unknown',
        severity: 'error',
        path: '',
        value: 'partners',
        message:
          'Invalid "partners" in CorsModule.forFeature() in OrdersModule, affecting OrdersController.list (GET /orders) ' +
          `and 1 more: ${PROBLEMS.policy_unknown.problem}.`,
        hint: hintOf('policy_unknown', 'partner'),
        location,
        routes: [list, replace],
      },
    ]);
  });

  it.each<[string, readonly unknown[], readonly (readonly [code: string, path: string])[]]>([
    ['no options', [undefined], [['options_type', '']]],
    ['null', [null], [['options_type', '']]],
    ['a list', [[PARTNER]], [['options_type', '']]],
    ['true', [true], [['options_type', '']]],
    ['add()', [add(PARTNER)], [['options_type', '']]],
    ['overrides that are none', ['partner', undefined], [['options_type', '']]],
    ['an unknown key', [{ orign: PARTNER }], [['option_unknown', 'orign']]],
    ["the module's own keys", [{ policies: {} }], [['option_of_module', 'policies']]],
    [
      'several mistakes',
      [{ origin: `${PARTNER}/`, maxAge: -1 }],
      [
        ['origin_path', 'origin'],
        ['max_age', 'maxAge'],
      ],
    ],
    ['unset options', [{ origin: undefined }], [['option_undefined', 'origin']]],
    ['what does not merge', [{ origin: '*' }], [['origin_any_with_credentials', 'origin']]],
    ['add() without a list', ['closed', { origin: add(PARTNER) }], [['add_without_list', 'origin']]],
  ])('is an error with %s, at the feature, with each route', async (_what, args, expected) => {
    const policies = { partner: { origin: PARTNER }, closed: { origin: false as const } };
    const error = await boot([feature(...args)], { cors: { origin: APP, credentials: true, policies } });

    expect(issuesOf(error)).toEqual(
      expected.map(([code, path]) => ({ code, path, location, routes: [list, replace] })),
    );
  });

  it('is an error with mistakes also where it has no effect', async () => {
    @Module({ imports: [feature({ maxAge: -1 })] })
    class EmptyModule {}
    const error = await boot([], { imports: [EmptyModule] });

    expect(issuesOf(error)).toEqual([
      { code: 'max_age', path: 'maxAge', location: { level: 'feature', module: 'EmptyModule' }, routes: [] },
    ]);
  });
});

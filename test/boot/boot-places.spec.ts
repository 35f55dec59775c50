import { Controller, Get, Inject, Module, Put } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Cors, CorsModule, type CorsConfigurationError, type CorsIssue } from 'nestjs-cors';
import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { BOOTSTRAPS, configurationErrorOf, PLATFORMS, type AppOptions } from '../support/app.js';
import { ADMIN, APP } from '../support/expected.js';

@Controller('cats')
class CatsController {
  @Get()
  list() {}
}

const codes = (error: CorsConfigurationError) => error.issues.map(({ code, path }) => `${path}: ${code}`);

describe.each(PLATFORMS)('The place of what is refused at boot on %s', platform => {
  const boot = (cors: unknown, options: Partial<AppOptions> = {}) =>
    configurationErrorOf({ platform, cors: cors as never, controllers: [CatsController], ...options });

  it.each(BOOTSTRAPS)(
    'is refused whole: every problem with its place and its routes, by %s (CFG-12)',
    async bootstrap => {
      @Cors({ origin: 'https://x.example/', maxAge: -2 })
      @Controller('orders')
      class OrdersController {
        @Get()
        list() {}

        @Cors('pubic')
        @Put(':id')
        replace() {}
      }
      const error = await boot(
        { origin: APP, policies: { public: { origin: '*', credentials: true } } },
        { bootstrap, controllers: [OrdersController, CatsController] },
      );

      const list = { controller: 'OrdersController', handler: 'list', method: 'GET', path: '/orders' };
      const replace = { controller: 'OrdersController', handler: 'replace', method: 'PUT', path: '/orders/:id' };
      const [, , , typo] = error.issues;
      expect(
        error.issues.map(({ code, path, value, location, routes }) => ({ code, path, value, location, routes })),
      ).toEqual([
        {
          code: 'origin_any_with_credentials',
          path: 'origin',
          value: '*',
          location: { level: 'policy', policy: 'public' },
          routes: [],
        },
        {
          code: 'origin_path',
          path: 'origin',
          value: 'https://x.example/',
          location: { level: 'controller', controller: 'OrdersController' },
          routes: [list, replace],
        },
        {
          code: 'max_age',
          path: 'maxAge',
          value: -2,
          location: { level: 'controller', controller: 'OrdersController' },
          routes: [list, replace],
        },
        {
          code: 'policy_unknown',
          path: '',
          value: 'pubic',
          location: { level: 'handler', controller: 'OrdersController', handler: 'replace' },
          routes: [replace],
        },
      ] satisfies Partial<CorsIssue>[]);
      expect(typo?.hint).toBe("Did you mean 'public'?");
      expect(error.message).toBe(
        [
          'the CORS configuration has 4 errors',
          '',
          "CorsModule.forRoot(), policy 'public'",
          `  origin "*" ${PROBLEMS.origin_any_with_credentials.problem} [origin_any_with_credentials]`,
          `    ${PROBLEMS.origin_any_with_credentials.hint}`,
          '',
          '@Cors() on OrdersController, affecting OrdersController.list (GET /orders), OrdersController.replace (PUT /orders/:id)',
          `  origin "https://x.example/" ${PROBLEMS.origin_path.problem} [origin_path]`,
          `    ${hintOf('origin_path', 'https://x.example')}`,
          `  maxAge -2 ${PROBLEMS.max_age.problem} [max_age]`,
          `    ${hintOf('max_age', '0')}`,
          '',
          '@Cors() on OrdersController.replace (PUT /orders/:id)',
          `  "pubic" ${PROBLEMS.policy_unknown.problem} [policy_unknown]`,
          `    ${hintOf('policy_unknown', 'public')}`,
          '',
          'See node_modules/nestjs-cors/docs/issues.md#origin_any_with_credentials, #origin_path, #max_age, #policy_unknown',
          '',
        ].join('\n'),
      );
    },
  );

  it("has '*' on a route of an app with credentials: the error names the route and both ways out (DEC-02)", async () => {
    @Controller('widgets')
    class WidgetsController {
      @Cors({ origin: '*' })
      @Get('public')
      public() {}
    }
    const error = await boot({ origin: APP, credentials: true }, { controllers: [WidgetsController] });

    expect(error.issues).toEqual([
      {
        code: 'origin_any_with_credentials',
        severity: 'error',
        path: 'origin',
        value: '*',
        message:
          'Invalid origin "*" in @Cors() on WidgetsController.public (GET /widgets/public): ' +
          `${PROBLEMS.origin_any_with_credentials.problem}.`,
        hint: PROBLEMS.origin_any_with_credentials.hint,
        location: { level: 'handler', controller: 'WidgetsController', handler: 'public' },
        routes: [{ controller: 'WidgetsController', handler: 'public', method: 'GET', path: '/widgets/public' }],
      },
    ]);
  });

  it('has a misspelt policy name: the error names it, the controller and the handler (DEC-07)', async () => {
    @Controller('admin')
    class AdminController {
      @Cors('typo')
      @Get()
      list() {}
    }
    const policies = { public: { origin: '*' }, admin: { origin: ADMIN, credentials: true } };
    const error = await boot({ origin: APP, policies }, { controllers: [AdminController] });

    expect(codes(error)).toEqual([': policy_unknown']);
    expect(error.message).toContain('@Cors() on AdminController.list (GET /admin)\n  "typo" ');
  });

  it('is told with every route of a controller that misspells an option', async () => {
    @Cors({ maxAgee: 5 } as object)
    @Controller('orders')
    class OrdersController {
      @Get()
      list() {}

      @Put(':id')
      replace() {}
    }
    const error = await boot({ origin: APP }, { controllers: [OrdersController, CatsController] });

    expect(error.issues.map(({ code, routes }) => [code, routes.map(({ path }) => path)])).toEqual([
      ['option_unknown', ['/orders', '/orders/:id']],
    ]);
  });

  it('has the module without options', async () => {
    const error = await boot(undefined, { imports: [CorsModule] });

    expect(codes(error)).toEqual(['CorsModule: module_without_options']);
    expect(error.issues[0]).toMatchObject({ location: { level: 'app' }, routes: [] });
  });

  it('has the module twice', async () => {
    @Module({ imports: [CorsModule.forRoot({ origin: ADMIN })] })
    class FeatureModule {}
    const error = await boot({ origin: APP }, { imports: [FeatureModule] });

    expect(codes(error)).toEqual(['CorsModule: module_twice']);
    expect(error.issues[0]?.hint).toBe(hintOf('module_twice', 'RootModule, FeatureModule'));
  });

  describe.each(BOOTSTRAPS)('by %s', bootstrap => {
    it.each<[layer: string, options: Partial<AppOptions>]>([
      ['app.enableCors()', { configure: app => app.enableCors() }],
      ['{ cors: true } for NestFactory.create()', { nest: { cors: true } }],
      ['{ cors: {…} } for NestFactory.create()', { nest: { cors: { origin: ADMIN } } }],
      [
        "the platform's own CORS plugin, registered by hand",
        {
          configure: async app => {
            if (platform === 'express')
              app.use(((await import('cors' as string)) as { default: () => object }).default());
            else await (app as NestFastifyApplication).register((await import('@fastify/cors')).default as never);
          },
        },
      ],
    ])('has another CORS layer: %s', async (_layer, options) => {
      const error = await boot({ origin: APP }, { bootstrap, ...options });

      expect(codes(error)).toEqual(['enableCors(): cors_layer_twice']);
      expect(error.message).toMatch(/enableCors\(\).*CorsModule/);
      if (options.nest !== undefined) {
        expect(error.issues[0]?.hint).toBe(hintOf('cors_layer_twice', 'the `cors` option of NestFactory.create()'));
      }
    });

    it.each(['enableCors', 'use'] as const)(
      'has another CORS layer that a library installs: it says where (%s)',
      async method => {
        const { default: cors } = (await import('cors' as string)) as { default: () => object };
        @Module({})
        class AuthModule {
          constructor(@Inject(HttpAdapterHost) readonly host: HttpAdapterHost) {}
          configure() {
            if (method === 'use') this.host.httpAdapter.use(cors());
            else this.host.httpAdapter.enableCors({ origin: ADMIN });
          }
        }
        // Fastify's adapter has no middleware of that name: `@fastify/cors` is what it has.
        if (platform === 'fastify' && method === 'use') return;
        const error = await boot({ origin: APP }, { bootstrap, imports: [AuthModule] });

        expect(codes(error)).toEqual(['enableCors(): cors_layer_twice']);
        expect(error.issues[0]?.hint).toMatch(
          /enabled by AuthModule\.configure \(test\/boot\/boot-places\.spec\.ts:\d+:\d+\)\. Remove it there/,
        );
      },
    );
  });
});

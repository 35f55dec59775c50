import { All, Controller, Delete, Get, Head, Options, Post, Put, type INestApplication } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import { add, Cors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, EVIL, readable } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

/** `enableCsrfProtection()` came with Nest 12. */
const onNest12 = 'enableCsrfProtection' in NestApplication.prototype;
const { ran, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const PATTERN = 'https://*.preview.example';

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Post()
  create() {
    return ran('create');
  }

  @Cors({ origin: add(PARTNER, PATTERN) })
  @Put(':id')
  update() {
    return ran('update');
  }

  @Cors('public')
  @Get('public')
  public() {
    return ran('public');
  }

  @Cors({ origin: EVIL, methods: ['GET'] })
  @Delete(':id')
  remove() {
    return ran('remove');
  }
}

@Controller()
class PublicController {
  @Post('events')
  record() {
    return ran('record');
  }
}

const cors: CorsModuleOptions = {
  origin: APP,
  policies: { public: { origin: '*' } },
  routes: [
    { path: '/graphql', policy: { origin: ADMIN } },
    { path: '/static/*splat', policy: { origin: '*' } },
  ],
};

afterEach(closeApps);

(onNest12 ? describe : describe.skip).each(PLATFORMS)(
  "Nest's CSRF protection beside the module on %s (ORD-04, ORD-05)",
  platform => {
    const start = (configure: (app: INestApplication) => unknown, own: CorsModuleOptions = cors) =>
      startApp({ platform, cors: own, controllers: [CatsController], configure });
    const warned = (app: INestApplication) =>
      app
        .get(CorsService)
        .warnings.filter(({ code }) => code === 'csrf_untrusted')
        .map(({ location, value, routes }) => [location, value, routes.map(({ handler }) => handler)]);

    it('is told of allowed origins that it does not trust: where they are stated, and for which routes', async () => {
      const app = await start(app => app.enableCsrfProtection());

      expect(warned(app)).toEqual([
        [{ level: 'module' }, `'${APP}'`, ['create']],
        [
          { level: 'handler', controller: 'CatsController', handler: 'update' },
          `'${APP}', '${PARTNER}', '${PATTERN}'`,
          ['update'],
        ],
        [{ level: 'route', rule: '/graphql' }, `'${ADMIN}'`, []],
      ]);
      const [, update] = app.get(CorsService).warnings.filter(({ code }) => code === 'csrf_untrusted');
      expect(update?.hint).toContain(`trustedOrigins: ['${APP}', '${PARTNER}']`);
      expect(update?.message).toContain(PATTERN);
    });

    it('is told of others as well: where they are written, inline or by name', async () => {
      const others = { origin: [ADMIN, 'https://app-*.example.com'] };
      const inline = await start(app => app.enableCsrfProtection(), { ...cors, others });
      const named = await start(app => app.enableCsrfProtection(), {
        ...cors,
        others: 'named',
        policies: { ...cors.policies, named: others },
      });
      const told = (app: INestApplication) =>
        app
          .get(CorsService)
          .warnings.filter(({ code }) => code === 'csrf_untrusted')
          .map(({ location, path, value }) => [location.level, path, value]);

      const value = `'${ADMIN}', 'https://app-*.example.com'`;
      expect(told(inline)).toContainEqual(['module', 'others.origin', value]);
      expect(told(named)).toContainEqual(['policy', 'origin', value]);
      expect(inline.get(CorsService).trustedOrigins()).toEqual(expect.arrayContaining([APP, ADMIN]));
    });

    it('is not told of origins that it trusts; a pattern cannot be among them', async () => {
      const app = await start(app => app.enableCsrfProtection({ trustedOrigins: [APP, ADMIN, PARTNER] }));

      expect(warned(app)).toEqual([
        [{ level: 'handler', controller: 'CatsController', handler: 'update' }, `'${PATTERN}'`, ['update']],
      ]);
      expect(
        app
          .get(CorsService)
          .warnings.map(({ hint }) => hint)
          .join(),
      ).toContain('exact origins only');
    });

    it('takes the origins that the service exports before the app is initialized, and then serves them', async () => {
      const app = await start(app => {
        const trustedOrigins = app.get(CorsService).trustedOrigins();
        expect(trustedOrigins).toEqual([APP, PARTNER, ADMIN]);
        app.enableCsrfProtection({ trustedOrigins });
      });

      expect(app.get(CorsService).trustedOrigins()).toEqual([APP, PARTNER, ADMIN]);
      const headers = { Origin: APP, 'Sec-Fetch-Site': 'cross-site' };
      expect(await observe(app, { method: 'POST', path: '/cats', headers })).toEqual({
        status: 201,
        cors: readable(APP),
        ran: ['create'],
      });
    });

    it('says nothing about routes that are excluded, whatever tells so, nor where it is not enabled', async () => {
      const [routes, predicate, throwing, none] = await Promise.all([
        start(app => app.enableCsrfProtection({ exclude: ['cats', 'cats/:id', 'graphql'] })),
        start(app => app.enableCsrfProtection({ exclude: () => true })),
        // It reads what only a real request has: nothing is known then, and nothing is said.
        start(app => app.enableCsrfProtection({ exclude: request => (request as { a: { b: boolean } }).a.b })),
        start(app => app.useSecurityHeaders()),
      ]);

      for (const app of [routes, predicate, throwing, none]) expect(warned(app)).toEqual([]);
    });

    it('is told of what takes any method, unless its policy allows only those that change nothing', async () => {
      @Controller('any')
      class AnyController {
        @Cors({ methods: ['GET', 'DELETE'] })
        @All('changing')
        changing() {
          return ran('changing');
        }

        @Cors({ methods: ['GET', 'HEAD'] })
        @All('safe')
        safe() {
          return ran('safe');
        }
      }
      const app = await startApp({
        platform,
        cors: {
          origin: APP,
          routes: [
            { path: '/changing', policy: { methods: ['HEAD', 'PATCH'] } },
            { path: '/safe', policy: { methods: ['GET'] } },
          ],
        },
        controllers: [AnyController],
        configure: app => app.enableCsrfProtection(),
      });

      expect(warned(app)).toEqual([
        [{ level: 'module' }, `'${APP}'`, ['changing']],
        [{ level: 'route', rule: '/changing' }, `'${APP}'`, []],
      ]);
    });

    it.each([
      [5, `'https://0.example', 'https://1.example', 'https://2.example', 'https://3.example', 'https://4.example'`],
      [
        6,
        `'https://0.example', 'https://1.example', 'https://2.example', 'https://3.example', 'https://4.example', and 1 more`,
      ],
    ])('is told of %i origins, five of them by name', async (length, told) => {
      const origin = Array.from({ length }, (_, index) => `https://${String(index)}.example`);
      const app = await start(app => app.enableCsrfProtection(), { ...cors, origin, routes: [] });

      expect(warned(app)[0]).toEqual([{ level: 'module' }, told, ['create']]);
    });

    it('is not told of what a resolver may allow, of what allows nobody, nor of what is public and excluded', async () => {
      const enabled = (app: INestApplication) => app.enableCsrfProtection();
      const [asked, nobody, excluded] = await Promise.all([
        start(enabled, { ...cors, origin: [APP, () => true], routes: [] }),
        start(enabled, { ...cors, origin: ADMIN, routes: [{ path: '/none', policy: false }] }),
        startApp({
          platform,
          cors: { origin: '*' },
          controllers: [PublicController],
          configure: app => app.enableCsrfProtection({ exclude: ['events'] }),
        }),
      ]);

      expect(warned(asked)[0]).toEqual([{ level: 'module' }, `'${APP}'`, ['create']]);
      expect(warned(nobody).filter(([location]) => JSON.stringify(location).includes('/none'))).toEqual([]);
      expect(warned(excluded)).toEqual([]);
    });

    it('is told of a public route that changes state: no list of trusted origins helps it', async () => {
      const app = await startApp({
        platform,
        cors: { origin: '*' },
        controllers: [PublicController],
        configure: app => app.enableCsrfProtection(),
      });

      expect(warned(app)).toEqual([[{ level: 'module' }, '*', ['record']]]);
    });
  },
);

describe.each(PLATFORMS)('CorsService.trustedOrigins() on %s', platform => {
  it.each<[string, CorsModuleOptions['origin'], string[]]>([
    ['everyone', '*', []],
    ['nobody', false, []],
    ['what a resolver allows', [APP, () => true], [APP]],
  ])('leaves out %s', async (_who, origin, expected) => {
    const app = await createApp({ platform, cors: { origin }, controllers: [PublicController] });
    expect(app.get(CorsService).trustedOrigins()).toEqual(expected);
    await app.close();
  });

  it('leaves out what may only send requests that change nothing', async () => {
    @Controller('safe')
    class SafeController {
      @Cors({ origin: 'https://get.example' })
      @Get()
      get() {}

      @Cors({ origin: 'https://head.example' })
      @Head('head')
      head() {}

      @Cors({ origin: 'https://options.example' })
      @Options('options')
      options() {}
    }
    const app = await createApp({ platform, cors: { origin: APP }, controllers: [SafeController] });
    expect(app.get(CorsService).trustedOrigins()).toEqual([]);
    await app.close();
  });

  it('is known from the time the app is created, and tells what is wrong in the configuration', async () => {
    const app = await createApp({ platform, cors, controllers: [CatsController] });
    expect(app.get(CorsService).trustedOrigins()).toEqual([APP, PARTNER, ADMIN]);
    await app.close();

    const wrong = await createApp({ platform, cors: { origin: 'https://APP.example' }, controllers: [CatsController] });
    expect(() => wrong.get(CorsService).trustedOrigins()).toThrow('origin_not_canonical');
    await wrong.close();
  });
});

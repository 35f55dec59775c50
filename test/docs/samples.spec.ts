import * as common from '@nestjs/common';
import { Controller, Get, Global, Module, type INestApplication, type Type } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import * as cors from 'nestjs-cors';
import { CorsService, type CorsOriginResolver } from 'nestjs-cors';
import { closeApps, configurationErrorOf, createApp, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { blocksOf } from '../support/markdown.js';
import { watchHandlers } from '../support/observe.js';
import { exportsOf } from '../support/snippets.js';

const { observe } = watchHandlers();
const RESOLVERS = 'docs/resolvers.md';
const BOUNDS = 'docs/bounds-and-features.md';
const FRONT_END = 'https://app.example.com';
const PARTNER = 'https://partner.example.net';

const get = (path: string, origin: string, headers = {}) => ({ path, headers: { ...headers, Origin: origin } });

/** Lets a test hold a request. */
const handler = {
  started: (finish: () => void) => finish(),
  /** Resolves once a handler runs, to what lets it finish. */
  next(): Promise<() => void> {
    return new Promise(resolve => (this.started = resolve));
  },
};

@Controller()
class HandControlledController {
  @Get('now')
  now() {
    return 'now';
  }

  @Get('slow')
  slow() {
    return new Promise(resolve => handler.started(() => resolve('slow')));
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('docs/resolvers.md on %s', platform => {
  const start = (nest = {}) => {
    const { AppModule, TenantsService } = sample(RESOLVERS, 'TenantOrigins');
    return startApp({ platform, nest, imports: [AppModule as Type] }).then(app => ({
      app,
      tenants: app.get<{ originsOf: unknown }>(TenantsService as Type),
    }));
  };

  it("lets a tenant's origin read the tenant's API, and no other", async () => {
    const { app } = await start();
    const shop = 'https://shop.acme.example';
    const acme = { Host: 'acme.api.example.com' };
    const put = preflightOf('/orders/1', shop, 'PUT');
    const seen = async (request: Parameters<typeof observe>[1]) => {
      const { status, cors } = await observe(app, request);
      return { status, cors };
    };

    const mine = { status: 200, cors: readable(shop, { credentials: true }) };
    expect(await seen(get('/orders', shop, acme))).toEqual(mine);
    expect(await seen({ ...put, headers: { ...put.headers, ...acme } })).toEqual({
      status: 204,
      cors: granted(shop, { methods: 'PUT', credentials: true }),
    });
    expect(await seen(get('/orders', shop))).toEqual({ status: 200, cors: UNREADABLE });
    expect(await seen(put)).toEqual({ status: 403, cors: REFUSED });
    expect(await seen(get('/orders', FRONT_END))).toMatchObject({ cors: readable(FRONT_END, { credentials: true }) });
    expect(app.get(CorsService).policies()[0]?.policy.origin).toEqual([FRONT_END, '[resolver TenantOrigins]']);
  });

  it('is right about the host behind a proxy that the app trusts', async () => {
    const hosts: string[] = [];
    const app = await startApp({
      platform,
      cors: { origin: (_origin, { host }) => hosts.push(host) > 0 },
      controllers: [HandControlledController],
      fastify: { trustProxy: 'loopback' },
      configure: app => platform === 'express' && (app as NestExpressApplication).set('trust proxy', 'loopback'),
    });
    const forwarded = { 'X-Forwarded-Host': 'acme.api.example.com' };

    expect(await observe(app, get('/now', APP, forwarded))).toMatchObject({ status: 200, cors: readable(APP) });
    const preflight = preflightOf('/now', APP, 'GET');
    const allowed = await observe(app, { ...preflight, headers: { ...preflight.headers, ...forwarded } });
    expect(allowed).toMatchObject({ status: 204, cors: granted(APP, { methods: 'GET, HEAD' }) });
    expect(hosts).toEqual(['acme.api.example.com', 'acme.api.example.com']);
  });

  it('logs a resolver that fails as it is shown', async () => {
    const logger = new RecordingLogger();
    const { app, tenants } = await start({ logger });
    tenants.originsOf = () => new Promise(() => {});

    expect(await observe(app, get('/orders', EVIL))).toMatchObject({ status: 200, cors: UNREADABLE });
    expect(logger.ofCors('error')).toEqual([textOf(RESOLVERS, 'gave no answer')]);
    expect(logger.ofCors('log')[0]).toContain('[resolver TenantOrigins]');
  });

  it('is right about a class that no module provides: global modules have what it needs', async () => {
    class Tenants {
      readonly origins = [ADMIN];
    }
    @Global()
    @Module({ providers: [Tenants], exports: [Tenants] })
    class TenantsModule {}
    class TenantOrigins implements CorsOriginResolver {
      constructor(@common.Inject(Tenants) private readonly tenants: Tenants) {}

      isAllowed(origin: string) {
        return this.tenants.origins.includes(origin);
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: TenantOrigins },
      imports: [TenantsModule],
      controllers: [HandControlledController],
    });

    expect(await observe(app, get('/now', ADMIN))).toMatchObject({ status: 200, cors: readable(ADMIN) });
    expect(await observe(app, get('/now', EVIL))).toMatchObject({ status: 200, cors: UNREADABLE });
  });

  it('is right about bounds: the resolver is not asked about what they do not permit', async () => {
    const asked: string[] = [];
    const app = await startApp({
      platform,
      cors: { origin: origin => asked.push(origin) > 0, bounds: { origin: ['https://*.example'] } },
      controllers: [HandControlledController],
    });

    expect(await observe(app, get('/now', APP))).toMatchObject({ status: 200, cors: readable(APP) });
    expect(await observe(app, get('/now', PARTNER))).toMatchObject({ status: 200, cors: UNREADABLE });
    expect(await observe(app, preflightOf('/now', PARTNER, 'GET'))).toMatchObject({ status: 403, cors: REFUSED });
    expect(asked).toEqual([APP]);
  });

  it('is right about same-origin requests: it is asked, and they pass whatever it answers', async () => {
    const asked: string[] = [];
    const app = await startApp({
      platform,
      cors: { origin: origin => asked.push(origin) < 0, rejectDisallowed: true },
      controllers: [HandControlledController],
    });
    const own = { Host: 'api.example', Origin: 'https://api.example', 'Sec-Fetch-Site': 'same-origin' };

    expect(await observe(app, { path: '/now', headers: own })).toMatchObject({ status: 200, cors: UNREADABLE });
    expect(await observe(app, get('/now', EVIL))).toMatchObject({ status: 403, cors: UNREADABLE });
    expect(asked).toEqual(['https://api.example', EVIL]);
  });

  it('is right about what the platform answers before any hook runs', async () => {
    let stop = () => {};
    const stopped = new Promise<void>(resolve => (stop = resolve));
    let announce = () => {};
    const stopping = new Promise<void>(resolve => (announce = resolve));
    class SlowToStop {
      beforeApplicationShutdown() {
        announce();
        return stopped;
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: [APP, origin => origin === ADMIN] },
      controllers: [HandControlledController],
      providers: [SlowToStop],
      nest: { return503OnClosing: true },
      configure: app => 'enableCsrfProtection' in NestApplication.prototype && app.enableCsrfProtection(),
    });
    const forged = (origin: string) => ({ ...get('/now', origin, { 'Sec-Fetch-Site': 'cross-site' }), method: 'POST' });
    const asked = platform === 'express' ? readable(ADMIN) : UNREADABLE;

    expect(await observe(app, forged(APP))).toMatchObject({ status: 403, cors: readable(APP) });
    expect(await observe(app, forged(ADMIN))).toMatchObject({ status: 403, cors: asked });
    const malformed = platform === 'express' ? 404 : 400;
    expect(await observe(app, get('/%', APP))).toMatchObject({ status: malformed, cors: readable(APP) });
    expect(await observe(app, get('/%', ADMIN))).toMatchObject({ status: malformed, cors: asked });

    const closed = app.close();
    await stopping;
    const late = await observe(app, get('/now', ADMIN)).finally(stop);
    expect(late).toMatchObject({ status: 503, cors: asked });
    await closed;
  });
});

describe.each(PLATFORMS)('docs/bounds-and-features.md on %s', platform => {
  it('shows what exceeds the bounds', async () => {
    const { AppModule } = sample(BOUNDS, 'bounds:');
    const error = await configurationErrorOf({ platform, imports: [AppModule as Type] });

    expect(String(error).trimEnd()).toBe(textOf(BOUNDS, 'CorsConfigurationError'));
  });

  it("gives a feature's controllers its policy, between the module's and their own", async () => {
    const { AppModule } = sample(BOUNDS, 'CorsModule.forFeature(');
    const app = await startApp({ platform, imports: [AppModule as Type] });

    expect(app.get(CorsService).policies()[0]).toMatchObject({
      policy: { origin: [FRONT_END, PARTNER], maxAge: 60 },
      provenance: { origin: 'feature', maxAge: 'feature', credentials: 'default' },
    });
    expect(await observe(app, get('/partner/orders', PARTNER))).toMatchObject({ cors: readable(PARTNER) });
    expect(await observe(app, get('/nope', PARTNER))).toMatchObject({ status: 404, cors: UNREADABLE });
  });

  describe('reload()', () => {
    const { FrontEnds } = sample(BOUNDS, '.reload(') as {
      FrontEnds: Type<{ replace(origins: string[]): Promise<void> }>;
    };
    const options = { platform, providers: [FrontEnds], controllers: [HandControlledController] };
    const start = (logger = new RecordingLogger()) => startApp({ ...options, cors: { origin: APP }, nest: { logger } });
    const mine = (origin: string) => ({ status: 200, cors: readable(origin, { credentials: true }) });

    it('puts other options into force, and requests that arrived before finish as they began', async () => {
      const app = await start();
      const running = handler.next();
      const before = observe(app, get('/slow', APP));
      const finish = await running;
      await app.get(FrontEnds).replace([ADMIN]);

      expect(await observe(app, get('/now', ADMIN))).toMatchObject(mine(ADMIN));
      expect(await observe(app, get('/now', APP))).toMatchObject({ status: 200, cors: UNREADABLE });
      finish();
      expect(await before).toMatchObject({ status: 200, cors: readable(APP) });
    });

    it('changes nothing where something is wrong, and rejects', async () => {
      const app = await start();

      await expect(app.get(FrontEnds).replace([`${ADMIN}/`])).rejects.toMatchObject({
        name: 'CorsConfigurationError',
        issues: [{ code: 'origin_path' }],
      });
      expect(await observe(app, get('/now', APP))).toMatchObject({ status: 200, cors: readable(APP) });
    });

    it('keeps the order in which it was asked: the last that is right stays', async () => {
      const app = await start();
      const frontEnds = app.get(FrontEnds);

      const reloads = [[EVIL], [ADMIN], ['null']].map(origins => frontEnds.replace(origins));
      expect((await Promise.allSettled(reloads)).map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
      ]);
      expect(await observe(app, get('/now', ADMIN))).toMatchObject(mine(ADMIN));
    });

    it('rejects before the app is initialized', async () => {
      const app: INestApplication = await createApp({ ...options, cors: { origin: APP } });

      await expect(app.get(CorsService).reload({ origin: ADMIN })).rejects.toThrow('app.init()');
      await app.close();
    });
  });
});

/** What a page's only TypeScript block that contains a text exports. */
function sample(page: string, containing: string): Readonly<Record<string, unknown>> {
  return exportsOf(only(page, 'ts', containing), { '@nestjs/common': common, 'nestjs-cors': cors });
}

function textOf(page: string, containing: string): string {
  return only(page, 'text', containing);
}

function only(page: string, language: string, containing: string): string {
  const found = blocksOf(page).filter(block => block.language === language && block.text.includes(containing));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${page}: ${String(found.length)} with ${containing}`);
  return first.text;
}

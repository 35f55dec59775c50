import { jest } from '@jest/globals';
import { Controller, Injectable, Post, type BeforeApplicationShutdown, type INestApplication } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { requireByNode } from '../support/node-process.js';
import { watchHandlers } from '../support/observe.js';

// Fastify's `inject()` requires ES modules, which Jest cannot do before Node 24.9; Node itself can.
jest.mock('light-my-request', () => requireByNode('light-my-request'));

/** `useSecurityHeaders()`, `enableCsrfProtection()`, and 503 at shutdown on both platforms came with Nest 12. */
const describeOnNest12 = 'enableCsrfProtection' in NestApplication.prototype ? describe : describe.skip;

const { ran, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

@Controller('cats')
class CatsController {
  @Post()
  create() {
    return ran('create');
  }
}

const create = (headers: Record<string, string>) => ({ method: 'POST', path: '/cats', headers });

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>(resolver => (resolve = resolver));
  return { promise, resolve };
}

afterEach(closeApps);

describeOnNest12.each(PLATFORMS)('Beside the features of Nest 12 on %s', platform => {
  const start = (options: Partial<AppOptions> & { configure?: (app: INestApplication) => unknown }) =>
    startApp({ platform, cors, controllers: [CatsController], ...options });

  it('an allowed origin can read the 403 of the CSRF protection that does not trust it (ORD-04)', async () => {
    const app = await start({ configure: app => app.enableCsrfProtection() });
    const crossSite = { 'Sec-Fetch-Site': 'cross-site' };

    expect(await observe(app, create({ Origin: APP, ...crossSite }))).toEqual({
      status: 403,
      cors: readable(APP),
      ran: [],
    });
    expect(await observe(app, create({ Origin: EVIL, ...crossSite }))).toEqual({
      status: 403,
      cors: UNREADABLE,
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats', APP, 'POST'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'POST' }),
      ran: [],
    });
  });

  it('the same holds for requests that pass no server (CTX-08)', async () => {
    if (platform === 'express') return;
    const app = (await start({ configure: app => app.enableCsrfProtection() })) as NestFastifyApplication;
    const headers = { origin: APP, 'sec-fetch-site': 'cross-site' };
    const { statusCode, headers: answered } = await app.inject({ method: 'POST', url: '/cats', headers });

    const { vary, 'access-control-allow-origin': origin } = answered;
    expect({ statusCode, vary, origin }).toEqual({ statusCode: 403, vary: 'Origin', origin: APP });
  });

  it('an origin that both trust is served (ORD-05)', async () => {
    const app = await start({ configure: app => app.enableCsrfProtection({ trustedOrigins: [APP] }) });

    expect(await observe(app, create({ Origin: APP, 'Sec-Fetch-Site': 'cross-site' }))).toEqual({
      status: 201,
      cors: readable(APP),
      ran: ['create'],
    });
  });

  it('security headers are on preflights as well, and do not disturb CORS headers (ORD-03)', async () => {
    const app = await start({ configure: app => app.useSecurityHeaders() });

    const response = await exchange(app, create({ Origin: APP }));
    expect(response.observed).toEqual({ status: 201, cors: readable(APP), ran: ['create'] });
    expect(response.headers).toHaveProperty('x-content-type-options', 'nosniff');
    const allowed = await exchange(app, preflightOf('/cats', APP, 'POST'));
    expect(allowed.observed).toEqual({ status: 204, cors: granted(APP, { methods: 'POST' }), ran: [] });
    expect(allowed.headers).toHaveProperty('x-content-type-options', 'nosniff');
    const refused = await exchange(app, preflightOf('/cats', EVIL, 'POST'));
    expect(refused.observed).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(refused.headers).toHaveProperty('x-content-type-options', 'nosniff');
  });

  it('a 503 during shutdown can be read (ERR-13)', async () => {
    const shuttingDown = deferred();
    const stopped = deferred();

    @Injectable()
    class SlowToStop implements BeforeApplicationShutdown {
      beforeApplicationShutdown() {
        shuttingDown.resolve();
        return stopped.promise;
      }
    }
    const app = await start({ providers: [SlowToStop], nest: { return503OnClosing: true } });
    const closed = app.close();
    await shuttingDown.promise;

    try {
      expect(await observe(app, create({ Origin: APP }))).toEqual({ status: 503, cors: readable(APP), ran: [] });
      expect(await observe(app, create({ Origin: EVIL }))).toEqual({ status: 503, cors: UNREADABLE, ran: [] });
    } finally {
      stopped.resolve();
      await closed;
    }
  });
});

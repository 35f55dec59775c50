import { jest } from '@jest/globals';
import * as common from '@nestjs/common';
import { Controller, Get, Module, Put } from '@nestjs/common';
import * as core from '@nestjs/core';
import { APP_GUARD } from '@nestjs/core';
import { Cors, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

// The package is CommonJS and requires Nest, which is ESM since 12. Node does that by itself; Jest does from Node 24.9
// on, and before that is handed what the imports above got.
jest.mock('@nestjs/common', () => common);
jest.mock('@nestjs/core', () => core);
const { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } = await import('@nestjs/throttler');

const { ran, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

/** Two requests in a minute, which no test takes. */
@Module({
  imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }])],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
class LimitsModule {}

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Cors({ origin: [ADMIN, APP], credentials: true, exposedHeaders: ['retry-after', 'x-ratelimit-remaining'] })
  @Put(':id')
  replace() {
    return ran('replace');
  }

  @Cors({ origin: '*' })
  @Throttle({ default: { ttl: 60_000, limit: 1 } })
  @Get('public')
  public() {
    return ran('public');
  }

  @SkipThrottle()
  @Get('free')
  free() {
    return ran('free');
  }
}

type Imports = NonNullable<AppOptions['imports']>;

/** The orders of imports, and so of global guards. */
const ORDERS: readonly (readonly [place: string, importing: (options: CorsModuleOptions) => Imports])[] = [
  ['first', options => [CorsModule.forRoot(options), LimitsModule]],
  ['last', options => [LimitsModule, CorsModule.forRoot(options)]],
];

const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });
const put = (origin: string) => ({ ...get('/cats/1', origin), method: 'PUT' });
const TERMS = { credentials: true, exposed: 'retry-after, x-ratelimit-remaining' };

afterEach(closeApps);

describe.each(PLATFORMS)('Beside @nestjs/throttler on %s', platform => {
  describe.each(ORDERS)('with CorsModule imported %s', (_place, importing) => {
    const start = (options = cors) =>
      startApp({ platform, imports: importing(options), controllers: [CatsController] });

    it("a 429 has the headers of its route's policy", async () => {
      const app = await start();

      for (let i = 0; i < 2; i++) {
        expect(await observe(app, put(ADMIN))).toEqual({ status: 200, cors: readable(ADMIN, TERMS), ran: ['replace'] });
      }
      expect(await observe(app, put(ADMIN))).toEqual({ status: 429, cors: readable(ADMIN, TERMS), ran: [] });
      expect(await observe(app, put(APP))).toEqual({ status: 429, cors: readable(APP, TERMS), ran: [] });
      expect(await observe(app, put(EVIL))).toEqual({ status: 429, cors: UNREADABLE, ran: [] });
    });

    it('a 429 of a public route can be read by anyone', async () => {
      const app = await start();

      expect(await observe(app, get('/cats/public', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['public'] });
      expect(await observe(app, get('/cats/public', EVIL))).toEqual({ status: 429, cors: PUBLIC, ran: [] });
    });

    it('what the throttler says in headers can be read where the route exposes it', async () => {
      const app = await start();

      const first = await exchange(app, put(ADMIN));
      expect(first.observed).toEqual({ status: 200, cors: readable(ADMIN, TERMS), ran: ['replace'] });
      expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' });
      await observe(app, put(ADMIN));
      const third = await exchange(app, put(ADMIN));
      expect(third.observed).toEqual({ status: 429, cors: readable(ADMIN, TERMS), ran: [] });
      expect(third.headers['retry-after']).toMatch(/^[1-9][0-9]?$/);

      // Present, and kept from the script: the route exposes no header.
      const unexposed = await exchange(app, get('/cats', APP));
      expect(unexposed.observed).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
      expect(unexposed.headers).toMatchObject({ 'x-ratelimit-remaining': '1' });
    });

    it('preflights are not counted (PF-05)', async () => {
      const app = await start();

      for (let i = 0; i < 5; i++) {
        const allowed = await exchange(app, preflightOf('/cats/1', ADMIN, 'PUT'));
        expect(allowed.observed).toEqual({
          status: 204,
          cors: granted(ADMIN, { methods: 'PUT', credentials: true }),
          ran: [],
        });
        expect(allowed.headers).not.toHaveProperty('x-ratelimit-remaining');
        expect(await observe(app, preflightOf('/cats/1', EVIL, 'PUT'))).toEqual({
          status: 403,
          cors: REFUSED,
          ran: [],
        });
      }
      for (let i = 0; i < 2; i++) {
        expect(await observe(app, put(ADMIN))).toEqual({ status: 200, cors: readable(ADMIN, TERMS), ran: ['replace'] });
      }
      expect(await observe(app, put(ADMIN))).toEqual({ status: 429, cors: readable(ADMIN, TERMS), ran: [] });
      // Nor are they throttled.
      expect(await observe(app, preflightOf('/cats/1', ADMIN, 'PUT'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'PUT', credentials: true }),
        ran: [],
      });
    });

    it('a route that skips the throttler is served as any other', async () => {
      const app = await start();

      for (let i = 0; i < 4; i++) {
        expect(await observe(app, get('/cats/free', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['free'] });
      }
    });

    it('what rejectDisallowed refuses is refused ahead of the throttler, and takes nothing from the others', async () => {
      const app = await start({ ...cors, rejectDisallowed: true });
      const evil = get('/cats', EVIL);

      for (let i = 0; i < 4; i++) {
        expect(await observe(app, evil)).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
      }
      expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    });
  });
});

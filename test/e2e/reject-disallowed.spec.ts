import { Controller, Get, Injectable, Post, type CanActivate, type INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { FORBIDDEN_BODY, remedyOf } from '../../lib/messages.js';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, sendLines } from '../support/client.js';
import { APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observed, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, rejectDisallowed: true };

@Controller()
class PayController {
  @Post('pay')
  pay() {
    return ran('pay');
  }

  @Get('health')
  health() {
    return ran('health');
  }

  @Cors({ rejectDisallowed: false })
  @Post('lenient')
  lenient() {
    return ran('lenient');
  }

  @Cors({ origin: '*' })
  @Post('public')
  public() {
    return ran('public');
  }

  @Cors(false)
  @Post('closed')
  closed() {
    return ran('closed');
  }

  @Cors({ methods: ['GET'] })
  @Post('unlisted')
  unlisted() {
    return ran('unlisted');
  }
}

const served = { status: 201, ran: ['pay'] };
const rejected = { status: 403, cors: UNREADABLE, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('rejectDisallowed on %s', platform => {
  const start = (options: Partial<AppOptions> = {}) =>
    startApp({ platform, cors, controllers: [PayController], ...options });
  const pay = (headers: Record<string, string>) => ({ method: 'POST', path: '/pay', headers });

  it('refuses a simple request of another origin before its handler runs (ORD-08)', async () => {
    const app = await start();
    const response = await exchange(app, { ...pay({ Origin: EVIL, 'Content-Type': 'text/plain' }), body: 'amount=1' });

    expect(response.observed).toEqual(rejected);
    expect(JSON.parse(response.body)).toEqual(FORBIDDEN_BODY);
  });

  it('tells why with debug', async () => {
    const app = await start({ cors: { ...cors, debug: true } });
    const response = await exchange(app, pay({ Origin: EVIL }));

    expect(response.observed).toEqual(rejected);
    expect(JSON.parse(response.body)).toEqual({
      ...FORBIDDEN_BODY,
      reason: 'origin-not-allowed',
      hint: remedyOf('origin-not-allowed', EVIL),
    });
  });

  it('leaves an allowed origin and its preflight alone', async () => {
    const app = await start();

    expect(await observe(app, pay({ Origin: APP }))).toEqual({ ...served, cors: readable(APP) });
    expect(await observe(app, preflightOf('/pay', APP, 'POST'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'POST' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/pay', EVIL, 'POST'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('passes requests of its own origin, by Host (ORD-09)', async () => {
    const app = await start();
    const own = `127.0.0.1:${String(portOf(app))}`;

    expect(await observe(app, pay({ Origin: `http://${own}` }))).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(app, pay({ Origin: 'http://api.example', Host: 'API.example:80' }))).toEqual({
      ...served,
      cors: UNREADABLE,
    });
    for (const origin of [`https://${own}`, 'http://127.0.0.1', `http://localhost:${String(portOf(app))}`]) {
      expect(await observe(app, pay({ Origin: origin }))).toEqual(rejected);
    }
    expect(await observe(app, pay({ Origin: 'http://api.example', Host: 'api.example:8080' }))).toEqual(rejected);
  });

  it('passes what the browser calls same-origin, and nothing that it calls another site (ORD-09)', async () => {
    const app = await start();
    const own = `http://127.0.0.1:${String(portOf(app))}`;
    const from = (site: string, origin: string) => observe(app, pay({ Origin: origin, 'Sec-Fetch-Site': site }));

    // Behind a proxy that the app does not trust, its own scheme and host are unknown to it.
    expect(await from('same-origin', 'https://public.example')).toEqual({ ...served, cors: UNREADABLE });
    expect(await from('same-site', 'https://other.public.example')).toEqual(rejected);
    expect(await from('cross-site', own)).toEqual(rejected);
    expect(await from('none', EVIL)).toEqual(rejected);
    expect(await from('whatever', EVIL)).toEqual(rejected);
    expect(await from('cross-site', APP)).toEqual({ ...served, cors: readable(APP) });
  });

  it('passes requests without Origin (ORD-10)', async () => {
    const app = await start();

    expect(await observe(app, pay({}))).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(app, pay({ 'Sec-Fetch-Site': 'cross-site' }))).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(app, { path: '/health' })).toEqual({ status: 200, cors: UNREADABLE, ran: ['health'] });
  });

  it.each(['null', '', 'not an origin', `${APP}/`, `${APP}, ${APP}`, 'https://APP.example', 'http://127.0.0.1/'])(
    'takes an Origin that is none for another origin: %j',
    async origin => {
      const app = await start();

      expect(await observe(app, pay({ Origin: origin }))).toEqual(rejected);
    },
  );

  it('takes several Origin lines for another origin, whatever they say', async () => {
    const app = await start();
    const lines = ['POST /pay HTTP/1.1', 'Content-Length: 0'];
    take();

    for (const [first, second] of [
      [APP, APP],
      [APP, EVIL],
      [EVIL, APP],
    ]) {
      const response = await sendLines(app, ...lines, `Origin: ${String(first)}`, `Origin: ${String(second)}`);
      expect(observed(response)).toEqual(rejected);
    }
  });

  it('knows its own origin behind a proxy that the app trusts, and behind no other (ORD-11)', async () => {
    const trusting = {
      fastify: { trustProxy: true },
      configure: (app: INestApplication) => {
        if (platform === 'express') (app as NestExpressApplication).set('trust proxy', true);
      },
    };
    const behindProxy = pay({
      Host: '10.0.0.1:3000',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'api.example',
      Origin: 'https://api.example',
    });

    expect(await observe(await start(trusting), behindProxy)).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(await start(), behindProxy)).toEqual(rejected);
  });

  it('is a matter of each route', async () => {
    const app = await start();
    const post = (path: string) => observe(app, { method: 'POST', path, headers: { Origin: EVIL } });

    expect(await post('/lenient')).toEqual({ status: 201, cors: UNREADABLE, ran: ['lenient'] });
    expect(await post('/public')).toEqual({ status: 201, cors: PUBLIC, ran: ['public'] });
    // No origin is allowed: every other one is refused, and the answer depends on who asks.
    expect(await post('/closed')).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
  });

  it('looks at the origin alone: a method that the policy leaves out is served and cannot be read', async () => {
    const app = await start();
    const post = (origin: string) => observe(app, { method: 'POST', path: '/unlisted', headers: { Origin: origin } });

    expect(await post(APP)).toEqual({ status: 201, cors: UNREADABLE, ran: ['unlisted'] });
    expect(await post(EVIL)).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
  });

  it("comes after the app's own guards no less than before them: neither lets the handler run", async () => {
    @Injectable()
    class DenyGuard implements CanActivate {
      canActivate(): boolean {
        ran('guard');
        return false;
      }
    }
    const app = await start({ configure: app => app.useGlobalGuards(new DenyGuard()) });

    const evil = await observe(app, pay({ Origin: EVIL }));
    expect(evil).toMatchObject({ status: 403 });
    expect(evil.cors).toEqual(UNREADABLE);
    expect(evil.ran).not.toContain('pay');
    expect(await observe(app, pay({ Origin: APP }))).toEqual({ status: 403, cors: readable(APP), ran: ['guard'] });
  });

  describe('of what no controller serves', () => {
    /** Answers by itself, as static files and a GraphQL endpoint do. */
    const serveRaw = (app: INestApplication) =>
      app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (!request.url?.startsWith('/raw')) return next();
        ran('raw');
        response.end('raw');
      });
    const raw = (path: string, headers: Record<string, string>) => ({ method: 'POST', path, headers });
    const passed = { status: 200, ran: ['raw'] };

    it("refuses by a rule before anything of the app runs, and by the module's policy elsewhere (ORD-08)", async () => {
      const routes = [{ path: '/raw/open', policy: { rejectDisallowed: false } }];
      const app = await start({ cors: { ...cors, routes }, configure: serveRaw });

      expect(await observe(app, raw('/raw', { Origin: EVIL }))).toEqual(rejected);
      expect(await observe(app, raw('/raw', { Origin: 'null' }))).toEqual(rejected);
      expect(await observe(app, raw('/raw/open', { Origin: EVIL }))).toEqual({ ...passed, cors: UNREADABLE });
      expect(await observe(app, raw('/raw', { Origin: APP }))).toEqual({ ...passed, cors: readable(APP) });
      expect(await observe(app, { path: '/nope', headers: { Origin: EVIL } })).toEqual(rejected);
      expect(await observe(app, { path: '/nope', headers: { Origin: APP } })).toEqual({
        status: 404,
        cors: readable(APP),
        ran: [],
      });
    });

    it('refuses by a rule alone', async () => {
      const routes = [{ path: '/raw/*splat', policy: { rejectDisallowed: true } }];
      const app = await start({ cors: { origin: APP, routes }, configure: serveRaw });

      expect(await observe(app, raw('/raw/1', { Origin: EVIL }))).toEqual(rejected);
      expect(await observe(app, raw('/raw', { Origin: EVIL }))).toEqual({ ...passed, cors: UNREADABLE });
      expect(await observe(app, raw('/pay', { Origin: EVIL }))).toEqual({ ...served, cors: UNREADABLE });
      expect(await observe(app, preflightOf('/raw/1', APP, 'POST'))).toMatchObject({ status: 204 });
    });

    it('passes requests without Origin and of their own origin, by Host and by Sec-Fetch-Site (ORD-09, ORD-10)', async () => {
      const app = await start({ configure: serveRaw });
      const own = `http://127.0.0.1:${String(portOf(app))}`;

      expect(await observe(app, raw('/raw', {}))).toEqual({ ...passed, cors: UNREADABLE });
      expect(await observe(app, raw('/raw', { Origin: own }))).toEqual({ ...passed, cors: UNREADABLE });
      expect(await observe(app, raw('/raw', { Origin: EVIL, 'Sec-Fetch-Site': 'same-origin' }))).toEqual({
        ...passed,
        cors: UNREADABLE,
      });
      expect(await observe(app, raw('/raw', { Origin: own, 'Sec-Fetch-Site': 'cross-site' }))).toEqual(rejected);
    });

    it('knows its own origin behind a proxy that the app trusts, and behind no other (ORD-11)', async () => {
      const forwarded = {
        Host: 'internal',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'api.example',
        Origin: 'https://api.example',
      };
      const trusting = await start({
        fastify: { trustProxy: 'loopback' },
        configure: app => {
          if (platform === 'express') (app as NestExpressApplication).set('trust proxy', 'loopback');
          return serveRaw(app);
        },
      });
      expect(await observe(trusting, raw('/raw', forwarded))).toEqual({ ...passed, cors: UNREADABLE });
      const wary = await start({ configure: serveRaw });
      expect(await observe(wary, raw('/raw', forwarded))).toEqual(rejected);
    });
  });
});

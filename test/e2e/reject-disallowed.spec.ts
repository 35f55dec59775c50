import { All, Controller, Get, Injectable, Post, type CanActivate, type INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Cors, CorsService, type CorsModuleOptions, type CorsRequestContext } from 'nestjs-cors';
import { FORBIDDEN_BODY } from '../../lib/request/forbidden.exception.js';
import { hintFor } from '../support/remedy.js';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, readResponses, sendLines, sendRaw } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
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
      hint: hintFor('origin-not-allowed', EVIL, 'CorsModule.forRoot()'),
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
    expect(await observe(app, pay({ 'Sec-Fetch-Site': 'same-origin' }))).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(app, pay({ 'Sec-Fetch-Site': 'none' }))).toEqual({ ...served, cors: UNREADABLE });
    for (const site of [undefined, 'cross-site', 'same-site', 'same-origin', 'none']) {
      const headers: Record<string, string> = site === undefined ? {} : { 'Sec-Fetch-Site': site };
      expect(await observe(app, { path: '/health', headers })).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['health'],
      });
    }
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

  it('refuses a method that the policy leaves out, whoever sends it', async () => {
    const app = await start();
    const post = (origin: string) => observe(app, { method: 'POST', path: '/unlisted', headers: { Origin: origin } });

    expect(await post(APP)).toEqual(rejected);
    expect(await post(EVIL)).toEqual(rejected);
    // The app's own pages are not cross-origin.
    expect(await post(`http://127.0.0.1:${String(portOf(app))}`)).toEqual({
      status: 201,
      cors: UNREADABLE,
      ran: ['unlisted'],
    });
  });

  it('refuses what a browser calls cross-site without an origin, unless its method is safe or anyone may send it', async () => {
    const app = await start();
    for (const site of ['cross-site', 'same-site']) {
      const post = (path: string) => observe(app, { method: 'POST', path, headers: { 'Sec-Fetch-Site': site } });
      expect(await post('/pay')).toEqual(rejected);
      expect(await post('/unlisted')).toEqual(rejected);
      expect(await post('/closed')).toEqual(rejected);
      expect(await post('/public')).toEqual({ status: 201, cors: PUBLIC, ran: ['public'] });
      expect(await post('/lenient')).toEqual({ status: 201, cors: UNREADABLE, ran: ['lenient'] });
    }
  });

  it('says that the origin is missing, with debug', async () => {
    const app = await start({ cors: { ...cors, debug: true } });
    const response = await exchange(app, pay({ 'Sec-Fetch-Site': 'cross-site' }));

    expect(response.observed).toEqual(rejected);
    expect(JSON.parse(response.body)).toEqual({
      ...FORBIDDEN_BODY,
      reason: 'origin-missing',
      hint: hintFor('origin-missing'),
    });
  });

  // Chromium adds an origin to an image of another site beside this header; without it, the same image has none.
  it('passes an image whose origin comes with Sec-Fetch-Storage-Access, and no script', async () => {
    const app = await start();
    const image = { Origin: EVIL, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Storage-Access': 'active' };
    const from = (method: string, headers: Record<string, string>) =>
      observe(app, { method, path: method === 'POST' ? '/pay' : '/health', headers: { ...image, ...headers } });

    expect(await from('GET', { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['health'],
    });
    expect(await from('GET', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'image' })).toEqual(rejected);
    expect(await from('GET', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' })).toEqual(rejected);
    expect(await from('POST', { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'empty' })).toEqual(rejected);
  });

  it.each([
    ['HTTP/1.0 without a host', 'HTTP/1.0', []],
    ['HTTP/1.1 with an empty one', 'HTTP/1.1', ['Host: ']],
  ])('takes a request of %s for one of another origin', async (_, version, host) => {
    const app = await start();
    take();
    for (const origin of [EVIL, 'http://', 'null']) {
      for (const target of ['/pay', '/nope']) {
        const lines = [`POST ${target} ${version}`, ...host, `Origin: ${origin}`, 'Content-Length: 0', '', ''];
        const bytes = [...lines.slice(0, -2), 'Connection: close', '', ''].join('\r\n');
        const [response] = readResponses((await sendRaw(app, bytes)).replace(/^HTTP\/1\.0/, 'HTTP/1.1'));
        expect(response && observed(response)).toEqual(rejected);
      }
    }
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

  describe('with the origins of the app in `self`', () => {
    const own: CorsModuleOptions = { ...cors, self: ['https://api.example', 'http://localhost:3000'] };
    const passed = { ...served, cors: UNREADABLE };

    it('passes pages of those, whatever the host', async () => {
      const app = await start({ cors: own });
      expect(await observe(app, pay({ Origin: 'https://api.example' }))).toEqual(passed);
      expect(await observe(app, pay({ Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-site' }))).toEqual(
        passed,
      );
      expect(await observe(app, pay({ Origin: APP }))).toEqual({ ...served, cors: readable(APP) });
      expect(await observe(app, pay({}))).toEqual(passed);
    });

    it('rejects a page of a name that an attacker points at the app', async () => {
      const app = await start({ cors: own });
      const rebound = { Origin: 'http://rebind.example', Host: 'rebind.example' };
      expect(await observe(app, pay(rebound))).toEqual(rejected);
      expect(await observe(app, pay({ ...rebound, 'Sec-Fetch-Site': 'same-origin' }))).toEqual(rejected);
      expect(await observe(app, pay({ ...rebound, Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }))).toEqual(
        rejected,
      );
      expect(await observe(app, pay({ Host: 'rebind.example', 'Sec-Fetch-Site': 'same-origin' }))).toEqual(rejected);
      // A GET has no origin: that takes a check of the host.
      expect(await observe(app, { path: '/health', headers: { Host: 'rebind.example' } })).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['health'],
      });
      // Without the option the host is believed.
      const wary = await start();
      expect(await observe(wary, pay(rebound))).toEqual(passed);
    });

    it("passes the app's own form under no-referrer, where the browser and the host agree", async () => {
      const app = await start({ cors: own });
      const form = { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' };
      expect(await observe(app, pay({ ...form, Host: 'api.example' }))).toEqual(passed);
      expect(await observe(app, pay({ ...form, Host: 'api.example:443' }))).toEqual(passed);
      expect(await observe(app, pay({ ...form, Host: 'localhost:3000' }))).toEqual(passed);
      expect(await observe(app, pay({ ...form, Host: 'api.example:8443' }))).toEqual(rejected);
      expect(await observe(app, pay({ Origin: 'null', Host: 'api.example' }))).toEqual(rejected);
      expect(await observe(app, pay({ Origin: 'null', Host: 'api.example', 'Sec-Fetch-Site': 'none' }))).toEqual(
        rejected,
      );
    });

    it('is asked for at boot wherever something rejects, and says what to type', async () => {
      const warned = async (
        options: CorsModuleOptions,
        controllers: AppOptions['controllers'] = [HealthController],
      ) => {
        const app = await startApp({ platform, cors: options, ...(controllers && { controllers }) });
        return app
          .get(CorsService)
          .warnings.filter(({ code }) => code.startsWith('self'))
          .map(({ code, path, location }) => [code, path, location.level]);
      };
      @Controller()
      class HealthController {
        @Get('health')
        health() {
          return ran('health');
        }
      }
      const warning = [['self_missing', 'self', 'module']];
      expect(await warned(cors)).toEqual(warning);
      expect(await warned({ origin: APP }, [PayController])).toEqual([]);
      expect(await warned({ origin: APP, routes: [{ path: '/raw', policy: { rejectDisallowed: true } }] })).toEqual(
        warning,
      );
      expect(await warned(own)).toEqual([]);
      expect(await warned({ origin: APP })).toEqual([]);
      expect(await warned({ origin: '*', methods: ['GET'], rejectDisallowed: true })).toEqual(warning);
    });
  });

  describe('beside a controller that serves every path', () => {
    @Controller()
    class PagesController {
      @All(platform === 'express' ? '*splat' : '*')
      page() {
        return ran('page');
      }
    }
    /** A mounted app, static files: they run ahead of the router. */
    const mount = (app: INestApplication) =>
      app.use('/legacy', (_request: IncomingMessage, response: ServerResponse) => {
        ran('legacy');
        response.end('legacy');
      });
    const startBeside = (options: CorsModuleOptions, controllers: AppOptions['controllers'] = [PagesController]) =>
      startApp({ platform, cors: options, ...(controllers && { controllers }), configure: mount });
    const transfer = (headers: Record<string, string>, method = 'POST') => ({
      method,
      path: '/legacy/transfer',
      headers,
    });
    const ranLegacy = (cors: Readonly<Record<string, string>>) => ({ status: 200, cors, ran: ['legacy'] });

    it("refuses by the controller's policy where no rule covers the path", async () => {
      const app = await startBeside(cors);
      expect(await observe(app, transfer({ Origin: EVIL }))).toEqual(rejected);
      expect(await observe(app, transfer({ 'Sec-Fetch-Site': 'cross-site' }))).toEqual(rejected);
      expect(await observe(app, transfer({ Origin: APP }))).toEqual(ranLegacy(readable(APP)));
      expect(await observe(app, transfer({}))).toEqual(ranLegacy(UNREADABLE));
    });

    it('refuses where the rule and the controller reject, and only there', async () => {
      const rule = (rejectDisallowed: boolean) => [{ path: '/legacy', policy: { rejectDisallowed } }];
      const both = await startBeside({ ...cors, routes: rule(true) });
      expect(await observe(both, transfer({ Origin: EVIL }))).toEqual(rejected);

      const ruleAlone = await startBeside({ origin: APP, routes: rule(true) });
      expect(await observe(ruleAlone, transfer({ Origin: EVIL }))).toEqual(ranLegacy(UNREADABLE));

      const controllerAlone = await startBeside({ ...cors, routes: rule(false) });
      expect(await observe(controllerAlone, transfer({ Origin: EVIL }))).toEqual(ranLegacy(UNREADABLE));
      // What reaches the controller meets its guard.
      expect(await observe(controllerAlone, { path: '/page', headers: { Origin: EVIL } })).toEqual(rejected);
    });

    it('refuses a method that every policy leaves out', async () => {
      const routes = [{ path: '/legacy', policy: {} }];
      const app = await startBeside({ ...cors, methods: ['GET'], routes });
      expect(await observe(app, transfer({ Origin: APP }))).toEqual(rejected);
      expect(await observe(app, transfer({ Origin: APP }, 'GET'))).toEqual(ranLegacy(readable(APP)));

      const open = await startBeside({
        ...cors,
        methods: ['GET'],
        routes: [{ path: '/legacy', policy: { methods: ['GET', 'POST'] } }],
      });
      expect(await observe(open, transfer({ Origin: APP }))).toEqual(ranLegacy(readable(APP)));
      expect(await observe(open, transfer({ Origin: EVIL }))).toEqual(rejected);
    });

    it('lets a public controller say what runs ahead of it, where no rule does', async () => {
      @Cors({ origin: '*' })
      @Controller()
      class PublicPages extends PagesController {}
      const app = await startBeside(cors, [PublicPages]);
      expect(await observe(app, transfer({ Origin: EVIL }))).toEqual(ranLegacy(PUBLIC));
    });

    it("sends the headers of who answered: a file's rule, and the controller's policy for its pages", async () => {
      @Cors({ origin: ADMIN })
      @Controller()
      class AdminPages extends PagesController {}
      const routes = [{ path: '/legacy', policy: { origin: '*' as const } }];
      const app = await startBeside({ origin: APP, routes }, [AdminPages]);

      expect(await observe(app, transfer({ Origin: EVIL }))).toEqual(ranLegacy(PUBLIC));
      const page = (origin: string) => ({ path: '/page', headers: { Origin: origin } });
      expect(await observe(app, page(ADMIN))).toEqual({ status: 200, cors: readable(ADMIN), ran: ['page'] });
      expect(await observe(app, page(EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['page'] });
    });

    it('waits for the resolvers of everyone who may serve', async () => {
      const asked: unknown[] = [];
      const resolver = async (origin: string, { controller }: CorsRequestContext) => {
        await Promise.resolve();
        asked.push(controller);
        return origin === ADMIN && controller === undefined;
      };
      const routes = [{ path: '/legacy', policy: { origin: resolver } }];
      const app = await startBeside({ ...cors, origin: [APP, resolver], routes });

      expect(await observe(app, transfer({ Origin: ADMIN }))).toEqual(ranLegacy(readable(ADMIN)));
      expect(asked).toEqual([undefined, PagesController]);
      expect(await observe(app, transfer({ Origin: EVIL }))).toEqual(rejected);
    });
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

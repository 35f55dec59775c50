import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Post } from '@nestjs/common';
import { ServeStaticModule, type ServeStaticModuleOptions } from '@nestjs/serve-static';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import '../support/fastify-static.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

/** Files without an index page, and a site with one. */
const FILES = { 'files/app.js': 'script', 'files/fonts/sans.woff2': 'font', 'files/open/logo.svg': 'logo' };
const SITE = { 'site/index.html': 'page' };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
  for (const [path, text] of Object.entries({ ...FILES, ...SITE })) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const cors: CorsModuleOptions = {
  origin: APP,
  routes: [
    { path: '/assets/fonts/*splat', policy: { origin: ADMIN, credentials: true } },
    { path: '/assets/open/*splat', policy: { origin: '*' } },
  ],
};

/** Its routes lie where files do. */
@Cors({ origin: [APP, EVIL] })
@Controller('assets')
class AssetsController {
  @Get('fonts/list')
  list() {
    return ran('list');
  }

  @Post('app.js')
  replace() {
    return ran('replace');
  }
}

const get = (path: string, origin?: string, headers = {}) => ({
  path,
  headers: { ...headers, ...(origin !== undefined && { Origin: origin }) },
});
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('A file that @nestjs/serve-static serves on %s', platform => {
  const start = (options: ServeStaticModuleOptions = { rootPath: join(folder, 'files'), serveRoot: '/assets' }) =>
    startApp({ platform, cors, imports: [ServeStaticModule.forRoot(options)], controllers: [AssetsController] });

  it('has the policy of the rule for its path, with and without Origin in the request', async () => {
    const app = await start();
    const font = '/assets/fonts/sans.woff2';

    expect(await exchange(app, get(font, ADMIN))).toMatchObject({ body: 'font' });
    expect(await observe(app, get(font, ADMIN))).toEqual({
      status: 200,
      cors: readable(ADMIN, { credentials: true }),
      ran: [],
    });
    expect(await observe(app, get(font, APP))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get(font))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    expect(await exchange(app, get('/assets/open/logo.svg', EVIL))).toMatchObject({ body: 'logo' });
    for (const origin of [EVIL, undefined]) {
      expect(await observe(app, get('/assets/open/logo.svg', origin))).toEqual({ status: 200, cors: PUBLIC, ran: [] });
    }
  });

  it("has the module's policy where no rule is for its path", async () => {
    const app = await start();

    expect(await exchange(app, get('/assets/app.js', APP))).toMatchObject({ body: 'script' });
    expect(await observe(app, get('/assets/app.js', APP))).toEqual({ status: 200, cors: readable(APP), ran: [] });
    expect(await observe(app, get('/assets/app.js', ADMIN))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get('/assets/app.js'))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
  });

  it('has it in every form: unchanged, in part, as headers alone', async () => {
    const app = await start();
    const path = '/assets/fonts/sans.woff2';
    const cors = readable(ADMIN, { credentials: true });
    const { observed, headers } = await exchange(app, { ...get(path, ADMIN), method: 'HEAD' });

    expect(observed).toEqual({ status: 200, cors, ran: [] });
    const unchanged = { 'If-None-Match': String(headers['etag']) };
    expect(await observe(app, get(path, ADMIN, unchanged))).toEqual({ status: 304, cors, ran: [] });
    expect(await observe(app, get(path, undefined, unchanged))).toEqual({ status: 304, cors: UNREADABLE, ran: [] });
    const part = await exchange(app, get(path, ADMIN, { Range: 'bytes=0-1' }));
    expect(part.observed).toEqual({ status: 206, cors, ran: [] });
    expect(part.body).toBe('fo');
  });

  it('that is missing has it too', async () => {
    const app = await start();

    expect(await observe(app, get('/assets/fonts/none.woff2', ADMIN))).toEqual({
      status: 404,
      cors: readable(ADMIN, { credentials: true }),
      ran: [],
    });
    expect(await observe(app, get('/assets/fonts/none.woff2', APP))).toEqual({
      status: 404,
      cors: UNREADABLE,
      ran: [],
    });
    expect(await observe(app, get('/assets/none.js', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
  });

  it("leaves a controller's route beside it to its own policy", async () => {
    const app = await start();

    expect(await observe(app, get('/assets/fonts/list', EVIL))).toEqual({
      status: 200,
      cors: readable(EVIL),
      ran: ['list'],
    });
    expect(await observe(app, get('/assets/fonts/list', ADMIN))).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['list'],
    });
    expect(await observe(app, preflightOf('/assets/fonts/list', EVIL, 'GET'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/assets/fonts/list', ADMIN, 'GET'))).toEqual(refused);
  });

  it('has a preflight that its policy refuses, to an origin that is not allowed there', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/assets/fonts/sans.woff2', APP, 'GET'))).toEqual(refused);
    expect(await observe(app, preflightOf('/assets/app.js', ADMIN, 'GET'))).toEqual(refused);
    expect(await observe(app, preflightOf('/assets/none.js', EVIL, 'GET'))).toEqual(refused);
  });

  it('has a preflight that is granted for the methods that files are served for, and refused for others', async () => {
    const app = await start();

    for (const path of ['/assets/fonts/sans.woff2', '/assets/fonts/none.woff2']) {
      expect(await observe(app, preflightOf(path, ADMIN, 'GET'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'GET, HEAD', credentials: true }),
        ran: [],
      });
    }
    expect(await observe(app, preflightOf('/assets/none.js', APP, 'HEAD'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/assets/none.js', APP, 'PUT'))).toEqual(refused);
  });

  it('has a preflight by its own policy also where a controller serves another method of its path', async () => {
    const app = await start();

    expect(await observe(app, { ...get('/assets/app.js', EVIL), method: 'POST' })).toEqual({
      status: 201,
      cors: readable(EVIL),
      ran: ['replace'],
    });
    expect(await observe(app, preflightOf('/assets/app.js', EVIL, 'POST'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'POST' }),
      ran: [],
    });
    expect(await observe(app, get('/assets/app.js', APP))).toEqual({ status: 200, cors: readable(APP), ran: [] });
    expect(await observe(app, preflightOf('/assets/app.js', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, POST' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/assets/app.js', EVIL, 'GET'))).toEqual(refused);
  });

  it('that stands in for every unknown path, as the page of a front end, has the policy of the path asked for', async () => {
    // Without `fallthrough`, Fastify's loader answers 404.
    const app = await start({ rootPath: join(folder, 'site'), serveStaticOptions: { fallthrough: true } });

    for (const path of ['/', '/some/view']) {
      const { observed, body } = await exchange(app, get(path, APP));
      expect(observed).toEqual({ status: 200, cors: readable(APP), ran: [] });
      expect(body).toBe('page');
      expect(await observe(app, get(path, ADMIN))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    }
    const underRule = await exchange(app, get('/assets/fonts/none.woff2', ADMIN));
    expect(underRule.observed).toEqual({ status: 200, cors: readable(ADMIN, { credentials: true }), ran: [] });
    expect(underRule.body).toBe('page');
    expect(await observe(app, get('/assets/fonts/list', EVIL))).toEqual({
      status: 200,
      cors: readable(EVIL),
      ran: ['list'],
    });
    expect(await observe(app, preflightOf('/assets/fonts/list', ADMIN, 'GET'))).toEqual(refused);
  });
});

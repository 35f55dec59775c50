import { Controller, Get, type INestApplication } from '@nestjs/common';
import { CorsService, type CorsModuleOptions } from 'nestjs-cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import {
  ADMIN,
  APP,
  CLOSED,
  EVIL,
  EXPLAINED_PREFLIGHT_VARY,
  granted,
  PUBLIC,
  readable,
  REFUSED,
  UNREADABLE,
} from '../support/expected.js';
import { FORBIDDEN_BODY } from '../../lib/request/forbidden.exception.js';
import { hintFor } from '../support/remedy.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = {
  origin: APP,
  policies: { public: { origin: '*', methods: ['GET'] } },
  routes: [
    { path: '/graphql', policy: { origin: ADMIN, allowedHeaders: ['content-type', 'authorization'] } },
    { path: '/static/*splat', policy: 'public' },
    { path: '/internal', policy: false },
    { path: '/cats', policy: { origin: EVIL } },
  ],
};

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

afterEach(closeApps);

describe.each(PLATFORMS)('A rule for a path that no controller serves on %s', platform => {
  const start = () =>
    startApp({
      platform,
      cors,
      controllers: [CatsController],
      configure: app => {
        // What serves such paths: a GraphQL driver, static assets.
        app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
          if (!/^\/(graphql|static|internal)/.test(request.url ?? '')) return next();
          ran(`served ${String(request.url)}`);
          response.end('ok');
        });
      },
    });

  it('decides about its preflight and its responses', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST', 'authorization'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'POST', headers: 'content-type, authorization' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/graphql', APP, 'POST'))).toEqual(refused);
    const served = { status: 200, ran: ['served /graphql?q=1'] };
    expect(await observe(app, get('/graphql?q=1', ADMIN))).toEqual({ ...served, cors: readable(ADMIN) });
    expect(await observe(app, get('/graphql?q=1', APP))).toEqual({ ...served, cors: UNREADABLE });
  });

  it('may name a policy, or close the path', async () => {
    const app = await start();

    expect(await observe(app, get('/static/a/b.css', EVIL))).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['served /static/a/b.css'],
    });
    expect(await observe(app, preflightOf('/static/a/b.css', EVIL, 'PUT'))).toEqual(refused);
    expect(await observe(app, get('/internal', APP))).toEqual({ status: 200, cors: CLOSED, ran: ['served /internal'] });
    expect(await observe(app, preflightOf('/internal', APP, 'POST'))).toEqual(refused);
  });

  it("does not touch a controller's route, nor any other path", async () => {
    const app = await start();

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/graphs', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
    expect(await observe(app, preflightOf('/graphqlx', ADMIN, 'POST'))).toEqual(refused);
  });
});

/** Serves every path but those of controllers. */
const serveAll = (app: INestApplication) =>
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.url?.startsWith('/cats') === true) return next();
    ran('served');
    response.end('ok');
  });

describe.each(PLATFORMS)('A rule whose path has to be escaped in a URL on %s', platform => {
  it.each<[written: string, path: string]>([
    ['/service path', '/service%20path'],
    ['/service%20path', '/service%20path'],
    ['/files/\u00e9t\u00e9', '/files/%C3%A9t%C3%A9'],
    ['/files/%C3%A9t%C3%A9', '/files/%c3%a9t%c3%a9'],
    ['/files/\u00e9t\u00e9', '/files/e%CC%81te%CC%81'],
    ['/files/e\u0301te\u0301', '/files/%C3%A9t%C3%A9'],
    ['/graphql', '/%67raphql'],
  ])('is for the path as it is decoded, however it is written: %s for %s', async (written, path) => {
    const app = await startApp({
      platform,
      cors: { origin: APP, routes: [{ path: written, policy: { origin: ADMIN } }] },
      configure: serveAll,
    });

    const served = { status: 200, ran: ['served'] };
    for (const below of [path, `${path}/below?a=b`]) {
      expect(await observe(app, get(below, ADMIN))).toEqual({ ...served, cors: readable(ADMIN) });
      expect(await observe(app, get(below, APP))).toEqual({ ...served, cors: UNREADABLE });
      expect(await observe(app, preflightOf(below, ADMIN, 'PUT'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'PUT' }),
        ran: [],
      });
      expect(await observe(app, preflightOf(below, APP, 'PUT'))).toEqual(refused);
    }
  });
});

describe.each(PLATFORMS)('A path that can be read in several ways on %s', platform => {
  const FILES: CorsModuleOptions = {
    origin: APP,
    routes: [
      { path: '/files/public', policy: { origin: '*' } },
      { path: '/files/private', policy: false },
    ],
  };

  @Controller('cats')
  class NamesController {
    @Get(':name')
    one() {
      return ran('one');
    }
  }

  it.each([
    '/files/public/..%2fprivate/x',
    '/files/public/..%2fprivate/%252e%252e/public/x',
    '/files//private/x',
    '/files/private%2fx',
    '/files/./private/x',
    '/files/PRIVATE/x',
    '/FILES/public/x',
    '/files/public\\..\\private',
    '/files/public/..;/private',
  ])('has no CORS header, and its preflight is refused: %s', async path => {
    const app = await startApp({ platform, cors: FILES, configure: serveAll });

    for (const origin of [APP, EVIL]) {
      expect(await observe(app, get(path, origin))).toEqual({ status: 200, cors: UNREADABLE, ran: ['served'] });
      expect(await observe(app, preflightOf(path, origin, 'GET'))).toEqual(refused);
    }
    expect(await observe(app, { path })).toEqual({ status: 200, cors: UNREADABLE, ran: ['served'] });
  });

  it('is in no doubt where all of its readings are under one rule, or under none', async () => {
    const app = await startApp({ platform, cors: FILES, configure: serveAll });
    const served = { status: 200, ran: ['served'] };

    expect(await observe(app, get('/files/public/a%2fb//c', EVIL))).toEqual({ ...served, cors: PUBLIC });
    expect(await observe(app, get('/files/private//a;b', APP))).toEqual({ ...served, cors: CLOSED });
    expect(await observe(app, get('/other//a%2f..;/b', APP))).toEqual({ ...served, cors: readable(APP) });
  });

  it("has its handler's headers where a controller serves it", async () => {
    const app = await startApp({
      platform,
      controllers: [NamesController],
      cors: { ...FILES, routes: [...(FILES.routes ?? []), { path: '/cats/private', policy: false }] },
      configure: serveAll,
    });

    for (const path of ['/cats/private%2fx', '/cats/PRIVATE', '/cats/..%2ffiles%2fpublic']) {
      expect(await observe(app, get(path, APP))).toEqual({ status: 200, cors: readable(APP), ran: ['one'] });
    }
  });

  it('is rejected where a policy that may be meant rejects', async () => {
    const [open, closed] = FILES.routes ?? [];
    const app = await startApp({
      platform,
      cors: {
        ...FILES,
        debug: true,
        routes: [open, { ...closed, policy: { origin: false, rejectDisallowed: true } }] as never,
      },
      configure: serveAll,
    });
    const hint = hintFor('path-ambiguous');
    const { observed, body } = await exchange(app, get('/files/public/..%2fprivate/x', EVIL));

    expect(observed).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(JSON.parse(body)).toEqual({ ...FORBIDDEN_BODY, reason: 'path-ambiguous', hint });
    expect(await observe(app, get('/files/public/..%2fx', EVIL))).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['served'],
    });
    expect(await observe(app, get('/files/public/x', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['served'] });
  });

  it('is logged once a minute, and explained', async () => {
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: FILES, configure: serveAll, nest: { logger } });
    const url = '/files/public/..%2fprivate/x';
    for (let sent = 0; sent < 3; sent++) await observe(app, preflightOf(url, APP, 'GET'));

    expect(logger.ofCors('warn')).toEqual([
      `Sent no CORS headers for "GET" "${url}": its path can be read in several ways, and the rules in \`routes\` give them different policies. ${hintFor('path-ambiguous')}`,
    ]);
    const { preflight, actual, hint } = await app.get(CorsService).explain({ method: 'GET', url, origin: APP });
    expect([preflight, actual, hint]).toEqual([
      { allowed: false, reason: 'path-ambiguous', headers: EXPLAINED_PREFLIGHT_VARY },
      { allowed: false, reason: 'path-ambiguous', headers: { Vary: 'Origin' } },
      hintFor('path-ambiguous'),
    ]);
  });
});

describe.each(PLATFORMS)('A rule beside a raw route for every path, on %s', platform => {
  /** As static files with a fallback to their index are registered. */
  const addRaw = (app: INestApplication, path: string) => {
    const answer = (name: string) => (_request: unknown, response: { send(body: string): void }) => {
      ran(name);
      response.send(name);
    };
    const instance = app.getHttpAdapter().getInstance() as {
      get(path: string, handler: unknown): void;
    };
    instance.get(path, answer('raw'));
  };
  const everything = platform === 'express' ? '/{*any}' : '/*';
  const graphql = (app: INestApplication) =>
    app.use('/graphql', (_request: IncomingMessage, response: ServerResponse) => {
      ran('graphql');
      response.end('{}');
    });
  const post = { method: 'POST', path: '/graphql', headers: { Origin: ADMIN } };

  it('answers for what a middleware serves there, whose methods nobody knows', async () => {
    const app = await startApp({
      platform,
      cors,
      configure: each => {
        graphql(each);
        addRaw(each, everything);
      },
    });
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST', 'authorization'))).toMatchObject({
      status: 204,
      cors: { 'access-control-allow-origin': ADMIN },
      ran: [],
    });
    expect(await observe(app, preflightOf('/graphql', APP, 'POST'))).toEqual(refused);
    expect(await observe(app, post)).toEqual({ status: 200, cors: readable(ADMIN), ran: ['graphql'] });
  });

  it('has no more methods than the raw route that it is for', async () => {
    const app = await startApp({ platform, cors, configure: each => addRaw(each, '/graphql') });
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST'))).toEqual(refused);
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'GET'))).toMatchObject({ status: 204, ran: [] });
  });
});

describe.each(PLATFORMS)("A rule above a controller's path, on %s", platform => {
  it('leaves its handler alone, and explain() says so', async () => {
    const routes = [
      { path: '/cats', policy: { origin: EVIL } },
      { path: '/CATS', policy: false as const },
    ];
    const app = await startApp({ platform, cors: { origin: APP, routes }, controllers: [CatsController] });
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });

    const explain = (origin: string) => app.get(CorsService).explain({ method: 'GET', url: '/cats', origin });
    expect(await explain(APP)).toMatchObject({ actual: { allowed: true }, provenance: { origin: 'module' } });
    const { actual, provenance, hint } = await explain(EVIL);
    expect([actual.reason, provenance.origin]).toEqual(['origin-not-allowed', 'module']);
    expect(hint).toBe(hintFor('origin-not-allowed', EVIL, 'CorsModule.forRoot()'));
  });
});

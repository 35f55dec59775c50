import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Header,
  InternalServerErrorException,
  Post,
  Put,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  VersioningType,
  Version,
  type INestApplication,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import helmet from 'helmet';
import { Cors, CorsService, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { of } from 'rxjs';
import { closeApps, PLATFORMS, startApp, type AppOptions, type Platform } from '../support/app.js';
import { preflightOf, type WireRequest } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import '../support/fastify-static.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange } = watchHandlers();

type PlatformResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?: () => void };

/** Every `Access-Control-*` header, `Vary` and the companions. */
async function observe(app: INestApplication, request: WireRequest) {
  const { observed, headers } = await exchange(app, request);
  const { 'cross-origin-resource-policy': resourcePolicy, 'timing-allow-origin': timing } = headers;
  return {
    ...observed,
    cors: {
      ...observed.cors,
      ...(resourcePolicy !== undefined && embeddable(resourcePolicy)),
      ...(timing !== undefined && timed(timing)),
    },
  };
}

const embeddable = <By extends string | string[]>(by: By) => ({ 'cross-origin-resource-policy': by });
const timed = <Origins extends string | string[]>(origins: Origins) => ({ 'timing-allow-origin': origins });

const get = (path: string, origin?: string, headers?: WireRequest['headers']): WireRequest => ({
  path,
  headers: { ...headers, ...(origin !== undefined && { Origin: origin }) },
});

/** What an app sets for all of its responses. */
function setCompanions(app: INestApplication) {
  app.use(helmet());
  app.use((_request: unknown, response: ServerResponse, next: () => void) => {
    response.setHeader('Timing-Allow-Origin', '*');
    next();
  });
}
const OF_APP = { ...embeddable('same-origin'), ...timed('*') };

class DenyingGuard {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

@Controller('exits')
class ExitsController {
  @Get('200')
  list() {
    return ran('list');
  }

  @Get('204')
  none(@Res() response: PlatformResponse) {
    ran('none');
    (response.raw ?? response).writeHead(204, { 'Cross-Origin-Resource-Policy': 'same-origin' }).end();
  }

  @Get('302')
  redirect(@Res() response: PlatformResponse) {
    ran('redirect');
    (response.raw ?? response).writeHead(302, { Location: '/elsewhere' }).end();
  }

  @Get('304')
  notModified(@Res() response: PlatformResponse) {
    ran('notModified');
    (response.raw ?? response).writeHead(304, ['timing-allow-origin', 'https://a.example']).end();
  }

  @UseGuards(DenyingGuard)
  @Get('403')
  guarded() {
    ran('guarded');
  }

  @Get('500')
  broken() {
    ran('broken');
    throw new InternalServerErrorException();
  }

  @Post('parsed')
  parsed(@Body() body: unknown) {
    ran('parsed');
    return body;
  }

  @Get('file')
  file() {
    ran('file');
    return new StreamableFile(Buffer.from('body'));
  }

  @Sse('events')
  events() {
    ran('events');
    return of({ data: 'event' });
  }

  @Get('hijacked')
  hijacked(@Res() response: PlatformResponse) {
    ran('hijacked');
    response.hijack?.();
    (response.raw ?? response).end('body');
  }

  @Header('Cross-Origin-Resource-Policy', 'same-site')
  @Header('Timing-Allow-Origin', 'https://a.example')
  @Get('own')
  own() {
    return ran('own');
  }
}

const EXITS: readonly (readonly [exit: string, request: WireRequest, status: number, handlers: readonly string[]])[] = [
  ['a 200', { path: '/exits/200' }, 200, ['list']],
  ['a HEAD', { path: '/exits/200', method: 'HEAD' }, 200, ['list']],
  ['a 204 by writeHead()', { path: '/exits/204' }, 204, ['none']],
  ['a redirect', { path: '/exits/302' }, 302, ['redirect']],
  ['a 304', { path: '/exits/304' }, 304, ['notModified']],
  ["a guard's 403", { path: '/exits/403' }, 403, []],
  ["a handler's 500", { path: '/exits/500' }, 500, ['broken']],
  [
    "a parser's 400",
    { path: '/exits/parsed', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{' },
    400,
    [],
  ],
  ['a StreamableFile', { path: '/exits/file' }, 200, ['file']],
  ['server-sent events', { path: '/exits/events' }, 200, ['events']],
  ['a raw response', { path: '/exits/hijacked' }, 200, ['hijacked']],
  ["the handler's own headers", { path: '/exits/own' }, 200, ['own']],
  ['a 404', { path: '/nowhere' }, 404, []],
];

afterEach(closeApps);

describe.each(PLATFORMS)('The companions of a policy on %s', platform => {
  const start = (cors: CorsModuleOptions, options: AppOptions = {}) =>
    startApp({ platform, cors, controllers: [ExitsController], configure: setCompanions, ...options });

  describe.each(EXITS)('on %s', (_exit, { headers, ...request }, status, handlers) => {
    const from = (origin?: string) => ({
      ...request,
      headers: { ...headers, ...(origin !== undefined && { Origin: origin }) },
    });

    it('are those of a list, whoever asks, over what the app sets', async () => {
      const app = await start({ origin: [APP, ADMIN], resourcePolicy: 'cross-origin', timing: true });
      const answered = { status, ran: handlers };
      const cross = embeddable('cross-origin');

      expect(await observe(app, from(APP))).toEqual({
        ...answered,
        cors: { ...readable(APP), ...cross, ...timed(APP) },
      });
      expect(await observe(app, from(ADMIN))).toEqual({
        ...answered,
        cors: { ...readable(ADMIN), ...cross, ...timed(ADMIN) },
      });
      expect(await observe(app, from(EVIL))).toEqual({ ...answered, cors: { ...UNREADABLE, ...cross } });
      expect(await observe(app, from())).toEqual({ ...answered, cors: { ...UNREADABLE, ...cross } });
    });

    it("are the same for every caller under '*'", async () => {
      const app = await start({ origin: '*', resourcePolicy: 'cross-origin', timing: true });
      const cors = { ...PUBLIC, ...embeddable('cross-origin'), ...timed('*') };

      for (const origin of [EVIL, undefined]) {
        expect(await observe(app, from(origin))).toEqual({ status, cors, ran: handlers });
      }
    });
  });

  it('stay what the app sets where the policy says nothing, or timing: false', async () => {
    for (const cors of [{ origin: APP }, { origin: APP, timing: false }]) {
      const app = await start(cors);

      expect(await observe(app, get('/exits/200', APP))).toEqual({
        status: 200,
        cors: { ...readable(APP), ...OF_APP },
        ran: ['list'],
      });
      expect(await observe(app, get('/exits/200', EVIL))).toEqual({
        status: 200,
        cors: { ...UNREADABLE, ...OF_APP },
        ran: ['list'],
      });
    }
  });

  it('are set each by its own', async () => {
    const embedded = await start({ origin: APP, resourcePolicy: 'same-site' });
    expect((await observe(embedded, get('/exits/200', APP))).cors).toEqual({
      ...readable(APP),
      ...embeddable('same-site'),
      ...timed('*'),
    });
    const measured = await start({ origin: APP, timing: true });
    expect((await observe(measured, get('/exits/200', APP))).cors).toEqual({
      ...readable(APP),
      ...embeddable('same-origin'),
      ...timed(APP),
    });
    expect((await observe(measured, get('/exits/200', EVIL))).cors).toEqual({
      ...UNREADABLE,
      ...embeddable('same-origin'),
    });
  });

  it('are on no answer to a preflight: nothing embeds or measures it', async () => {
    const app = await start({ origin: APP, resourcePolicy: 'cross-origin', timing: true }, { configure: () => {} });

    expect(await observe(app, preflightOf('/exits/200', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/exits/200', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('are on a 403 of rejectDisallowed, and not measured where the method is refused', async () => {
    const app = await start({
      origin: APP,
      methods: ['POST'],
      rejectDisallowed: true,
      resourcePolicy: 'same-origin',
      timing: true,
    });

    for (const origin of [APP, EVIL]) {
      expect(await observe(app, get('/exits/200', origin))).toEqual({
        status: 403,
        cors: { ...UNREADABLE, ...embeddable('same-origin') },
        ran: [],
      });
    }
  });

  it('of no cross-origin access are never measured, and embedded as the policy says', async () => {
    @NoCors()
    @Controller('cats')
    class CatsController {
      @Get()
      list() {
        return ran('list');
      }

      @Cors({ resourcePolicy: 'same-site' })
      @Get('logo')
      logo() {
        return ran('logo');
      }
    }
    const app = await start(
      { origin: APP, resourcePolicy: 'cross-origin', timing: true },
      { controllers: [CatsController] },
    );

    expect(await observe(app, get('/cats', APP))).toEqual({
      status: 200,
      cors: { ...CLOSED, ...embeddable('cross-origin') },
      ran: ['list'],
    });
    expect(await observe(app, get('/cats/logo', APP))).toEqual({
      status: 200,
      cors: { ...CLOSED, ...embeddable('same-site') },
      ran: ['logo'],
    });
    expect(app.get(CorsService).warnings).toEqual([]);
  });

  it('go by the answer of a resolver', async () => {
    const resolver = (origin: string) => Promise.resolve(origin === APP);
    const app = await start({ origin: resolver, resourcePolicy: 'same-site', timing: true });

    expect((await observe(app, get('/exits/200', APP))).cors).toEqual({
      ...readable(APP),
      ...embeddable('same-site'),
      ...timed(APP),
    });
    expect((await observe(app, get('/exits/200', EVIL))).cors).toEqual({ ...UNREADABLE, ...embeddable('same-site') });
  });

  it('are inherited, replaced and reloaded as all options are, and shown', async () => {
    @Cors({ timing: true })
    @Controller('cats')
    class CatsController {
      @Get()
      list() {
        return ran('list');
      }

      @Cors({ resourcePolicy: 'cross-origin', timing: false })
      @Get('logo')
      logo() {
        return ran('logo');
      }

      @Cors('public')
      @Get('public')
      publicList() {
        return ran('public');
      }
    }
    const app = await start(
      {
        origin: APP,
        resourcePolicy: 'same-origin',
        policies: { public: { origin: '*', timing: true } },
      },
      { controllers: [CatsController], configure: () => {} },
    );
    const cors = app.get(CorsService);

    expect((await observe(app, get('/cats', APP))).cors).toEqual({
      ...readable(APP),
      ...embeddable('same-origin'),
      ...timed(APP),
    });
    expect((await observe(app, get('/cats/logo', APP))).cors).toEqual({
      ...readable(APP),
      ...embeddable('cross-origin'),
    });
    expect((await observe(app, get('/cats/public', EVIL))).cors).toEqual({ ...PUBLIC, ...timed('*') });
    expect(
      cors.policies().map(({ policy, provenance }) => [
        [policy.resourcePolicy, provenance.resourcePolicy],
        [policy.timing, provenance.timing],
      ]),
    ).toEqual([
      [
        ['same-origin', 'module'],
        [true, 'controller'],
      ],
      [
        ['cross-origin', 'handler'],
        [false, 'handler'],
      ],
      [
        [undefined, undefined],
        [true, 'policy:public'],
      ],
    ]);
    const { actual, preflight } = await cors.explain({ method: 'GET', url: '/cats', origin: APP });
    expect(actual.headers).toEqual({
      'Access-Control-Allow-Origin': APP,
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Timing-Allow-Origin': APP,
      Vary: 'Origin',
    });
    expect(Object.keys(preflight.headers)).not.toContain('Cross-Origin-Resource-Policy');
    expect((await cors.explain({ method: 'GET', url: '/cats', origin: EVIL })).actual.headers).toEqual({
      'Cross-Origin-Resource-Policy': 'same-origin',
      Vary: 'Origin',
    });

    await cors.reload({ origin: APP, policies: { public: { origin: '*' } } });
    expect((await observe(app, get('/cats', APP))).cors).toEqual({ ...readable(APP), ...timed(APP) });
  });

  it('make no difference to who may be meant by a preflight', async () => {
    @Controller('cats')
    class CatsController {
      @Version('1')
      @Cors({ resourcePolicy: 'same-site' })
      @Put()
      first() {
        return ran('first');
      }

      @Version('2')
      @Cors({ resourcePolicy: 'cross-origin', timing: true })
      @Put()
      second() {
        return ran('second');
      }
    }
    const app = await start(
      { origin: APP, allowedHeaders: ['x-version'] },
      {
        controllers: [CatsController],
        configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
      },
    );
    const put = (version: string, origin: string) => ({
      method: 'PUT',
      path: '/cats',
      headers: { Origin: origin, 'X-Version': version },
    });

    expect(app.get(CorsService).warnings).toEqual([]);
    expect(await observe(app, put('1', APP))).toEqual({
      status: 200,
      cors: { ...readable(APP), ...embeddable('same-site') },
      ran: ['first'],
    });
    expect(await observe(app, put('2', APP))).toEqual({
      status: 200,
      cors: { ...readable(APP), ...embeddable('cross-origin'), ...timed(APP) },
      ran: ['second'],
    });
    // Nobody else may have answered its preflight: both refuse it.
    expect(await observe(app, put('1', EVIL))).toEqual({
      status: 200,
      cors: { ...UNREADABLE, ...embeddable('same-site') },
      ran: ['first'],
    });
  });
});

describe.each(PLATFORMS)('The companions of a rule on %s', platform => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
    for (const path of ['open', 'closed', 'plain']) {
      mkdirSync(join(folder, path));
      writeFileSync(join(folder, path, 'a.txt'), 'text');
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (cors: CorsModuleOptions, configure?: AppOptions['configure']) =>
    startApp({
      platform,
      cors,
      configure: app => {
        configure?.(app);
        serveFiles(app, platform, folder, configure === undefined ? {} : OF_APP);
      },
    });

  it('are on its files, and on what it does not find', async () => {
    const app = await start(
      {
        origin: APP,
        resourcePolicy: 'same-origin',
        routes: [{ path: '/open', policy: { origin: '*', resourcePolicy: 'cross-origin', timing: true } }],
      },
      setCompanions,
    );
    const open = { ...PUBLIC, ...embeddable('cross-origin'), ...timed('*') };

    expect(await observe(app, get('/open/a.txt'))).toMatchObject({ status: 200, cors: open });
    expect(await observe(app, get('/open/b.txt', EVIL))).toMatchObject({ status: 404, cors: open });
    expect(await observe(app, get('/plain/a.txt', APP))).toMatchObject({
      status: 200,
      cors: { ...readable(APP), ...OF_APP },
    });
    const { headers } = await exchange(app, get('/plain/a.txt', APP));
    const etag = String(headers['etag']);
    expect(await observe(app, get('/plain/a.txt', EVIL, { 'If-None-Match': etag }))).toMatchObject({
      status: 304,
      cors: { ...UNREADABLE, ...OF_APP },
    });
  });

  describe('in doubt', () => {
    // Whoever decodes it serves a file of the rule, and whoever does not serves none.
    const DOUBTFUL = '/closed%2fa.txt';

    it.each<[string, string | undefined, CorsModuleOptions['resourcePolicy'], CorsModuleOptions['resourcePolicy']]>([
      ['the strictest', 'same-origin', 'same-origin', 'cross-origin'],
      ['the strictest', 'same-site', 'same-site', 'cross-origin'],
      ['the strictest', 'same-origin', 'same-site', 'same-origin'],
      ['the one of both', 'cross-origin', 'cross-origin', 'cross-origin'],
      ['same-origin where one is left to the app', 'same-origin', undefined, 'same-site'],
      ['none where one is left to the app and the other is for all', undefined, 'cross-origin', undefined],
    ])('are %s (%s)', async (_which, expected, ofRule, ofModule) => {
      const app = await start({
        origin: APP,
        ...(ofModule && { resourcePolicy: ofModule }),
        // A name inherits nothing.
        policies: { admin: { origin: ADMIN, ...(ofRule && { resourcePolicy: ofRule }) } },
        routes: [{ path: '/closed', policy: 'admin' }],
      });

      for (const origin of [APP, ADMIN, undefined]) {
        const { cors } = await observe(app, get(DOUBTFUL, origin));
        expect(cors).toEqual({ ...UNREADABLE, ...(expected !== undefined && embeddable(expected)) });
      }
      const { actual } = await app.get(CorsService).explain({ method: 'GET', url: DOUBTFUL, origin: APP });
      expect(actual).toEqual({
        allowed: false,
        reason: 'path-ambiguous',
        headers: { ...(expected !== undefined && { 'Cross-Origin-Resource-Policy': expected }), Vary: 'Origin' },
      });
    });

    it('are not measured, whatever the app sets', async () => {
      const app = await start(
        { origin: APP, routes: [{ path: '/closed', policy: { origin: ADMIN, timing: true } }] },
        setCompanions,
      );

      expect((await observe(app, get(DOUBTFUL, APP))).cors).toEqual({ ...UNREADABLE, ...embeddable('same-origin') });
    });

    it('leave no doubt about CORS where the policies differ in nothing else', async () => {
      const app = await start({
        origin: APP,
        resourcePolicy: 'cross-origin',
        routes: [{ path: '/closed', policy: { resourcePolicy: 'same-site', timing: true } }],
      });

      expect(await observe(app, get(DOUBTFUL, APP))).toMatchObject({
        cors: { ...readable(APP), ...embeddable('same-site'), ...timed(APP) },
      });
      expect(await observe(app, preflightOf(DOUBTFUL, APP, 'PUT'))).toMatchObject({
        status: 204,
        cors: { 'access-control-allow-origin': APP },
      });
      const { actual } = await app.get(CorsService).explain({ method: 'GET', url: DOUBTFUL, origin: APP });
      expect(actual).toMatchObject({ allowed: true, headers: { 'Cross-Origin-Resource-Policy': 'same-site' } });
    });
  });
});

/** @param own headers that the server of files sets itself */
function serveFiles(app: INestApplication, platform: Platform, root: string, own: Readonly<Record<string, string>>) {
  if (platform === 'express') {
    (app as NestExpressApplication).useStaticAssets(root, {
      setHeaders: response => void Object.entries(own).forEach(([name, value]) => response.setHeader(name, value)),
    });
  } else {
    (app as NestFastifyApplication).useStaticAssets({
      root,
      setHeaders: (reply: unknown) => {
        const { raw } = reply as { readonly raw: ServerResponse };
        Object.entries(own).forEach(([name, value]) => raw.setHeader(name, value));
      },
    });
  }
}

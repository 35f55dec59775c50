import {
  Body,
  Controller,
  Get,
  Post,
  Put,
  Res,
  UnauthorizedException,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { once } from 'node:events';
import { mkdtemp, open, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeApps, startApp, type AppOptions, type Platform } from '../support/app.js';
import { portOf, preflightOf, send, type WireRequest, type WireResponse } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { openHttp2, sendHttp2 } from '../support/http2.js';
import { watchHandlers, type Observation } from '../support/observe.js';
import { SlowFilter } from '../support/slow-filter.js';
import { OVER_TLS, TLS } from '../support/tls.js';

const { ran, take, observed } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, credentials: true };

const deny = {
  canActivate() {
    throw new UnauthorizedException();
  },
};

@Controller('cats')
class CatsController {
  @Get(':id')
  read() {
    return ran('read');
  }

  @Cors({ origin: ADMIN, credentials: false })
  @Put(':id')
  async replace() {
    await Promise.resolve();
    return ran('replace');
  }

  @Post()
  create(@Body() body: object) {
    return ran(`create ${JSON.stringify(body)}`);
  }

  @UseGuards(deny)
  @Post('guarded')
  guarded() {
    return ran('guarded');
  }

  @Get('raw/written')
  raw(@Res() response: ServerResponse & { raw?: ServerResponse }) {
    ran('raw');
    (response.raw ?? response).writeHead(202, { 'Access-Control-Allow-Origin': '*', Vary: 'Accept' }).end('raw');
  }
}

/** A way in which requests come to an app. */
interface Transport {
  readonly scheme: 'http' | 'https';
  readonly options: Partial<AppOptions> & { readonly platform: Platform };
  /** The header that names the request's own authority. */
  readonly authority: 'Host' | ':authority';
  send(app: INestApplication, request: WireRequest): Promise<WireResponse>;
}

const overTls = (app: INestApplication, request: WireRequest) => send(app, { ...request, ...OVER_TLS });
const fastify = (options: object) => ({ platform: 'fastify' as const, fastify: options });

// There is no HTTP/2 on Express: Nest's adapter makes HTTP/1.1 servers, and Express 5 gives each request the prototype
// of `http.IncomingMessage`, on which one of HTTP/2 throws.
const HTTP2: Readonly<Record<string, Transport>> = {
  'HTTP/2 in clear on fastify': {
    scheme: 'http',
    options: fastify({ http2: true }),
    authority: ':authority',
    send: (app, request) => sendHttp2(app, 'http', request),
  },
  'HTTP/2 on fastify': {
    scheme: 'https',
    options: fastify({ http2: true, https: TLS }),
    authority: ':authority',
    send: (app, request) => sendHttp2(app, 'https', request),
  },
  'HTTP/2 on fastify beside HTTP/1.1': {
    scheme: 'https',
    options: fastify({ http2: true, https: { ...TLS, allowHTTP1: true } }),
    authority: ':authority',
    send: (app, request) => sendHttp2(app, 'https', request),
  },
};
const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'HTTPS on express': {
    scheme: 'https',
    options: { platform: 'express', nest: { httpsOptions: TLS } },
    authority: 'Host',
    send: overTls,
  },
  'HTTPS on fastify': {
    scheme: 'https',
    options: fastify({ https: TLS }),
    authority: 'Host',
    send: overTls,
  },
  'HTTPS on fastify beside HTTP/2': {
    scheme: 'https',
    options: fastify({ http2: true, https: { ...TLS, allowHTTP1: true } }),
    authority: 'Host',
    send: overTls,
  },
  ...HTTP2,
};

const json = { 'Content-Type': 'application/json' };
const own = { credentials: true };
const READ = { status: 200, cors: readable(APP, own), ran: ['read'] };
const HIDDEN = { status: 200, cors: UNREADABLE, ran: ['read'] };
const DENIED = { status: 403, cors: REFUSED, ran: [] };
const EXCHANGES: readonly (readonly [what: string, request: WireRequest, expected: Observation])[] = [
  [
    'a preflight',
    preflightOf('/cats/1', APP, 'GET', 'content-type'),
    { status: 204, cors: granted(APP, { methods: 'GET, HEAD', ...own }), ran: [] },
  ],
  [
    "a preflight of another method's policy",
    preflightOf('/cats/1', ADMIN, 'PUT'),
    { status: 204, cors: granted(ADMIN, { methods: 'PUT' }), ran: [] },
  ],
  [
    'a preflight of a path that is not routed',
    preflightOf('/nope', APP, 'PATCH'),
    { status: 204, cors: granted(APP, { methods: 'PATCH', ...own }), ran: [] },
  ],
  ['a preflight of another origin', preflightOf('/cats/1', EVIL, 'GET'), DENIED],
  ['a preflight of a method that nobody serves', preflightOf('/cats/1', APP, 'DELETE'), DENIED],
  ['a preflight of a header that is not allowed', preflightOf('/cats/1', APP, 'GET', 'x-other'), DENIED],
  ['a request', { path: '/cats/1', headers: { Origin: APP } }, READ],
  ['a request of another origin', { path: '/cats/1', headers: { Origin: EVIL } }, HIDDEN],
  ['a request without Origin', { path: '/cats/1' }, HIDDEN],
  ['a malformed Origin', { path: '/cats/1', headers: { Origin: `${APP}/` } }, HIDDEN],
  ['two Origin lines', { path: '/cats/1', headers: { Origin: [APP, APP] } }, HIDDEN],
  [
    'two Origin lines, preflight',
    { ...preflightOf('/cats/1', APP, 'GET'), headers: { Origin: [APP, APP], 'Access-Control-Request-Method': 'GET' } },
    DENIED,
  ],
  [
    'request headers on two lines',
    {
      ...preflightOf('/cats/1', APP, 'GET'),
      headers: {
        Origin: APP,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': ['content-type', 'x-other'],
      },
    },
    DENIED,
  ],
  [
    'an asynchronous handler',
    { method: 'PUT', path: '/cats/1', headers: { Origin: ADMIN } },
    { status: 200, cors: readable(ADMIN), ran: ['replace'] },
  ],
  [
    'a request with a body',
    { method: 'POST', path: '/cats', headers: { ...json, Origin: APP }, body: '{"name":"Tom"}' },
    { status: 201, cors: readable(APP, own), ran: ['create {"name":"Tom"}'] },
  ],
  [
    'a body that is not JSON',
    { method: 'POST', path: '/cats', headers: { ...json, Origin: APP }, body: '{bad' },
    { status: 400, cors: readable(APP, own), ran: [] },
  ],
  [
    'a response of a guard',
    { method: 'POST', path: '/cats/guarded', headers: { Origin: APP } },
    { status: 401, cors: readable(APP, own), ran: [] },
  ],
  [
    'a response that is written raw',
    { path: '/cats/raw/written', headers: { Origin: APP } },
    { status: 202, cors: { ...readable(APP, own), vary: 'Accept, Origin' }, ran: ['raw'] },
  ],
  [
    'a path that is not routed',
    { path: '/nope', headers: { Origin: APP } },
    { status: 404, cors: readable(APP, own), ran: [] },
  ],
  [
    'a malformed path',
    { path: '/cats/%', headers: { Origin: APP } },
    { status: 400, cors: readable(APP, own), ran: [] },
  ],
];

afterEach(closeApps);

const start = ({ options }: Transport, further: Partial<AppOptions> = {}) =>
  startApp({ cors, controllers: [CatsController], ...options, ...further });

async function observe(transport: Transport, app: INestApplication, request: WireRequest): Promise<Observation> {
  take();
  return observed(await transport.send(app, request));
}

describe.each(Object.entries(TRANSPORTS))('%s', (_name, transport) => {
  it.each(EXCHANGES)('answers %s', async (_what, request, expected) => {
    const app = await start(transport);

    expect(await observe(transport, app, request)).toEqual(expected);
  });

  describe('with rejectDisallowed', () => {
    const rejecting: Partial<AppOptions> = { cors: { origin: APP, rejectDisallowed: true } };
    const rejected = { status: 403, cors: UNREADABLE, ran: [] };
    const { scheme, authority } = transport;
    const other = scheme === 'https' ? 'http' : 'https';
    const defaultPort = scheme === 'https' ? '443' : '80';
    const from = (origin: string, headers: Record<string, string> = {}) => ({
      path: '/cats/1',
      headers: { Origin: origin, ...headers },
    });

    it('serves an allowed origin, and no other', async () => {
      const app = await start(transport, rejecting);

      expect(await observe(transport, app, from(APP))).toEqual({ ...READ, cors: readable(APP) });
      expect(await observe(transport, app, from(EVIL))).toEqual(rejected);
      expect(await observe(transport, app, from('null'))).toEqual(rejected);
      expect(await observe(transport, app, { path: '/cats/1' })).toEqual(HIDDEN);
    });

    it('serves its own origin, which has its scheme, and no other', async () => {
      const app = await start(transport, rejecting);
      const host = `127.0.0.1:${String(portOf(app))}`;

      expect(await observe(transport, app, from(`${scheme}://${host}`))).toEqual(HIDDEN);
      expect(await observe(transport, app, from(`${other}://${host}`))).toEqual(rejected);
      expect(await observe(transport, app, from(`${scheme}://127.0.0.1`))).toEqual(rejected);
      const named = { [authority]: `API.example:${defaultPort}` };
      expect(await observe(transport, app, from(`${scheme}://api.example`, named))).toEqual(HIDDEN);
      expect(await observe(transport, app, from(`${other}://api.example`, named))).toEqual(rejected);
      expect(await observe(transport, app, from(`${scheme}://api.example:8443`, named))).toEqual(rejected);
    });

    it('serves what the browser calls same-origin, and nothing that it calls another site', async () => {
      const app = await start(transport, rejecting);
      const itself = `${scheme}://127.0.0.1:${String(portOf(app))}`;
      const site = (name: string) => ({ 'Sec-Fetch-Site': name });

      expect(await observe(transport, app, from('https://public.example', site('same-origin')))).toEqual(HIDDEN);
      expect(await observe(transport, app, from(itself, site('same-site')))).toEqual(rejected);
      expect(await observe(transport, app, from(itself, site('cross-site')))).toEqual(rejected);
      expect(await observe(transport, app, from(EVIL, site('none')))).toEqual(rejected);
    });

    it("believes a proxy's scheme and host where the app trusts it, and nowhere else", async () => {
      const trusting: Partial<AppOptions> = {
        ...rejecting,
        fastify: { ...transport.options.fastify, trustProxy: true },
        configure: app => {
          if (transport.options.platform === 'express') (app as NestExpressApplication).set('trust proxy', true);
        },
      };
      const [trusted, distrusting] = [await start(transport, trusting), await start(transport, rejecting)];
      const forwarded = { 'X-Forwarded-Proto': other, 'X-Forwarded-Host': 'api.example' };

      expect(await observe(transport, trusted, from(`${other}://api.example`, forwarded))).toEqual(HIDDEN);
      expect(await observe(transport, trusted, from(`${scheme}://api.example`, forwarded))).toEqual(rejected);
      expect(await observe(transport, distrusting, from(`${other}://api.example`, forwarded))).toEqual(rejected);
      const itself = `${scheme}://127.0.0.1:${String(portOf(distrusting))}`;
      expect(await observe(transport, distrusting, from(itself, forwarded))).toEqual(HIDDEN);
    });
  });
});

describe.each(Object.entries(HTTP2))('%s', (_name, transport) => {
  it("takes a request's own origin from :authority, whatever Host says (RFC 9113 §8.3.1)", async () => {
    const app = await start(transport, { cors: { origin: APP, rejectDisallowed: true } });
    const { scheme } = transport;
    const from = (origin: string) => ({
      path: '/cats/1',
      headers: { ':authority': 'api.example', host: 'other.example', Origin: origin },
    });

    expect(await observe(transport, app, from(`${scheme}://api.example`))).toEqual(HIDDEN);
    expect(await observe(transport, app, from(`${scheme}://other.example`))).toEqual({
      status: 403,
      cors: UNREADABLE,
      ran: [],
    });
  });

  it('sends the headers of the policy also where a handler writes to the stream itself', async () => {
    interface Reply {
      hijack(): void;
      readonly raw: { readonly stream: ServerHttp2Stream };
    }
    const OWN = {
      'Access-Control-Allow-Origin': '*',
      'access-control-allow-credentials': 'true',
      vary: 'Accept',
      'set-cookie': ['a=1', 'b=2'],
    };
    const file = join(await mkdtemp(join(tmpdir(), 'nestjs-cors-')), 'file.txt');
    await writeFile(file, 'file');

    @Controller('raw')
    class RawController {
      @Get('respond')
      respond(@Res() reply: Reply) {
        ran('respond');
        reply.hijack();
        reply.raw.stream.respond({ ':status': 201, ...OWN });
        reply.raw.stream.end('respond');
      }

      @Get('nothing')
      nothing(@Res() reply: Reply) {
        ran('nothing');
        reply.hijack();
        reply.raw.stream.respond();
        reply.raw.stream.end('nothing');
      }

      @Get('file')
      file(@Res() reply: Reply) {
        ran('file');
        reply.hijack();
        reply.raw.stream.respondWithFile(file, OWN);
      }

      @Get('open')
      async open(@Res() reply: Reply) {
        ran('open');
        reply.hijack();
        const handle = await open(file);
        reply.raw.stream.on('close', () => void handle.close());
        reply.raw.stream.respondWithFD(handle, OWN);
      }

      @Get('usual')
      usual(@Res() reply: { readonly raw: ServerResponse; hijack(): void }) {
        ran('usual');
        reply.hijack();
        reply.raw.writeHead(200, OWN as never).end('usual');
      }
    }
    const app = await start(transport, { cors: { origin: [APP] }, controllers: [RawController] });
    const from = (path: string, origin: string) =>
      observe(transport, app, { path: `/raw/${path}`, headers: { Origin: origin } });

    for (const path of ['respond', 'file', 'open', 'usual']) {
      const status = path === 'respond' ? 201 : 200;
      const vary = 'Accept, Origin';
      expect(await from(path, APP)).toEqual({ status, cors: { ...readable(APP), vary }, ran: [path] });
      expect(await from(path, EVIL)).toEqual({ status, cors: { vary }, ran: [path] });
    }
    expect(await from('nothing', APP)).toEqual({ status: 200, cors: readable(APP), ran: ['nothing'] });
    const { headers } = await sendHttp2(app, transport.scheme, { path: '/raw/respond', headers: { Origin: APP } });
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it("takes a request's own origin from Host where there is no :authority", async () => {
    const app = await start(transport, { cors: { origin: APP, rejectDisallowed: true } });
    const { scheme } = transport;
    const from = (origin: string) => ({ path: '/cats/1', headers: { host: 'other.example', Origin: origin } });

    expect(await observe(transport, app, from(`${scheme}://other.example`))).toEqual(HIDDEN);
    expect(await observe(transport, app, from(`${scheme}://127.0.0.1:${String(portOf(app))}`))).toEqual({
      status: 403,
      cors: UNREADABLE,
      ran: [],
    });
  });

  it("judges a preflight by the host's controller, as :authority names it", async () => {
    @Cors({ origin: ADMIN, credentials: false })
    @Controller({ path: 'cats', host: 'admin.api.example' })
    class AdminController {
      @Get()
      list() {
        return ran('admin');
      }
    }
    const app = await start(transport, { controllers: [AdminController] });
    const at = (host: string, request: WireRequest) => ({
      ...request,
      headers: { ...request.headers, ':authority': host },
    });

    const preflight = preflightOf('/cats', ADMIN, 'GET');
    expect(await observe(transport, app, at('admin.api.example', preflight))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(transport, app, at('api.example', preflight))).toEqual(DENIED);
    const actual = { path: '/cats', headers: { Origin: ADMIN } };
    expect(await observe(transport, app, at('admin.api.example', actual))).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['admin'],
    });
    expect(await observe(transport, app, at('api.example', actual))).toEqual({
      status: 404,
      cors: UNREADABLE,
      ran: [],
    });
  });

  it('outlives a stream that its client resets while a filter is at work on the refusal of a preflight', async () => {
    const filter = new SlowFilter();
    const app = await start(transport, { configure: filter.register });
    const { session, send } = openHttp2(app, transport.scheme);
    take();

    try {
      const { path, headers } = preflightOf('/cats/1', EVIL, 'GET');
      const stream = session.request({ ':method': 'OPTIONS', ':path': path, ...headers } as OutgoingHttpHeaders);
      await filter.atWork.reached;
      const closed = once(stream, 'close');
      stream.close(constants.NGHTTP2_CANCEL);
      await closed;
      // The server has read the reset by the time it answers the next stream.
      expect(observed(await send({ path: '/cats/1', headers: { Origin: APP } }))).toEqual(READ);
      filter.atWork.open();
      await filter.answered.reached;
      expect(observed(await send(preflightOf('/cats/1', APP, 'GET')))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD', ...own }),
        ran: [],
      });
    } finally {
      session.close();
    }
  });

  it('keeps 200 interleaved streams of one connection apart', async () => {
    const app = await start(transport);
    const connection = openHttp2(app, transport.scheme);
    take();

    try {
      const sent = Array.from({ length: 200 }, (_, index) => EXCHANGES[index % EXCHANGES.length]).filter(
        each => each !== undefined,
      );
      const answers = await Promise.all(
        sent.map(async ([what, request]) => {
          const { status, cors } = await connection.send(request);
          return { what, status, cors };
        }),
      );
      expect(answers).toEqual(sent.map(([what, , { status, cors }]) => ({ what, status, cors })));
      expect([...take()].sort()).toEqual(sent.flatMap(([, , { ran }]) => ran).sort());
    } finally {
      connection.session.close();
    }
  });
});

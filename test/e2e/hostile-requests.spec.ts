import { All, Controller, Get, Put, Version, VersioningType, type VersioningOptions } from '@nestjs/common';
import fc from 'fast-check';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { readResponses, sendRaw, type WireResponse } from '../support/client.js';
import { ADMIN, APP, granted, readable, REFUSED, UNREADABLE, withoutMaxAge } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';
import { runs } from '../support/property.js';

// An unhandled rejection or an uncaught exception fails the test it happens in: Jest listens for both, on the real
// process. Listeners that a test adds itself would hear nothing, as they are on Jest's copy of it.

const { ran, take, observed, observe } = watchHandlers();
/** With a pattern, so that more than one origin may be sent back, and with `debug`, which looks at what came. */
const cors: CorsModuleOptions = { origin: [APP, 'https://*.example.com'], debug: true };

@Controller()
class CatsController {
  @Get('cats/:id')
  read() {
    return ran('read');
  }

  @Put('cats/:id')
  replace() {
    return ran('replace');
  }

  @Cors({ origin: ADMIN })
  @Get('admin')
  admin() {
    return ran('admin');
  }
}

const from = (origin: string) => `Origin: ${origin}`;
const PUT = 'Access-Control-Request-Method: PUT';
const ACRH = 'Access-Control-Request-Headers: ';
const GRANTED = { status: 204, cors: granted(APP, { methods: 'GET, HEAD, PUT' }), ran: [] };
const DENIED = { status: 403, cors: REFUSED, ran: [] };
const READ = { status: 200, cors: readable(APP), ran: ['read'] };
const HIDDEN = { status: 200, cors: UNREADABLE, ran: ['read'] };
const NOT_FOUND = { status: 404, cors: readable(APP), ran: [] };

/** Bytes that Node's parser refuses: they are no request, and nobody's policy. */
const UNPARSED: readonly (readonly [what: string, ...lines: string[]])[] = [
  ['a bare CR in the Origin', 'GET /cats/1 HTTP/1.1', from(`${APP}\rX-Injected: 1`)],
  ['a bare LF in the Origin', 'GET /cats/1 HTTP/1.1', from(`${APP}\nX-Injected: 1`)],
  ['an Origin folded over two lines', 'GET /cats/1 HTTP/1.1', from(`${APP}\r\n X-Injected: 1`)],
  ['NUL in the Origin', 'GET /cats/1 HTTP/1.1', from(`${APP}\0`)],
  ['ESC in the Origin', 'GET /cats/1 HTTP/1.1', from(`${APP}\x1b[31m`)],
  ['DEL in the Origin', 'GET /cats/1 HTTP/1.1', from(`${APP}\x7f`)],
  ['a space before the colon', 'GET /cats/1 HTTP/1.1', `Origin : ${APP}`],
  ['a method that does not exist', 'FETCH /cats/1 HTTP/1.1', from(APP)],
  ['a target without a slash', 'GET cats/1 HTTP/1.1', from(APP)],
  ['a version that does not exist', 'GET /cats/1 HTTP/9.9', from(APP)],
  ['an Origin beyond what Node reads', 'GET /cats/1 HTTP/1.1', from(`https://${'x'.repeat(17_000)}`)],
  ['request headers beyond what Node reads', 'OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ACRH + 'x,'.repeat(9000)],
];

/** Strange, but requests: judged as any other. */
/** With `debug`, the browser names the method: there is no permission, and no max-age. */
const NAMED = {
  status: 204,
  cors: withoutMaxAge(granted(APP, { methods: 'GET, HEAD, PUT' })),
  ran: [],
};

const STRANGE: readonly (readonly [what: string, expected: object, lines: readonly string[]])[] = [
  ['an 8 KB origin', HIDDEN, ['GET /cats/1 HTTP/1.1', from(`https://${'x'.repeat(8000)}`)]],
  ['an 8 KB origin under a pattern', HIDDEN, ['GET /cats/1 HTTP/1.1', from(`https://${'a.'.repeat(4000)}example.com`)]],
  ['a tab in the Origin', HIDDEN, ['GET /cats/1 HTTP/1.1', from('https://app\t.example')]],
  ['bytes beyond ASCII in the Origin', HIDDEN, ['GET /cats/1 HTTP/1.1', from(`${APP}\xff`)]],
  ['an encoded line break in the Origin', HIDDEN, ['GET /cats/1 HTTP/1.1', from(`${APP}%0d%0aX-Injected: 1`)]],
  ['100 Origin lines', HIDDEN, ['GET /cats/1 HTTP/1.1', ...Array<string>(100).fill(from(APP))]],
  ['100 Origin lines, preflight', DENIED, ['OPTIONS /cats/1 HTTP/1.1', ...Array<string>(100).fill(from(APP)), PUT]],
  ['white space around the Origin', READ, ['GET /cats/1 HTTP/1.1', `Origin:  \t ${APP} \t `]],
  ['7 KB of request headers', DENIED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ACRH + 'content-type,'.repeat(540)]],
  [
    '15 KB of request headers',
    DENIED,
    ['OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ACRH + 'content-type,'.repeat(1100)],
  ],
  ['16 lines of them', GRANTED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ...Array<string>(16).fill(ACRH)]],
  ['500 lines of them', DENIED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ...Array<string>(500).fill(`${ACRH},`)]],
  ['8 KB of commas', DENIED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), PUT, ACRH + ','.repeat(8190)]],
  ['a method of the prototype', NAMED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), `${PUT.slice(0, -3)}__proto__`]],
  ['a method of every object', NAMED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), `${PUT.slice(0, -3)}constructor`]],
  ['an escape in the method', DENIED, ['OPTIONS /cats/1 HTTP/1.1', from(APP), `${PUT.slice(0, -3)}\x9bPUT`]],
  ['an absolute target', READ, ['GET http://evil.example/cats/1 HTTP/1.1', from(APP)]],
  ['an absolute target, preflight', GRANTED, ['OPTIONS http://evil.example/cats/1 HTTP/1.1', from(APP), PUT]],
  [
    "an absolute target of another route's policy",
    { status: 200, cors: UNREADABLE, ran: ['admin'] },
    ['GET http://evil.example/admin HTTP/1.1', from(APP)],
  ],
  ['the asterisk form (PF-19)', NOT_FOUND, ['OPTIONS * HTTP/1.1', from(APP)]],
  ['the asterisk form, preflight (PF-19)', NOT_FOUND, ['OPTIONS * HTTP/1.1', from(APP), PUT]],
  ['a target of two slashes', NOT_FOUND, ['GET // HTTP/1.1', from(APP)]],
  ["another route's path after two slashes", NOT_FOUND, ['GET //admin HTTP/1.1', from(APP)]],
  ["another route's path in the query", READ, ['GET /cats/1?/admin HTTP/1.1', from(APP)]],
  ["another route's path in the fragment", HIDDEN, ['GET /cats/1#/admin HTTP/1.1', from(ADMIN)]],
  ['an encoded NUL in the path', READ, ['GET /cats/%00 HTTP/1.1', from(APP)]],
  ['a method that is not routed', NOT_FOUND, ['PURGE /cats/1 HTTP/1.1', from(APP)]],
  ['TRACE', NOT_FOUND, ['TRACE /cats/1 HTTP/1.1', from(APP)]],
  ['HTTP/1.0', READ, ['GET /cats/1 HTTP/1.0', from(APP)]],
];

/** Targets that the platforms refuse in their own ways. */
const TARGETS = ['/%', '/cats/%', '/cats/%FF', '/cats/%c0%ae', `/cats/${'x'.repeat(8000)}`];

/** Targets that are no path: Express answers them before any middleware. */
const NO_PATHS = ['http://', 'http://['];

afterEach(closeApps);

describe.each(PLATFORMS)('A hostile request on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [CatsController] });
  type App = Awaited<ReturnType<typeof start>>;

  async function sendBytes(app: App, ...lines: readonly string[]): Promise<WireResponse> {
    const bytes = await sendRaw(app, [...lines, 'Host: 127.0.0.1', 'Connection: close', '', ''].join('\r\n'));
    const [response, ...others] = readResponses(bytes);
    if (response === undefined || others.length > 0) throw new Error(`Not one response: ${bytes}`);
    expect(Object.keys(response.headers)).not.toContain('x-injected');
    return response;
  }

  const expectAlive = async (app: App) => {
    expect(await observe(app, { path: '/cats/1', headers: { Origin: APP } })).toEqual(READ);
  };

  it.each(UNPARSED)('is refused before it is one: %s', async (_what, ...lines) => {
    const app = await start();
    const response = observed(await sendBytes(app, ...lines));

    expect([400, 431]).toContain(response.status);
    expect(response).toEqual({ status: response.status, cors: {}, ran: [] });
    await expectAlive(app);
  });

  it.each(STRANGE)('is judged as any other: %s', async (_what, expected, lines) => {
    const app = await start();

    expect(observed(await sendBytes(app, ...lines))).toEqual(expected);
    await expectAlive(app);
  });

  it.each(TARGETS)("never gets another route's policy by a malformed target, nor a 500: %s", async target => {
    const app = await start();

    const { status, cors, ran } = observed(await sendBytes(app, `GET ${target} HTTP/1.1`, from(APP)));
    expect(status).toBeLessThan(500);
    expect({ cors, ran }).toEqual({ cors: readable(APP), ran: status === 200 ? ['read'] : [] });
    const other = observed(await sendBytes(app, `GET ${target} HTTP/1.1`, from(ADMIN)));
    expect(other).toEqual({ status, cors: UNREADABLE, ran });

    const preflight = observed(await sendBytes(app, `OPTIONS ${target} HTTP/1.1`, from(APP), PUT));
    const module = [granted(APP, { methods: 'PUT' }), granted(APP, { methods: 'GET, HEAD, PUT' })];
    // Where the platform answers by itself, it refuses.
    expect(preflight.status === 204 ? module : [REFUSED]).toContainEqual(preflight.cors);
    expect(preflight.status).toBeLessThan(500);
    const refused = observed(await sendBytes(app, `OPTIONS ${target} HTTP/1.1`, from(ADMIN), PUT));
    expect(refused).toEqual({ status: preflight.status === 204 ? 403 : preflight.status, cors: REFUSED, ran: [] });
    await expectAlive(app);
  });

  it.each(NO_PATHS)('never gets a policy of a route by a target that is no path, nor a 500: %s', async target => {
    const app = await start();

    for (const [lines, origin, expected] of [
      [[`GET ${target} HTTP/1.1`], APP, readable(APP)],
      [[`GET ${target} HTTP/1.1`], ADMIN, UNREADABLE],
      // No preflight: browsers preflight paths.
      [[`OPTIONS ${target} HTTP/1.1`, PUT], APP, readable(APP)],
      [[`OPTIONS ${target} HTTP/1.1`, PUT], ADMIN, UNREADABLE],
    ] as const) {
      const { status, cors, ran } = observed(await sendBytes(app, ...lines, from(origin)));
      expect([400, 404]).toContain(status);
      expect({ cors, ran }).toEqual({ cors: expected, ran: [] });
    }
    await expectAlive(app);
  });

  it('of any bytes gets no 500, and no CORS header that was not configured', async () => {
    const app = await start();
    // What may stand in a header: Node refuses the rest, as above.
    const text = fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map(code => String.fromCharCode(code)),
      maxLength: 40,
    });
    const value = fc
      .oneof(text, fc.constantFrom(APP, ADMIN, 'https://a.example.com', 'PUT', 'content-type'))
      .map(value => value.replace(/[\r\n]/g, ' '));
    const allowOrigin = /^https:\/\/(?:(?:admin|app)\.example|(?:[a-z0-9_-]+\.)+example\.com)$/;

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'OPTIONS', 'PUT'),
        fc.oneof(
          fc.constantFrom('/cats/1', '/admin', '*', '/%', '//'),
          text.map(path => `/${path.replace(/\s/g, '')}`),
        ),
        value,
        fc.option(value, { nil: undefined }),
        fc.option(value, { nil: undefined }),
        async (method, target, origin, requestMethod, requestHeaders) => {
          take();
          const response = await sendBytes(
            app,
            `${method} ${target} HTTP/1.1`,
            from(origin),
            ...(requestMethod === undefined ? [] : [`Access-Control-Request-Method: ${requestMethod}`]),
            ...(requestHeaders === undefined ? [] : [ACRH + requestHeaders]),
          );
          expect(response.status).toBeLessThan(500);
          expect(take().length).toBeLessThanOrEqual(1);
          const { vary, ...headers } = response.cors;
          expect([undefined, UNREADABLE['vary'], REFUSED['vary']]).toContain(vary);
          const allowed = headers['access-control-allow-origin'];
          if (allowed === undefined) return expect(headers).toEqual({});
          expect(allowed).toMatch(allowOrigin);
          expect(allowed).toBe(origin.trim());
          if (vary !== REFUSED['vary']) return expect(headers).toEqual({ 'access-control-allow-origin': allowed });
          const methods = String(headers['access-control-allow-methods']);
          const known = granted(String(allowed), { methods });
          // With `debug`, a refusal that the browser itself makes has no max-age.
          expect([known, withoutMaxAge(known)]).toContainEqual(response.cors);
          expect(methods).not.toMatch(/^\*|\s\*/);
          expect(methods).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:, [A-Z]+)*$/);
        },
      ),
      { numRuns: 300 },
    );
    await expectAlive(app);
  });

  it.each<[string, VersioningOptions]>([
    ['a header', { type: VersioningType.HEADER, header: 'x-version' }],
    ['a media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' }],
    [
      'whatever an extractor reads',
      {
        type: VersioningType.CUSTOM,
        extractor: request => (request as { headers: { host?: string } }).headers.host?.split('.')[0] ?? '2',
      },
    ],
  ])('of any bytes gets no 500 where the version is in %s, and everything else is on', async (_where, versioning) => {
    @Controller('versions')
    class VersionsController {
      @Version('1')
      @Put(':id')
      first() {
        return ran('first');
      }

      @Cors({ origin: [ADMIN], rejectDisallowed: true, credentials: true })
      @Version('2')
      @Put(':id')
      second() {
        return ran('second');
      }
    }
    @Cors({ origin: (origin: string) => origin.length % 2 === 1 && Promise.resolve(origin !== APP) })
    @Controller()
    class PagesController {
      @All(platform === 'express' ? '*splat' : '*')
      page() {
        return ran('page');
      }
    }
    const app = await startApp({
      platform,
      cors: {
        ...cors,
        self: ['https://api.example'],
        rejectDisallowed: true,
        routes: [
          { path: '/files/open', policy: { origin: '*', methods: ['GET'] } },
          { path: '/files/closed', policy: false },
        ],
      },
      controllers: [VersionsController, PagesController],
      configure: each => each.enableVersioning(versioning),
    });
    const noise = fc
      .string({ unit: fc.integer({ min: 33, max: 255 }).map(code => String.fromCharCode(code)), maxLength: 12 })
      .map(text => text.replace(/[\r\n]/g, ' '));
    const or = (...values: readonly string[]) => fc.oneof(fc.constantFrom(...values), noise);
    const line = (name: string, ...values: readonly string[]) =>
      fc.option(or(...values), { nil: undefined }).map(value => (value === undefined ? [] : [`${name}: ${value}`]));
    const request = fc.record({
      start: fc.tuple(
        fc.constantFrom('GET', 'PUT', 'POST', 'OPTIONS', 'DELETE', 'HEAD'),
        fc
          .tuple(
            fc.constantFrom(
              '/versions/1',
              '/files/open/..%2fclosed/x',
              '/files/closed/%',
              '//',
              '/',
              'http://',
              '*',
              '/x;/..',
            ),
            fc.oneof(fc.constant(''), noise),
          )
          .map(parts => parts.join('')),
        fc.constantFrom('HTTP/1.1', 'HTTP/1.0'),
      ),
      lines: fc.tuple(
        line('Host', '1.example', '2.example', '', 'api.example', '[::1]:1', '[', ':'),
        line('Origin', APP, ADMIN, 'null', '', 'https://', 'https://api.example'),
        line('Access-Control-Request-Method', 'PUT', '*', ''),
        line('Access-Control-Request-Headers', 'x-version', 'content-type,x-version', ','),
        line('Sec-Fetch-Site', 'cross-site', 'same-origin', 'none'),
        line('Sec-Fetch-Mode', 'no-cors', 'cors'),
        line('Sec-Fetch-Storage-Access', 'active'),
        line('X-Version', '1', '2', ''),
        line('Accept', '*/*', 'a/b;v=1', 'a/b;v=2', 'v='),
        line('Content-Type', 'application/json', 'text/plain', ';'),
        line('Authorization', 'Bearer x'),
        line('X-Forwarded-Host', 'a', ''),
      ),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ start: first, lines }) => {
        const bytes = await sendRaw(app, [first.join(' '), ...lines.flat(), 'Connection: close', '', ''].join('\r\n'));
        expect(Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(bytes)?.[1])).toBeLessThan(500);
      }),
      runs(300),
    );
    take();
    expect(await observe(app, { method: 'GET', path: '/page', headers: { Origin: ADMIN } })).toMatchObject({
      status: 200,
      ran: ['page'],
    });
  });

  it('that asks for a tunnel is closed without an answer', async () => {
    const app = await start();

    expect(await sendRaw(app, `CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n${from(APP)}\r\n\r\n`)).toBe('');
    expect(take()).toEqual([]);
    await expectAlive(app);
  });
});

import { Body, Controller, Get, Post, Put, type INestApplication } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { corsHeaders, groupHeaders, portOf, preflightOf, readResponses, sendRaw } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { Gate } from '../support/gate.js';
import { watchHandlers } from '../support/observe.js';
import { SlowFilter } from '../support/slow-filter.js';

// An unhandled rejection or an uncaught exception fails the test it happens in: see hostile-requests.spec.ts.

const { ran, take, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };
let gate: Gate;

@Controller('cats')
class CatsController {
  @Get('slow')
  async slow() {
    ran('slow');
    await gate.pass();
    return 'slow';
  }

  @Get('last')
  last() {
    gate.open();
    return ran('last');
  }

  @Get(':id')
  read() {
    return ran('read');
  }

  @Cors({ origin: ADMIN, credentials: true })
  @Put(':id')
  replace() {
    return ran('replace');
  }

  @Post()
  create(@Body() body: object) {
    return ran(`create ${JSON.stringify(body)}`);
  }
}

const HOST = 'Host: 127.0.0.1';
const from = (origin: string) => `Origin: ${origin}`;
const forMethod = (method: string) => `Access-Control-Request-Method: ${method}`;
const JSON_BODY = 'Content-Type: application/json';
const lengthOf = (body: string) => `Content-Length: ${String(Buffer.byteLength(body))}`;
const bytesOf = (lines: readonly string[], body = '') => [...lines, '', body].join('\r\n');

const GRANTED = granted(APP, { methods: 'GET, HEAD' });
const READABLE = readable(APP);

beforeEach(() => {
  gate = new Gate();
});
afterEach(closeApps);

/** The two ways in which a client goes: with FIN, and with RST. */
const DEPARTURES: readonly (readonly [how: string, leave: (client: Socket) => unknown])[] = [
  ['closes', client => client.destroy()],
  ['resets', client => client.resetAndDestroy()],
];

describe.each(PLATFORMS)('On %s, a client that', platform => {
  const start = (options: Partial<AppOptions> = {}) =>
    startApp({ platform, cors, controllers: [CatsController], ...options });

  /** Opens a connection and writes to it; both of its ends, and the end of the server's. */
  async function write(app: INestApplication, bytes: string) {
    take();
    const client = connect(portOf(app), '127.0.0.1');
    const [server] = (await once(app.getHttpServer() as Server, 'connection')) as [Socket];
    const gone = new Promise<unknown>(resolve => server.once('close', resolve));
    client.write(bytes);
    return { client, server, gone };
  }

  /** The response to the next request that an app gets, and its end. */
  async function nextResponse(app: INestApplication) {
    return new Promise<{ response: ServerResponse; closed: Promise<unknown> }>(resolve => {
      (app.getHttpServer() as Server).once('request', (_request, response) => {
        // Listened for at once: the answer may be done by now.
        resolve({ response, closed: once(response, 'close') });
      });
    });
  }

  /** The app has no connection left, and answers as ever. */
  async function expectIntact(app: INestApplication) {
    const server = app.getHttpServer() as Server;
    expect(await new Promise(resolve => server.getConnections((_, count) => resolve(count)))).toBe(0);
    expect(await observe(app, preflightOf('/cats/1', APP, 'GET'))).toEqual({ status: 204, cors: GRANTED, ran: [] });
    expect(await observe(app, { path: '/cats/1', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: READABLE,
      ran: ['read'],
    });
    expect(await observe(app, { path: '/nope', headers: { Origin: EVIL } })).toEqual({
      status: 404,
      cors: UNREADABLE,
      ran: [],
    });
  }

  describe.each(DEPARTURES)('%s its connection', (_how, leave) => {
    it('in the middle of the headers of a preflight leaves no trace', async () => {
      const app = await start();
      const half = `OPTIONS /cats/1 HTTP/1.1\r\n${HOST}\r\n${from(APP).slice(0, -4)}`;
      const { client, server, gone } = await write(app, half);
      while (server.bytesRead < half.length && !server.destroyed) await new Promise(setImmediate);

      leave(client);
      await gone;
      expect(take()).toEqual([]);
      await expectIntact(app);
    });

    it.each([
      ['an allowed', APP, GRANTED],
      ['a refused', EVIL, REFUSED],
    ])('without waiting for the answer to %s preflight leaves no trace', async (_what, origin, expected) => {
      const app = await start();
      const arrived = nextResponse(app);
      const lines = ['OPTIONS /cats/1 HTTP/1.1', HOST, from(origin), forMethod('GET')];
      const { client, gone } = await write(app, bytesOf(lines));

      const { response, closed } = await arrived;
      leave(client);
      await Promise.all([closed, gone]);
      expect(corsOf(response)).toEqual(expected);
      expect(take()).toEqual([]);
      await expectIntact(app);
    });

    it("while a filter is at work on the refusal of a preflight does not meet the filter's answer", async () => {
      const filter = new SlowFilter();
      const app = await start({ configure: filter.register });
      const arrived = nextResponse(app);
      const lines = ['OPTIONS /cats/1 HTTP/1.1', HOST, from(EVIL), forMethod('GET')];
      const { client, gone } = await write(app, bytesOf(lines));

      const { response, closed } = await arrived;
      await filter.atWork.reached;
      leave(client);
      await Promise.all([closed, gone]);
      filter.atWork.open();
      await filter.answered.reached;
      expect(response.statusCode).toBe(403);
      expect(corsOf(response)).toEqual(response.headersSent ? REFUSED : {});
      expect(take()).toEqual([]);
      await expectIntact(app);
    });

    it('in the middle of a body is not served', async () => {
      const app = await start();
      const arrived = nextResponse(app);
      const lines = ['POST /cats HTTP/1.1', HOST, from(APP), JSON_BODY, 'Content-Length: 100'];
      const { client, gone } = await write(app, bytesOf(lines, '{"name":'));

      const { closed } = await arrived;
      leave(client);
      await Promise.all([closed, gone]);
      expect(take()).toEqual([]);
      await expectIntact(app);
    });

    it('while a handler is at work does not meet its answer', async () => {
      const app = await start();
      const arrived = nextResponse(app);
      const { client, gone } = await write(app, bytesOf(['GET /cats/slow HTTP/1.1', HOST, from(APP)]));

      const { response, closed } = await arrived;
      await gate.reached;
      leave(client);
      await Promise.all([closed, gone]);
      expect(take()).toEqual(['slow']);
      gate.open();
      await expectIntact(app);
      expect(corsOf(response)).toEqual(response.headersSent ? READABLE : {});
    });
  });

  it('sends its requests all at once gets the answers in order, each with the headers of its own', async () => {
    const app = await start();
    const bad = '{bad';
    const requests: readonly (readonly [lines: readonly string[], status: number, cors: object, body?: string])[] = [
      // Answered first, and done last.
      [['GET /cats/slow HTTP/1.1', from(APP)], 200, READABLE],
      [['OPTIONS /cats/1 HTTP/1.1', from(APP), forMethod('GET')], 204, GRANTED],
      [['OPTIONS /cats/1 HTTP/1.1', from(EVIL), forMethod('GET')], 403, REFUSED],
      [['GET /cats/1 HTTP/1.1', from(EVIL)], 200, UNREADABLE],
      [['GET /cats/1 HTTP/1.1', from(APP)], 200, READABLE],
      [['GET /cats/1 HTTP/1.1'], 200, UNREADABLE],
      [['PUT /cats/1 HTTP/1.1', from(ADMIN), 'Content-Length: 0'], 200, readable(ADMIN, { credentials: true })],
      [['PUT /cats/1 HTTP/1.1', from(APP), 'Content-Length: 0'], 200, UNREADABLE],
      [['OPTIONS /cats/1 HTTP/1.1', from(APP), forMethod('PUT')], 403, REFUSED],
      [['GET /nope HTTP/1.1', from(APP)], 404, READABLE],
      [['POST /cats HTTP/1.1', from(APP), JSON_BODY, lengthOf('{}')], 201, READABLE, '{}'],
      [
        ['OPTIONS /cats/1 HTTP/1.1', from(ADMIN), forMethod('PUT')],
        204,
        granted(ADMIN, { methods: 'PUT', credentials: true }),
      ],
      [['GET /cats/last HTTP/1.1', from('null')], 200, UNREADABLE],
      // Last: Fastify closes a connection on which it could not read a body.
      [['POST /cats HTTP/1.1', from(APP), JSON_BODY, lengthOf(bad), 'Connection: close'], 400, READABLE, bad],
    ];
    take();
    const bytes = requests.map(([[line = '', ...lines], , , body]) => bytesOf([line, HOST, ...lines], body));
    const responses = readResponses(await sendRaw(app, bytes.join('')));

    expect(responses.map(({ status, cors }) => ({ status, cors }))).toEqual(
      requests.map(([, status, cors]) => ({ status, cors })),
    );
    // A handler that has a body to read may run after the next one.
    expect([...take()].sort()).toEqual(['create {}', 'last', 'read', 'read', 'read', 'replace', 'replace', 'slow']);
  });

  it.each([
    ['an allowed', APP, { status: 204, cors: GRANTED }],
    ['a refused', EVIL, { status: 403, cors: REFUSED }],
  ])('sends a request as the body of %s preflight is not served by it', async (_what, origin, expected) => {
    const app = await start();
    const smuggled = bytesOf(['PUT /cats/1 HTTP/1.1', HOST, from(ADMIN), 'Content-Length: 0']);
    const preflight = ['OPTIONS /cats/1 HTTP/1.1', HOST, from(origin), forMethod('GET')];
    const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
    const next = bytesOf(['GET /cats/1 HTTP/1.1', HOST, from(APP), 'Connection: close']);

    for (const first of [
      bytesOf([...preflight, lengthOf(smuggled)], smuggled),
      bytesOf([...preflight, 'Transfer-Encoding: chunked'], chunk),
    ]) {
      take();
      const responses = readResponses(await sendRaw(app, first + next));
      expect(responses.map(({ status, cors }) => ({ status, cors }))).toEqual([
        expected,
        { status: 200, cors: READABLE },
      ]);
      expect(take()).toEqual(['read']);
    }
  });
});

/** Every CORS header of a response that reaches nobody: Fastify writes it nevertheless, Express drops it. */
function corsOf(response: ServerResponse) {
  return corsHeaders(
    groupHeaders(Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)])),
  );
}

import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, ofEveryPolicy, RULE_FOR_EVERY_POLICY } from '../support/every-policy.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

/** The head of an upstream that does CORS by itself, and says things twice. */
const UPSTREAM_HEADERS = [
  ['Access-Control-Allow-Origin', '*'],
  ['access-control-allow-origin', 'https://upstream.example'],
  ['Access-Control-Allow-Credentials', 'true'],
  ['Access-Control-Expose-Headers', 'x-upstream'],
  ['Vary', 'Accept-Encoding'],
  ['vary', 'Cookie'],
  ['Set-Cookie', 'a=1'],
  ['Set-Cookie', 'b=2'],
].flat();

let upstream: Server;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url === '/broken') return void request.socket.destroy();
    // Its type knows of no list.
    response.writeHead(request.url === '/none' ? 404 : 201, UPSTREAM_HEADERS as never).end('upstream');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  upstream.close();
  await once(upstream, 'close');
});

type WriteHead = (status: number, ...rest: readonly unknown[]) => unknown;

const LINES = ['Accept-Encoding', 'Cookie'];
const JOINED = 'Accept-Encoding, Cookie';

/** Ways to pass a head on, and how they leave `Vary`. */
const WAYS: readonly (readonly [
  way: string,
  vary: string | string[],
  passOn: (answer: IncomingMessage, response: ServerResponse) => unknown,
])[] = [
  [
    'writeHead() with the raw headers',
    LINES,
    ({ statusCode, rawHeaders }, response) => (response.writeHead as WriteHead)(statusCode ?? 0, rawHeaders),
  ],
  [
    'writeHead() with a reason and the raw headers',
    LINES,
    ({ statusCode, statusMessage, rawHeaders }, response) =>
      (response.writeHead as WriteHead)(statusCode ?? 0, statusMessage, rawHeaders),
  ],
  [
    'writeHead() with the headers by name',
    JOINED,
    ({ statusCode = 0, headers }, response) => response.writeHead(statusCode, headers),
  ],
  [
    'writeHead() with the headers by name, over HTTP/1 and HTTP/2 alike',
    JOINED,
    ({ statusCode = 0, headers }, response) => (response.writeHead as WriteHead)(statusCode, undefined, headers),
  ],
  [
    'writeHead() with the distinct headers',
    LINES,
    ({ statusCode = 0, headersDistinct }, response) => response.writeHead(statusCode, headersDistinct),
  ],
  [
    'setHeader() for each header',
    JOINED,
    ({ statusCode = 0, headers }, response) => {
      response.statusCode = statusCode;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value ?? []);
    },
  ],
  [
    'appendHeader() for each raw header',
    LINES,
    ({ statusCode = 0, rawHeaders }, response) => {
      response.statusCode = statusCode;
      for (let i = 0; i < rawHeaders.length; i += 2) {
        response.appendHeader(String(rawHeaders[i]), String(rawHeaders[i + 1]));
      }
    },
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)("An upstream's response on %s", platform => {
  const start = (passOn: (answer: IncomingMessage, response: ServerResponse) => unknown) =>
    startApp({
      platform,
      cors: RULE_FOR_EVERY_POLICY,
      configure: app => {
        const proxy = (request: IncomingMessage, response: ServerResponse) => {
          ran('proxy');
          const { port } = upstream.address() as AddressInfo;
          const { method, url, headers } = request;
          httpRequest({ host: '127.0.0.1', port, agent: false, method, path: url, headers })
            .on('response', answer => {
              passOn(answer, response);
              answer.pipe(response);
            })
            .on('error', () => {
              response.writeHead(502, { 'Access-Control-Allow-Origin': '*' }).end();
            })
            .end();
        };
        for (const path of ['/listed', '/public', '/closed']) app.use(path, proxy);
      },
    });

  it.each(WAYS)("has the headers of the path's rule, and none of the upstream's: %s", async (_way, vary, passOn) => {
    const app = await start(passOn);

    expect(await askEveryPolicy(observe, app, { path: '/cats' })).toEqual(
      ofEveryPolicy({ status: 201, ran: ['proxy'] }, vary),
    );
    expect(await askEveryPolicy(observe, app, { path: '/none' })).toEqual(
      ofEveryPolicy({ status: 404, ran: ['proxy'] }, vary),
    );
    expect(await askEveryPolicy(observe, app, { path: '/broken' })).toEqual(
      ofEveryPolicy({ status: 502, ran: ['proxy'] }),
    );
  });

  it.each(WAYS)('keeps the rest of its head, and its body: %s', async (_way, _vary, passOn) => {
    const app = await start(passOn);
    const { headers, body } = await exchange(app, { path: '/listed/cats', headers: { Origin: APP } });

    expect({ cookies: headers['set-cookie'], body }).toEqual({ cookies: ['a=1', 'b=2'], body: 'upstream' });
  });
});

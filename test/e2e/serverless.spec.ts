import { Body, Controller, Get, Post, Put, UnauthorizedException, UseGuards } from '@nestjs/common';
import { jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import serverlessHttp from 'serverless-http';
import { createApp, PLATFORMS, type AppOptions, type Platform } from '../support/app.js';
import { corsHeaders, groupHeaders, preflightOf, type WireRequest, type WireResponse } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { requireByNode } from '../support/node-process.js';
import { watchHandlers, type Observation } from '../support/observe.js';

// Fastify's `inject()` requires ES modules, which Jest cannot do before Node 24.9; Node itself can.
jest.mock('light-my-request', () => requireByNode('light-my-request'));

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
    await new Promise(setImmediate);
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
}

const own = { credentials: true };
const json = { 'Content-Type': 'application/json' };
const DENIED = { status: 403, cors: REFUSED, ran: [] };
const HIDDEN = { status: 200, cors: UNREADABLE, ran: ['read'] };
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
  ['a preflight of another origin', preflightOf('/cats/1', EVIL, 'GET'), DENIED],
  ['a preflight of a method that nobody serves', preflightOf('/cats/1', APP, 'DELETE'), DENIED],
  [
    'a preflight of a path that is not routed',
    preflightOf('/nope', APP, 'PATCH'),
    { status: 204, cors: granted(APP, { methods: 'PATCH', ...own }), ran: [] },
  ],
  [
    'a request',
    { path: '/cats/1?a=b', headers: { Origin: APP } },
    { status: 200, cors: readable(APP, own), ran: ['read'] },
  ],
  ['a request of another origin', { path: '/cats/1', headers: { Origin: EVIL } }, HIDDEN],
  ['a request without Origin', { path: '/cats/1' }, HIDDEN],
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
    'a path that is not routed',
    { path: '/nope', headers: { Origin: APP } },
    { status: 404, cors: readable(APP, own), ran: [] },
  ],
];

type Invoke = (request: WireRequest) => Promise<WireResponse>;

/** What a platform makes of a request, to hand it to a function. */
type EventOf = (request: WireRequest) => object;

interface EventResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

const HOST = { host: 'api.example' };
const EVENTS: Readonly<Record<string, EventOf>> = {
  'events of a REST API': ({ method, path, headers, body }) => ({
    httpMethod: method ?? 'GET',
    ...splitTarget(path),
    headers: { Host: 'api.example', ...headers },
    requestContext: { identity: { sourceIp: '192.0.2.1' } },
    body: body ?? null,
    isBase64Encoded: false,
  }),
  'events of an HTTP API': ({ method, path = '/', headers, body }) => ({
    version: '2.0',
    rawPath: path.split('?')[0],
    rawQueryString: path.split('?')[1] ?? '',
    headers: { ...HOST, ...lowerCased(headers) },
    requestContext: { http: { method: method ?? 'GET', sourceIp: '192.0.2.1' } },
    ...(body !== undefined && { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
  }),
  'events of a load balancer': ({ method, path, headers, body = '' }) => ({
    httpMethod: method ?? 'GET',
    ...splitTarget(path),
    multiValueHeaders: Object.fromEntries(
      Object.entries({ ...HOST, ...lowerCased(headers) }).map(([name, value]) => [name, [value].flat()]),
    ),
    requestContext: { elb: { targetGroupArn: 'arn' } },
    body,
    isBase64Encoded: false,
  }),
};

function splitTarget(target = '/') {
  const [path, query] = target.split('?');
  return { path, queryStringParameters: query === undefined ? null : Object.fromEntries(new URLSearchParams(query)) };
}

function lowerCased(headers: WireRequest['headers'] = {}): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const apps: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.close()));
});

/** Initializes an app, as the first invocation of a function does. It never listens. */
async function boot(options: AppOptions) {
  const app = await createApp({ cors, controllers: [CatsController], ...options });
  apps.push(app);
  await app.init();
  return app;
}

/** A way to deploy an app that does not listen. */
interface Deployment {
  start(options?: Partial<AppOptions>): Promise<Invoke>;
}

const throughEvents = (platform: Platform, eventOf: EventOf): Deployment => ({
  start: async options => {
    const app = await boot({ platform, ...options });
    const handler = serverlessHttp(app.getHttpAdapter().getInstance() as object);
    return async request => {
      const { statusCode, headers, multiValueHeaders, body } = (await handler(eventOf(request), {})) as EventResponse;
      const raw = Object.entries(headers ?? multiValueHeaders ?? {}).flatMap(([name, value]) =>
        [value].flat().flatMap(each => [name, each]),
      );
      return wireResponse(statusCode, raw, body);
    };
  },
});

const DEPLOYMENTS: Readonly<Record<string, Deployment>> = {
  'inject() of fastify': {
    start: async options => {
      const app = (await boot({ platform: 'fastify', ...options })) as NestFastifyApplication;
      return async ({ method = 'GET', path = '/', headers = {}, body }) => {
        const response = await app.inject({
          method: method as 'GET',
          url: path,
          headers: { ...headers },
          ...(body !== undefined && { payload: body }),
        });
        const raw = Object.entries(response.headers).flatMap(([name, value]) =>
          [value ?? []].flat().flatMap(each => [name, String(each)]),
        );
        return wireResponse(response.statusCode, raw, response.body);
      };
    },
  },
  ...Object.fromEntries(
    PLATFORMS.flatMap(platform =>
      Object.entries(EVENTS).map(([kind, eventOf]) => [
        `serverless-http of ${platform}, with ${kind}`,
        throughEvents(platform, eventOf),
      ]),
    ),
  ),
};

function wireResponse(status: number, raw: readonly string[], body: string): WireResponse {
  const headers = groupHeaders(raw);
  return { status, headers, cors: corsHeaders(headers), body };
}

describe.each(Object.entries(DEPLOYMENTS))('An app that only initializes, through %s', (_name, deployment) => {
  async function observe(invoke: Invoke, request: WireRequest): Promise<Observation> {
    take();
    return observed(await invoke(request));
  }

  it.each(EXCHANGES)('answers %s', async (_what, request, expected) => {
    expect(await observe(await deployment.start(), request)).toEqual(expected);
  });

  it('answers a malformed path', async () => {
    const invoke = await deployment.start();

    expect(await observe(invoke, { path: '/cats/%', headers: { Origin: APP } })).toEqual({
      status: 400,
      cors: readable(APP, own),
      ran: [],
    });
    expect(await observe(invoke, { path: '/cats/%', headers: { Origin: EVIL } })).toEqual({
      status: 400,
      cors: UNREADABLE,
      ran: [],
    });
  });

  it('answers the same cold, at once with other invocations, and warm (CTX-08)', async () => {
    let starts = 0;
    const start = () => {
      starts++;
      return deployment.start();
    };
    let started: Promise<Invoke> | undefined;
    // As functions are written: the first invocation starts the app, and every other one waits for it.
    const handle = async (request: WireRequest) => (await (started ??= start()))(request);
    const invocations = Array.from({ length: 5 }, () => EXCHANGES).flat();
    const expected = invocations.map(([, , { status, cors }]) => ({ status, cors }));
    const handlers = invocations.flatMap(([, , { ran }]) => ran).sort();

    for (let i = 0; i < 3; i++) {
      take();
      const answers = await Promise.all(invocations.map(([, request]) => handle(request)));
      expect(answers.map(({ status, cors }) => ({ status, cors }))).toEqual(expected);
      expect([...take()].sort()).toEqual(handlers);
    }
    expect(starts).toBe(1);
  });

  it('serves its own origin with rejectDisallowed, and no other one', async () => {
    // In-memory requests of Fastify come over no TLS: it learns its scheme from the proxy before it.
    const options = { cors: { origin: APP, rejectDisallowed: true }, fastify: { trustProxy: true } };
    const invoke = await deployment.start(options);
    const from = (origin: string, headers: Record<string, string> = {}) => ({
      path: '/cats/1',
      headers: { Host: 'api.example', 'X-Forwarded-Proto': 'https', Origin: origin, ...headers },
    });
    const rejected = { status: 403, cors: UNREADABLE, ran: [] };

    expect(await observe(invoke, from('https://api.example'))).toEqual(HIDDEN);
    expect(await observe(invoke, from('https://other.example'))).toEqual(rejected);
    expect(await observe(invoke, from('http://api.example'))).toEqual(rejected);
    expect(await observe(invoke, from('https://cdn.example', { 'Sec-Fetch-Site': 'same-origin' }))).toEqual(HIDDEN);
    expect(await observe(invoke, from('https://api.example', { 'Sec-Fetch-Site': 'cross-site' }))).toEqual(rejected);
    expect(await observe(invoke, from(APP))).toEqual({ status: 200, cors: readable(APP), ran: ['read'] });
  });
});

import {
  Body,
  Controller,
  Get,
  Post,
  Put,
  UnauthorizedException,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import { Cors, CORS_MODULE_OPTIONS, CorsConfigurationError, type CorsModuleOptions } from 'nestjs-cors';
import { BOOTSTRAPS, closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, type WireRequest } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers, type Observation } from '../support/observe.js';

const { ran, observe } = watchHandlers();
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
  replace() {
    return ran('replace');
  }

  @UseGuards(deny)
  @Post()
  create(@Body() body: object) {
    return ran(`create ${JSON.stringify(body)}`);
  }
}

const json = { 'Content-Type': 'application/json' };
const REQUESTS: readonly (readonly [request: WireRequest, expected: Observation])[] = [
  [
    preflightOf('/cats/1', APP, 'GET'),
    { status: 204, cors: granted(APP, { methods: 'GET, HEAD', credentials: true }), ran: [] },
  ],
  [preflightOf('/cats/1', ADMIN, 'PUT'), { status: 204, cors: granted(ADMIN, { methods: 'PUT' }), ran: [] }],
  [preflightOf('/cats/1', APP, 'PUT'), { status: 403, cors: REFUSED, ran: [] }],
  [preflightOf('/cats/1', APP, 'DELETE'), { status: 403, cors: REFUSED, ran: [] }],
  [preflightOf('/cats', EVIL, 'POST'), { status: 403, cors: REFUSED, ran: [] }],
  [
    preflightOf('/nope', APP, 'POST'),
    { status: 204, cors: granted(APP, { methods: 'POST', credentials: true }), ran: [] },
  ],
  [
    { path: '/cats/1', headers: { Origin: APP } },
    { status: 200, cors: readable(APP, { credentials: true }), ran: ['read'] },
  ],
  [
    { path: '/cats/1', headers: { Origin: EVIL } },
    { status: 200, cors: UNREADABLE, ran: ['read'] },
  ],
  [{ path: '/cats/1' }, { status: 200, cors: UNREADABLE, ran: ['read'] }],
  [
    { method: 'PUT', path: '/cats/1', headers: { Origin: ADMIN } },
    { status: 200, cors: readable(ADMIN), ran: ['replace'] },
  ],
  [
    { method: 'POST', path: '/cats', headers: { ...json, Origin: APP }, body: '{}' },
    { status: 401, cors: readable(APP, { credentials: true }), ran: [] },
  ],
  [
    { method: 'POST', path: '/cats', headers: { ...json, Origin: APP }, body: '{bad' },
    { status: 400, cors: readable(APP, { credentials: true }), ran: [] },
  ],
  [
    { path: '/nope', headers: { Origin: APP } },
    { status: 404, cors: readable(APP, { credentials: true }), ran: [] },
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)('An app on %s', platform => {
  it('answers the same however it came to be: NestFactory, or @nestjs/testing (TEST-01)', async () => {
    const answers: Observation[][] = [];
    for (const bootstrap of BOOTSTRAPS) {
      const app = await startApp({ platform, bootstrap, cors, controllers: [CatsController] });
      const observed: Observation[] = [];
      for (const [request] of REQUESTS) observed.push(await observe(app, request));
      answers.push(observed);
    }

    const expected = REQUESTS.map(([, observation]) => observation);
    expect(answers).toEqual([expected, expected]);
  });

  it('takes other options in a test, by overriding their provider', async () => {
    const app = await startApp({
      platform,
      bootstrap: 'Test.createTestingModule',
      cors,
      controllers: [CatsController],
      override: builder => builder.overrideProvider(CORS_MODULE_OPTIONS).useValue({ origin: EVIL }),
    });

    expect(await observe(app, { path: '/cats/1', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: readable(EVIL),
      ran: ['read'],
    });
    expect(await observe(app, preflightOf('/cats/1', EVIL, 'GET'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats/1', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('takes overriding options no less seriously', async () => {
    const app = await createApp({
      platform,
      bootstrap: 'Test.createTestingModule',
      cors,
      controllers: [CatsController],
      override: builder => builder.overrideProvider(CORS_MODULE_OPTIONS).useValue({ origin: 'https://App.example' }),
    });

    await expect(app.init()).rejects.toThrow(CorsConfigurationError);
    await app.close();
  });

  it('answers without listening, through the server of a serverless platform (CTX-08)', async () => {
    const app = await createApp({ platform, cors, controllers: [CatsController] });
    await app.init();
    // Fastify's own condition; not `inject()`, which Jest cannot load on Node 20.
    if (platform === 'fastify') await (app.getHttpAdapter().getInstance() as { ready(): Promise<unknown> }).ready();
    const own = app.getHttpServer() as Server;
    const server = createServer((request, response) => own.emit('request', request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

    try {
      const through = { getHttpServer: () => server } as unknown as INestApplication;
      for (const [request, expected] of REQUESTS) expect(await observe(through, request)).toEqual(expected);
    } finally {
      await new Promise(resolve => server.close(resolve));
      await app.close();
    }
  });
});

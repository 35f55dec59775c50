import type { Server } from 'node:http';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Put,
  UnauthorizedException,
  UseGuards,
  type INestApplication,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import {
  Cors,
  CORS_MODULE_OPTIONS,
  CorsConfigurationError,
  CorsModule,
  CorsService,
  type CorsModuleOptions,
  type CorsOriginResolver,
} from 'nestjs-cors';
import { PROBLEMS } from '../../lib/issues/catalog.js';
import { PLATFORMS, type Platform } from '../support/app.js';
import { preflightOf, send, type WireRequest } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { atLength } from '../support/length.js';
import { RecordingLogger } from '../support/logger.js';
import { collectGarbage } from '../support/node-process.js';
import { watchHandlers, type Observation } from '../support/observe.js';

const APPS = atLength(50, 12);
const { ran, take, observe } = watchHandlers();
const TENANT = 'https://tenant.example';
const options: CorsModuleOptions = { origin: APP, credentials: true, self: ['https://api.example'] };

/** The resolvers that were called, in order. */
let asked: string[] = [];

function byFunction(origin: string): boolean {
  asked.push('function');
  return origin === TENANT;
}

@Injectable()
class TenantOrigins implements CorsOriginResolver {
  async isAllowed(origin: string): Promise<boolean> {
    asked.push('class');
    await Promise.resolve();
    return origin === TENANT;
  }
}

const denyWith = (error: Error) => ({
  canActivate() {
    throw error;
  },
});

@Controller()
class CatsController {
  @Get('cats')
  list() {
    return ran('list');
  }

  @Get('cats/:id')
  read(@Param('id', ParseIntPipe) id: number) {
    return ran(`read ${String(id)}`);
  }

  @Put('cats/:id')
  replace() {
    return ran('replace');
  }

  @Post('echo')
  echo(@Body() body: object) {
    return ran(`echo ${JSON.stringify(body)}`);
  }

  @UseGuards(denyWith(new UnauthorizedException()))
  @Get('unauthorized')
  unauthorized() {
    return ran('unauthorized');
  }

  @UseGuards(denyWith(new ForbiddenException()))
  @Get('forbidden')
  forbidden() {
    return ran('forbidden');
  }

  @Cors({ rejectDisallowed: true })
  @Get('strict')
  strict() {
    return ran('strict');
  }

  @Cors({ origin: byFunction, credentials: false })
  @Get('by-function')
  byFunction() {
    return ran('by-function');
  }

  @Cors({ origin: TenantOrigins, credentials: false, rejectDisallowed: true })
  @Get('by-class')
  byClass() {
    return ran('by-class');
  }
}

type Expected = Observation & { readonly asked: readonly string[] };
interface Row {
  readonly request: WireRequest;
  readonly expected: Expected;
}

/** Every kind of response, from an app whose module allows an origin. */
function rowsOf(allowed: string, credentials = true): readonly Row[] {
  const json = { 'Content-Type': 'application/json' };
  const row = (request: WireRequest, status: number, cors: Observation['cors'], more: Partial<Expected> = {}): Row => ({
    request,
    expected: { status, cors, ran: [], asked: [], ...more },
  });
  const get = (path: string, origin: string): WireRequest => ({ path, headers: { Origin: origin } });
  const own = readable(allowed, { credentials });
  return [
    row(preflightOf('/cats', allowed, 'GET'), 204, granted(allowed, { methods: 'GET, HEAD', credentials })),
    row(preflightOf('/cats/1', allowed, 'PUT'), 204, granted(allowed, { methods: 'GET, HEAD, PUT', credentials })),
    row(preflightOf('/cats', EVIL, 'GET'), 403, REFUSED),
    row(preflightOf('/nope', allowed, 'PUT'), 204, granted(allowed, { methods: 'PUT', credentials })),
    row(get('/cats', allowed), 200, own, { ran: ['list'] }),
    row(get('/cats', EVIL), 200, UNREADABLE, { ran: ['list'] }),
    row(get('/unauthorized', allowed), 401, own),
    row(get('/forbidden', allowed), 403, own),
    row(get('/cats/x', allowed), 400, own),
    row({ method: 'POST', path: '/echo', headers: { ...json, Origin: allowed }, body: '{bad' }, 400, own),
    row({ method: 'POST', path: '/echo', headers: { ...json, Origin: allowed }, body: '{"a":1}' }, 201, own, {
      ran: ['echo {"a":1}'],
    }),
    row(get('/nope', allowed), 404, own),
    row(get('/nope', EVIL), 404, UNREADABLE),
    row(get('/strict', allowed), 200, own, { ran: ['strict'] }),
    row(get('/strict', EVIL), 403, UNREADABLE),
    row(get('/by-function', TENANT), 200, readable(TENANT), { ran: ['by-function'], asked: ['function'] }),
    row(get('/by-function', EVIL), 200, UNREADABLE, { ran: ['by-function'], asked: ['function'] }),
    row(get('/by-class', TENANT), 200, readable(TENANT), { ran: ['by-class'], asked: ['class'] }),
    row(get('/by-class', EVIL), 403, UNREADABLE, { asked: ['class'] }),
    row(preflightOf('/by-class', TENANT, 'GET'), 204, granted(TENANT, { methods: 'GET, HEAD' }), { asked: ['class'] }),
  ];
}

async function answer(app: INestApplication, request: WireRequest): Promise<Expected> {
  asked = [];
  const observation = await observe(app, request);
  return { ...observation, asked };
}

/** Sends every request to each of the apps in turn: a request to one follows the same request to the other. */
async function expectAnswers(...apps: readonly (readonly [app: INestApplication, rows: readonly Row[]])[]) {
  const [[, first] = [undefined, []]] = apps;
  for (const index of first.keys()) {
    for (const [app, rows] of apps) {
      const { request, expected } = rows[index] as Row;
      expect([request, await answer(app, request)]).toEqual([request, expected]);
    }
  }
}

const created = new Set<{ close(): Promise<unknown> }>();

function builderOf(cors: CorsModuleOptions = options, providers: readonly Provider[] = []): TestingModuleBuilder {
  @Module({
    imports: [CorsModule.forRoot(cors)],
    controllers: [CatsController],
    providers: [TenantOrigins, ...providers],
  })
  class AppModule {}
  return Test.createTestingModule({ imports: [AppModule] });
}

const adapterOf = (platform: Platform): AbstractHttpAdapter =>
  platform === 'express' ? new ExpressAdapter() : (new FastifyAdapter() as AbstractHttpAdapter);

function createFrom(
  module: TestingModule,
  platform: Platform | AbstractHttpAdapter,
  logger: RecordingLogger | false = false,
): INestApplication {
  const adapter = typeof platform === 'string' ? adapterOf(platform) : platform;
  const app = module.createNestApplication(adapter, { logger });
  created.add(app);
  return app;
}

const listen = async (app: INestApplication): Promise<INestApplication> => {
  await app.listen(0, '127.0.0.1');
  return app;
};

const startFrom = (module: TestingModule, platform: Platform): Promise<INestApplication> =>
  listen(createFrom(module, platform));

async function close(app: INestApplication): Promise<void> {
  created.delete(app);
  await app.close();
}

async function codesOf(booting: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await booting.then(
    () => 'the app booted',
    (thrown: unknown) => thrown,
  );
  return error instanceof CorsConfigurationError ? error.issues.map(({ code }) => code) : [String(error)];
}

afterEach(async () => {
  const apps = [...created];
  created.clear();
  await Promise.all(apps.map(app => app.close()));
  take();
});

describe.each(PLATFORMS)('Two apps of one testing module on %s', platform => {
  it('answer alike, started one after the other', async () => {
    const module = await builderOf().compile();
    const one = await startFrom(module, platform);
    const two = await startFrom(module, platform);

    await expectAnswers([one, rowsOf(APP)], [two, rowsOf(APP)]);
  });

  it('do not meet across 200 requests at the same time', async () => {
    const builder = builderOf();
    const one = await startFrom(await builder.compile(), platform);
    const two = await startFrom(await override(builder, { origin: ADMIN }).compile(), platform);

    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const [app, origin] = index % 2 === 0 ? [one, APP] : [two, ADMIN];
        const headers = { Origin: index % 3 === 0 ? EVIL : origin };
        const { status, cors } = await send(app, { path: '/strict', headers });
        return { index, status, cors };
      }),
    );
    for (const { index, status, cors } of answers) {
      const [origin, credentials] = index % 2 === 0 ? [APP, true] : [ADMIN, false];
      const expected =
        index % 3 === 0 ? { status: 403, cors: UNREADABLE } : { status: 200, cors: readable(origin, { credentials }) };
      expect({ status, cors }).toEqual(expected);
    }
    expect(take()).toEqual(Array(133).fill('strict'));
  });

  it('are as independent after one of them is closed', async () => {
    const module = await builderOf().compile();
    const one = await startFrom(module, platform);
    const two = await startFrom(module, platform);
    await close(two);
    await expectAnswers([one, rowsOf(APP)]);

    const three = await startFrom(module, platform);
    await close(one);
    await expectAnswers([three, rowsOf(APP)]);
    await three.get(CorsService).reload({ origin: ADMIN });
    await expectAnswers([three, rowsOf(ADMIN, false)]);
  });

  it('log warnings and start-up lines once each', async () => {
    const logger = new RecordingLogger();
    const module = await builderOf({ ...options, origin: [APP, APP] }).compile();
    await createFrom(module, platform, logger).init();
    const lines = logger.ofCors();
    expect(lines).toHaveLength(5);
    expect(logger.ofCors('warn')).toEqual([expect.stringContaining(PROBLEMS.origin_duplicate.problem)]);

    await createFrom(module, platform, logger).init();
    expect(logger.ofCors()).toEqual([...lines, ...lines]);
  });

  it('have one service, which explains and lists their policies', async () => {
    const module = await builderOf().compile();
    const one = await startFrom(module, platform);
    const policies = one.get(CorsService).policies();
    const query = { method: 'GET', url: '/cats', origin: EVIL };
    const explanation = await one.get(CorsService).explain(query);
    expect(explanation.actual.reason).toBe('origin-not-allowed');

    const two = await startFrom(module, platform);
    expect(two.get(CorsService).policies()).toEqual(policies);
    expect(await two.get(CorsService).explain(query)).toEqual(explanation);
    expect(policies).toHaveLength(9);

    await close(two);
    expect(one.get(CorsService).policies()).toEqual(policies);
    await close(one);
    expect(one.get(CorsService).policies()).toEqual(policies);
  });

  it('are reloaded together, and not at all where the options are refused', async () => {
    const module = await builderOf().compile();
    const one = await startFrom(module, platform);
    const two = await startFrom(module, platform);

    const refused: CorsModuleOptions = { origin: `${APP}/` };
    expect(await codesOf(one.get(CorsService).reload(refused))).toEqual(['origin_path']);
    await expectAnswers([one, rowsOf(APP)], [two, rowsOf(APP)]);

    await one.get(CorsService).reload({ origin: ADMIN });
    await expectAnswers([one, rowsOf(ADMIN, false)], [two, rowsOf(ADMIN, false)]);

    // The module's options are these from now on.
    const three = await startFrom(module, platform);
    await expectAnswers([one, rowsOf(ADMIN, false)], [three, rowsOf(ADMIN, false)]);
  });

  it('work where the testing module itself is initialized as well', async () => {
    const module = await builderOf().compile();
    await module.init();
    const one = await startFrom(module, platform);
    await module.init();

    await expectAnswers([one, rowsOf(APP)], [await startFrom(module, platform), rowsOf(APP)]);
  });

  it('cannot have one adapter', async () => {
    const module = await builderOf().compile();
    const adapter = adapterOf(platform);
    const one = createFrom(module, adapter);
    await one.init();
    const two = createFrom(module, adapter);

    expect(await codesOf(two.init())).toEqual(['platform_shared']);
  });

  it('that are created with one adapter before they are initialized do not boot either', async () => {
    const module = await builderOf().compile();
    const adapter = adapterOf(platform);
    const one = createFrom(module, adapter);
    const two = createFrom(module, adapter);

    expect([await codesOf(one.init()), await codesOf(two.init())]).toEqual([['platform_shared'], ['platform_shared']]);
  });

  it('are initialized once each, however often init() is called', async () => {
    const module = await builderOf().compile();
    const one = createFrom(module, platform);
    await one.init();
    await one.init();
    await listen(one);
    const two = createFrom(module, platform);
    await two.init();
    await two.init();
    await listen(two);

    await expectAnswers([one, rowsOf(APP)], [two, rowsOf(APP)]);
  });

  it.each([
    ['closed', true],
    ['left as it is', false],
  ])('boot after an app that did not and was %s', async (_title, isClosed) => {
    const module = await builderOf().compile();
    const failing = createFrom(module, platform);
    failing.enableCors();
    expect(await codesOf(failing.init())).toEqual(['cors_layer_twice']);
    if (isClosed) await close(failing);

    const one = await startFrom(module, platform);
    await expectAnswers([one, rowsOf(APP)], [await startFrom(module, platform), rowsOf(APP)]);
  });

  it('boot after an app that failed in a hook of its own', async () => {
    let fails = true;
    const failing: OnModuleInit = {
      onModuleInit() {
        if (fails) throw new Error('The database is not up');
      },
    };
    const module = await builderOf(options, [{ provide: 'database', useValue: failing }]).compile();
    expect(await codesOf(createFrom(module, platform).init())).toEqual(['Error: The database is not up']);

    fails = false;
    const one = await startFrom(module, platform);
    await expectAnswers([one, rowsOf(APP)], [await startFrom(module, platform), rowsOf(APP)]);
  });

  it(`leave nothing behind when they are closed, ${String(APPS)} one after the other`, async () => {
    const module = await builderOf().compile();
    const made: WeakRef<object>[] = [];
    const use = async () => {
      const app = await startFrom(module, platform);
      made.push(new WeakRef(app.getHttpAdapter()), new WeakRef(app.getHttpServer() as object));
      expect(await answer(app, { path: '/nope', headers: { Origin: APP } })).toMatchObject({ status: 404 });
      await close(app);
    };

    for (let i = 0; i < APPS; i++) await use();
    await collectGarbage();
    // The container itself keeps its present adapter.
    expect(made).toHaveLength(2 * APPS);
    expect(made.slice(0, -2).filter(each => each.deref() !== undefined)).toHaveLength(0);
  });
});

/** The next `compile()` of a builder takes other options. */
function override(builder: TestingModuleBuilder, cors: CorsModuleOptions): TestingModuleBuilder {
  return builder.overrideProvider(CORS_MODULE_OPTIONS).useValue(cors);
}

describe.each(PLATFORMS)('Two apps of one builder, which is compiled twice, on %s', platform => {
  const other: CorsModuleOptions = { origin: ADMIN, self: ['https://api.example'] };
  const otherRows = rowsOf(ADMIN, false);

  it('have the policies of their own compile(), each', async () => {
    const builder = builderOf();
    const one = await startFrom(await builder.compile(), platform);
    const two = await startFrom(await override(builder, other).compile(), platform);

    await expectAnswers([one, rowsOf(APP)], [two, otherRows]);
    await close(two);
    await expectAnswers([one, rowsOf(APP)]);
  });

  it('keep them where the first one is closed', async () => {
    const builder = builderOf();
    const one = await startFrom(await builder.compile(), platform);
    const two = await startFrom(await override(builder, other).compile(), platform);
    await close(one);

    await expectAnswers([two, otherRows]);
  });

  it('work with the same options as well: handlers run once, and resolvers are called once', async () => {
    const builder = builderOf();
    const one = await startFrom(await builder.compile(), platform);
    const two = await startFrom(await builder.compile(), platform);

    await expectAnswers([one, rowsOf(APP)], [two, rowsOf(APP)]);
  });

  it('have a service each, which explains and reloads its own', async () => {
    const builder = builderOf();
    const one = await startFrom(await builder.compile(), platform);
    const first = one.get(CorsService);
    const two = await startFrom(await override(builder, other).compile(), platform);
    const second = two.get(CorsService);
    const query = { method: 'GET', url: '/cats', origin: APP };

    expect([first.policies()[0]?.policy.origin, second.policies()[0]?.policy.origin]).toEqual([[APP], [ADMIN]]);
    expect([(await first.explain(query)).actual.allowed, (await second.explain(query)).actual.allowed]).toEqual([
      true,
      false,
    ]);

    await first.reload({ origin: ADMIN });
    await expectAnswers([one, otherRows], [two, otherRows]);
    await second.reload({ origin: APP });
    await expectAnswers([one, otherRows], [two, rowsOf(APP, false)]);
    await close(two);
    await first.reload(options);
    await expectAnswers([one, rowsOf(APP)]);
  });

  // As everything else of it: Nest gives an app the providers that there are when it is initialized.
  it('have the later policies where they are initialized later', async () => {
    const builder = builderOf();
    const one = createFrom(await builder.compile(), platform);
    const module = await override(builder, other).compile();
    await listen(one);
    await expectAnswers([one, otherRows]);
    expect(one.get(CorsService).policies()[0]?.policy.origin).toEqual([ADMIN]);

    await expectAnswers([one, otherRows], [await startFrom(module, platform), otherRows]);
  });

  it('boot after an app whose options were refused', async () => {
    const builder = builderOf({ origin: `${APP}/` });
    expect(await codesOf(createFrom(await builder.compile(), platform).init())).toEqual(['origin_path']);
    const two = await startFrom(await override(builder, other).compile(), platform);

    await expectAnswers([two, otherRows]);
  });

  it('log their own lines, once', async () => {
    const logger = new RecordingLogger();
    const builder = builderOf();
    await createFrom(await builder.compile(), platform, logger).init();
    expect(logger.ofCors()).toHaveLength(4);
    await createFrom(await override(builder, other).compile(), platform, logger).init();
    expect(logger.ofCors()).toHaveLength(8);
    expect(logger.ofCors()[4]).toMatch(new RegExp(`^${ADMIN}: \\d+ routes? \\(GET /cats`));
  });
});

describe.each([
  ['express', 'fastify'],
  ['fastify', 'express'],
] as const)('An app on %s and one on %s of one testing module', (first, second) => {
  it('answer alike', async () => {
    const module = await builderOf().compile();
    const one = await startFrom(module, first);
    const two = await startFrom(module, second);

    await expectAnswers([one, rowsOf(APP)], [two, rowsOf(APP)]);
    await one.get(CorsService).reload({ origin: ADMIN });
    await expectAnswers([one, rowsOf(ADMIN, false)], [two, rowsOf(ADMIN, false)]);
  });
});

/**
 * Nest registers what answers 404, and what answers errors of parsers, on the adapter that was created last: two apps
 * that are created first and initialized then get in each other's way, also without this module.
 */
describe('Two apps that are created first and initialized then', () => {
  const create = async (platform: Platform) => {
    const module = await builderOf().compile();
    return [createFrom(module, platform), createFrom(module, platform)] as const;
  };
  const twice = /Not found handler already set/;

  it('in order on express: Nest answers 404 for every route of the second, with the headers of the route', async () => {
    const [one, two] = await create('express');
    await one.init();
    await two.init();

    const notFound = rowsOf(APP).map(({ request, expected }) => {
      const isActual = request.method !== 'OPTIONS' && expected.status !== 403;
      const isForbidden = request.path === '/forbidden';
      return {
        request,
        expected: { ...expected, ...((isActual || isForbidden) && { status: 404 }), ran: [] },
      };
    });
    await expectAnswers([await listen(one), rowsOf(APP)], [await listen(two), notFound]);
  });

  it('in reverse on express', async () => {
    const [one, two] = await create('express');
    await two.init();
    await one.init();

    await expectAnswers([await listen(one), rowsOf(APP)], [await listen(two), rowsOf(APP)]);
  });

  it('at once on express', async () => {
    const [one, two] = await create('express');
    await Promise.all([one.init(), two.init()]);

    await expectAnswers([await listen(one), rowsOf(APP)], [await listen(two), rowsOf(APP)]);
  });

  it('in order on fastify: Nest does not boot the second', async () => {
    const [one, two] = await create('fastify');
    await one.init();
    await expect(two.init()).rejects.toThrow(twice);

    await expectAnswers([await listen(one), rowsOf(APP)]);
  });

  it('in reverse on fastify: Nest does not boot the first', async () => {
    const [one, two] = await create('fastify');
    await two.init();
    await expect(one.init()).rejects.toThrow(twice);

    await expectAnswers([await listen(two), rowsOf(APP)]);
  });

  it('at once on fastify: Nest does not boot one of them', async () => {
    const apps = await create('fastify');
    const booted = await Promise.allSettled(apps.map(app => app.init()));

    expect(booted.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const one = apps[booted.findIndex(({ status }) => status === 'fulfilled')] as INestApplication;
    await expectAnswers([await listen(one), rowsOf(APP)]);
  });

  it('at once, three of them on two platforms: none is ready before its policies are loaded', async () => {
    const module = await builderOf().compile();
    const apps = [createFrom(module, 'express'), createFrom(module, 'fastify'), createFrom(module, 'express')];
    await Promise.all(apps.map(app => app.init()));

    for (const app of apps) await expectAnswers([await listen(app), rowsOf(APP)]);
  });

  it('at once: the boot error of one rejects both, and no later app once it is closed', async () => {
    const module = await builderOf().compile();
    const one = createFrom(module, 'express');
    const two = createFrom(module, 'express');
    one.enableCors();
    expect(await Promise.all([codesOf(one.init()), codesOf(two.init())])).toEqual([
      ['cors_layer_twice'],
      ['cors_layer_twice'],
    ]);
    await close(one);

    await expectAnswers([await startFrom(module, 'express'), rowsOf(APP)]);
  });
});

it('An app that did not boot has no policies, and takes none of another app of its container', async () => {
  const module = await builderOf({ origin: '*' }).compile();
  await startFrom(module, 'express');
  const failing = createFrom(module, 'express');
  failing.enableCors();
  expect(await codesOf(failing.init())).toEqual(['cors_layer_twice']);

  const server = failing.getHttpServer() as Server;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  for (const request of [{ path: '/cats', headers: { Origin: EVIL } }, preflightOf('/cats', EVIL, 'GET')]) {
    expect(await answer(failing, request)).toMatchObject({ status: 500, ran: [] });
    const { cors } = await send(failing, request);
    expect(cors['access-control-allow-origin']).toBeUndefined();
  }
});

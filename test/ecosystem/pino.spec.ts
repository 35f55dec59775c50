import {
  Controller,
  Get,
  Module,
  Post,
  UnauthorizedException,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { Logger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions, type Platform } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

/** What is read of a line that pino writes. */
interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly context?: string;
  readonly reqId?: string;
  readonly req?: { readonly id: number; readonly method: string; readonly url: string };
  readonly res?: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };
}

const INFO = 30;
const WARN = 40;

/** What pino writes to. One for all tests: nestjs-pino keeps the first destination that it is given in a process. */
class LogFile {
  #lines: LogLine[] = [];
  #onLine = () => {};

  write(line: string): void {
    this.#lines.push(JSON.parse(line) as LogLine);
    this.#onLine();
  }

  clear(): void {
    this.#lines = [];
  }

  /** The lines that a part of the app wrote. */
  of(context: string): readonly LogLine[] {
    return this.#lines.filter(line => line.context === context);
  }

  /** The lines about responses that were sent, once there are as many: a response is there before its line. */
  async responses(count: number): Promise<readonly LogLine[]> {
    const responses = () => this.#lines.filter(({ res }) => res !== undefined);
    while (responses().length < count) await new Promise<void>(resolve => (this.#onLine = resolve));
    return responses();
  }
}

const file = new LogFile();

@Controller('cats')
class CatsController {
  constructor(private readonly logger: PinoLogger) {
    logger.setContext(CatsController.name);
  }

  @Get()
  list() {
    this.logger.info('listing');
    return ran('list');
  }

  @Cors({ origin: ADMIN, credentials: true })
  @Post()
  create() {
    ran('create');
    throw new UnauthorizedException();
  }

  @Get('broken')
  break() {
    ran('break');
    throw new Error('broken');
  }
}

/**
 * nestjs-pino goes by `{/*splat}`, which on Express is a route of its own, for every method. On Fastify its default
 * fits no path but `/`: `@fastify/middie` puts a slash before what does not begin with one, since 9.3.6.
 */
function loggerModule(platform: Platform) {
  const forRoutes = platform === 'express' ? {} : { forRoutes: ['{*all}'] };
  return LoggerModule.forRoot({ pinoHttp: [{ level: 'info' }, file], ...forRoutes });
}

const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

beforeEach(() => file.clear());
afterEach(closeApps);

describe.each(PLATFORMS)('Beside nestjs-pino on %s', platform => {
  const start = (options: AppOptions = {}) =>
    startApp({ platform, cors, imports: [loggerModule(platform)], controllers: [CatsController], ...options });

  it('requests are logged with their status and the CORS headers of their responses', async () => {
    const app = await start();

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats?by=evil', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/nope', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });

    const [read, withheld, missed, ...others] = await file.responses(3);
    expect(read).toMatchObject({ level: INFO, req: { method: 'GET', url: '/cats' }, res: { statusCode: 200 } });
    expect(read?.res?.headers).toMatchObject(readable(APP));
    expect(withheld).toMatchObject({ req: { url: '/cats?by=evil' }, res: { statusCode: 200, headers: UNREADABLE } });
    expect(withheld?.res?.headers).not.toHaveProperty('access-control-allow-origin');
    expect(missed).toMatchObject({ req: { url: '/nope' }, res: { statusCode: 404 } });
    expect(others).toEqual([]);
  });

  it('errors are logged with their status, and have the CORS headers of their route', async () => {
    const app = await start();

    expect(await observe(app, { ...get('/cats', ADMIN), method: 'POST' })).toEqual({
      status: 401,
      cors: readable(ADMIN, { credentials: true }),
      ran: ['create'],
    });
    expect(await observe(app, get('/cats/broken', APP))).toEqual({ status: 500, cors: readable(APP), ran: ['break'] });

    expect(await file.responses(2)).toMatchObject([
      { req: { method: 'POST', url: '/cats' }, res: { statusCode: 401 } },
      { req: { method: 'GET', url: '/cats/broken' }, res: { statusCode: 500 } },
    ]);
  });

  it('a line that a handler writes carries its request', async () => {
    const app = await start();

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    const [response] = await file.responses(1);
    expect(response).toMatchObject({ req: { method: 'GET', url: '/cats' } });
    expect(file.of('CatsController')).toMatchObject([{ msg: 'listing', req: response?.req }]);
  });

  it("a preflight, and a middleware's refusal, have the policy of their route, which the logger stands before", async () => {
    @Module({})
    class AuthModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        const refuse = () => {
          ran('middleware');
          throw new UnauthorizedException();
        };
        consumer.apply(refuse).forRoutes('cats');
      }
    }
    const app = await start({ imports: [loggerModule(platform), AuthModule] });

    expect(await observe(app, preflightOf('/cats', ADMIN, 'POST'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'POST', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats', APP, 'POST'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, preflightOf('/cats', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, { ...get('/cats', ADMIN), method: 'POST' })).toEqual({
      status: 401,
      cors: readable(ADMIN, { credentials: true }),
      ran: ['middleware'],
    });
  });

  it('a preflight is answered before any middleware, and so is not logged', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });

    // The request after them is the first that is logged.
    expect(await file.responses(1)).toMatchObject([{ req: { method: 'GET', url: '/cats' } }]);
  });

  it("app.useLogger(app.get(Logger)) writes the module's lines: its routes, and with debug what it refuses", async () => {
    const app = await start({
      cors: { ...cors, debug: true },
      nest: { bufferLogs: true },
      configure: app => app.useLogger(app.get(Logger)),
    });

    expect(file.of('CorsModule')).toMatchObject([
      { level: INFO, msg: `${APP}: 2 routes (GET /cats, GET /cats/broken), all other paths` },
      { level: INFO, msg: `${ADMIN}, with credentials: 1 route (POST /cats)` },
    ]);
    file.clear();
    expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(file.of('CorsModule')).toMatchObject([
      { level: WARN, msg: expect.stringMatching(/^Refused .*https:\/\/evil\.example/) as string },
    ]);
  });
});

describe("Beside Fastify's own logger, which nestjs-pino takes over with useExisting", () => {
  it('a preflight is logged as any other request: Fastify does so before any hook', async () => {
    const app = await startApp({
      platform: 'fastify',
      fastify: { logger: { level: 'info', stream: file } },
      cors,
      imports: [LoggerModule.forRoot({ useExisting: true, forRoutes: ['{*all}'] })],
      controllers: [CatsController],
    });

    expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });

    const [allowed, refused, served] = await file.responses(3);
    expect([allowed, refused, served]).toMatchObject([
      { msg: 'request completed', res: { statusCode: 204 } },
      { msg: 'request completed', res: { statusCode: 403 } },
      { msg: 'request completed', res: { statusCode: 200 } },
    ]);
    expect(file.of('CatsController')).toMatchObject([{ msg: 'listing', reqId: served?.reqId }]);
  });
});

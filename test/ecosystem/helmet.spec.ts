import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import {
  BadRequestException,
  Controller,
  Get,
  Module,
  Put,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import helmet from 'helmet';
import { Cors } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf, type WireRequest } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Get('broken')
  break() {
    ran('break');
    throw new BadRequestException();
  }

  @Cors({ origin: ADMIN, credentials: true })
  @Put(':id')
  replace() {
    return ran('replace');
  }
}

@Module({})
class HelmetModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(helmet()).forRoutes('{*all}');
  }
}

/** The two places that helmet is put in: before `listen()` in main.ts, and among a module's middleware. */
const PLACES: readonly (readonly [place: string, options: AppOptions])[] = [
  ['app.use(helmet())', { configure: app => app.use(helmet()) }],
  ['consumer.apply(helmet())', { imports: [HelmetModule] }],
];

/** Every header that helmet sets, asked of helmet itself. */
const HELMET = (() => {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet()(request, response, () => {});
  return response.getHeaders();
})();

const get = (path: string, origin: string): WireRequest => ({ path, headers: { Origin: origin } });

/** Sends a request, and tells what of helmet's came back beside what is always observed. */
async function exchangeWithHelmet(app: INestApplication, request: WireRequest) {
  const { observed, headers } = await exchange(app, request);
  const ofHelmet = Object.entries(headers).filter(([name]) => name in HELMET || name === 'x-powered-by');
  return { ...observed, helmet: Object.fromEntries(ofHelmet) };
}

afterEach(closeApps);

describe.each(PLATFORMS)('Beside helmet on %s', platform => {
  describe.each(PLACES)('as %s', (_place, options) => {
    const start = () => startApp({ platform, cors: { origin: APP }, controllers: [CatsController], ...options });

    it("a response has its route's CORS headers and all of helmet's (ORD-03)", async () => {
      const app = await start();

      expect(await exchangeWithHelmet(app, get('/cats', APP))).toEqual({
        status: 200,
        cors: readable(APP),
        ran: ['list'],
        helmet: HELMET,
      });
      expect(await exchangeWithHelmet(app, get('/cats', EVIL))).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['list'],
        helmet: HELMET,
      });
      expect(await exchangeWithHelmet(app, { ...get('/cats/1', ADMIN), method: 'PUT' })).toEqual({
        status: 200,
        cors: readable(ADMIN, { credentials: true }),
        ran: ['replace'],
        helmet: HELMET,
      });
    });

    it('an error has both as well', async () => {
      const app = await start();

      expect(await exchangeWithHelmet(app, get('/cats/broken', APP))).toEqual({
        status: 400,
        cors: readable(APP),
        ran: ['break'],
        helmet: HELMET,
      });
      expect(await exchangeWithHelmet(app, get('/nope', APP))).toEqual({
        status: 404,
        cors: readable(APP),
        ran: [],
        helmet: HELMET,
      });
    });

    it("what an origin may read keeps helmet's Cross-Origin-Resource-Policy", async () => {
      const app = await start();
      const { observed, headers } = await exchange(app, get('/cats', APP));

      // It is about embedding without CORS: a browser does not ask it of a request in CORS mode.
      expect(observed).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    });

    it("a preflight is answered before any middleware, and so has none of helmet's headers", async () => {
      const app = await start();
      // Express names itself before any middleware, and helmet, which would remove it, never sees a preflight.
      const untouched = platform === 'express' ? { 'x-powered-by': 'Express' } : {};

      expect(await exchangeWithHelmet(app, preflightOf('/cats', APP, 'GET'))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD' }),
        ran: [],
        helmet: untouched,
      });
      expect(await exchangeWithHelmet(app, preflightOf('/cats/1', ADMIN, 'PUT'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'PUT', credentials: true }),
        ran: [],
        helmet: untouched,
      });
      expect(await exchangeWithHelmet(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual({
        status: 403,
        cors: REFUSED,
        ran: [],
        helmet: untouched,
      });
    });

    it("an OPTIONS request that is no preflight goes through helmet as any other, and has the module's policy", async () => {
      const app = await start();

      expect(await exchangeWithHelmet(app, { ...get('/cats', APP), method: 'OPTIONS' })).toEqual({
        status: 404,
        cors: readable(APP),
        ran: [],
        helmet: HELMET,
      });
    });
  });

  it('as consumer.apply(helmet()).forRoutes(Controller), both are right for that controller', async () => {
    // On Express, Nest registers this as routes of their own, ahead of the controller's, under the same paths.
    @Module({})
    class CatsHelmetModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(helmet()).forRoutes(CatsController);
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP },
      imports: [CatsHelmetModule],
      controllers: [CatsController],
    });

    expect(await exchangeWithHelmet(app, { ...get('/cats/1', ADMIN), method: 'PUT' })).toEqual({
      status: 200,
      cors: readable(ADMIN, { credentials: true }),
      ran: ['replace'],
      helmet: HELMET,
    });
    expect(await observe(app, preflightOf('/cats/1', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });
});

import {
  BadRequestException,
  Body,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Post,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import type { WireRequest } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, PUBLIC, readable, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const cors: CorsModuleOptions = { origin: [APP, ADMIN], credentials: true };

/** Does what the ValidationPipe does, without class-validator. */
@Injectable()
class ValidationPipe implements PipeTransform {
  transform(value: { name?: unknown } | undefined) {
    if (typeof value?.name !== 'string') throw new BadRequestException(['name must be a string']);
    return value;
  }
}

/** The same routes under the module's policy and under policies of their own. */
class Routes {
  @Post('cats')
  create(@Body(ValidationPipe) body: object) {
    return ran(`create ${Object.keys(body).join()}`);
  }

  @Get('boom')
  boom() {
    ran('boom');
    throw new Error('boom');
  }

  @Get('conflict')
  conflict() {
    ran('conflict');
    throw new ForbiddenException();
  }

  @Get('barred')
  barred() {
    return ran('barred');
  }

  @Get('cached')
  cached() {
    return ran('cached');
  }
}

@Controller('plain')
class PlainController extends Routes {}

@Cors({ origin: PARTNER, credentials: false })
@Controller('partner')
class PartnerController extends Routes {}

@Cors({ origin: '*', credentials: false })
@Controller('public')
class PublicController extends Routes {}

@Cors(false)
@Controller('closed')
class ClosedController extends Routes {}

@Module({ controllers: [PlainController, PartnerController, PublicController, ClosedController] })
class RoutesModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    const bar = () => {
      ran('middleware');
      throw new ForbiddenException();
    };
    const answer = (_request: IncomingMessage, response: ServerResponse) => {
      ran('middleware');
      response.statusCode = 203;
      response.end('from a cache');
    };
    consumer.apply(bar).forRoutes('*path/barred');
    consumer.apply(answer).forRoutes('*path/cached');
  }
}

const start = (platform: Platform, configure?: (app: INestApplication) => unknown) =>
  startApp({
    platform,
    cors,
    imports: [RoutesModule],
    fastify: { bodyLimit: 1024 },
    configure: app => {
      if (platform === 'express') (app as NestExpressApplication).useBodyParser('json', { limit: 1024 });
      return configure?.(app);
    },
  });

const json = { 'Content-Type': 'application/json' };

/** Ways to fail, by path under a controller. */
const FAILURES: readonly {
  readonly title: string;
  readonly request: (platform: Platform) => WireRequest;
  readonly status: number;
  readonly ran: readonly string[];
}[] = [
  {
    title: 'malformed JSON (ERR-05)',
    request: () => ({ method: 'POST', path: '/cats', headers: json, body: '{bad' }),
    status: 400,
    ran: [],
  },
  {
    title: 'a body that is too large (ERR-06)',
    request: () => ({ method: 'POST', path: '/cats', headers: json, body: JSON.stringify({ name: 'x'.repeat(2000) }) }),
    status: 413,
    ran: [],
  },
  {
    title: 'a media type that no parser takes (ERR-07)',
    // Express' parser leaves unknown types alone and refuses unknown charsets, Fastify's refuses unknown types.
    request: platform => ({
      method: 'POST',
      path: '/cats',
      headers: { 'Content-Type': platform === 'express' ? 'application/json; charset=x-none' : 'application/xyz' },
      body: '{}',
    }),
    status: 415,
    ran: [],
  },
  {
    title: 'a value that a pipe refuses (ERR-04)',
    request: () => ({ method: 'POST', path: '/cats', headers: json, body: '{"nome":1}' }),
    status: 400,
    ran: [],
  },
  { title: 'an error in the handler', request: () => ({ path: '/boom' }), status: 500, ran: ['boom'] },
  { title: 'an exception of the handler', request: () => ({ path: '/conflict' }), status: 403, ran: ['conflict'] },
  {
    title: 'an exception of a middleware (ERR-11)',
    request: () => ({ path: '/barred' }),
    status: 403,
    ran: ['middleware'],
  },
  {
    title: 'a middleware that ends the response',
    request: () => ({ path: '/cached' }),
    status: 203,
    ran: ['middleware'],
  },
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that never comes from its handler on %s', platform => {
  describe.each(FAILURES)('$title', ({ request, status, ran }) => {
    const to = (prefix: string, origin: string | undefined): WireRequest => {
      const { path, headers, ...rest } = request(platform);
      return { ...rest, path: `/${prefix}${path ?? ''}`, headers: { ...headers, ...(origin && { Origin: origin }) } };
    };

    it("has the headers of the module's policy where the route has no other", async () => {
      const app = await start(platform);

      const cors = readable(ADMIN, { credentials: true });
      expect(await observe(app, to('plain', ADMIN))).toEqual({ status, cors, ran });
      expect(await observe(app, to('plain', PARTNER))).toEqual({ status, cors: UNREADABLE, ran });
      expect(await observe(app, to('plain', undefined))).toEqual({ status, cors: UNREADABLE, ran });
    });

    it("has the headers of the route's policy, not of the module's (ERR-15)", async () => {
      const app = await start(platform);

      expect(await observe(app, to('partner', PARTNER))).toEqual({ status, cors: readable(PARTNER), ran });
      expect(await observe(app, to('partner', APP))).toEqual({ status, cors: UNREADABLE, ran });
      expect(await observe(app, to('closed', APP))).toEqual({ status, cors: CLOSED, ran });
      for (const origin of [EVIL, APP, undefined]) {
        expect(await observe(app, to('public', origin))).toEqual({ status, cors: PUBLIC, ran });
      }
    });

    it('has no CORS header, and does not repeat the origin, for one that is not allowed (ERR-16)', async () => {
      const app = await start(platform);
      const { observed, headers, body } = await exchange(app, to('plain', EVIL));

      expect(observed).toEqual({ status, cors: UNREADABLE, ran });
      expect(JSON.stringify(headers) + body).not.toContain('evil');
    });
  });

  it("has the module's policy where nothing is routed (ERR-08)", async () => {
    const app = await start(platform);

    for (const path of ['/nope', '/partner', '/partner/nope', '/closed/nope']) {
      expect(await observe(app, { path, headers: { Origin: APP } })).toEqual({
        status: 404,
        cors: readable(APP, { credentials: true }),
        ran: [],
      });
      expect(await observe(app, { path, headers: { Origin: PARTNER } })).toEqual({
        status: 404,
        cors: UNREADABLE,
        ran: [],
      });
    }
  });

  it("has the module's policy where the method is not routed (ERR-09)", async () => {
    const app = await start(platform);

    for (const path of ['/plain/boom', '/partner/boom', '/closed/boom']) {
      expect(await observe(app, { method: 'POST', path, headers: { Origin: APP } })).toEqual({
        status: 404,
        cors: readable(APP, { credentials: true }),
        ran: [],
      });
    }
  });

  it('has the policy of the request target that arrived, when main.ts uses a middleware that ends it (ORD-02)', async () => {
    const app = await start(platform, app => {
      app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const { url } = request;
        if (url !== '/m' && url !== '/partner/boom') return next();
        ran('middleware');
        request.url = '/rewritten';
        response.end('ok');
      });
    });

    const served = { status: 200, ran: ['middleware'] };
    expect(await observe(app, { path: '/m', headers: { Origin: APP } })).toEqual({
      ...served,
      cors: readable(APP, { credentials: true }),
    });
    expect(await observe(app, { path: '/m', headers: { Origin: PARTNER } })).toEqual({ ...served, cors: UNREADABLE });
    expect(await observe(app, { path: '/partner/boom', headers: { Origin: PARTNER } })).toEqual({
      ...served,
      cors: readable(PARTNER),
    });
    expect(await observe(app, { path: '/partner/boom', headers: { Origin: APP } })).toEqual({
      ...served,
      cors: UNREADABLE,
    });
  });
});

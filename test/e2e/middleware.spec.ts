import {
  ConflictException,
  Get,
  Injectable,
  Module,
  type INestApplication,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
  type Type,
} from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import {
  askEveryPolicy,
  MODULE_POLICY,
  ofEveryPolicy,
  RULE_FOR_EVERY_POLICY,
  underEveryPolicy,
} from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => unknown;

/** What a middleware may do in the handler's place. */
const WAYS: readonly (readonly [way: string, status: number, middleware: Middleware])[] = [
  [
    'ends the response',
    203,
    (_request, response) => {
      response.statusCode = 203;
      response.end('cached');
    },
  ],
  [
    'answers as the cors package does',
    203,
    (request, response) => {
      response.statusCode = 203;
      response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.end('cached');
    },
  ],
  [
    'writes the head',
    203,
    (_request, response) => {
      response.writeHead(203, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': '*' });
      response.end('cached');
    },
  ],
  [
    'throws an exception',
    409,
    () => {
      throw new ConflictException();
    },
  ],
  [
    'throws an error',
    500,
    () => {
      throw new Error('broken');
    },
  ],
  ['passes an exception on', 409, (_request, _response, next) => next(new ConflictException())],
  ['passes an error on', 500, (_request, _response, next) => next(new Error('broken'))],
  [
    'answers later',
    203,
    async (_request, response) => {
      await Promise.resolve();
      response.statusCode = 203;
      response.end('cached');
    },
  ],
  ['rejects', 409, () => Promise.reject(new ConflictException())],
];

class CatsRoutes {
  @Get('cats')
  list() {
    ran('list');
  }
}

/** A module that applies a middleware to every route. */
function moduleWith(middleware: Middleware | Type<NestMiddleware>) {
  @Module({})
  class MiddlewareModule implements NestModule {
    configure(consumer: MiddlewareConsumer) {
      consumer.apply(middleware).forRoutes('*path');
    }
  }
  return MiddlewareModule;
}

function classOf(middleware: Middleware): Type<NestMiddleware> {
  @Injectable()
  class ClassMiddleware implements NestMiddleware {
    use(...args: Parameters<Middleware>) {
      return middleware(...args);
    }
  }
  return ClassMiddleware;
}

function useEverywhere(app: INestApplication, middleware: Middleware) {
  // The platforms take the path off `request.url` for as long as the middleware runs.
  for (const path of ['/listed', '/public', '/closed']) app.use(path, middleware);
}

/** Every place in which Nest takes a middleware. */
const PLACES: readonly (readonly [place: string, app: (middleware: Middleware) => AppOptions])[] = [
  ['a module', middleware => ({ imports: [moduleWith(middleware)] })],
  ['a class of a module', middleware => ({ imports: [moduleWith(classOf(middleware))] })],
  ['app.use()', middleware => ({ configure: app => app.use(middleware) })],
  ['app.use() for a path', middleware => ({ configure: app => useEverywhere(app, middleware) })],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that a middleware decides on %s', platform => {
  describe.each(PLACES)('that of %s', (place, appWith) => {
    // Nobody on Fastify's side waits for what a function returns that app.use() is given: the process ends.
    const ways = platform === 'fastify' && place.startsWith('app.use()') ? WAYS.slice(0, -1) : WAYS;

    it.each(ways)("has the route's headers, and none of its own: %s", async (_way, status, middleware) => {
      const options = appWith((...args) => {
        ran('middleware');
        return middleware(...args);
      });
      const expected = ofEveryPolicy({ status, ran: ['middleware'] });

      const routed = await startApp({
        platform,
        cors: MODULE_POLICY,
        controllers: underEveryPolicy(CatsRoutes),
        ...options,
      });
      expect(await askEveryPolicy(observe, routed, { path: '/cats' })).toEqual(expected);
      const ruled = await startApp({ platform, cors: RULE_FOR_EVERY_POLICY, ...options });
      expect(await askEveryPolicy(observe, ruled, { path: '/cats' })).toEqual(expected);
    });
  });
});

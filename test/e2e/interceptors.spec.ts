import {
  BadGatewayException,
  ConflictException,
  Get,
  Injectable,
  Module,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CorsModule } from 'nestjs-cors';
import type { ServerResponse } from 'node:http';
import { catchError, map, NEVER, of, throwError, type Observable } from 'rxjs';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

/** What both platforms' responses have in common; Fastify's is around Node's own. */
interface PlatformResponse {
  readonly raw?: ServerResponse;
  header(name: string, value: string): unknown;
}

type Intercept = (next: CallHandler, response: PlatformResponse) => Observable<unknown>;

interface Way {
  readonly way: string;
  readonly status: number;
  readonly ran: readonly string[];
  readonly intercept: Intercept;
}

/** What an interceptor may do to a response. */
const WAYS: readonly Way[] = [
  { way: "answers in the handler's place", status: 200, ran: [], intercept: () => of('cached') },
  {
    way: 'answers with another value',
    status: 200,
    ran: ['list'],
    intercept: next => next.handle().pipe(map(value => ({ value }))),
  },
  {
    way: 'sets CORS headers of its own',
    status: 200,
    ran: ['list'],
    intercept: (next, response) =>
      next.handle().pipe(
        map((value: unknown) => {
          response.header('Access-Control-Allow-Origin', '*');
          response.header('Access-Control-Allow-Credentials', 'true');
          return value;
        }),
      ),
  },
  {
    way: 'writes the raw response',
    status: 202,
    ran: [],
    intercept: (_next, response) => {
      const raw = response.raw ?? (response as unknown as ServerResponse);
      raw.writeHead(202, { 'Access-Control-Allow-Origin': '*' }).end('raw');
      return NEVER;
    },
  },
  {
    way: 'throws',
    status: 409,
    ran: [],
    intercept: () => {
      throw new ConflictException();
    },
  },
  { way: 'fails', status: 409, ran: [], intercept: () => throwError(() => new ConflictException()) },
  {
    way: "fails with another error than the handler's",
    status: 502,
    ran: ['fail'],
    intercept: next => next.handle().pipe(catchError(() => throwError(() => new BadGatewayException()))),
  },
  {
    way: "makes a value of the handler's error",
    status: 200,
    ran: ['fail'],
    intercept: next => next.handle().pipe(catchError(() => of('recovered'))),
  },
];

function interceptorOf(intercept: Intercept): Type<NestInterceptor> {
  @Injectable()
  class WayInterceptor implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      ran('interceptor');
      return intercept(next, context.switchToHttp().getResponse<PlatformResponse>());
    }
  }
  return WayInterceptor;
}

function routesWith(onClass: readonly Type<NestInterceptor>[], onMethod: readonly Type<NestInterceptor>[]) {
  @UseInterceptors(...onClass)
  class CatsRoutes {
    @UseInterceptors(...onMethod)
    @Get('list')
    list() {
      return ran('list');
    }

    @UseInterceptors(...onMethod)
    @Get('fail')
    fail() {
      ran('fail');
      throw new Error('broken');
    }
  }
  return underEveryPolicy(CatsRoutes);
}

/** A module that registers the interceptor for the whole app. */
function moduleWith(interceptor: Type<NestInterceptor>) {
  @Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: interceptor }] })
  class InterceptorModule {}
  return InterceptorModule;
}

/** Every place in which Nest takes an interceptor: before the CORS module's and after it. */
const PLACES: readonly (readonly [place: string, app: (interceptor: Type<NestInterceptor>) => AppOptions])[] = [
  [
    'APP_INTERCEPTOR of a module imported before the CORS module',
    interceptor => ({
      imports: [moduleWith(interceptor), CorsModule.forRoot(MODULE_POLICY)],
      controllers: routesWith([], []),
    }),
  ],
  [
    'APP_INTERCEPTOR of a module imported after the CORS module',
    interceptor => ({
      imports: [CorsModule.forRoot(MODULE_POLICY), moduleWith(interceptor)],
      controllers: routesWith([], []),
    }),
  ],
  [
    'useGlobalInterceptors()',
    interceptor => ({
      cors: MODULE_POLICY,
      controllers: routesWith([], []),
      configure: app => app.useGlobalInterceptors(new interceptor()),
    }),
  ],
  [
    '@UseInterceptors() of the controller',
    interceptor => ({ cors: MODULE_POLICY, controllers: routesWith([interceptor], []) }),
  ],
  [
    '@UseInterceptors() of the handler',
    interceptor => ({ cors: MODULE_POLICY, controllers: routesWith([], [interceptor]) }),
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that an interceptor decides on %s', platform => {
  describe.each(PLACES)('%s', (_place, appWith) => {
    it.each(WAYS)("has the route's headers, and none of its own: $way", async ({ status, ran, intercept }) => {
      const app = await startApp({ platform, ...appWith(interceptorOf(intercept)) });
      const path = ran[0] ?? 'list';

      expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
        ofEveryPolicy({ status, ran: ['interceptor', ...ran] }),
      );
    });
  });
});

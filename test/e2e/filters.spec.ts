import {
  Body,
  Catch,
  ConflictException,
  Get,
  Post,
  Res,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import type { WireRequest } from '../support/client.js';
import {
  askEveryPolicy,
  MODULE_POLICY,
  ofEveryPolicy,
  RULE_FOR_EVERY_POLICY,
  underEveryPolicy,
} from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

/** What both platforms' responses have in common; Fastify's is around Node's own. */
interface PlatformResponse {
  readonly raw?: ServerResponse;
  header(name: string, value: string): unknown;
  status(status: number): { send(body: object): void };
}

const responseOf = (host: ArgumentsHost) => host.switchToHttp().getResponse<PlatformResponse>();
const rawOf = (response: PlatformResponse) => response.raw ?? (response as unknown as ServerResponse);

/** Writes the response by itself, with CORS headers as people add them by hand. */
@Catch()
class RawFilter implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost) {
    ran('filter');
    rawOf(responseOf(host))
      .writeHead(418, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Credentials': 'true' })
      .end();
  }
}

/** Adds such headers to what the platform sends. */
@Catch()
class HeaderFilter implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost) {
    ran('filter');
    const { origin = '*' } = host.switchToHttp().getRequest<{ headers: { origin?: string } }>().headers;
    const response = responseOf(host);
    response.header('Access-Control-Allow-Origin', origin);
    response.header('Access-Control-Allow-Headers', '*');
    response.status(418).send({ failed: true });
  }
}

/** Begins anew. */
@Catch()
class ClearingFilter implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost) {
    ran('filter');
    const raw = rawOf(responseOf(host));
    for (const name of raw.getHeaderNames()) raw.removeHeader(name);
    raw.statusCode = 418;
    raw.end();
  }
}

@Catch()
class FailingFilter implements ExceptionFilter {
  catch() {
    throw new Error('broken');
  }
}

const FILTERS = [RawFilter, HeaderFilter, ClearingFilter];

const deny = {
  canActivate() {
    ran('guard');
    throw new UnauthorizedException();
  },
};

function routesWith(onClass: readonly Type<ExceptionFilter>[], onMethod: readonly Type<ExceptionFilter>[]) {
  @UseFilters(...onClass)
  class FailingRoutes {
    @UseFilters(...onMethod)
    @Get('conflict')
    conflict() {
      ran('conflict');
      throw new ConflictException();
    }

    @UseFilters(...onMethod)
    @UseGuards(deny)
    @Get('denied')
    denied() {
      ran('denied');
    }

    @Get('failed-head')
    failedHead(@Res() response: PlatformResponse) {
      ran('failed-head');
      // Node refuses the status when it has taken the headers.
      rawOf(response).writeHead(1000, { 'Access-Control-Allow-Origin': '*' });
    }

    @Post('create')
    create(@Body() body: object) {
      ran(`create ${JSON.stringify(body)}`);
    }
  }
  return underEveryPolicy(FailingRoutes);
}

/** Every place in which Nest takes a filter. */
const OF_ROUTES: readonly (readonly [place: string, app: (filter: Type<ExceptionFilter>) => AppOptions])[] = [
  ['@UseFilters() of the handler', filter => ({ controllers: routesWith([], [filter]) })],
  ['@UseFilters() of the controller', filter => ({ controllers: routesWith([filter], []) })],
];
const OF_THE_APP: typeof OF_ROUTES = [
  [
    'useGlobalFilters()',
    filter => ({ controllers: routesWith([], []), configure: app => app.useGlobalFilters(new filter()) }),
  ],
  [
    'APP_FILTER',
    filter => ({ controllers: routesWith([], []), providers: [{ provide: APP_FILTER, useClass: filter }] }),
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that an exception filter writes on %s', platform => {
  describe.each(FILTERS.map(filter => [filter.name, filter] as const))('%s', (_name, filter) => {
    it.each([...OF_ROUTES, ...OF_THE_APP])(
      "has the route's headers, and none of its own: %s",
      async (_place, appWith) => {
        const app = await startApp({ platform, cors: MODULE_POLICY, ...appWith(filter) });

        for (const [path, source] of [
          ['/conflict', 'conflict'],
          ['/denied', 'guard'],
        ] as const) {
          expect(await askEveryPolicy(observe, app, { path })).toEqual(
            ofEveryPolicy({ status: 418, ran: [source, 'filter'] }),
          );
        }
      },
    );

    it("has the route's headers, and none of its own, where a first head failed", async () => {
      const app = await startApp({ platform, cors: MODULE_POLICY, controllers: routesWith([filter], []) });

      expect(await askEveryPolicy(observe, app, { path: '/failed-head' })).toEqual(
        ofEveryPolicy({ status: 418, ran: ['failed-head', 'filter'] }),
      );
    });

    it.each(OF_THE_APP)('has the headers of its path where no handler is reached: %s', async (_place, appWith) => {
      const app = await startApp({ platform, cors: RULE_FOR_EVERY_POLICY, ...appWith(filter) });
      const malformed: WireRequest = {
        method: 'POST',
        path: '/create',
        headers: { 'Content-Type': 'application/json' },
        body: '{bad',
      };

      for (const request of [malformed, { path: '/none' }]) {
        expect(await askEveryPolicy(observe, app, request)).toEqual(ofEveryPolicy({ status: 418, ran: ['filter'] }));
      }
    });
  });

  // Where nobody else answers, Express does, and clears the headers before.
  it.each([...OF_ROUTES, ...OF_THE_APP])(
    "has the route's headers where the filter fails: %s",
    async (_place, appWith) => {
      const app = await startApp({ platform, cors: MODULE_POLICY, ...appWith(FailingFilter) });

      expect(await askEveryPolicy(observe, app, { path: '/conflict' })).toEqual(
        ofEveryPolicy({ status: 500, ran: ['conflict'] }),
      );
    },
  );
});

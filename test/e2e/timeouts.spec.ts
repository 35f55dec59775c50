import {
  Get,
  RequestTimeoutException,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { catchError, NEVER, throwError, timeout, TimeoutError } from 'rxjs';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

/** As in Nest's documentation. */
class TimeoutInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      timeout(1),
      catchError((error: unknown) =>
        throwError(() => (error instanceof TimeoutError ? new RequestTimeoutException() : error)),
      ),
    );
  }
}

const never = new Promise<never>(() => undefined);

class SlowRoutes {
  @UseInterceptors(TimeoutInterceptor)
  @Get('promise')
  promise() {
    ran('promise');
    return never;
  }

  @UseInterceptors(TimeoutInterceptor)
  @Get('observable')
  observable() {
    ran('observable');
    return NEVER;
  }

  @Get('endless')
  endless() {
    ran('endless');
    return never;
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A timeout on %s', platform => {
  const app = { platform, cors: MODULE_POLICY, controllers: underEveryPolicy(SlowRoutes) };

  it.each(['promise', 'observable'])("of an interceptor has the route's headers: %s", async path => {
    const slow = await startApp(app);

    expect(await askEveryPolicy(observe, slow, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 408, ran: [path] }),
    );
  });

  it("of an interceptor of the whole app has the route's headers", async () => {
    const slow = await startApp({ ...app, configure: app => app.useGlobalInterceptors(new TimeoutInterceptor()) });

    expect(await askEveryPolicy(observe, slow, { path: '/endless' })).toEqual(
      ofEveryPolicy({ status: 408, ran: ['endless'] }),
    );
  });

  it("of a middleware that answers in the handler's place has the route's headers", async () => {
    const slow = await startApp({
      ...app,
      configure: app => {
        app.use((_request: unknown, response: ServerResponse, next: (error?: unknown) => void) => {
          response.setTimeout(1, () => {
            response.statusCode = 503;
            response.end('too slow');
          });
          next();
        });
      },
    });

    expect(await askEveryPolicy(observe, slow, { path: '/endless' })).toEqual(
      ofEveryPolicy({ status: 503, ran: ['endless'] }),
    );
  });
});

describe("A timeout of Fastify's own", () => {
  it("has the route's headers", async () => {
    const slow = await startApp({
      platform: 'fastify',
      fastify: { handlerTimeout: 5 },
      cors: MODULE_POLICY,
      controllers: underEveryPolicy(SlowRoutes),
    });

    expect(await askEveryPolicy(observe, slow, { path: '/endless' })).toEqual(
      ofEveryPolicy({ status: 503, ran: ['endless'] }),
    );
  });
});

import {
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  Put,
  RequestMethod,
  Scope,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CanActivate,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { Cors, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, readResponses, sendRaw } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, allowedHeaders: ['content-type', 'authorization'] };
const GRANTED = {
  status: 204,
  cors: granted(APP, { methods: 'PUT', headers: 'content-type, authorization' }),
  ran: [],
};

@Injectable()
class Refuse implements CanActivate, NestInterceptor, PipeTransform {
  canActivate(): boolean {
    ran('guard');
    throw new UnauthorizedException();
  }

  intercept(): never {
    ran('interceptor');
    throw new UnauthorizedException();
  }

  transform(): never {
    ran('pipe');
    throw new UnauthorizedException();
  }
}

@Controller('cats')
class CatsController {
  @Put(':id')
  replace() {
    return ran('replace');
  }
}

@Cors({ origin: ADMIN })
@Controller('dogs')
class DogsController {
  @Put(':id')
  replace() {
    return ran('replace');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A preflight on %s', platform => {
  it.each([
    ['first', (...others: object[]) => [CorsModule.forRoot(cors), ...others]],
    ['last', (...others: object[]) => [...others, CorsModule.forRoot(cors)]],
  ])('is seen by no guard, interceptor or pipe of the app, with the module imported %s', async (_place, order) => {
    @Module({ providers: [{ provide: APP_GUARD, useClass: Refuse }] })
    class AuthModule {}
    const app = await startApp({
      platform,
      imports: order(AuthModule) as never,
      controllers: [CatsController],
      providers: [
        { provide: APP_GUARD, useClass: Refuse },
        { provide: APP_INTERCEPTOR, useClass: Refuse },
        { provide: APP_PIPE, useClass: Refuse },
      ],
      configure: app => app.useGlobalGuards(new Refuse()),
    });

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'authorization'))).toEqual(GRANTED);
    expect(await observe(app, preflightOf('/cats/1', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, { method: 'PUT', path: '/cats/1', headers: { Origin: APP } })).toEqual({
      status: 401,
      cors: readable(APP),
      ran: ['guard'],
    });
  });

  it("is seen by nothing of its handler's own either", async () => {
    @UseGuards(Refuse)
    @UseInterceptors(Refuse)
    @UsePipes(Refuse)
    @Controller('guarded')
    class GuardedController {
      @UseGuards(Refuse)
      @Put()
      replace() {
        return ran('replace');
      }
    }
    const app = await startApp({ platform, cors, controllers: [GuardedController] });

    expect(await observe(app, preflightOf('/guarded', APP, 'PUT'))).toEqual(GRANTED);
    expect(await observe(app, { method: 'PUT', path: '/guarded', headers: { Origin: APP } })).toEqual({
      status: 401,
      cors: readable(APP),
      ran: ['guard'],
    });
  });

  it('is not counted by a throttler (PF-05)', async () => {
    // Stands in for ThrottlerGuard of @nestjs/throttler: two requests, then 429.
    @Injectable()
    class ThrottlerGuard implements CanActivate {
      #count = 0;

      canActivate(): boolean {
        if (++this.#count > 2) throw new HttpException('Too many requests', 429);
        return true;
      }
    }
    const app = await startApp({
      platform,
      cors,
      controllers: [CatsController],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    });

    for (let i = 0; i < 5; i++) expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual(GRANTED);
    const put = { method: 'PUT', path: '/cats/1', headers: { Origin: APP } };
    const served = { status: 200, cors: readable(APP), ran: ['replace'] };
    expect(await observe(app, put)).toEqual(served);
    expect(await observe(app, put)).toEqual(served);
    expect(await observe(app, put)).toEqual({ status: 429, cors: readable(APP), ran: [] });
  });

  it('is seen by no middleware, whatever the order of imports (PF-06)', async () => {
    const requireToken = ({ headers }: IncomingMessage, response: ServerResponse, next: () => void) => {
      ran('middleware');
      if (headers.authorization !== undefined) return next();
      response.statusCode = 401;
      response.end();
    };
    @Module({})
    class AuthModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(requireToken).forRoutes('{*all}');
      }
    }
    const app = await startApp({
      platform,
      imports: [AuthModule, CorsModule.forRoot(cors)],
      controllers: [CatsController],
      configure: app => app.use(requireToken),
    });

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'authorization'))).toEqual(GRANTED);
    expect(await observe(app, { method: 'PUT', path: '/cats/1', headers: { Origin: APP } })).toEqual({
      status: 401,
      cors: readable(APP),
      ran: ['middleware'],
    });
  });

  it.each<[string, readonly (string | Type | { path: string; method: RequestMethod })[]]>([
    ['every path', ['{*all}']],
    ['a path', ['dogs/:id']],
    ['a controller', [DogsController]],
    ['a method of every path', [{ path: '{*all}', method: RequestMethod.PUT }]],
    ['every method of a path', [{ path: 'dogs/:id', method: RequestMethod.ALL }]],
  ])(
    "has its route's policy behind middleware for %s, and what that answers has it too (PF-06)",
    async (_what, routes) => {
      const refuse = () => {
        ran('middleware');
        throw new UnauthorizedException();
      };
      @Module({ controllers: [DogsController] })
      class DogsModule implements NestModule {
        configure(consumer: MiddlewareConsumer) {
          consumer.apply(refuse).forRoutes(...routes);
        }
      }
      const app = await startApp({ platform, imports: [DogsModule], cors: { origin: APP } });
      const update = (origin: string) => ({ method: 'PUT', path: '/dogs/1', headers: { Origin: origin } });

      const allowed = { status: 204, cors: granted(ADMIN, { methods: 'PUT' }), ran: [] };
      expect(await observe(app, preflightOf('/dogs/1', ADMIN, 'PUT'))).toEqual(allowed);
      expect(await observe(app, preflightOf('/dogs/1', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
      expect(await observe(app, preflightOf('/dogs/1', ADMIN, 'DELETE'))).toEqual({
        status: 403,
        cors: REFUSED,
        ran: [],
      });
      expect(await observe(app, update(ADMIN))).toEqual({ status: 401, cors: readable(ADMIN), ran: ['middleware'] });
      expect(await observe(app, update(APP))).toEqual({ status: 401, cors: UNREADABLE, ran: ['middleware'] });
    },
  );

  it('has a body that no parser reads', async () => {
    const app = await startApp({ platform, cors, controllers: [CatsController] });
    const request = preflightOf('/cats/1', APP, 'PUT');

    expect(
      await observe(app, {
        ...request,
        headers: { ...request.headers, 'Content-Type': 'application/json' },
        body: '{bad',
      }),
    ).toEqual(GRANTED);
  });

  it('instantiates no controller, and a request-scoped one works as any other (DEC-09)', async () => {
    let instances = 0;
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedController {
      constructor() {
        instances++;
      }

      @Put()
      replace() {
        return ran('replace');
      }
    }
    const app = await startApp({ platform, cors, controllers: [ScopedController] });
    const atStart = instances;

    expect(await observe(app, preflightOf('/scoped', APP, 'PUT'))).toEqual(GRANTED);
    expect(await observe(app, preflightOf('/scoped', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(instances).toBe(atStart);

    expect(await observe(app, { method: 'PUT', path: '/scoped', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['replace'],
    });
    expect(instances).toBe(atStart + 1);
  });

  it('leaves its connection ready for the next request (PF-12)', async () => {
    const app = await startApp({ platform, cors, controllers: [CatsController] });
    const common = ['Host: 127.0.0.1', `Origin: ${APP}`];
    const bytes = [
      ['OPTIONS /cats/1 HTTP/1.1', ...common, 'Access-Control-Request-Method: PUT', '', ''],
      ['PUT /cats/1 HTTP/1.1', ...common, 'Content-Length: 0', 'Connection: close', '', ''],
    ];
    take();
    const [answer, result, ...others] = readResponses(await sendRaw(app, bytes.flat().join('\r\n')));

    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(answer?.cors).toEqual(GRANTED.cors);
    // A 204 ends with its headers (RFC 9112 §6.3): it has no length, and the next response follows at once.
    expect(Object.keys(answer?.headers ?? {})).not.toContain('content-length');
    expect(Object.keys(answer?.headers ?? {})).not.toContain('transfer-encoding');
    expect(answer?.headers['connection']).not.toBe('close');
    expect(result).toMatchObject({ status: 200, body: 'replace' });
    expect(result?.cors).toEqual(readable(APP));
    expect(others).toEqual([]);
    expect(take()).toEqual(['replace']);
  });

  it('leaves its connection ready also when it is refused (PF-12)', async () => {
    @Controller('health')
    class HealthController {
      @Get()
      check() {
        return ran('check');
      }
    }
    const app = await startApp({ platform, cors, controllers: [HealthController] });
    const common = ['Host: 127.0.0.1', `Origin: ${EVIL}`];
    const bytes = [
      ['OPTIONS /health HTTP/1.1', ...common, 'Access-Control-Request-Method: GET', '', ''],
      ['GET /health HTTP/1.1', ...common, 'Connection: close', '', ''],
    ];
    take();
    const responses = readResponses(await sendRaw(app, bytes.flat().join('\r\n')));

    expect(responses.map(({ status, cors }) => ({ status, cors }))).toEqual([
      { status: 403, cors: REFUSED },
      { status: 200, cors: UNREADABLE },
    ]);
    expect(responses[1]?.body).toBe('check');
    expect(take()).toEqual(['check']);
  });
});

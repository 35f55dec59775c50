import { Controller, Get, Injectable, Module, type CanActivate } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Cors, CorsModule, CorsService } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take } = watchHandlers();

@Cors({ origin: APP, rejectDisallowed: true })
@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

@Injectable()
class JobService {
  run() {
    return ran('run');
  }
}

@Module({
  imports: [CorsModule.forRoot({ origin: APP })],
  controllers: [CatsController],
  providers: [JobService],
})
class AppModule {}

afterEach(closeApps);

describe('Without an HTTP server', () => {
  it('an application context boots untouched (CTX-06)', async () => {
    const context = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });

    try {
      expect(context.get(JobService).run()).toBe('run');
      expect(take()).toEqual(['run']);
      await expect(context.get(CorsService).explain({ method: 'GET', url: '/cats' })).rejects.toThrow(/app\.init\(\)/);
    } finally {
      await context.close();
    }
  });

  it('a testing module that never makes an application boots untouched (CTX-06)', async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await testing.init();

    try {
      expect(testing.get(JobService).run()).toBe('run');
      expect(take()).toEqual(['run']);
    } finally {
      await testing.close();
    }
  });
});

describe.each(PLATFORMS)('Handlers outside HTTP, in an HTTP app on %s', platform => {
  // What @nestjs/graphql, @nestjs/websockets and @nestjs/microservices run their handlers with: global guards and
  // interceptors see a context of another type, whose arguments are no request and no response.
  it.each(['graphql', 'ws', 'rpc'])('run untouched: %s (CTX-02, CTX-03, CTX-05)', async type => {
    @Injectable()
    class Witness implements CanActivate {
      canActivate(): boolean {
        ran('guard');
        return true;
      }
    }
    @Injectable()
    class Resolver {
      field(...args: unknown[]) {
        return ran(`field ${String(args.length)}`);
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP, rejectDisallowed: true },
      controllers: [CatsController],
      providers: [Resolver, { provide: APP_GUARD, useClass: Witness }],
    });
    const resolver = app.get(Resolver);
    const handler = app
      .get(ExternalContextCreator)
      .create(
        resolver,
        resolver.field.bind(resolver),
        'field',
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        type,
      );

    take();
    expect(await handler(undefined, { id: 1 }, {}, {})).toBe('field 4');
    expect(take()).toEqual(['guard', 'field 4']);
  });
});

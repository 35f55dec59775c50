import { Controller, Get, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { APP_INTERCEPTOR, ApplicationConfig } from '@nestjs/core';
import { CorsInterceptor, CorsModule, CorsService } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { APP, readable } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

afterEach(closeApps);

@Controller('cats')
class CatsController {
  @Get()
  list() {
    ran('list');
    return [];
  }
}

class Own {
  intercept(_context: ExecutionContext, next: CallHandler) {
    ran('own interceptor');
    return next.handle();
  }
}

const own = { provide: APP_INTERCEPTOR, useClass: Own };

describe.each(PLATFORMS)('The option `interceptor` on %s', platform => {
  it.each([
    [undefined, 1],
    [true, 1],
    [false, 0],
  ])('as %j registers the interceptor, or not', async (interceptor, registered) => {
    const cors = { origin: APP, ...(interceptor !== undefined && { interceptor }) };
    // Past what gives every suite the option once more.
    const imports = [CorsModule.forRootAsync({ useFactory: () => cors })];
    const app = await startApp({ platform, imports, controllers: [CatsController], providers: [own] });

    const { config } = app as unknown as { config: ApplicationConfig };
    const global = config.getGlobalInterceptors().filter(each => each instanceof CorsInterceptor);
    expect(global).toHaveLength(registered);
    expect(await observe(app, { path: '/cats', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['own interceptor', 'list'],
    });
  });

  it('cannot be changed by a reload, which says so', async () => {
    const app = await startApp({ platform, cors: { origin: APP, interceptor: false }, controllers: [CatsController] });
    const service = app.get(CorsService);

    await expect(service.reload({ origin: false, interceptor: true })).rejects.toMatchObject({
      issues: [{ code: 'interceptor_fixed', path: 'interceptor', location: { level: 'module' } }],
    });
    expect((await observe(app, { path: '/cats', headers: { Origin: APP } })).cors).toEqual(readable(APP));

    await service.reload({ origin: APP, interceptor: false });
    // What is not stated stays as it is.
    await service.reload({ origin: false });
    expect((await observe(app, { path: '/cats', headers: { Origin: APP } })).cors).toEqual({});
  });
});

import { All, Controller, Delete, Get, Param, Patch, Post, Put } from '@nestjs/common';
import { Cors, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Cors({ origin: ADMIN, credentials: true, allowedHeaders: ['content-type', 'x-csrf-token'], maxAge: 60 })
  @Put(':id')
  replace() {
    return ran('replace');
  }

  @Delete(':id')
  remove() {
    return ran('remove');
  }
}

@Controller('users')
class UsersController {
  @Cors({ origin: APP })
  @Get('me')
  me() {
    return ran('me');
  }

  @Cors({ origin: ADMIN })
  @Get(':id')
  read(@Param('id') id: string) {
    return ran(`read ${id}`);
  }

  @Cors({ origin: ADMIN })
  @Put(':id')
  replace(@Param('id') id: string) {
    return ran(`replace ${id}`);
  }
}

@Controller('items')
class ItemsController {
  @Get()
  list() {
    return ran('list');
  }

  @Post()
  create() {
    return ran('create');
  }

  @Cors({ maxAge: 10 })
  @Put()
  replace() {
    return ran('replace');
  }

  @Cors({ allowedHeaders: ['content-type', 'if-match'] })
  @Patch()
  change() {
    return ran('change');
  }

  @Cors({ origin: ADMIN })
  @Delete()
  remove() {
    return ran('remove');
  }

  @All('any')
  any() {
    return ran('any');
  }
}

const controllers = [CatsController, UsersController, ItemsController];

@Controller('health')
class HealthController {
  @Get()
  check() {
    return ran('check');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('The target of a preflight on %s', platform => {
  const start = () => startApp({ platform, cors, controllers });

  it('is the handler of the announced method: one path, two methods, two policies (PF-02)', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/cats/1', ADMIN, 'PUT', 'x-csrf-token'))).toEqual({
      status: 204,
      cors: granted(ADMIN, {
        methods: 'PUT',
        headers: 'content-type, x-csrf-token',
        maxAge: '60',
        credentials: true,
      }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/cats/1', APP, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'DELETE' }),
      ran: [],
    });
    const refused = { status: 403, cors: REFUSED, ran: [] };
    expect(await observe(app, preflightOf('/cats/1', ADMIN, 'DELETE'))).toEqual(refused);
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual(refused);
    expect(await observe(app, preflightOf('/cats/1', EVIL, 'DELETE'))).toEqual(refused);
  });

  it('may be another handler for each method of one path, where parameters compete with names (RT-01)', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/users/me', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/users/me', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/users/7', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, { path: '/users/me', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['me'],
    });
    expect(await observe(app, { path: '/users/7', headers: { Origin: ADMIN } })).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['read 7'],
    });
    expect(await observe(app, { path: '/users/me', headers: { Origin: ADMIN } })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['me'],
    });
  });

  it('is listed with the other methods that this origin may use under the same terms, and with no others', async () => {
    const app = await start();

    const methodsFor = async (origin: string, method: string) => {
      const { status, cors, ran } = await observe(app, preflightOf('/items', origin, method));
      return { status, methods: cors['access-control-allow-methods'], ran };
    };
    expect(await methodsFor(APP, 'GET')).toEqual({ status: 204, methods: 'GET, HEAD, POST', ran: [] });
    expect(await methodsFor(APP, 'POST')).toEqual({ status: 204, methods: 'GET, HEAD, POST', ran: [] });
    expect(await methodsFor(APP, 'PUT')).toEqual({ status: 204, methods: 'PUT', ran: [] });
    expect(await methodsFor(APP, 'PATCH')).toEqual({ status: 204, methods: 'PATCH', ran: [] });
    expect(await methodsFor(APP, 'DELETE')).toEqual({ status: 403, methods: undefined, ran: [] });
    expect(await methodsFor(ADMIN, 'DELETE')).toEqual({ status: 204, methods: 'DELETE', ran: [] });
  });

  it('never has a method listed that nobody serves, and is refused for one (PF-10, RT-18)', async () => {
    const app = await start();

    for (const method of ['GET', 'HEAD']) {
      expect(await observe(app, preflightOf('/cats', APP, method))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD' }),
        ran: [],
      });
    }
    for (const method of ['DELETE', 'POST', 'OPTIONS', 'PROPFIND', 'get']) {
      expect(await observe(app, preflightOf('/cats', APP, method))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    }
  });

  it('is a handler of every method for each of them', async () => {
    const app = await start();

    for (const method of ['GET', 'PUT', 'OPTIONS']) {
      expect(await observe(app, preflightOf('/items/any', APP, method))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }),
        ran: [],
      });
    }
    expect(await observe(app, preflightOf('/items/any', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it("of an unknown path is the module's policy, never a decorated route's (PF-09)", async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/nope', APP, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'DELETE' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/nope', ADMIN, 'DELETE'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, preflightOf('/cats/1/nope', ADMIN, 'PUT'))).toEqual({
      status: 403,
      cors: REFUSED,
      ran: [],
    });
  });

  it('is nobody where the announced method is the wildcard, or too long for a method', async () => {
    @NoCors()
    @Controller('api/admin')
    class AdminController {
      @Delete(':id')
      remove() {
        return ran('remove');
      }
    }
    @Cors({ origin: '*' })
    @Controller('all')
    class AllController {
      @All(':id')
      all() {
        return ran('all');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: [APP], routes: [{ path: '/api', policy: { origin: '*' } }] },
      controllers: [AdminController, AllController],
    });
    const longest = 'A'.repeat(64);
    for (const path of ['/api/admin/1', '/api/unknown', '/all/1', '/unknown']) {
      for (const method of ['*', 'PUT,*', '* ', `${longest}A`, 'A'.repeat(8000)]) {
        expect([path, method, await observe(app, preflightOf(path, APP, method))]).toEqual([
          path,
          method,
          { status: 403, cors: REFUSED, ran: [] },
        ]);
      }
    }
    expect(await observe(app, preflightOf('/unknown', APP, longest))).toEqual({
      status: 204,
      cors: granted(APP, { methods: longest }),
      ran: [],
    });
  });

  it('has the methods that are routed where it is left out of the global prefix, and no others (RT-18)', async () => {
    const app = await startApp({
      platform,
      cors,
      controllers: [HealthController],
      configure: app => app.setGlobalPrefix('api', { exclude: ['health'] }),
    });

    expect(await observe(app, preflightOf('/health', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/health', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('gets its policy with the global prefix, and nowhere else (RT-04)', async () => {
    const app = await startApp({ platform, cors, controllers, configure: app => app.setGlobalPrefix('api') });

    expect((await observe(app, preflightOf('/api/cats/1', ADMIN, 'PUT'))).status).toBe(204);
    expect(await observe(app, preflightOf('/cats/1', ADMIN, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT' }),
      ran: [],
    });
  });
});

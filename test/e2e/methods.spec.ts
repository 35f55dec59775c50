import { Controller, Delete, Get, Options, Post, Put } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { APP, CLOSED, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

class Routes {
  @Get()
  list() {
    return ran('list');
  }

  @Post()
  create() {
    return ran('create');
  }

  @Put()
  replace() {
    return ran('replace');
  }

  @Options()
  describe() {
    return ran('describe');
  }
}

@Cors({ methods: ['GET', 'PUT', 'DELETE'] })
@Controller('some')
class SomeController extends Routes {}

@Cors({ origin: '*', methods: ['GET'] })
@Controller('public')
class PublicController extends Routes {}

@Controller('all')
class AllController extends Routes {}

@Cors({ methods: 'PUT, DELETE' })
@Controller('writes')
class WritesController extends Routes {
  @Cors({ methods: ['GET'] })
  @Delete()
  remove() {
    return ran('remove');
  }
}

const controllers = [SomeController, PublicController, AllController, WritesController];
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('The methods option on %s', platform => {
  const start = () => startApp({ platform, cors, controllers });

  it('leaves out at preflight what it does not list: HEAD and POST are not exempt', async () => {
    const app = await start();

    for (const method of ['GET', 'PUT']) {
      expect(await observe(app, preflightOf('/some', APP, method))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, PUT' }),
        ran: [],
      });
    }
    for (const method of ['HEAD', 'POST', 'OPTIONS']) {
      expect(await observe(app, preflightOf('/some', APP, method))).toEqual(refused);
    }
  });

  it('is never wider than what is routed', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/some', APP, 'DELETE'))).toEqual(refused);
  });

  it('keeps the response of a method left out from scripts, and its handler runs', async () => {
    const app = await start();
    const request = (method: string, path = '/some') => observe(app, { method, path, headers: { Origin: APP } });

    expect(await request('GET')).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await request('PUT')).toEqual({ status: 200, cors: readable(APP), ran: ['replace'] });
    expect(await request('HEAD')).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await request('POST')).toEqual({ status: 201, cors: UNREADABLE, ran: ['create'] });
    expect(await request('OPTIONS')).toEqual({ status: 200, cors: UNREADABLE, ran: ['describe'] });
  });

  it("concerns '*' routes as well", async () => {
    const app = await start();

    expect(await observe(app, { path: '/public', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['list'],
    });
    expect(await observe(app, { method: 'POST', path: '/public', headers: { Origin: EVIL } })).toEqual({
      status: 201,
      cors: CLOSED,
      ran: ['create'],
    });
    expect(await observe(app, preflightOf('/public', EVIL, 'POST'))).toEqual(refused);
  });

  it('concerns each handler by its own policy', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/writes', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT' }),
      ran: [],
    });
    // The handler of DELETE states another list, which leaves DELETE out.
    expect(await observe(app, preflightOf('/writes', APP, 'DELETE'))).toEqual(refused);
    expect(await observe(app, { method: 'DELETE', path: '/writes', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['remove'],
    });
  });

  it('is what is routed where it is left out', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/all', APP, 'POST'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, POST, PUT, OPTIONS' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/all', APP, 'DELETE'))).toEqual(refused);
  });
});

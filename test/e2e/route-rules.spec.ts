import { Controller, Get } from '@nestjs/common';
import { type CorsModuleOptions } from 'nestjs-cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = {
  origin: APP,
  policies: { public: { origin: '*', methods: ['GET'] } },
  routes: [
    { path: '/graphql', policy: { origin: ADMIN, allowedHeaders: ['content-type', 'authorization'] } },
    { path: '/static/*splat', policy: 'public' },
    { path: '/internal', policy: false },
    { path: '/cats', policy: { origin: EVIL } },
  ],
};

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

afterEach(closeApps);

describe.each(PLATFORMS)('A rule for a path that no controller serves on %s', platform => {
  const start = () =>
    startApp({
      platform,
      cors,
      controllers: [CatsController],
      configure: app => {
        // What serves such paths: a GraphQL driver, static assets.
        app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
          if (!/^\/(graphql|static|internal)/.test(request.url ?? '')) return next();
          ran(`served ${String(request.url)}`);
          response.end('ok');
        });
      },
    });

  it('decides about its preflight and its responses', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST', 'authorization'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'POST', headers: 'content-type, authorization' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/graphql', APP, 'POST'))).toEqual(refused);
    const served = { status: 200, ran: ['served /graphql?q=1'] };
    expect(await observe(app, get('/graphql?q=1', ADMIN))).toEqual({ ...served, cors: readable(ADMIN) });
    expect(await observe(app, get('/graphql?q=1', APP))).toEqual({ ...served, cors: UNREADABLE });
  });

  it('may name a policy, or close the path', async () => {
    const app = await start();

    expect(await observe(app, get('/static/a/b.css', EVIL))).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['served /static/a/b.css'],
    });
    expect(await observe(app, preflightOf('/static/a/b.css', EVIL, 'PUT'))).toEqual(refused);
    expect(await observe(app, get('/internal', APP))).toEqual({ status: 200, cors: CLOSED, ran: ['served /internal'] });
    expect(await observe(app, preflightOf('/internal', APP, 'POST'))).toEqual(refused);
  });

  it("does not touch a controller's route, nor any other path", async () => {
    const app = await start();

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/graphs', APP))).toEqual({ status: 404, cors: readable(APP), ran: [] });
    expect(await observe(app, preflightOf('/graphqlx', ADMIN, 'POST'))).toEqual(refused);
  });
});

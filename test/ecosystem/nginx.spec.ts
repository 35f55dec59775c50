import { Controller, Get, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { blocksOf } from '../support/markdown.js';
import { hasNginx, startNginx, stopNginx, type Nginx } from '../support/nginx.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observed } = watchHandlers();
const cors: CorsModuleOptions = { origin: [APP, ADMIN], credentials: true, rejectDisallowed: true };
const [PASSING = '', CACHING = ''] = blocksOf('docs/behind-a-proxy.md').flatMap(({ language, text }) =>
  language === 'nginx' ? text : [],
);

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Post()
  create() {
    return ran('create');
  }

  @Cors({ origin: '*', credentials: false, rejectDisallowed: false })
  @Get('public')
  public() {
    return ran('public');
  }
}

afterEach(async () => {
  await stopNginx();
  await closeApps();
});

(hasNginx ? describe : describe.skip).each(PLATFORMS)('Behind a real nginx on %s (INT-01)', platform => {
  const start = async (configuration: string) =>
    startNginx(
      await startApp({
        platform,
        cors,
        controllers: [CatsController],
        fastify: { trustProxy: 'loopback' },
        configure: app => platform === 'express' && (app as NestExpressApplication).set('trust proxy', 'loopback'),
      }),
      configuration,
    );
  async function observe(nginx: Nginx, request: Parameters<Nginx['send']>[0]) {
    take();
    return observed(await nginx.send(request));
  }
  const list = (origin: string) => ({ path: '/cats', headers: { Origin: origin } });

  it('that passes requests on, every response has one policy: that of its route', async () => {
    const nginx = await start(PASSING);

    expect(await observe(nginx, list(APP))).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['list'],
    });
    expect(await observe(nginx, list(EVIL))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(nginx, { path: '/cats/public', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['public'],
    });
    expect(await observe(nginx, preflightOf('/cats', ADMIN, 'POST', 'content-type'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD, POST', credentials: true }),
      ran: [],
    });
    expect(await observe(nginx, preflightOf('/cats', EVIL, 'POST'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('that passes requests on, same-origin requests are known by what it forwards (ORD-11)', async () => {
    const nginx = await start(PASSING);
    const create = (origin: string) => ({ method: 'POST', path: '/cats', headers: { Origin: origin } });

    // The test reaches nginx by http; the app is asked for what it is told.
    expect(await observe(nginx, create('http://api.example'))).toEqual({
      status: 201,
      cors: UNREADABLE,
      ran: ['create'],
    });
    expect(await observe(nginx, create('http://other.example'))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
  });

  it('that caches, each origin gets its own response, and the public one is shared', async () => {
    const nginx = await start(CACHING);
    const counted = async (path: string, origin: string) => observe(nginx, { path, headers: { Origin: origin } });

    for (const origin of [APP, ADMIN]) {
      const first = { status: 200, cors: readable(origin, { credentials: true }), ran: ['list'] };
      expect(await counted('/cats', origin)).toEqual(first);
      expect(await counted('/cats', origin)).toEqual({ ...first, ran: [] });
    }
    expect(await counted('/cats/public', APP)).toEqual({ status: 200, cors: PUBLIC, ran: ['public'] });
    expect(await counted('/cats/public', EVIL)).toEqual({ status: 200, cors: PUBLIC, ran: [] });
  });

  it('that adds CORS headers of its own, there are two: nothing the app could do about', async () => {
    const nginx = await start(PASSING.replace('}', `  add_header Access-Control-Allow-Origin '*' always;\n}`));

    const { cors: twice } = await observe(nginx, list(APP));
    expect(twice['access-control-allow-origin']).toEqual([APP, '*']);
  });
});

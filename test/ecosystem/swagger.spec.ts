import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type SwaggerCustomOptions } from '@nestjs/swagger';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import '../support/fastify-static.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

/** The description of the API is for everyone, the page that shows it for one site. */
const cors: CorsModuleOptions = {
  origin: APP,
  routes: [
    { path: '/docs-json', policy: { origin: '*' } },
    { path: '/docs{/*splat}', policy: { origin: ADMIN, credentials: true } },
  ],
};

@Cors({ origin: EVIL })
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
}

const get = (path: string, origin?: string) => ({ path, headers: origin === undefined ? {} : { Origin: origin } });
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('What @nestjs/swagger serves on %s', platform => {
  const start = (options?: SwaggerCustomOptions, configure?: (app: INestApplication) => void) =>
    startApp({
      platform,
      cors,
      controllers: [CatsController],
      configure: app => {
        configure?.(app);
        SwaggerModule.setup(
          'docs',
          app,
          () => SwaggerModule.createDocument(app, new DocumentBuilder().build()),
          options,
        );
      },
    });

  it("has the policy of its path's rule: the document, as JSON, without any operation for preflights", async () => {
    const app = await start();

    for (const origin of [EVIL, undefined]) {
      const { observed, body } = await exchange(app, get('/docs-json', origin));
      expect(observed).toEqual({ status: 200, cors: PUBLIC, ran: [] });
      const { paths } = JSON.parse(body) as { paths: object };
      expect(Object.entries(paths).map(([path, item]) => [path, Object.keys(item as object)])).toEqual([
        ['/cats', ['get', 'post']],
      ]);
    }
  });

  it.each([
    ['the page', '/docs', '<title>Swagger UI</title>'],
    ['the page, under its other name', '/docs/', '<title>Swagger UI</title>'],
    ['what sets it up', '/docs/swagger-ui-init.js', '"/cats"'],
    ['its stylesheet', '/docs/swagger-ui.css', '.swagger-ui'],
  ])("has the policy of its path's rule: %s", async (_what, path, text) => {
    const app = await start();

    const { observed, body } = await exchange(app, get(path, ADMIN));
    expect(observed).toEqual({ status: 200, cors: readable(ADMIN, { credentials: true }), ran: [] });
    expect(body).toContain(text);
    expect(await observe(app, get(path, APP))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    expect(await observe(app, get(path))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
  });

  it("has the module's policy where no rule is for its path: the document, as YAML", async () => {
    const app = await start();

    const { observed, body } = await exchange(app, get('/docs-yaml', APP));
    expect(observed).toEqual({ status: 200, cors: readable(APP), ran: [] });
    expect(body).toContain('/cats:');
    expect(await observe(app, get('/docs-yaml', ADMIN))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
  });

  it('has preflights by the same policies, for the methods that it is served for', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/docs-json', EVIL, 'GET'))).toEqual({
      status: 204,
      cors: granted('*', { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/docs', ADMIN, 'GET'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/docs-yaml', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/docs', APP, 'GET'))).toEqual(refused);
    expect(await observe(app, preflightOf('/docs-yaml', ADMIN, 'GET'))).toEqual(refused);
    expect(await observe(app, preflightOf('/docs-json', EVIL, 'PUT'))).toEqual(refused);
  });

  it("leaves a controller's routes to their own policy", async () => {
    const app = await start();

    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: readable(EVIL), ran: ['list'] });
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, preflightOf('/cats', EVIL, 'POST'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'GET, HEAD, POST' }),
      ran: [],
    });
  });

  it('falls under a rule by its whole path, which has the global prefix with useGlobalPrefix alone', async () => {
    const prefix = (app: INestApplication) => void app.setGlobalPrefix('api');
    const outside = await start({}, prefix);
    const inside = await start({ useGlobalPrefix: true }, prefix);

    expect(await observe(outside, get('/docs-json', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: [] });
    // No rule is for /api/docs-json.
    expect(await observe(inside, get('/api/docs-json', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: [] });
    expect(await observe(inside, get('/api/docs-json', APP))).toEqual({ status: 200, cors: readable(APP), ran: [] });
  });
});

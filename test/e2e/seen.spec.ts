import { Controller, Get, Patch, Put, Res, type INestApplication } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { add, Cors, CorsService, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { ORIGIN_STRIPPED } from '../../lib/decision/remedies.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { APP, EVIL, granted, readable, REFUSED, UNREADABLE, withoutMaxAge } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe, exchange } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Put(':id')
  replace() {
    return ran('replace');
  }

  @Patch(':id')
  change() {
    return ran('change');
  }

  @Cors({ methods: ['PUT'], allowedHeaders: ['x-own'] })
  @Get('narrow')
  narrow() {
    return ran('narrow');
  }

  @NoCors()
  @Get('closed')
  closed() {
    return ran('closed');
  }

  @Get('exposing')
  exposing(@Res() response: ServerResponse | { readonly raw: ServerResponse }) {
    const raw = 'raw' in response ? response.raw : response;
    raw.setHeader('Access-Control-Expose-Headers', 'Upload-Offset, Location, not a name');
    raw.end(ran('exposing'));
  }
}

const cors: CorsModuleOptions = { origin: [APP] };
const refused = { status: 403, cors: REFUSED, ran: [] };
const get = (path: string, origin: string, headers: object = {}) => ({ path, headers: { Origin: origin, ...headers } });

afterEach(closeApps);

describe.each(PLATFORMS)('A refusal on %s', platform => {
  async function start(
    options: CorsModuleOptions = cors,
  ): Promise<{ app: INestApplication; lines: () => readonly string[] }> {
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: options, controllers: [CatsController], nest: { logger } });
    const atBoot = logger.ofCors('warn').length;
    return { app, lines: () => logger.ofCors('warn').slice(atBoot) };
  }

  it('of an allowed origin for headers is logged once for each route and name, with all that is missing', async () => {
    const { app, lines } = await start();
    const line = (names: string, added: string) =>
      `Refused "PUT" "/cats/1" (CatsController.replace (PUT /cats/:id)) from "${APP}": header-not-allowed. Add ${names} to allowedHeaders in CorsModule.forRoot(): write allowedHeaders: add(${added}), which keeps content-type, authorization.`;

    for (const headers of ['baggage,content-type,X-Sentry', 'x-sentry,baggage', 'baggage', 'baggage,x-new']) {
      expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', headers))).toEqual(refused);
    }
    expect(lines()).toEqual([
      line('"baggage", "X-Sentry"', '"baggage", "X-Sentry"'),
      line('"baggage", "x-new"', '"baggage", "x-new"'),
    ]);
  });

  it('names at most five headers in a line, and counts the others', async () => {
    const { app, lines } = await start();
    const headers = Array.from({ length: 9 }, (_each, index) => `x-${String(index)}`).join();

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', headers))).toEqual(refused);
    expect(lines()).toEqual([
      `Refused "PUT" "/cats/1" (CatsController.replace (PUT /cats/:id)) from "${APP}": header-not-allowed. Add "x-0", "x-1", "x-2", "x-3", "x-4" and 4 more to allowedHeaders in CorsModule.forRoot().`,
    ]);
  });

  it('says what to write where a list is written, and for a method', async () => {
    const { app, lines } = await start({ ...cors, allowedHeaders: ['x-a'], methods: ['GET'] });

    expect(await observe(app, preflightOf('/cats', APP, 'GET', 'x-b'))).toEqual(refused);
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual(refused);
    expect(lines()).toEqual([
      `Refused "GET" "/cats" (CatsController.list (GET /cats)) from "${APP}": header-not-allowed. Add "x-b" to allowedHeaders in CorsModule.forRoot(): write allowedHeaders: ["x-a", "x-b"].`,
      `Refused "PUT" "/cats/1" (CatsController.replace (PUT /cats/:id)) from "${APP}": method-not-allowed. Add "PUT" to methods in CorsModule.forRoot(), or leave methods out to allow the routed methods.`,
    ]);
  });

  it('of fetch() with the method patch has a hint of its own', async () => {
    const { app, lines } = await start();

    expect(await observe(app, preflightOf('/cats/1', APP, 'patch'))).toEqual(refused);
    expect(lines()).toEqual([
      `Refused "patch" "/cats/1" from "${APP}": method-not-routed. Write the method in upper case in the page, "PATCH": fetch() changes the case of DELETE, GET, HEAD, OPTIONS, POST and PUT only.`,
    ]);
  });

  it('of a method that an allowed origin may not use is logged for a plain GET as well', async () => {
    const { app, lines } = await start();

    expect(await observe(app, get('/cats/narrow', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['narrow'] });
    expect(await observe(app, get('/cats/narrow', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['narrow'] });
    expect(lines()).toEqual([
      `A page cannot read the response to "GET" "/cats/narrow" (CatsController.narrow (GET /cats/narrow)) from "${APP}": method-not-allowed. Add "GET" to methods in @Cors() on CatsController.narrow.`,
    ]);
  });

  it('of another origin, or of a malformed request, leaves no line', async () => {
    const { app, lines } = await start();
    const requests = [
      preflightOf('/cats/1', EVIL, 'PUT', 'x-a'),
      preflightOf('/cats/1', 'null', 'PUT', 'x-a'),
      preflightOf('/cats/1', APP, 'PUT', 'x a'),
      preflightOf('/cats/1', APP, '*'),
      preflightOf('/cats/1', `${APP}/`, 'PUT', 'x-a'),
    ];
    for (const request of requests) expect(await observe(app, request)).toEqual(refused);
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(lines()).toEqual([]);
  });

  it('leaves at most a hundred lines an hour, and then one that says so', async () => {
    const logger = new RecordingLogger();
    const controllers = Array.from({ length: 20 }, (_each, index) => {
      @Controller(`things-${String(index)}`)
      class ThingsController {
        @Put()
        replace() {}
      }
      return ThingsController;
    });
    const app = await startApp({ platform, cors, controllers, nest: { logger } });
    for (let index = 0; index < 120; index++) {
      await observe(app, preflightOf(`/things-${String(index % 20)}`, APP, 'PUT', `x-${String(index)}`));
    }
    const lines = logger.ofCors('warn');
    expect(lines).toHaveLength(101);
    expect(lines.at(-2)).toMatch(/^Refused "PUT" "\/things-19"/);
    expect(lines.at(-1)).toBe(
      'Logged 100 refusals of allowed origins within an hour: further ones are not logged until it is over.',
    );
  });

  it('leaves at most sixteen names of a route', async () => {
    const { app, lines } = await start();
    for (let index = 0; index < 40; index++) {
      await observe(app, preflightOf('/cats/1', APP, 'PUT', `x-${String(index)}`));
    }
    expect(lines()).toHaveLength(16);
  });

  it('prints nothing raw of a request', async () => {
    const { app, lines } = await start();
    const name = "x'`|~!#$%&*+^_.";

    expect(await observe(app, preflightOf('/cats/1?\u001b[31m'.replace('\u001b', '%1B'), APP, 'PUT', name))).toEqual(
      refused,
    );
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toContain(JSON.stringify(name));
  });

  it('under a resolver is logged with its own reason, and one that nobody serves at each of its paths', async () => {
    @Controller('dogs')
    class DogsController {
      @Get()
      list() {}
    }
    let asked = 0;
    const origin = () => ++asked > 0;
    for (const debug of [false, true]) {
      const logger = new RecordingLogger();
      const controllers = [CatsController, DogsController];
      const app = await startApp({ platform, cors: { origin, debug }, controllers, nest: { logger } });
      const before = logger.ofCors('warn').length;
      asked = 0;
      const statuses = [
        await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a')),
        await observe(app, preflightOf('/cats', APP, 'DELETE')),
        await observe(app, preflightOf('/dogs', APP, 'DELETE')),
      ].map(({ status }) => status);
      const reasons = logger
        .ofCors('warn')
        .slice(before)
        .map(line => /: ([a-z-]+)\. /.exec(line)?.[1]);

      expect(reasons).toEqual(['header-not-allowed', 'method-not-routed', 'method-not-routed']);
      // Only somebody who debugs is worth a call about what is refused anyway.
      expect({ statuses, asked }).toEqual(
        debug ? { statuses: [204, 403, 403], asked: 1 } : { statuses: [403, 403, 403], asked: 0 },
      );
    }
  });

  it('of methods that somebody makes up silences no other path, and no other case of a method', async () => {
    const { app, lines } = await start();
    for (let index = 0; index < 20; index++) await observe(app, preflightOf('/cats', APP, `M${String(index)}`));
    expect(lines()).toHaveLength(16);
    await observe(app, preflightOf('/cats/1', APP, 'Patch'));
    await observe(app, preflightOf('/cats/1', APP, 'patch'));
    expect(lines()).toHaveLength(18);
    expect(lines()[16]).toContain('Write the method in upper case in the page, "PATCH"');
  });

  it('under rules is logged for each of them, and is forgotten for paths that nobody wrote', async () => {
    const { app, lines } = await start({
      ...cors,
      policies: { shared: { origin: [APP] } },
      routes: ['/graphql', '/files/*path'].map(path => ({ path, policy: 'shared' })),
    });
    for (const path of ['/graphql', '/graphql', '/files/1', '/files/2', '/graphql//', '/graphql/./', '/files//1']) {
      await observe(app, preflightOf(path, APP, 'POST', 'x-a'));
    }
    expect(lines().map(line => /"POST" "([^"]+)"/.exec(line)?.[1])).toEqual(['/graphql', '/files/1', '/graphql//']);
  });

  it('where a list is extended says how to extend it further, and of an insecure origin what to do about that', async () => {
    const { app, lines } = await start({ ...cors, allowedHeaders: add('baggage'), debug: true });

    await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a'));
    await observe(app, preflightOf('/cats/1', 'http://app.example.com', 'PUT'));
    await observe(app, preflightOf('/cats/1', 'http://localhost:3000', 'PUT'));
    expect(lines().map(line => line.slice(line.indexOf('. ') + 2))).toEqual([
      'Add "x-a" to allowedHeaders in CorsModule.forRoot(): write allowedHeaders: add("baggage", "x-a"), which keeps content-type, authorization.',
      'Serve the page over https, and list its https origin: "http://app.example.com" is not encrypted.',
      'Add "http://localhost:3000" to the origin list in CorsModule.forRoot().',
    ]);
  });

  it('of a method in its right case names the method', async () => {
    const { app, lines } = await start({ ...cors, methods: ['GET'] });

    await observe(app, preflightOf('/cats/1', APP, 'PATCH'));
    expect(lines()[0]).toContain('Add "PATCH" to methods in CorsModule.forRoot()');
  });

  it('for a header that can never be allowed says so, and writes the others', async () => {
    const { app, lines } = await start();

    await observe(app, preflightOf('/cats/1', APP, 'PUT', 'access-control-allow-origin,x-a'));
    await observe(app, preflightOf('/cats', APP, 'GET', 'cookie'));
    expect(lines().map(line => line.slice(line.indexOf('. ') + 2))).toEqual([
      'Take "access-control-allow-origin" out of the request that the page sends: it is not for pages to set. Add "x-a" to allowedHeaders in CorsModule.forRoot(): write allowedHeaders: add("x-a"), which keeps content-type, authorization.',
      'Take "cookie" out of the request that the page sends: it is not for pages to set.',
    ]);
  });

  it('under bounds says that these come first, and of a long name writes nothing that would be cut', async () => {
    const { app, lines } = await start({ ...cors, bounds: { allowedHeaders: ['content-type', 'x-own'] } });

    await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a'));
    await observe(app, preflightOf('/cats', APP, 'GET', 'x'.repeat(130)));
    expect(lines()[0]).toMatch(
      /bounds\.allowedHeaders leaves it out as well: whoever maintains `bounds` decides first\.$/,
    );
    expect(lines()[1]).not.toContain('write');
  });

  it.each([
    ['names the default port', { Host: 'api.example.com:443' }, {}],
    ['is in self', { Host: 'internal:3000' }, { self: ['https://api.example.com'] }],
    ['came by a proxy', { Host: 'internal:3000', 'X-Forwarded-Host': 'api.example.com' }, {}],
  ])('of a page of the app itself is none: its own host %s', async (_title, headers, more) => {
    const own = 'https://api.example.com';
    const { app, lines } = await start({ origin: [own, APP], ...more });

    await observe(app, get('/cats/narrow', own, headers));
    expect(lines()).toEqual([]);
  });

  it('costs no response where the logger throws', async () => {
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors, controllers: [CatsController], nest: { logger } });
    const broken = () => {
      throw new Error('EPIPE');
    };
    Object.assign(logger, { warn: broken, error: broken });

    expect(await observe(app, get('/cats/narrow', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['narrow'] });
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a'))).toEqual(refused);
    expect(await observe(app, get('/cats/exposing', APP))).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['exposing'],
    });
  });

  it('is logged again after a reload: the policy is another one', async () => {
    const { app, lines } = await start();
    const request = preflightOf('/cats/1', APP, 'PUT', 'x-a');

    expect(await observe(app, request)).toEqual(refused);
    await app.get(CorsService).reload({ ...cors, maxAge: 5 });
    expect(await observe(app, request)).toEqual(refused);
    expect(lines()).toHaveLength(2);
  });

  describe('with debug', () => {
    const debug = { ...cors, debug: true };

    it('lets the browser name the header, and says what is missing', async () => {
      const { app, lines } = await start({ ...debug, credentials: true });
      const { observed, body } = await exchange(app, preflightOf('/cats/1', APP, 'PUT', 'baggage,x-a'));
      const answer = withoutMaxAge(granted(APP, { methods: 'PUT, PATCH', credentials: true }));

      expect(observed).toEqual({ status: 204, cors: answer, ran: [] });
      expect(body).toBe('');
      expect(lines()).toEqual([
        `Refused "PUT" "/cats/1" (CatsController.replace (PUT /cats/:id)) from "${APP}": header-not-allowed. Add "baggage", "x-a" to allowedHeaders in CorsModule.forRoot(): write allowedHeaders: add("baggage", "x-a"), which keeps content-type, authorization.`,
      ]);
    });

    it('lets the browser name the method, but not one that it would send all the same', async () => {
      const { app } = await start(debug);
      const answer = withoutMaxAge(granted(APP, { methods: 'PUT, PATCH' }));

      expect(await observe(app, preflightOf('/cats/1', APP, 'DELETE'))).toEqual({ status: 204, cors: answer, ran: [] });
      expect(await observe(app, preflightOf('/cats/1', APP, 'patch'))).toEqual({ status: 204, cors: answer, ran: [] });
      expect(await observe(app, preflightOf('/cats/1', APP, 'POST'))).toEqual(refused);
      expect(await observe(app, preflightOf('/cats/narrow', APP, 'GET', 'x-own'))).toEqual(refused);
      expect(await observe(app, preflightOf('/cats/1', EVIL, 'PUT', 'x-a'))).toEqual(refused);
    });

    it('logs a response that a page cannot read once for each route, origin and reason', async () => {
      const { app, lines } = await start(debug);
      const line = (path: string, name: string, origin: string, reason: string, hint: string) =>
        `A page cannot read the response to "GET" "${path}"${name} from "${origin}": ${reason}. ${hint}`;
      const list = ' (CatsController.list (GET /cats))';
      for (let time = 0; time < 2; time++) {
        await observe(app, get('/cats', EVIL));
        await observe(app, get('/cats', 'https://other.example'));
        await observe(app, get('/cats/closed', EVIL));
        await observe(app, get('/unknown', EVIL));
        await observe(app, get('/cats', APP));
        await observe(app, get('/cats', EVIL, { 'Sec-Fetch-Site': 'same-origin' }));
      }
      const add = (origin: string) => `Add "${origin}" to the origin list in CorsModule.forRoot().`;

      expect(lines()).toEqual([
        line('/cats', list, EVIL, 'origin-not-allowed', add(EVIL)),
        line('/cats', list, 'https://other.example', 'origin-not-allowed', add('https://other.example')),
        line(
          '/cats/closed',
          ' (CatsController.closed (GET /cats/closed))',
          EVIL,
          'no-cross-origin-access',
          'The policy is origin: false in @Cors() on CatsController.closed. List the origins that may read this route.',
        ),
        line('/unknown', '', EVIL, 'origin-not-allowed', add(EVIL)),
      ]);
    });

    it('says where the Origin header of a page was taken away', async () => {
      const { app, lines } = await start(debug);
      const stripped = { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'cross-site' };

      expect(await observe(app, { path: '/cats', headers: stripped })).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['list'],
      });
      await observe(app, { path: '/cats', headers: { ...stripped, 'Sec-Fetch-Mode': 'no-cors' } });
      await observe(app, { path: '/cats', headers: { ...stripped, 'Sec-Fetch-Site': 'same-origin' } });
      expect(lines()).toEqual([`"GET" "/cats" arrived without Origin. ${ORIGIN_STRIPPED}`]);
    });

    it('is off until reload() turns it on', async () => {
      const { app, lines } = await start();
      const answer = withoutMaxAge(granted(APP, { methods: 'PUT, PATCH' }));

      await app.get(CorsService).reload(debug);
      expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a'))).toEqual({
        status: 204,
        cors: answer,
        ran: [],
      });
      await app.get(CorsService).reload(cors);
      expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-a'))).toEqual(refused);
      expect(lines()).toHaveLength(2);
    });
  });

  it('of what a handler exposes by itself shows the values, ready to be typed', async () => {
    const { app, lines } = await start();

    expect(await observe(app, get('/cats/exposing', APP))).toEqual({
      status: 200,
      cors: readable(APP),
      ran: ['exposing'],
    });
    expect(lines()).toEqual([
      'CorsModule replaced "access-control-expose-headers", which was set on a response of CatsController.exposing (GET /cats/exposing): the policy of the route decides, and browsers refuse two answers. Remove what sets it (a handler, @Header(), a proxy, another CORS layer), and set with @Cors() or in `routes` what it was for: "access-control-expose-headers" was "Upload-Offset, Location, not a name". Write exposedHeaders: ["Upload-Offset", "Location"].',
    ]);
  });
});

import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { NoCors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import { preflight, send } from '../support/client.js';

const APP = 'https://app.example';
const GRAPHQL = 'https://graphql.example';
const CDN = 'https://cdn.example';

const cors: CorsModuleOptions = {
  origin: APP,
  policies: { assets: { origin: CDN, exposedHeaders: ['etag'] } },
  routes: [
    { path: '/graphql', policy: { origin: GRAPHQL, allowedHeaders: ['content-type', 'authorization'] } },
    { path: '/assets/*file', policy: 'assets' },
    { path: '/closed', policy: false },
  ],
};

@Controller('api')
class ApiController {
  @NoCors()
  @Get()
  closed() {
    return 'api';
  }

  @Post('open')
  open() {
    return 'open';
  }
}

/** Serves what is not a controller's route, as Apollo or a static file server would. */
function rawRoutes(app: INestApplication): void {
  const http = app.getHttpAdapter();
  const reply = (_request: unknown, response: object) => http.reply(response, 'raw', 200);
  for (const path of ['/graphql', '/closed']) {
    http.get(path, reply as never);
    http.post(path, reply as never);
  }
}

const start = (platform: Platform, options: CorsModuleOptions = cors) =>
  startApp({ platform, controllers: [ApiController], cors: options, configure: rawRoutes });

const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

afterEach(closeApps);

describe.each(PLATFORMS)('A rule for a path, on %s,', platform => {
  it('decides about the preflights of what is served there', async () => {
    const app = await start(platform);
    const allowed = await preflight(app, '/graphql', GRAPHQL, 'POST', 'authorization,content-type');
    expect([allowed.status, allowed.cors]).toEqual([
      204,
      {
        'access-control-allow-origin': GRAPHQL,
        'access-control-allow-methods': 'GET, HEAD, POST',
        'access-control-allow-headers': 'content-type, authorization',
        'access-control-max-age': '600',
        vary: PREFLIGHT_VARY,
      },
    ]);
    const refused = await preflight(app, '/graphql', APP, 'POST');
    expect([refused.status, refused.cors]).toEqual([403, { vary: PREFLIGHT_VARY }]);
  });

  it('refuses a method that nobody serves there', async () => {
    const app = await start(platform);
    expect((await preflight(app, '/graphql', GRAPHQL, 'DELETE')).status).toBe(403);
  });

  it('decides about actual responses', async () => {
    const app = await start(platform);
    const graphql = await send(app, { method: 'POST', path: '/graphql?q=1', headers: { Origin: GRAPHQL } });
    expect([graphql.body, graphql.cors]).toEqual(['raw', { 'access-control-allow-origin': GRAPHQL, vary: 'Origin' }]);
    const closed = await send(app, { path: '/closed', headers: { Origin: APP } });
    expect([closed.body, closed.cors]).toEqual(['raw', {}]);
  });

  it("may name a policy, which then replaces the module's", async () => {
    const app = await start(platform);
    const missing = await send(app, { path: '/assets/css/app.css', headers: { Origin: CDN } });
    expect([missing.status, missing.cors]).toEqual([
      404,
      { 'access-control-allow-origin': CDN, 'access-control-expose-headers': 'etag', vary: 'Origin' },
    ]);
  });

  it('is not evaded by spelling the path as the router also reads it', async () => {
    const app = await start(platform);
    const reading = new Map<string, object>();
    for (const path of ['/CLOSED', '/closed/', '/%63losed', '/closed?x=/graphql', 'http://localhost/closed']) {
      const response = await send(app, { path, headers: { Origin: APP } });
      // What is served is closed; what is not found is nobody's secret.
      if (response.status === 200) reading.set(path, response.cors);
    }
    const inAnotherCase = platform === 'express' && { '/CLOSED': { vary: 'Origin' } };
    expect(Object.fromEntries(reading)).toMatchObject({ '/closed?x=/graphql': {}, ...inAnotherCase });
    for (const [path, headers] of reading) if (path !== '/CLOSED') expect([path, headers]).toEqual([path, {}]);
  });

  it("leaves the module's policy to other paths", async () => {
    const app = await start(platform);
    const { status, cors: headers } = await send(app, { path: '/graphqlx', headers: { Origin: APP } });
    expect([status, headers]).toEqual([404, { 'access-control-allow-origin': APP, vary: 'Origin' }]);
  });

  it("never opens a controller's route, and says that it does nothing there", async () => {
    const routes = [
      { path: '/api', policy: { origin: '*' } },
      { path: '/api/:any', policy: { origin: GRAPHQL } },
    ];
    const app = await start(platform, { origin: APP, routes });
    expect((await send(app, { path: '/api', headers: { Origin: GRAPHQL } })).cors).toEqual({});
    const { warnings } = app.get(CorsService);
    expect(warnings.map(({ code, path, location }) => [code, path, location])).toEqual([
      ['rule_shadowed', 'routes[0].path', { level: 'route', rule: '/api' }],
      ['rule_covered', 'routes[1].path', { level: 'route', rule: '/api/:any' }],
    ]);
  });

  it.each(['/api', '/api/open', '/cats/:id', '/cats/7'])(
    'is told where a controller serves its path: %s',
    async path => {
      @Controller('cats')
      class CatsController {
        @Get(':id')
        one() {
          return 'one';
        }
      }
      const app = await startApp({
        platform,
        controllers: [ApiController, CatsController],
        cors: { origin: APP, routes: [{ path, policy: {} }] },
      });
      expect(app.get(CorsService).warnings.map(({ code }) => code)).toEqual(['rule_shadowed']);
    },
  );

  it.each(['/cats', '/cats/:id/toys', '/dogs'])('is not told where none does: %s', async path => {
    const app = await start(platform, { origin: APP, routes: [{ path, policy: {} }] });
    expect(app.get(CorsService).warnings).toEqual([]);
  });

  it('covers what is below its path, as what is mounted there does, and not what begins like it', async () => {
    const app = await start(platform, { origin: APP, routes: [{ path: '/closed', policy: false }] });
    const headersAt = async (path: string) => (await send(app, { path, headers: { Origin: APP } })).cors;

    for (const path of ['/closed', '/closed/', '/closed/below', '/closed/a/b', '/closed//']) {
      expect([path, await headersAt(path)]).toEqual([path, {}]);
    }
    for (const path of ['/closedx', '/x/closed', '/']) {
      expect([path, await headersAt(path)]).toEqual([path, { 'access-control-allow-origin': APP, vary: 'Origin' }]);
    }
  });

  it.each<[string, string, boolean]>([
    ['/files', '/files', true],
    ['/files', '/files/private', true],
    ['/files', '/files/*splat', true],
    ['/files', '/FILES/', true],
    ['/files/:name', '/files/*splat', true],
    ['/:any', '/graphql', true],
    ['/files/private', '/files', false],
    ['/files/private', '/files/*splat', false],
    ['/files/x', '/files/:name', false],
    ['/files', '/filesystem', false],
    ['/', '/files', false],
  ])('is told where an earlier one covers it: %s before %s', async (first, second, told) => {
    const routes = [first, second].map(path => ({ path, policy: {} }));
    const app = await start(platform, { origin: APP, routes });
    expect(app.get(CorsService).warnings.map(({ code, path }) => [code, path])).toEqual(
      told ? [['rule_covered', 'routes[1].path']] : [],
    );
  });

  it('is told by explain() with its provenance', async () => {
    const app = await start(platform);
    const { route, policy, provenance } = await app
      .get(CorsService)
      .explain({ method: 'POST', url: '/graphql', origin: GRAPHQL });
    expect(route).toBeUndefined();
    expect(policy.origin).toEqual([GRAPHQL]);
    expect([provenance.origin, provenance.allowedHeaders, provenance.maxAge]).toEqual(['route', 'route', 'default']);
  });

  it('is a boot error where it cannot be read', async () => {
    const routes = [
      { path: '/a/*', policy: {} },
      { path: '/(', policy: {} },
      { path: '', policy: {} },
      { path: '/b', policy: 'typo' },
      { path: '/c', policy: { maxAge: -1 } },
      { path: '/a/*', policy: {} },
      'nonsense',
      { path: '/d' },
      { path: '/e', origin: APP },
    ];
    const boot = start(platform, { origin: APP, routes } as never);
    await expect(boot).rejects.toMatchObject({
      issues: [
        { code: 'rule_path', path: 'routes[2].path', location: { level: 'module' } },
        { code: 'policy_unknown', value: 'typo', location: { level: 'route', rule: '/b' } },
        { code: 'max_age', path: 'maxAge', location: { level: 'route', rule: '/c' } },
        { code: 'routes_type', path: 'routes[6]', location: { level: 'module' } },
        { code: 'rule_without_policy', path: 'routes[7]', location: { level: 'route', rule: '/d' } },
        { code: 'option_of_rule', path: 'routes[8].origin', location: { level: 'module' } },
        { code: 'rule_path', path: 'routes[1].path', location: { level: 'route', rule: '/(' } },
      ],
    });
  });
});

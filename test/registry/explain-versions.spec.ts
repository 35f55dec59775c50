import { Controller, Get, Put, VersioningType } from '@nestjs/common';
import { Cors, CorsService, type CorsExplanation, type CorsModuleOptions } from 'nestjs-cors';
import { hintFor } from '../support/remedy.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, DEFAULT_POLICY, DEFAULT_PROVENANCE, EVIL, EXPLAINED_PREFLIGHT_VARY } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, exposedHeaders: ['x-total'] };

@Controller('cats')
class CatsController {
  @Get(':id')
  read() {
    return ran('read');
  }

  @Cors({ origin: ADMIN, credentials: true, maxAge: 5 })
  @Put(':id')
  replace() {
    return ran('replace');
  }
}

@Cors({ allowedHeaders: ['content-type', 'x-api-version'] })
@Controller({ path: 'jobs', version: '1' })
class JobsV1Controller {
  @Put()
  replace() {
    return ran('replace 1');
  }
}

@Cors({ origin: ADMIN, maxAge: 5 })
@Controller({ path: 'jobs', version: ['2', '3'] })
class JobsV2Controller {
  @Cors({ allowedHeaders: ['x-api-version'] })
  @Put()
  replace() {
    return ran('replace 2');
  }
}

const controllers = [CatsController, JobsV1Controller, JobsV2Controller];

const MODULE_POLICY = {
  ...DEFAULT_POLICY,
  allowedHeaders: [...DEFAULT_POLICY.allowedHeaders, 'x-api-version'],
  exposedHeaders: ['x-total'],
};
const MODULE_PROVENANCE = { ...DEFAULT_PROVENANCE, exposedHeaders: 'module' };

afterEach(closeApps);

describe.each(PLATFORMS)('CorsService.explain() with versions in a header on %s (TEST-08)', platform => {
  const start = () =>
    startApp({
      platform,
      cors,
      controllers,
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Api-Version' }),
    });
  const explain = async (query: Parameters<CorsService['explain']>[0]): Promise<CorsExplanation> => {
    const app = await start();
    take();
    const explanation = await app.get(CorsService).explain(query);
    expect(take()).toEqual([]);
    return explanation;
  };

  const V1 = { controller: 'JobsV1Controller', handler: 'replace', method: 'PUT', path: '/jobs', version: '1' };
  const V2 = { controller: 'JobsV2Controller', handler: 'replace', method: 'PUT', path: '/jobs', version: '2, 3' };

  it('tells every version that a preflight may be meant for, and the one that is', async () => {
    expect(await explain({ method: 'PUT', url: '/jobs', origin: ADMIN, headers: { 'x-api-version': '3' } })).toEqual({
      route: V2,
      candidates: [V1, V2],
      policy: { ...MODULE_POLICY, origin: [ADMIN], methods: ['PUT'], allowedHeaders: ['x-api-version'], maxAge: 5 },
      provenance: { ...MODULE_PROVENANCE, origin: 'controller', allowedHeaders: 'handler', maxAge: 'controller' },
      preflight: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': ADMIN,
          'Access-Control-Allow-Headers': 'x-api-version',
          'Access-Control-Max-Age': '5',
          'Access-Control-Allow-Methods': 'PUT',
          ...EXPLAINED_PREFLIGHT_VARY,
        },
      },
      actual: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': ADMIN,
          'Access-Control-Expose-Headers': 'x-total',
          Vary: 'Origin',
        },
      },
    });
  });

  it('tells the change that helps the version that is meant, not another one', async () => {
    const headers = { 'x-api-version': '2', 'content-type': 'application/json' };
    const explanation = await explain({ method: 'PUT', url: '/jobs', origin: ADMIN, headers });

    expect(explanation).toMatchObject({
      route: V2,
      candidates: [V1, V2],
      preflight: { allowed: false, headers: EXPLAINED_PREFLIGHT_VARY },
      actual: { allowed: true, reason: 'allowed' },
    });
    // The origin is in the list of version 2: it is the header that is not.
    expect(explanation.hint).toBe(
      hintFor(
        'header-not-allowed',
        'content-type',
        '@Cors() on JobsV2Controller.replace',
        'allowedHeaders: ["x-api-version", "content-type"]',
      ),
    );
  });

  it("tells no version where the announced headers name none: nothing serves that path, so the module's policy", async () => {
    expect(await explain({ method: 'PUT', url: '/jobs', origin: ADMIN })).toEqual({
      candidates: [],
      policy: { ...MODULE_POLICY, origin: [APP] },
      provenance: MODULE_PROVENANCE,
      preflight: { allowed: false, reason: 'origin-not-allowed', headers: EXPLAINED_PREFLIGHT_VARY },
      actual: { allowed: false, reason: 'origin-not-allowed', headers: { Vary: 'Origin' } },
      hint: hintFor('origin-not-allowed', ADMIN, 'CorsModule.forRoot()'),
    });
  });

  it('tells what is then answered over the wire', async () => {
    const app = await start();
    for (const [method, url, origin, headers] of [
      ['PUT', '/cats/1', ADMIN, undefined],
      ['PUT', '/cats/1', EVIL, undefined],
      ['GET', '/cats/1', APP, undefined],
      ['DELETE', '/cats/1', APP, undefined],
      ['GET', '/nope', APP, undefined],
      ['PUT', '/jobs', APP, { 'x-api-version': '1' }],
      ['PUT', '/jobs', ADMIN, { 'x-api-version': '2' }],
      ['PUT', '/jobs', ADMIN, undefined],
    ] as const) {
      const query = { method, url, origin, ...(headers && { headers }) };
      const { preflight, actual } = await app.get(CorsService).explain(query);
      const lowerCase = (all: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));

      expect(await observe(app, preflightOf(url, origin, method, headers && Object.keys(headers).join()))).toEqual({
        status: preflight.allowed ? 204 : 403,
        cors: lowerCase(preflight.headers),
        ran: [],
      });
      const { cors } = await observe(app, { method, path: url, headers: { ...headers, Origin: origin } });
      expect(cors).toEqual(lowerCase(actual.headers));
    }
  });
});

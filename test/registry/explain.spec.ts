import { Controller, Get, HostParam, Put } from '@nestjs/common';
import { Cors, CorsService, type CorsExplanation, type CorsModuleOptions } from 'nestjs-cors';
import { hintFor } from '../support/remedy.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, DEFAULT_POLICY, DEFAULT_PROVENANCE, EVIL, EXPLAINED_PREFLIGHT_VARY } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, exposedHeaders: ['x-total'], policies: { public: { origin: '*' } } };

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

@Cors('public', { maxAge: 7 })
@Controller({ path: 'tenants', host: ':tenant.example.com' })
class TenantsController {
  @Get()
  list(@HostParam('tenant') tenant: string) {
    return ran(`list ${tenant}`);
  }
}

const controllers = [CatsController, TenantsController];

const MODULE_POLICY = { ...DEFAULT_POLICY, exposedHeaders: ['x-total'] };
const MODULE_PROVENANCE = { ...DEFAULT_PROVENANCE, exposedHeaders: 'module' };
const REPLACE = { controller: 'CatsController', handler: 'replace', method: 'PUT', path: '/cats/:id' };
const REPLACE_POLICY = {
  ...MODULE_POLICY,
  origin: [ADMIN],
  methods: ['GET', 'HEAD', 'PUT'],
  credentials: true,
  maxAge: 5,
};
const REPLACE_PROVENANCE = { ...MODULE_PROVENANCE, origin: 'handler', credentials: 'handler', maxAge: 'handler' };
const READABLE_REPLACE = {
  'Access-Control-Allow-Origin': ADMIN,
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Expose-Headers': 'x-total',
  Vary: 'Origin',
};

afterEach(closeApps);

describe.each(PLATFORMS)('CorsService.explain() on %s (TEST-08)', platform => {
  const explain = async (query: Parameters<CorsService['explain']>[0]): Promise<CorsExplanation> => {
    const app = await startApp({ platform, cors, controllers });
    take();
    const explanation = await app.get(CorsService).explain(query);
    expect(take()).toEqual([]);
    return explanation;
  };

  it('tells an allowed request, its handler, its policy, and where each field was stated', async () => {
    expect(
      await explain({ method: 'PUT', url: '/cats/1?x=1', origin: ADMIN, headers: { 'Content-Type': 'x' } }),
    ).toEqual({
      route: REPLACE,
      candidates: [REPLACE],
      policy: REPLACE_POLICY,
      provenance: REPLACE_PROVENANCE,
      preflight: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': ADMIN,
          'Access-Control-Allow-Credentials': 'true',
          'Access-Control-Allow-Headers': 'content-type, authorization',
          'Access-Control-Max-Age': '5',
          'Access-Control-Allow-Methods': 'PUT',
          ...EXPLAINED_PREFLIGHT_VARY,
        },
      },
      actual: { allowed: true, reason: 'allowed', headers: READABLE_REPLACE },
    });
  });

  it('tells a refused origin and what would allow it', async () => {
    expect(await explain({ method: 'PUT', url: '/cats/1', origin: APP })).toEqual({
      route: REPLACE,
      candidates: [REPLACE],
      policy: REPLACE_POLICY,
      provenance: REPLACE_PROVENANCE,
      preflight: { allowed: false, reason: 'origin-not-allowed', headers: EXPLAINED_PREFLIGHT_VARY },
      actual: { allowed: false, reason: 'origin-not-allowed', headers: { Vary: 'Origin' } },
      hint: hintFor('origin-not-allowed', APP, '@Cors() on CatsController.replace'),
    });
  });

  it('tells a refused header, which concerns the preflight alone', async () => {
    expect(await explain({ method: 'PUT', url: '/cats/1', origin: ADMIN, headers: { 'X-Other': '1' } })).toEqual({
      route: REPLACE,
      candidates: [REPLACE],
      policy: REPLACE_POLICY,
      provenance: REPLACE_PROVENANCE,
      preflight: { allowed: false, reason: 'header-not-allowed', headers: EXPLAINED_PREFLIGHT_VARY },
      actual: { allowed: true, reason: 'allowed', headers: READABLE_REPLACE },
      hint: hintFor(
        'header-not-allowed',
        'x-other',
        'CorsModule.forRoot()',
        'allowedHeaders: add("x-other"), which keeps content-type, authorization',
      ),
    });
  });

  it("tells an unknown path, under the module's policy", async () => {
    expect(await explain({ method: 'PUT', url: '/nope', origin: APP })).toEqual({
      candidates: [],
      policy: { ...MODULE_POLICY, origin: [APP] },
      provenance: MODULE_PROVENANCE,
      preflight: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': APP,
          'Access-Control-Allow-Headers': 'content-type, authorization',
          'Access-Control-Max-Age': '600',
          'Access-Control-Allow-Methods': 'PUT',
          ...EXPLAINED_PREFLIGHT_VARY,
        },
      },
      actual: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': APP,
          'Access-Control-Expose-Headers': 'x-total',
          Vary: 'Origin',
        },
      },
    });
  });

  it('tells a method that is not routed, whose 404 can be read', async () => {
    expect(await explain({ method: 'DELETE', url: '/cats/1', origin: APP })).toEqual({
      candidates: [],
      policy: { ...MODULE_POLICY, origin: [APP], methods: ['GET', 'HEAD', 'PUT'] },
      provenance: MODULE_PROVENANCE,
      preflight: { allowed: false, reason: 'method-not-routed', headers: EXPLAINED_PREFLIGHT_VARY },
      actual: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': APP,
          'Access-Control-Expose-Headers': 'x-total',
          Vary: 'Origin',
        },
      },
      hint: hintFor('method-not-routed', 'DELETE'),
    });
  });

  it('tells a named policy with overrides, on a controller of a host', async () => {
    const list = { controller: 'TenantsController', handler: 'list', method: 'GET', path: '/tenants' };
    expect(await explain({ method: 'GET', url: '/tenants', origin: EVIL, host: 'a.example.com:8080' })).toEqual({
      route: list,
      candidates: [list],
      policy: { ...MODULE_POLICY, origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: [], maxAge: 7 },
      provenance: { ...MODULE_PROVENANCE, origin: 'policy:public', exposedHeaders: 'default', maxAge: 'controller' },
      preflight: {
        allowed: true,
        reason: 'allowed',
        headers: {
          'Access-Control-Allow-Origin': '*',
          'Access-Control-Allow-Headers': 'content-type, authorization',
          'Access-Control-Max-Age': '7',
          'Access-Control-Allow-Methods': 'GET, HEAD',
          ...EXPLAINED_PREFLIGHT_VARY,
        },
      },
      actual: { allowed: true, reason: 'allowed', headers: { 'Access-Control-Allow-Origin': '*' } },
    });
    expect(await explain({ method: 'GET', url: '/tenants', origin: EVIL, host: 'other.example' })).toMatchObject({
      candidates: [],
      provenance: MODULE_PROVENANCE,
      preflight: { allowed: false, reason: 'origin-not-allowed' },
    });
  });

  it('tells a request that is not cross-origin', async () => {
    expect(await explain({ method: 'GET', url: '/cats/1' })).toMatchObject({
      preflight: { allowed: false, reason: 'no-origin', headers: EXPLAINED_PREFLIGHT_VARY },
      actual: { allowed: false, reason: 'no-origin', headers: { Vary: 'Origin' } },
      hint: hintFor('no-origin'),
    });
  });
});

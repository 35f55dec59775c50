import { Controller, Get, Module } from '@nestjs/common';
import {
  add,
  Cors,
  CorsConfigurationError,
  CorsModule,
  CorsService,
  type CorsModuleOptions,
  type CorsPolicyOptions,
} from 'nestjs-cors';
import { closeApps, configurationErrorOf, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, UNREADABLE } from '../support/expected.js';
import { atLength } from '../support/length.js';
import { watchHandlers } from '../support/observe.js';

/** How many origins a list may have: as many as anyone lists. */
const MANY = atLength(1_000_000, 200_000);
const { ran, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

const fail = () => {
  throw new Error('trap');
};
const hostile = (target: object = {}) =>
  new Proxy(target, { get: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail });
const throwing = (key: string) =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get: () => {
      throw new Error('no file');
    },
  });

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('Options on %s', platform => {
  it('are those that forRoot(), forFeature() and @Cors() were given, whatever becomes of them', async () => {
    const list = [APP];
    const controllerList = [PARTNER];
    const ofController: CorsPolicyOptions = { origin: controllerList };
    const overrides: CorsPolicyOptions = { allowedHeaders: ['x-a'] };
    const ofFeature: CorsPolicyOptions = { origin: [ADMIN], exposedHeaders: ['x-total'] };
    const policies = { public: { origin: '*' } as CorsPolicyOptions };
    const rule = { path: '/graphql', policy: { origin: [ADMIN] } as CorsPolicyOptions };
    const bounds = { origin: [APP, ADMIN, PARTNER], anyOrigin: true };
    const routes = [rule];
    const options: CorsModuleOptions = { origin: list, policies, routes, bounds };

    @Cors(ofController)
    @Controller('orders')
    class OrdersController {
      @Get()
      list() {
        return ran('orders');
      }

      @Cors('public', overrides)
      @Get('status')
      status() {
        return ran('status');
      }
    }
    @Controller('feature')
    class FeatureController {
      @Get()
      list() {
        return ran('feature');
      }
    }
    @Module({ imports: [CorsModule.forFeature(ofFeature)], controllers: [FeatureController] })
    class FeatureModule {}
    const root = CorsModule.forRoot(options);

    list.push(EVIL);
    controllerList[0] = EVIL;
    ofController.origin = EVIL;
    ofController.credentials = true;
    Object.assign(overrides, { allowedHeaders: '*', orign: EVIL });
    Object.assign(ofFeature, { origin: '*', exposedHeaders: '*' });
    policies.public.origin = EVIL;
    Object.assign(policies, { broken: { origin: true } });
    rule.path = '/other';
    rule.policy.origin = '*';
    routes.push({ path: '/cats', policy: { origin: '*' } });
    bounds.origin.length = 0;
    options.origin = '*';
    options.debug = true;
    options.credentials = true;
    const app = await startApp({
      platform,
      imports: [root, FeatureModule],
      controllers: [CatsController, OrdersController],
    });

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await observe(app, get('/orders', PARTNER))).toEqual({
      status: 200,
      cors: readable(PARTNER),
      ran: ['orders'],
    });
    expect(await observe(app, get('/orders', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['orders'] });
    expect(await observe(app, get('/orders/status', APP))).toEqual({ status: 200, cors: PUBLIC, ran: ['status'] });
    expect(await observe(app, preflightOf('/orders/status', EVIL, 'GET', 'x-a'))).toMatchObject({ status: 204 });
    expect(await observe(app, preflightOf('/orders/status', EVIL, 'GET', 'x-b'))).toMatchObject({ status: 403 });
    expect(await observe(app, get('/feature', ADMIN))).toEqual({
      status: 200,
      cors: readable(ADMIN, { exposed: 'x-total' }),
      ran: ['feature'],
    });
    expect(await observe(app, get('/graphql', ADMIN))).toEqual({ status: 404, cors: readable(ADMIN), ran: [] });
    expect(await observe(app, get('/other', ADMIN))).toEqual({ status: 404, cors: UNREADABLE, ran: [] });
  });

  it('are those that a factory returned, whatever becomes of them', async () => {
    const options = { origin: [APP] };
    const app = await startApp({
      platform,
      imports: [CorsModule.forRootAsync({ useFactory: () => options })],
      controllers: [CatsController],
      // Between the factory and the first look at what it returned.
      configure: () => void options.origin.push(EVIL),
    });

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
  });

  class Config {
    readonly #origins = [APP];
    maxAge = 5;

    get origin() {
      return this.#origins;
    }

    get policies() {
      return Object.freeze({ public: Object.freeze({ origin: '*' }) });
    }
  }
  it.each<[string, () => object]>([
    ['frozen', () => Object.freeze({ origin: Object.freeze([APP]), maxAge: 5 })],
    ['of a class, with accessors and private fields', () => new Config()],
    ['without a prototype', () => Object.assign(Object.create(null) as object, { origin: APP, maxAge: 5 })],
    ['inherited from others', () => Object.create({ origin: [APP], maxAge: 5 }) as object],
    ['behind a proxy', () => new Proxy({ origin: [APP], maxAge: 5 }, {})],
    ['a promise, which Nest waits for', () => Promise.resolve({ origin: [APP], maxAge: 5 })],
  ])('may be %s', async (_what, options) => {
    const app = await startApp({ platform, cors: options() as CorsModuleOptions, controllers: [CatsController] });

    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
    expect(await observe(app, preflightOf('/cats', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD', maxAge: '5' }),
      ran: [],
    });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
  });

  it(`may list ${String(MANY)} origins, which cost no more each than those of a short list`, async () => {
    // Of this process alone: what else the machine does is not in it.
    const bootWith = async (origins: number) => {
      const origin = Array.from({ length: origins }, (_, index) => `https://tenant-${String(index)}.example`);
      const begun = process.cpuUsage();
      const app = await startApp({ platform, cors: { origin }, controllers: [CatsController] });
      const { user, system } = process.cpuUsage(begun);
      return { app, cost: user + system };
    };
    const short = await bootWith(MANY / 20);
    const { app, cost } = await bootWith(MANY);

    const last = `https://tenant-${String(MANY - 1)}.example`;
    expect(await observe(app, get('/cats', last))).toEqual({ status: 200, cors: readable(last), ran: ['list'] });
    expect(await observe(app, get('/cats', EVIL))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    // 20 times as many: a cost that grows with the square would be 400 times as high.
    expect(cost / short.cost).toBeLessThan(100);
  });
});

const cyclic: Record<string, unknown> = { origin: APP };
cyclic['policies'] = { cyclic };
cyclic['inside'] = cyclic;
const cyclicList: unknown[] = [];
cyclicList.push(cyclicList);
const HOLE: unknown[] = [APP, , ADMIN]; // eslint-disable-line no-sparse-arrays -- the hole is what is tested

/** What is no policy, wherever one is set, and what it is reported as there. */
const POLICIES: readonly (readonly [what: string, options: () => unknown, problems: readonly string[]])[] = [
  ['a Map', () => new Map([['origin', APP]]), [': options_type']],
  ['a Set', () => new Set([APP]), [': options_type']],
  ['a Date', () => new Date(0), [': options_type']],
  ['an error', () => new Error('x'), [': options_type']],
  ['a list of options', () => [{ origin: APP }], [': options_type']],
  ['add()', () => add(APP), [': options_type']],
  ['a proxy whose traps throw', () => hostile(), [': options_unreadable']],
  ['a getter that throws', () => throwing('origin'), ['origin: options_unreadable']],
  ['a proxy as a field', () => ({ origin: hostile([APP]) }), ['origin: options_unreadable']],
  ['a proxy in a list', () => ({ origin: [hostile()] }), ['origin: options_unreadable']],
  ['a symbol as a key', () => ({ origin: APP, [Symbol('origin')]: EVIL }), ['Symbol(origin): option_unknown']],
  [
    '__proto__, constructor and prototype as keys',
    () => JSON.parse('{"origin":"https://app.example","__proto__":{"maxAge":1},"constructor":{},"prototype":{}}'),
    ['__proto__: option_unknown', 'constructor: option_unknown', 'prototype: option_unknown'],
  ],
  ['a hole in a list', () => ({ origin: HOLE }), ['origin[1]: option_undefined']],
  ['a list in itself', () => ({ origin: cyclicList }), ['origin[0]: origin_type']],
  ['a Set of origins', () => ({ origin: new Set([APP]) }), ['origin: origin_type']],
  ['a Map of origins', () => ({ origin: new Map() }), ['origin: origin_type']],
  ['a promise of origins', () => ({ origin: Promise.resolve([APP]) }), ['origin: origin_type']],
  ['a Date for origins', () => ({ origin: new Date(0) }), ['origin: origin_type']],
  ['a symbol for an origin', () => ({ origin: Symbol.iterator }), ['origin: origin_type']],
  ['a URL for an origin', () => ({ origin: [new URL(APP)] }), ['origin[0]: origin_type']],
  ['a Set of methods', () => ({ origin: APP, methods: new Set(['GET']) }), ['methods: methods_type']],
  [
    'Sets of headers',
    () => ({ origin: APP, allowedHeaders: new Set(), exposedHeaders: new Map() }),
    ['allowedHeaders: headers_type', 'exposedHeaders: headers_type'],
  ],
  ['a boolean object', () => ({ origin: APP, credentials: Object(true) }), ['credentials: boolean_type']],
  ['a number object', () => ({ origin: APP, maxAge: Object(5) }), ['maxAge: max_age']],
  ['a bigint', () => ({ origin: APP, maxAge: 5n }), ['maxAge: max_age']],
];

/** What is wrong in the module's own options alone. */
const MODULES: readonly (readonly [what: string, options: () => unknown, problems: readonly string[]])[] = [
  ['itself inside', () => cyclic, ['inside: option_unknown', 'policies: option_of_module', 'inside: option_unknown']],
  ['a Map of policies', () => ({ origin: APP, policies: new Map() }), ['policies: policies_type']],
  ['a Set of policies', () => ({ origin: APP, policies: new Set() }), ['policies: policies_type']],
  ['a promise of policies', () => ({ origin: APP, policies: Promise.resolve({}) }), ['policies: policies_type']],
  ['a Date for policies', () => ({ origin: APP, policies: new Date() }), ['policies: policies_type']],
  ['add() for policies', () => ({ origin: APP, policies: add(APP) }), ['policies: policies_type']],
  ['a proxy for policies', () => ({ origin: APP, policies: hostile() }), ['policies: options_unreadable']],
  [
    'a symbol for the name of a policy',
    () => ({ origin: APP, policies: { [Symbol('x')]: { origin: '*' } } }),
    ['policies.Symbol(x): option_unknown'],
  ],
  ['a policy that is a Map', () => ({ origin: APP, policies: { x: new Map() } }), [': options_type']],
  ['a policy that throws', () => ({ origin: APP, policies: throwing('x') }), ['policies.x: options_unreadable']],
  ['a Map of rules', () => ({ origin: APP, routes: new Map() }), ['routes: routes_type']],
  ['a Set of rules', () => ({ origin: APP, routes: new Set() }), ['routes: routes_type']],
  ['a promise of rules', () => ({ origin: APP, routes: Promise.resolve([]) }), ['routes: routes_type']],
  ['a proxy among the rules', () => ({ origin: APP, routes: [hostile()] }), ['routes: options_unreadable']],
  ['a Map among the rules', () => ({ origin: APP, routes: [new Map()] }), ['routes[0]: routes_type']],
  [
    'a symbol in a rule',
    () => ({ origin: APP, routes: [{ path: '/x', policy: {}, [Symbol('y')]: 1 }] }),
    ['routes[0].Symbol(y): option_unknown'],
  ],
  [
    'a misspelt key in a rule',
    () => ({ origin: APP, routes: [{ path: '/x', policy: {}, polic: false }] }),
    ['routes[0].polic: option_unknown'],
  ],
  ['a hole in the rules', () => ({ origin: APP, routes: Array(1) }), ['routes[0]: routes_type']],
  ['a Set of bounds', () => ({ origin: APP, bounds: new Set() }), ['bounds: bounds_type']],
  ['a proxy for bounds', () => ({ origin: APP, bounds: hostile() }), ['bounds: options_unreadable']],
  [
    'a promise of resolver options',
    () => ({ origin: APP, resolver: Promise.resolve({}) }),
    ['resolver: resolver_options_type'],
  ],
  ['a Set of resolver options', () => ({ origin: APP, resolver: new Set() }), ['resolver: resolver_options_type']],
];

describe('Options that are wrong', () => {
  const boot = async (options: Partial<AppOptions>) =>
    (await configurationErrorOf({ controllers: [CatsController], ...options })).issues.map(
      ({ code, path, location }) => ({ problem: `${path}: ${code}`, level: location.level }),
    );
  const at = (level: string, problems: readonly string[]) => problems.map(problem => ({ problem, level }));
  const decorated = (decorator: ClassDecorator) => {
    @decorator
    @Controller('orders')
    class OrdersController {
      @Get()
      list() {}
    }
    return [OrdersController];
  };

  describe.each(POLICIES)('with %s', (_what, options, problems) => {
    it('are errors at forRoot(), whatever returned them', async () => {
      expect(await boot({ cors: options() as never })).toEqual(at('module', problems));
    });

    it('are errors at a named policy', async () => {
      expect(await boot({ cors: { origin: APP, policies: { x: options() as never } } })).toEqual(
        problems[0] === ': options_unreadable'
          ? at('module', ['policies.x: options_unreadable'])
          : problems[0] === ': options_type'
            ? at('policy', [...problems, 'origin: origin_missing'])
            : at('policy', problems),
      );
    });

    it('are errors at a feature, at @Cors() and at a rule', async () => {
      const cors = { origin: APP };
      @Module({ imports: [CorsModule.forFeature(options() as never)], controllers: [CatsController] })
      class FeatureModule {}
      expect(await boot({ cors, controllers: [], imports: [FeatureModule] })).toEqual(at('feature', problems));
      expect(await boot({ cors, controllers: decorated(Cors(options() as never)) })).toEqual(
        at('controller', problems),
      );
      const routes = [{ path: '/x', policy: options() as never }];
      expect(await boot({ cors: { origin: APP, routes } })).toEqual(
        problems[0] === ': options_unreadable'
          ? at('module', ['routes[0].policy: options_unreadable'])
          : at('route', problems),
      );
    });
  });

  it.each(MODULES)('with %s are errors', async (_what, options, problems) => {
    const found = await boot({ cors: options() as never });
    expect(found.map(({ problem }) => problem)).toEqual(expect.arrayContaining([...problems]));
    expect(found.filter(({ problem }) => !problems.includes(problem)).map(({ problem }) => problem)).toEqual(
      problems[0] === ': options_type' ? ['origin: origin_missing'] : [],
    );
  });

  it('pollute no prototype', async () => {
    const polluted: unknown = JSON.parse(
      '{ "__proto__": { "origin": "*" }, "constructor": { "prototype": { "origin": "*" } } }',
    );
    expect((await boot({ cors: polluted as never })).map(({ problem }) => problem)).toEqual([
      '__proto__: option_unknown',
      'constructor: option_unknown',
      'origin: origin_missing',
    ]);
    expect('origin' in {}).toBe(false);
  });

  it('are not mended by what someone put on Object.prototype', async () => {
    Object.defineProperty(Object.prototype, 'origin', { value: '*', configurable: true, writable: true });
    try {
      expect(await boot({ cors: { maxAge: 5 } as never })).toEqual(at('module', ['origin: origin_missing']));
    } finally {
      delete (Object.prototype as { origin?: unknown }).origin;
    }
  });

  it('are what reload() rejects with as well', async () => {
    const app = await startApp({ cors: { origin: APP }, controllers: [CatsController] });
    for (const [, options, problems] of POLICIES) {
      const reloading = app.get(CorsService).reload(options() as never);
      const error: unknown = await reloading.catch((thrown: unknown) => thrown);
      if (!(error instanceof CorsConfigurationError)) throw error;
      const { issues } = error;
      expect(issues.map(({ code, path }) => `${path}: ${code}`)).toEqual(problems);
    }
    expect(await observe(app, get('/cats', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
  });
});

import { problem, type Problem } from '../../lib/issues/problem.js';
import { readModuleOptions, type ModulePart, type ModuleOptions } from '../../lib/policy/read-module.js';
import { INVALID } from '../../lib/policy/fields.js';

type Reported = readonly [part: ModulePart | undefined, found: Problem];

function readAll(options: unknown, production = false): { module: ModuleOptions; problems: readonly Reported[] } {
  const problems: Reported[] = [];
  const module = readModuleOptions(options, production, (found, part) => problems.push([part, found]));
  return { module, problems };
}

describe('readModuleOptions', () => {
  it("reads the module's own policy", () => {
    expect(readAll({ origin: false, maxAge: 5 })).toEqual({
      module: {
        level: { source: 'module', options: { origin: false, maxAge: 5 } },
        policies: new Map(),
        rules: [],
        bounds: undefined,
        app: {
          debug: false,
          handshakes: 'enforce',
          interceptor: true,
          resolverLimits: { timeoutMs: 1000, maxOpen: 1000 },
        },
      },
      problems: [],
    });
  });

  it('reads named policies, each as a level that replaces what it would inherit', () => {
    const { module, problems } = readAll({
      origin: false,
      policies: { public: { origin: '*' }, 'no name': { origin: false } },
    });
    expect({ policies: [...module.policies], problems }).toEqual({
      policies: [
        ['public', { source: 'policy:public', options: { origin: '*' }, replaces: true }],
        ['no name', { source: 'policy:no name', options: { origin: false }, replaces: true }],
      ],
      problems: [],
    });
  });

  it('reports the problems of a named policy under its name', () => {
    const { module, problems } = readAll({
      origin: false,
      policies: { public: { origin: true, debug: true }, partner: 'https://a.example' },
    });
    expect({ policies: [...module.policies], problems }).toEqual({
      policies: [
        ['public', { source: 'policy:public', options: { origin: INVALID }, replaces: true }],
        ['partner', { source: 'policy:partner', options: {}, replaces: true }],
      ],
      problems: [
        [{ policy: 'public' }, problem('option_of_module', 'debug', 'debug')],
        [{ policy: 'public' }, problem('origin_reflected', 'origin', true)],
        [{ policy: 'partner' }, problem('options_type', '', 'https://a.example', "'https://a.example'")],
      ],
    });
  });

  it.each([['public'], [[]], [7], [true]])('refuses %j in place of named policies', policies => {
    expect(readAll({ origin: false, policies })).toEqual({
      module: {
        level: { source: 'module', options: { origin: false } },
        policies: new Map(),
        rules: [],
        bounds: undefined,
        app: {
          debug: false,
          handshakes: 'enforce',
          interceptor: true,
          resolverLimits: { timeoutMs: 1000, maxOpen: 1000 },
        },
      },
      problems: [[undefined, problem('policies_type', 'policies', policies)]],
    });
  });

  it('refuses named policies that are undefined, all or one', () => {
    expect(readAll({ origin: false, policies: undefined }).problems).toEqual([
      [undefined, problem('option_undefined', 'policies', undefined)],
    ]);
    const one = readAll({ origin: false, policies: { public: undefined } });
    expect([one.problems, [...one.module.policies]]).toEqual([
      [[undefined, problem('option_undefined', 'policies.public', undefined)]],
      [],
    ]);
  });

  it('reads a named policy whose getter throws as a problem of that policy', () => {
    const policies = {
      get public() {
        throw new Error('no such file');
      },
    };
    const { module, problems } = readAll({ origin: false, policies });
    expect([problems, [...module.policies]]).toEqual([
      [[undefined, problem('options_unreadable', 'policies.public', 'no such file')]],
      [],
    ]);
  });

  it('takes a policy of any name, __proto__ as JSON.parse makes it included', () => {
    const { module, problems } = readAll({
      origin: false,
      policies: JSON.parse('{ "__proto__": { "origin": "*" }, "constructor": { "origin": false } }'),
    });
    expect([problems, [...module.policies.keys()], module.policies.get('toString')]).toEqual([
      [],
      ['__proto__', 'constructor'],
      undefined,
    ]);
  });

  it('reports a symbol in place of the name of a policy', () => {
    const { module, problems } = readAll({ origin: false, policies: { [Symbol('public')]: { origin: '*' } } });
    expect([problems, [...module.policies]]).toEqual([
      [[undefined, problem('option_unknown', 'policies.Symbol(public)', 'Symbol(public)')]],
      [],
    ]);
  });

  it('takes debug, off by default', () => {
    expect([
      readAll({ origin: false, debug: true }).module.app.debug,
      readAll({ origin: false }).module.app.debug,
    ]).toEqual([true, false]);
  });

  it('warns of debug in production, and of nothing else there', () => {
    expect(readAll({ origin: false, debug: true }, true).problems).toEqual([
      [undefined, problem('debug_in_production', 'debug', true)],
    ]);
    expect(readAll({ origin: false, debug: false }, true).problems).toEqual([]);
    expect(readAll({ origin: false, debug: true }, false).problems).toEqual([]);
  });

  it.each(['true', 1])('refuses debug: %j, and leaves it off', value => {
    const { module, problems } = readAll({ origin: false, debug: value }, true);
    expect([module.app.debug, problems]).toEqual([
      false,
      [[undefined, problem('boolean_type', 'debug', value, 'true')]],
    ]);
  });

  it.each(['policies', 'routes', 'bounds', 'self', 'resolver', 'debug', 'interceptor', 'maxAge'])(
    'refuses %s: null',
    key => {
      expect(readAll({ origin: false, [key]: null }).problems).toEqual([
        [undefined, problem('option_null', key, null)],
      ]);
    },
  );

  it('takes debug: undefined for an unset environment variable', () => {
    expect(readAll({ origin: false, debug: undefined }).problems).toEqual([
      [undefined, problem('option_undefined', 'debug', undefined)],
    ]);
  });

  it.each([[undefined], [null], [''], [[]], [7]])('reports %j in place of options once', options => {
    expect(readAll(options)).toEqual({
      module: {
        level: { source: 'module', options: { origin: INVALID } },
        policies: new Map(),
        rules: [],
        bounds: undefined,
        app: {
          debug: false,
          handshakes: 'enforce',
          interceptor: true,
          resolverLimits: { timeoutMs: 1000, maxOpen: 1000 },
        },
      },
      problems: [[undefined, problem('options_type', '', options)]],
    });
  });

  describe('reads how long a resolver may take', () => {
    const readTimeout = (resolver: unknown): readonly [timeout: number, problems: readonly Reported[]] => {
      const { module, problems } = readAll({ origin: false, resolver });
      return [module.app.resolverLimits.timeoutMs, problems];
    };

    it.each([1, 20, 60_000])('as %i ms', timeoutMs => {
      expect(readTimeout({ timeoutMs })).toEqual([timeoutMs, []]);
    });

    it('as a second where that is not set', () => {
      expect(readTimeout({})).toEqual([1000, []]);
    });

    it.each([[0], [-1], [60_001], [0.5], [1000.5], [NaN], [Infinity], ['20'], [true], [[20]]])(
      'and refuses %p',
      timeoutMs => {
        expect(readTimeout({ timeoutMs })).toEqual([
          1000,
          [[undefined, problem('resolver_timeout', 'resolver.timeoutMs', timeoutMs)]],
        ]);
      },
    );

    it.each([[20], [[]], ['20'], [true], [() => true]])('and refuses %p in place of options', resolver => {
      expect(readTimeout(resolver)).toEqual([
        1000,
        [[undefined, problem('resolver_options_type', 'resolver', resolver)]],
      ]);
    });

    it('and refuses what is present but undefined, once', () => {
      expect(readTimeout(undefined)).toEqual([1000, [[undefined, problem('option_undefined', 'resolver', undefined)]]]);
      expect(readTimeout({ timeoutMs: undefined })).toEqual([
        1000,
        [[undefined, problem('option_undefined', 'resolver.timeoutMs', undefined)]],
      ]);
    });

    it('and reports an option of a resolver that there is none of', () => {
      expect(readTimeout({ timeout: 20 })).toEqual([
        1000,
        [[undefined, problem('option_unknown', 'resolver.timeout', 'timeout', 'timeoutMs')]],
      ]);
      expect(readTimeout({ timeoutMs: 20, timeoutms: 20 })).toEqual([
        20,
        [[undefined, problem('option_synonym', 'resolver.timeoutms', 'timeoutms', 'timeoutMs')]],
      ]);
    });
  });

  describe('reads how many calls of a resolver may be open', () => {
    const readMaxOpen = (resolver: unknown): readonly [maxOpen: number, problems: readonly Reported[]] => {
      const { module, problems } = readAll({ origin: false, resolver });
      return [module.app.resolverLimits.maxOpen, problems];
    };

    it.each([1, 20, 100_000])('as %i', maxOpen => {
      expect(readMaxOpen({ maxOpen })).toEqual([maxOpen, []]);
    });

    it('as 1000 where that is not set', () => {
      expect(readMaxOpen({ timeoutMs: 20 })).toEqual([1000, []]);
    });

    it.each([[0], [-1], [100_001], [0.5], [NaN], [Infinity], ['20'], [true], [[20]], [20n]])(
      'and refuses %p',
      maxOpen => {
        expect(readMaxOpen({ maxOpen })).toEqual([
          1000,
          [[undefined, problem('resolver_max_open', 'resolver.maxOpen', maxOpen)]],
        ]);
      },
    );

    it('and refuses what is present but undefined', () => {
      expect(readMaxOpen({ maxOpen: undefined })).toEqual([
        1000,
        [[undefined, problem('option_undefined', 'resolver.maxOpen', undefined)]],
      ]);
    });

    it.each(['maxopen', 'maxOpens', 'max_open'])('and names it where %s is written', key => {
      expect(readMaxOpen({ [key]: 20 })).toEqual([
        1000,
        [[undefined, problem('option_unknown', `resolver.${key}`, key, 'maxOpen')]],
      ]);
    });

    it('and reports both limits where both are wrong', () => {
      expect(readMaxOpen({ timeoutMs: 0, maxOpen: 0 })).toEqual([
        1000,
        [
          [undefined, problem('resolver_timeout', 'resolver.timeoutMs', 0)],
          [undefined, problem('resolver_max_open', 'resolver.maxOpen', 0)],
        ],
      ]);
    });

    it('and boots with what its hint says', () => {
      const { hint } = problem('resolver_max_open', 'resolver.maxOpen', 0);
      expect(readMaxOpen({ maxOpen: Number(/\d+/.exec(hint)?.[0]) })).toEqual([1000, []]);
    });
  });

  describe('reads rules for paths', () => {
    function rulesOf(routes: unknown): readonly [rules: unknown, problems: readonly Reported[]] {
      const { module, problems } = readAll({ origin: false, policies: { public: { origin: '*' } }, routes });
      return [module.rules, problems];
    }

    const level = (options: object) => ({ source: 'route', options });
    const PUBLIC = { source: 'policy:public', options: { origin: '*' }, replaces: true };

    it('with options, false, or the name of a policy', () => {
      const routes = [
        { path: '/graphql', policy: { maxAge: 5 } },
        { path: '/internal/*splat', policy: false },
        { path: '/status', policy: 'public' },
        { path: '/status', policy: {} },
      ];
      expect(rulesOf(routes)).toEqual([
        [
          { at: 'routes[0]', path: '/graphql', levels: [level({ maxAge: 5 })] },
          { at: 'routes[1]', path: '/internal/*splat', levels: [level({ origin: false })] },
          { at: 'routes[2]', path: '/status', levels: [PUBLIC] },
          { at: 'routes[3]', path: '/status', levels: [level({})] },
        ],
        [],
      ]);
      expect(rulesOf([])).toEqual([[], []]);
    });

    it.each([['/graphql'], [{ path: '/graphql', policy: {} }], [7], [true]])(
      'and refuses %j in place of them',
      routes => {
        expect(rulesOf(routes)).toEqual([[], [[undefined, problem('routes_type', 'routes', routes)]]]);
      },
    );

    it.each([[null], ['/graphql'], [[]], [7], [undefined]])('and refuses %j in place of one', rule => {
      const good = { path: '/graphql', policy: {} };
      expect(rulesOf([good, rule])).toEqual([
        [{ at: 'routes[0]', path: '/graphql', levels: [level({})] }],
        [[undefined, problem('routes_type', 'routes[1]', rule)]],
      ]);
    });

    it('and refuses rules that are undefined, once', () => {
      expect(rulesOf(undefined)).toEqual([[], [[undefined, problem('option_undefined', 'routes', undefined)]]]);
    });

    it('and refuses a hole in place of one', () => {
      expect(rulesOf(Array(1))).toEqual([[], [[undefined, problem('routes_type', 'routes[0]', undefined)]]]);
    });

    it.each([[''], [7], [null], [/graphql/], [['/graphql']]])('and refuses %p in place of a path', path => {
      expect(rulesOf([{ path, policy: {} }])).toEqual([
        [],
        [[undefined, problem('rule_path', 'routes[0].path', path)]],
      ]);
    });

    it('and refuses a rule without a path or without a policy', () => {
      expect(rulesOf([{ policy: {} }])).toEqual([[], [[undefined, problem('rule_path', 'routes[0].path', undefined)]]]);
      expect(rulesOf([{ path: undefined, policy: undefined }])).toEqual([
        [],
        [
          [undefined, problem('option_undefined', 'routes[0].path', undefined)],
          [undefined, problem('option_undefined', 'routes[0].policy', undefined)],
        ],
      ]);
      expect(rulesOf([{ path: '/graphql', policy: undefined }])).toEqual([
        [],
        [[undefined, problem('option_undefined', 'routes[0].policy', undefined)]],
      ]);
      expect(rulesOf([{ path: '/graphql' }])[1]).toEqual([
        [{ rule: '/graphql' }, problem('rule_without_policy', 'routes[0]', { path: '/graphql' }, "'/graphql'")],
      ]);
      // What belongs into the policy is told alone.
      expect(rulesOf([{ path: '/graphql', maxAge: 1 }])[1]).toEqual([
        [undefined, problem('option_of_rule', 'routes[0].maxAge', 'maxAge')],
      ]);
    });

    it('and reports what is wrong in the policy of a rule at that rule', () => {
      expect(rulesOf([{ path: '/graphql', policy: { origin: true, debug: true } }])).toEqual([
        [{ at: 'routes[0]', path: '/graphql', levels: [level({ origin: INVALID })] }],
        [
          [{ rule: '/graphql' }, problem('option_of_module', 'debug', 'debug')],
          [{ rule: '/graphql' }, problem('origin_reflected', 'origin', true)],
        ],
      ]);
    });

    it('and reports the name of a policy that there is none of', () => {
      expect(rulesOf([{ path: '/status', policy: 'publik' }])).toEqual([
        [{ at: 'routes[0]', path: '/status', levels: [] }],
        [[{ rule: '/status' }, problem('policy_unknown', '', 'publik', 'public')]],
      ]);
    });

    it('and reports an option of a rule that there is none of', () => {
      expect(rulesOf([{ path: '/status', policy: {}, method: 'GET' }])[1]).toEqual([
        [undefined, problem('option_unknown', 'routes[0].method', 'method')],
      ]);
    });

    it("and reports an option of the rule's policy beside it", () => {
      expect(rulesOf([{ path: '/status', policy: {}, origin: '*' }])[1]).toEqual([
        [undefined, problem('option_of_rule', 'routes[0].origin', 'origin')],
      ]);
    });

    it('and reports a getter that throws', () => {
      const rule = {
        get path() {
          throw new Error('no path');
        },
        policy: {},
      };
      expect(rulesOf([rule])).toEqual([[], [[undefined, problem('options_unreadable', 'routes[0].path', 'no path')]]]);
    });
  });
});

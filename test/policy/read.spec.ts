import { problem, type Problem } from '../../lib/issues/problem.js';
import { PLACES } from '../../lib/cors.constants.js';
import { Unreadable } from '../../lib/policy/snapshot.js';
import { INVALID, POLICY_OPTIONS, type LevelOptions } from '../../lib/policy/fields.js';
import { closestName, readPolicy } from '../../lib/policy/read.js';
import { buildPolicy, codesOf } from '../support/policy.js';

function readAll(options: unknown, others?: readonly string[]): { level: LevelOptions; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  return { level: readPolicy(options, found => problems.push(found), others), problems };
}

const ORIGIN = {
  mode: 'replace',
  items: [{ text: 'https://a.example', scheme: 'https', host: 'a.example', subdomains: false, port: '' }],
};

describe('readPolicy', () => {
  it('sets nothing for {}', () => {
    expect(readAll({})).toEqual({ level: {}, problems: [] });
    expect(Object.keys(readAll({}).level)).toEqual([]);
  });

  it('reads every option', () => {
    const options = {
      origin: 'https://a.example',
      methods: ['GET'],
      allowedHeaders: ['x-one'],
      exposedHeaders: ['x-two'],
      credentials: true,
      maxAge: 5,
      optionsSuccessStatus: 200,
      preflightContinue: false,
      rejectDisallowed: true,
      resourcePolicy: 'same-site',
      timing: true,
      dangerouslyAllowInsecureOrigins: true,
      dangerouslyAllowPublicSuffixPatterns: true,
    };
    expect(readAll(options)).toEqual({
      level: {
        origin: ORIGIN,
        methods: { mode: 'replace', items: ['GET'] },
        allowedHeaders: { mode: 'replace', items: ['x-one'] },
        exposedHeaders: { mode: 'replace', items: ['x-two'] },
        credentials: true,
        maxAge: 5,
        optionsSuccessStatus: 200,
        rejectDisallowed: true,
        resourcePolicy: 'same-site',
        timing: true,
        dangerouslyAllowInsecureOrigins: true,
        dangerouslyAllowPublicSuffixPatterns: true,
      },
      problems: [],
    });
  });

  it('reports every problem in one go, and marks each option that has one', () => {
    expect(readAll({ origin: true, credentials: 'yes', maxAge: -1, orgin: '*' })).toEqual({
      level: { origin: INVALID, credentials: INVALID, maxAge: INVALID },
      problems: [
        problem('option_unknown', 'orgin', 'orgin', 'origin'),
        problem('origin_reflected', 'origin', true),
        problem('boolean_type', 'credentials', 'yes', 'true'),
        problem('max_age', 'maxAge', -1, '0'),
      ],
    });
  });

  it.each<[string, unknown, string | undefined]>([
    ['undefined', undefined, undefined],
    ['null', null, undefined],
    ['a string', '*', "'*'"],
    ['an origin', 'https://a.example', "'https://a.example'"],
    ['another string', 'a "b"', undefined],
    ['true', true, undefined],
    ['a list', ['https://a.example'], "['https://a.example']"],
    ['a list of something else', ['https://a.example', 7], undefined],
  ])('refuses %s in place of options', (_, options, fix) => {
    expect(readAll(options)).toEqual({ level: {}, problems: [problem('options_type', '', options, fix)] });
  });

  it('refuses a function in place of options, as enableCors() takes one for each request', () => {
    const delegate = (_request: unknown, callback: (error: null, options: object) => void) => callback(null, {});
    expect(readAll(delegate)).toEqual({ level: {}, problems: [problem('options_delegate', '', delegate)] });
  });

  it.each(POLICY_OPTIONS)('takes %s: undefined for an unset environment variable', option => {
    expect(readAll({ [option]: undefined })).toEqual({
      level: { [option]: INVALID },
      problems: [problem('option_undefined', option, undefined, option === 'origin' ? 'the origins' : undefined)],
    });
  });

  it.each([
    'credentials',
    'rejectDisallowed',
    'dangerouslyAllowInsecureOrigins',
    'dangerouslyAllowPublicSuffixPatterns',
  ])('takes nothing but a boolean for %s', option => {
    const meant: readonly (readonly [unknown, string?])[] = [
      ['true', 'true'],
      [' No ', 'false'],
      [1, 'true'],
      [0, 'false'],
      [7],
      ['maybe'],
      [{}],
      [[]],
    ];
    for (const [value, fix] of meant) {
      expect(readAll({ [option]: value })).toEqual({
        level: { [option]: INVALID },
        problems: [problem('boolean_type', option, value, fix)],
      });
    }
    expect(readAll({ [option]: null }).problems).toEqual([problem('option_null', option, null)]);
  });
});

describe('Unknown options', () => {
  it.each([
    ['orgin', 'origin'],
    ['origins', 'origin'],
    ['credential', 'credentials'],
    ['CREDENTIALS', 'credentials'],
    ['maxage', 'maxAge'],
    ['allowHeaders', 'allowedHeaders'],
    ['allowedheaders', 'allowedHeaders'],
    ['exposeHeaders', 'exposedHeaders'],
    ['method', 'methods'],
    ['optionSuccessStatus', 'optionsSuccessStatus'],
    ['preflightContinu', 'preflightContinue'],
    ['debgu', 'debug'],
    ['dangerouslyAllowInsecure', 'dangerouslyAllowInsecureOrigins'],
  ])('are errors with a suggestion: %s, %s', (key, suggestion) => {
    expect(readAll({ [key]: true }, ['debug']).problems).toEqual([problem('option_unknown', key, key, suggestion)]);
  });

  it.each(['hosts', 'flight', '', 'toString', 'constructor'])('are errors where nothing is near: %j', key => {
    expect(readAll({ [key]: true }).problems).toEqual([problem('option_unknown', key, key)]);
  });

  it('are those of another level, too', () => {
    expect(codesOf(readAll({ policies: {} }).problems)).toEqual(['option_of_module']);
    expect(codesOf(readAll({ policies: {} }, ['policies']).problems)).toEqual([]);
  });

  it('include Private Network Access, with its reason', () => {
    expect(readAll({ allowPrivateNetwork: false }).problems).toEqual([
      problem('private_network', 'allowPrivateNetwork', 'allowPrivateNetwork'),
    ]);
  });

  it('include an own __proto__, as JSON.parse makes one', () => {
    expect(readAll(JSON.parse('{ "__proto__": { "origin": "*" } }'))).toEqual({
      level: {},
      problems: [problem('option_unknown', '__proto__', '__proto__')],
    });
  });
});

describe('preflightContinue', () => {
  it('is refused when true, with the reason', () => {
    expect(readAll({ preflightContinue: true })).toEqual({
      level: {},
      problems: [problem('preflight_continue', 'preflightContinue', true)],
    });
  });

  it('is accepted when false, so that options of enableCors() work unchanged', () => {
    expect(readAll({ preflightContinue: false })).toEqual({ level: {}, problems: [] });
  });

  it.each(['yes', 1])('is a boolean or an error, and never true: %j', value => {
    expect(readAll({ preflightContinue: value })).toEqual({
      level: {},
      problems: [problem('boolean_type', 'preflightContinue', value, 'false')],
    });
  });

  it('is not set to undefined', () => {
    expect(readAll({ preflightContinue: undefined })).toEqual({
      level: {},
      problems: [problem('option_undefined', 'preflightContinue', undefined)],
    });
  });
});

describe('maxAge', () => {
  it.each([0, 1, 600, 86_400])('takes %i seconds', value => {
    expect(readAll({ maxAge: value })).toEqual({ level: { maxAge: value }, problems: [] });
  });

  it.each([NaN, '', 'x', '5 parsecs', true, 600n, Symbol('600'), Object.create(null), [600]])('refuses %p', value => {
    expect(readAll({ maxAge: value })).toEqual({
      level: { maxAge: INVALID },
      problems: [problem('max_age', 'maxAge', value)],
    });
  });

  it('is no null', () => {
    expect(readAll({ maxAge: null }).problems).toEqual([problem('option_null', 'maxAge', null)]);
  });

  it.each([
    // Milliseconds: whole minutes of them.
    [600_000, '600'],
    [3_600_000, '3600'],
    [7_200_000, '7200'],
    [86_400_000, '86400'],
    [604_800_000, '86400'],
    ['600000', '600'],
    // Seconds above the limit: whole days, or nothing round in milliseconds.
    [86_401, '86400'],
    [172_800, '86400'],
    [604_800, '86400'],
    [864_000, '86400'],
    [1_728_000, '86400'],
    [2_592_000, '86400'],
    [4_320_000, '86400'],
    [31_536_000, '86400'],
    [Infinity, '86400'],
    // Not whole, or negative, which means no caching elsewhere.
    [1.5, '1'],
    [-1, '0'],
    [-Infinity, '0'],
    // Text.
    ['3600', '3600'],
    [' 600 ', '600'],
    ['86_400', '86400'],
    ['1h', '3600'],
    ['10 minutes', '600'],
    ['30s', '30'],
    ['500ms', '0'],
    ['1d', '86400'],
    ['2 weeks', '86400'],
  ])('%p: proposes %s', (value, fix) => {
    expect(readAll({ maxAge: value }).problems).toEqual([problem('max_age', 'maxAge', value, fix)]);
  });
});

describe('resourcePolicy', () => {
  it.each(['same-origin', 'same-site', 'cross-origin'])('takes %s', value => {
    expect(readAll({ resourcePolicy: value })).toEqual({ level: { resourcePolicy: value }, problems: [] });
  });

  it.each<[value: unknown, fix: string]>([
    ['same_origin', "'same-origin'"],
    ['sameOrigin', "'same-origin'"],
    ['Same-Site', "'same-site'"],
    ['same site', "'same-site'"],
    ['crossorigin', "'cross-origin'"],
    ['CROSS-ORIGIN', "'cross-origin'"],
    [' cross-origin\n', "'cross-origin'"],
    [['cross-origin'], "'cross-origin'"],
    [{ policy: 'same-site' }, "'same-site'"],
  ])('refuses %p, and offers %s', (value, fix) => {
    expect(readAll({ resourcePolicy: value })).toEqual({
      level: { resourcePolicy: INVALID },
      problems: [problem('resource_policy', 'resourcePolicy', value, fix)],
    });
  });

  it.each<unknown>([
    true,
    false,
    'true',
    '',
    '*',
    'none',
    'origin',
    'cross-site',
    1,
    NaN,
    [],
    ['same-site', 'same-origin'],
    {},
  ])('refuses %p, which may mean any of them', value => {
    expect(readAll({ resourcePolicy: value })).toEqual({
      level: { resourcePolicy: INVALID },
      problems: [problem('resource_policy', 'resourcePolicy', value)],
    });
  });

  it('refuses null and undefined, as every option does', () => {
    expect(readAll({ resourcePolicy: null, timing: undefined })).toEqual({
      level: { resourcePolicy: INVALID, timing: INVALID },
      problems: [problem('option_null', 'resourcePolicy', null), problem('option_undefined', 'timing', undefined)],
    });
  });
});

describe('timing', () => {
  it.each([true, false])('takes %p', value => {
    expect(readAll({ timing: value })).toEqual({ level: { timing: value }, problems: [] });
  });

  it.each<[value: unknown, fix: string | undefined]>([
    ['true', 'true'],
    [1, 'true'],
    ['off', 'false'],
    ['yes, please', undefined],
    [{}, undefined],
    [[], undefined],
    [null, undefined],
  ])('refuses %p, which is no boolean', (value, fix) => {
    const each =
      value === null ? problem('option_null', 'timing', null) : problem('boolean_type', 'timing', value, fix);
    expect(readAll({ timing: value })).toEqual({ level: { timing: INVALID }, problems: [each] });
  });

  it.each<unknown>(['*', ' * ', 'https://a.example', ['https://a.example', 'https://b.example'], ['*']])(
    'refuses %p: the origins are those of the policy',
    value => {
      expect(readAll({ timing: value })).toEqual({
        level: { timing: INVALID },
        problems: [problem('timing_origins', 'timing', value)],
      });
    },
  );
});

describe('optionsSuccessStatus', () => {
  it.each([200, 204])('takes %i', value => {
    expect(readAll({ optionsSuccessStatus: value })).toEqual({ level: { optionsSuccessStatus: value }, problems: [] });
  });

  it.each([201, 206, 299, 302, 304, 404, '201', true])('refuses %p', value => {
    expect(readAll({ optionsSuccessStatus: value })).toEqual({
      level: { optionsSuccessStatus: INVALID },
      problems: [problem('options_status', 'optionsSuccessStatus', value)],
    });
  });
});

describe('Options of any make', () => {
  it('may be frozen', () => {
    const options = Object.freeze({ origin: Object.freeze(['https://a.example']), maxAge: 5 });
    expect(readAll(options)).toEqual({ level: { origin: ORIGIN, maxAge: 5 }, problems: [] });
  });

  it('may have no prototype', () => {
    expect(readAll(Object.assign(Object.create(null), { maxAge: 5 }))).toEqual({ level: { maxAge: 5 }, problems: [] });
  });

  it('may be an instance of a class: its fields, its getters and those it inherits', () => {
    class Defaults {
      get maxAge() {
        return 5;
      }
    }
    class Config extends Defaults {
      origin = 'https://a.example';
      readonly #credentials = true;
      get credentials() {
        return this.#credentials;
      }
    }
    expect(readAll(new Config())).toEqual({ level: { origin: ORIGIN, credentials: true, maxAge: 5 }, problems: [] });
  });

  it('are read once: a getter that changes its mind does not get past the checks', () => {
    let reads = 0;
    const options = {
      get origin() {
        return reads++ === 0 ? 'https://a.example' : '*';
      },
    };
    expect(readAll(options)).toEqual({ level: { origin: ORIGIN }, problems: [] });
    expect(reads).toBe(1);
  });

  it.each([
    [new Error('no such secret'), 'no such secret'],
    ['a string', 'a string'],
  ])('may have a getter that throws: %p is a problem of its option alone', (thrown, value) => {
    const options = {
      get origin() {
        throw thrown;
      },
      maxAge: 5,
    };
    expect(readAll(options)).toEqual({
      level: { origin: INVALID, maxAge: 5 },
      problems: [problem('options_unreadable', 'origin', value)],
    });
  });

  it('may refer to themselves', () => {
    const cyclic: Record<string, unknown> = { maxAge: 5 };
    cyclic['origin'] = [cyclic];
    expect(readAll(cyclic)).toEqual({
      level: { origin: INVALID, maxAge: 5 },
      problems: [problem('origin_type', 'origin[0]', cyclic)],
    });
  });

  it('may have methods of their class, which are no options', () => {
    class Config {
      maxAge = 5;
      describe() {
        return 'config';
      }
    }
    expect(readAll(new Config())).toEqual({ level: { maxAge: 5 }, problems: [] });
  });

  it('may have keys of their own that they do not enumerate, which are no options', () => {
    const options = Object.defineProperty({ maxAge: 5 }, 'describe', { value: () => 'config', enumerable: false });
    expect(readAll(options)).toEqual({ level: { maxAge: 5 }, problems: [] });
  });

  it('may know where in a file they are written, which is no option', () => {
    expect(readAll({ maxAge: 5, [PLACES]: new Map() })).toEqual({ level: { maxAge: 5 }, problems: [] });
  });

  it('may be a copy of what could not be read, whole or in part', () => {
    const unreadable = new Unreadable(new Error('no such file'));
    expect(readAll(unreadable)).toEqual({
      level: {},
      problems: [problem('options_unreadable', '', 'no such file')],
    });
    expect(readAll({ maxAge: 5, origin: unreadable })).toEqual({
      level: { origin: INVALID, maxAge: 5 },
      problems: [problem('options_unreadable', 'origin', 'no such file')],
    });
  });
});

describe('A polluted Object.prototype', () => {
  const polluted = Object.prototype as Record<string, unknown>;
  afterEach(() => {
    for (const key of [...POLICY_OPTIONS, 'preflightContinue', 'policies', 'debug'])
      Reflect.deleteProperty(polluted, key);
  });

  function pollute(values: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(values)) {
      Object.defineProperty(polluted, key, { value, configurable: true, enumerable: false, writable: true });
    }
  }

  it('sets no origin', () => {
    pollute({ origin: '*' });
    const { errors, compiled } = buildPolicy({});
    expect([codesOf(errors), compiled]).toEqual([['origin_missing'], undefined]);
  });

  it('sets nothing for options that are none', () => {
    pollute({ origin: '*' });
    const { errors } = buildPolicy(undefined);
    expect(codesOf(errors)).toEqual(['options_type']);
  });

  it('changes no option of a policy', () => {
    const options = { origin: ['https://a.example'] };
    const expected = buildPolicy(options).compiled?.values;
    pollute({
      credentials: true,
      methods: { mode: 'replace', items: ['DELETE'] },
      allowedHeaders: '*',
      exposedHeaders: '*',
      maxAge: 86_400,
      optionsSuccessStatus: 200,
      rejectDisallowed: true,
      resourcePolicy: 'cross-origin',
      timing: true,
      dangerouslyAllowInsecureOrigins: true,
      dangerouslyAllowPublicSuffixPatterns: true,
      preflightContinue: true,
      policies: { x: {} },
      debug: true,
    });
    const { errors, warnings, compiled } = buildPolicy(options);
    expect({ errors, warnings, values: compiled?.values }).toEqual({ errors: [], warnings: [], values: expected });
    expect(codesOf(buildPolicy({ origin: ['http://a.example', 'https://*.github.io'] }).errors)).toEqual([
      'origin_insecure',
      'origin_public_suffix',
    ]);
  });
});

describe('closestName', () => {
  it.each([
    ['publik', ['internal', 'public'], 'public'],
    ['PUBLIC', ['internal', 'Public'], 'Public'],
    ['elsewhere', ['internal', 'public'], undefined],
    ['public', [], undefined],
    // Two letters of a short name, a third of the letters of a longer one.
    ['qqblic', ['public'], 'public'],
    ['qqqlic', ['public'], undefined],
    ['qqqowed', ['allowed'], undefined],
    ['qqqosedHe', ['exposedHe'], 'exposedHe'],
    ['qqqqsedHe', ['exposedHe'], undefined],
  ])('%s of %j: %s', (name, known, expected) => {
    expect(closestName(name, known)).toBe(expected);
  });
});

import { add } from '../../lib/policy/add.js';
import { itemsOf } from '../../lib/policy/merge.js';
import type { CorsPolicyOptions } from '../../lib/policy/options.js';
import { buildRoute, type LevelOptions } from '../support/policy.js';

const DEFAULTS = {
  methods: undefined,
  allowedHeaders: ['content-type', 'authorization'],
  exposedHeaders: [],
  credentials: false,
  maxAge: 600,
  optionsSuccessStatus: 204,
  rejectDisallowed: false,
  dangerouslyAllowInsecureOrigins: false,
  dangerouslyAllowPublicSuffixPatterns: false,
};

const BY_DEFAULT = {
  origin: 'default',
  methods: 'default',
  allowedHeaders: 'default',
  exposedHeaders: 'default',
  credentials: 'default',
  maxAge: 'default',
  optionsSuccessStatus: 'default',
  rejectDisallowed: 'default',
  dangerouslyAllowInsecureOrigins: 'default',
  dangerouslyAllowPublicSuffixPatterns: 'default',
};

function moduleOf(options: CorsPolicyOptions): LevelOptions {
  return ['module', options];
}

function controller(options: CorsPolicyOptions): LevelOptions {
  return ['controller', options];
}

function handler(options: CorsPolicyOptions): LevelOptions {
  return ['handler', options];
}

function named(options: CorsPolicyOptions): LevelOptions {
  return ['policy:named', options];
}

/** The effective policy of levels that must merge without a problem. */
function effective(...levels: readonly LevelOptions[]): { values: unknown; provenance: unknown } {
  const { compiled, problems } = buildRoute(levels);
  expect(problems).toEqual([]);
  return { values: compiled?.values, provenance: compiled?.provenance };
}

function problemsOf(...levels: readonly LevelOptions[]): unknown {
  const { compiled, problems } = buildRoute(levels);
  expect(compiled).toBeUndefined();
  return problems;
}

const A = 'https://a.example';
const B = 'https://b.example';
const C = 'https://c.example';

describe('Merging policies', () => {
  it('takes the default of every option that no level sets', () => {
    expect(effective(moduleOf({ origin: A }))).toEqual({
      values: { ...DEFAULTS, origin: [A] },
      provenance: { ...BY_DEFAULT, origin: 'module' },
    });
  });

  it('inherits everything with {}', () => {
    const module = moduleOf({ origin: [A], methods: ['GET'], credentials: true, maxAge: 5 });
    expect(effective(module, controller({}), handler({}))).toEqual(effective(module));
  });

  it('takes each option from the nearest level that sets it', () => {
    expect(
      effective(
        moduleOf({ origin: [A], methods: ['GET'], allowedHeaders: ['x-module'], credentials: true, maxAge: 1 }),
        controller({
          methods: ['PUT'],
          exposedHeaders: ['x-controller'],
          maxAge: 2,
          optionsSuccessStatus: 200,
          resourcePolicy: 'same-site',
          timing: true,
        }),
        handler({ allowedHeaders: [], maxAge: 0, rejectDisallowed: true, timing: false }),
      ),
    ).toEqual({
      values: {
        ...DEFAULTS,
        origin: [A],
        methods: ['PUT'],
        allowedHeaders: [],
        exposedHeaders: ['x-controller'],
        credentials: true,
        maxAge: 0,
        optionsSuccessStatus: 200,
        rejectDisallowed: true,
        resourcePolicy: 'same-site',
        timing: false,
      },
      provenance: {
        ...BY_DEFAULT,
        origin: 'module',
        methods: 'controller',
        allowedHeaders: 'handler',
        exposedHeaders: 'controller',
        credentials: 'module',
        maxAge: 'handler',
        optionsSuccessStatus: 'controller',
        rejectDisallowed: 'handler',
        resourcePolicy: 'controller',
        timing: 'handler',
      },
    });
  });

  it('replaces an inherited list by a list', () => {
    expect(effective(moduleOf({ origin: [A] }), controller({ origin: [B] }), handler({ origin: [C] })).values).toEqual({
      ...DEFAULTS,
      origin: [C],
    });
  });

  it.each([
    ['origin: false by a list', { origin: false }, { origin: [A] }, { origin: [A] }],
    ["origin: false by '*'", { origin: false }, { origin: '*' }, { origin: '*' }],
    ["'*' by a list", { origin: '*' }, { origin: [A] }, { origin: [A] }],
    ['a list by origin: false', { origin: [A] }, { origin: false }, { origin: false }],
    [
      'credentials off by on',
      { origin: [A], credentials: false },
      { credentials: true },
      { origin: [A], credentials: true },
    ],
    ['credentials on by off', { origin: [A], credentials: true }, { credentials: false }, { origin: [A] }],
    [
      'every header by a list',
      { origin: [A], allowedHeaders: '*' },
      { allowedHeaders: ['x-a'] },
      { origin: [A], allowedHeaders: ['x-a'] },
    ],
  ] as const)('lets a nearer level replace %s', (_, farther, nearer, expected) => {
    const { compiled } = buildRoute([moduleOf(farther), handler(nearer)]);
    expect(compiled?.values).toEqual({ ...DEFAULTS, ...expected });
  });

  it('re-enables on a handler what its controller disabled, with everything else the module states', () => {
    expect(
      effective(moduleOf({ origin: [A], maxAge: 5 }), controller({ origin: false }), handler({ origin: [B] })).values,
    ).toEqual({ ...DEFAULTS, origin: [B], maxAge: 5 });
  });
});

describe('add()', () => {
  it('extends each inherited list, through every level, in order', () => {
    expect(
      effective(
        moduleOf({ origin: [A], methods: ['GET'], allowedHeaders: ['x-1'], exposedHeaders: ['x-4'] }),
        controller({ origin: add(B), methods: add('PUT'), allowedHeaders: add('x-2'), exposedHeaders: add('x-5') }),
        handler({ origin: add(C), methods: add('DELETE'), allowedHeaders: add('x-3'), exposedHeaders: add('x-6') }),
      ),
    ).toEqual({
      values: {
        ...DEFAULTS,
        origin: [A, B, C],
        methods: ['GET', 'PUT', 'DELETE'],
        allowedHeaders: ['x-1', 'x-2', 'x-3'],
        exposedHeaders: ['x-4', 'x-5', 'x-6'],
      },
      provenance: {
        ...BY_DEFAULT,
        origin: 'handler',
        methods: 'handler',
        allowedHeaders: 'handler',
        exposedHeaders: 'handler',
      },
    });
  });

  it('extends the defaults of the header lists', () => {
    expect(effective(moduleOf({ origin: A, allowedHeaders: add('x-a'), exposedHeaders: add('x-b') })).values).toEqual({
      ...DEFAULTS,
      origin: [A],
      allowedHeaders: ['content-type', 'authorization', 'x-a'],
      exposedHeaders: ['x-b'],
    });
  });

  it('extends one origin that is set without a list', () => {
    expect(effective(moduleOf({ origin: A }), handler({ origin: add(B) })).values).toEqual({
      ...DEFAULTS,
      origin: [A, B],
    });
  });

  it('extends what a nearer level set, not what that replaced', () => {
    const levels = [moduleOf({ origin: [A] }), controller({ origin: [B] }), handler({ origin: add(C) })];
    expect(effective(...levels).values).toEqual({ ...DEFAULTS, origin: [B, C] });
  });

  it('passes over levels that do not set the option', () => {
    const levels = [moduleOf({ origin: [A] }), controller({ maxAge: 5 }), handler({ origin: add(B) })];
    expect(effective(...levels).values).toEqual({ ...DEFAULTS, origin: [A, B], maxAge: 5 });
  });

  it('names a header or a method once, as the farthest level wrote it', () => {
    expect(
      effective(
        moduleOf({ origin: A, methods: ['GET'], allowedHeaders: ['X-One'], exposedHeaders: ['X-Two'] }),
        handler({ methods: add('GET', 'PUT'), allowedHeaders: add('x-one'), exposedHeaders: add('x-two', 'x-three') }),
      ).values,
    ).toEqual({
      ...DEFAULTS,
      origin: [A],
      methods: ['GET', 'PUT'],
      allowedHeaders: ['X-One'],
      exposedHeaders: ['X-Two', 'x-three'],
    });
  });

  it.each([
    ["origin: '*'", { origin: '*' }, { origin: add(A) }, 'origin'],
    ['origin: false', { origin: false }, { origin: add(A) }, 'origin'],
    ['no origin', {}, { origin: add(A) }, 'origin'],
    ['no methods', { origin: A }, { methods: add('PUT') }, 'methods'],
    ["allowedHeaders: '*'", { origin: A, allowedHeaders: '*' }, { allowedHeaders: add('x-a') }, 'allowedHeaders'],
    ["exposedHeaders: '*'", { origin: A, exposedHeaders: '*' }, { exposedHeaders: add('x-a') }, 'exposedHeaders'],
  ] as const)('has nothing to extend with %s, which is an error of the level that adds', (_, farther, nearer, path) => {
    expect(problemsOf(moduleOf(farther), handler(nearer))).toEqual([['handler', 'add_without_list', path]]);
  });

  it.each([
    [{ origin: '*' }, { origin: add(A) }, "Remove it: the inherited '*' has any origin already."],
    [
      { origin: A, allowedHeaders: '*' },
      { allowedHeaders: add('x') },
      "Remove it: the inherited '*' has any header already.",
    ],
    [{ origin: false }, { origin: add(A) }, 'Write the whole list instead of add(...).'],
  ] as const)('tells what to write in place of it: %j', (farther, nearer, hint) => {
    const { errors } = buildRoute([moduleOf(farther), handler(nearer)]);
    expect(errors.map(each => each.hint)).toEqual([hint]);
  });

  it('carries what it was added to as the value of that error', () => {
    const { errors } = buildRoute([moduleOf({ origin: false }), handler({ origin: add(A) })]);
    expect(errors.map(({ path, value }) => [path, value])).toEqual([['origin', false]]);
  });

  it('has no second problem beside that error', () => {
    const added = { origin: add('http://b.example', 'https://*.com') };
    expect(problemsOf(moduleOf({ origin: '*', credentials: true }), handler(added))).toEqual([
      ['handler', 'add_without_list', 'origin'],
    ]);
  });

  it('is told once where a level between has that error already', () => {
    expect(problemsOf(moduleOf({ origin: '*' }), controller({ origin: add(A) }), handler({ origin: add(B) }))).toEqual([
      ['controller', 'add_without_list', 'origin'],
    ]);
  });

  it('does not repeat what is wrong with the list it extends', () => {
    const { errors, problems } = buildRoute([
      moduleOf({ origin: ['https://a.example/'] }),
      handler({ origin: add(B) }),
    ]);
    expect([errors.map(({ code }) => code), problems]).toEqual([['origin_path'], []]);
  });
});

describe('A named policy', () => {
  const MODULE = moduleOf({ origin: [A], methods: ['GET'], credentials: true, maxAge: 5, exposedHeaders: ['x-a'] });

  it('replaces what is inherited, whole', () => {
    expect(effective(MODULE, controller({ allowedHeaders: ['x-b'] }), named({ origin: '*' }))).toEqual({
      values: { ...DEFAULTS, origin: '*' },
      provenance: { ...BY_DEFAULT, origin: 'policy:named' },
    });
  });

  it('has its overrides merged over it', () => {
    expect(effective(MODULE, named({ origin: [B], maxAge: 7 }), handler({ maxAge: 9, origin: add(C) }))).toEqual({
      values: { ...DEFAULTS, origin: [B, C], maxAge: 9 },
      provenance: { ...BY_DEFAULT, origin: 'handler', maxAge: 'handler' },
    });
  });

  it('on a controller is what its handlers inherit', () => {
    expect(effective(MODULE, named({ origin: [B], credentials: true }), handler({ maxAge: 9 }))).toEqual({
      values: { ...DEFAULTS, origin: [B], credentials: true, maxAge: 9 },
      provenance: { ...BY_DEFAULT, origin: 'policy:named', credentials: 'policy:named', maxAge: 'handler' },
    });
  });

  it('on a handler replaces the one on its controller', () => {
    const levels = [MODULE, ['policy:outer', { origin: '*', maxAge: 1 }], named({ origin: [B] })] as const;
    expect(effective(...levels)).toEqual({
      values: { ...DEFAULTS, origin: [B] },
      provenance: { ...BY_DEFAULT, origin: 'policy:named' },
    });
  });

  it('sets its own origin: add() finds nothing to extend', () => {
    expect(problemsOf(MODULE, named({ origin: add(B) }))).toEqual([['policy:named', 'add_without_list', 'origin']]);
  });

  it('without an origin is an error, whatever the module sets', () => {
    expect(problemsOf(MODULE, named({ maxAge: 7 }))).toEqual([['policy:named', 'origin_missing', 'origin']]);
  });

  it('extends the default header lists, not those of the module', () => {
    expect(
      effective(MODULE, named({ origin: [B], allowedHeaders: add('x-c'), exposedHeaders: add('x-d') })).values,
    ).toEqual({
      ...DEFAULTS,
      origin: [B],
      allowedHeaders: ['content-type', 'authorization', 'x-c'],
      exposedHeaders: ['x-d'],
    });
  });
});

describe('The items of a merged list', () => {
  const level = undefined;

  it('are those of its parts, in order', () => {
    const parts = [
      { level, items: ['a', 'b'] },
      { level, items: [] },
      { level, items: ['a'] },
    ];
    expect(itemsOf(parts)).toEqual(['a', 'b', 'a']);
    expect(itemsOf([])).toEqual([]);
  });

  it('are those of its only part, without a copy: many routes may inherit a long list', () => {
    const items = ['a', 'b'];
    expect(itemsOf([{ level, items }])).toBe(items);
  });
});

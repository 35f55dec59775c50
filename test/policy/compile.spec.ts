import { add } from '../../lib/policy/add.js';
import { createPolicyCompiler, type Policy } from '../../lib/policy/compile.js';
import { mergeLevels, type MergedPolicy, type Level } from '../../lib/policy/merge.js';
import { readPolicy } from '../../lib/policy/read.js';
import { buildRoute, compilePolicy } from '../support/policy.js';

const A = 'https://a.example';
const B = 'https://b.example';

function levelOf(source: 'module' | 'handler', options: object): Level {
  return { source, options: readPolicy(options, () => undefined) };
}

function merge(...levels: readonly Level[]): MergedPolicy {
  return mergeLevels(levels, () => undefined);
}

/** Which of some origins the policy's matcher allows. */
function allowedBy({ origin }: Policy): unknown {
  return typeof origin === 'function' ? [A, B, 'null', ''].filter(each => origin(each)) : origin;
}

/** The whole of a policy, with what its matcher allows in place of the matcher. */
function summary(policy: Policy): object {
  const { resolvable, ...rest } = policy;
  return { ...rest, origin: allowedBy(policy), resolvable: [A, B].filter(resolvable) };
}

describe('A compiled policy', () => {
  it('has every header string made, and every list a set', () => {
    const compiled = compilePolicy({
      origin: [A, 'https://*.example.com'],
      methods: 'GET,PUT',
      allowedHeaders: ['Content-Type', 'X-CSRF-Token'],
      exposedHeaders: 'X-Total-Count, link',
      credentials: true,
      maxAge: 5,
      optionsSuccessStatus: 200,
      rejectDisallowed: true,
      resourcePolicy: 'same-site',
      timing: true,
    });
    expect(summary(compiled)).toEqual({
      origin: [A],
      resolver: undefined,
      resolvable: [A, B],
      methods: ['GET', 'PUT'],
      allowedHeaders: new Set(['content-type', 'x-csrf-token']),
      limits: {},
      ownHeaders: { isAddition: false, names: ['Content-Type', 'X-CSRF-Token'] },
      writtenHeaders: 'Content-Type,X-CSRF-Token',
      everyHeader: 'content-type,x-csrf-token',
      credentials: true,
      maxAge: 5,
      status: 200,
      rejectDisallowed: true,
      others: undefined,
      isOthers: false,
      allowed: {
        allowOrigin: 'requested',
        headers: [
          ['Access-Control-Allow-Credentials', 'true'],
          ['Access-Control-Expose-Headers', 'X-Total-Count, link'],
        ],
        vary: 'Origin',
        companions: { resourcePolicy: 'same-site', timing: true },
      },
      refused: {
        allowOrigin: undefined,
        headers: [],
        vary: 'Origin',
        companions: { resourcePolicy: 'same-site', timing: true },
      },
      preflight: [
        ['Access-Control-Allow-Credentials', 'true'],
        ['Access-Control-Allow-Headers', 'Content-Type, X-CSRF-Token'],
      ],
      answerKey: expect.any(String),
      values: {
        origin: [A, 'https://*.example.com'],
        methods: ['GET', 'PUT'],
        allowedHeaders: ['Content-Type', 'X-CSRF-Token'],
        exposedHeaders: ['X-Total-Count', 'link'],
        credentials: true,
        maxAge: 5,
        optionsSuccessStatus: 200,
        rejectDisallowed: true,
        resourcePolicy: 'same-site',
        timing: true,
        dangerouslyAllowInsecureOrigins: false,
        dangerouslyAllowPublicSuffixPatterns: false,
      },
      provenance: {
        origin: 'module',
        methods: 'module',
        allowedHeaders: 'module',
        exposedHeaders: 'module',
        credentials: 'module',
        maxAge: 'module',
        optionsSuccessStatus: 'module',
        rejectDisallowed: 'module',
        resourcePolicy: 'module',
        timing: 'module',
        dangerouslyAllowInsecureOrigins: 'default',
        dangerouslyAllowPublicSuffixPatterns: 'default',
      },
    });
  });

  it("of origin '*' and every header allows any name", () => {
    const { origin, allowedHeaders, preflight, allowed, methods } = compilePolicy({
      origin: '*',
      allowedHeaders: '*',
      exposedHeaders: '*',
    });
    expect({ origin, allowedHeaders, preflight, exposed: allowed.headers, methods }).toEqual({
      origin: 'any',
      allowedHeaders: undefined,
      preflight: [['Access-Control-Allow-Headers', '*, authorization']],
      exposed: [['Access-Control-Expose-Headers', '*']],
      methods: undefined,
    });
  });

  it('of empty header lists sends no such header', () => {
    const { allowedHeaders, preflight, allowed } = compilePolicy({
      origin: A,
      allowedHeaders: [],
      exposedHeaders: [],
    });
    expect({ allowedHeaders, preflight, exposed: allowed.headers }).toEqual({
      allowedHeaders: new Set(),
      preflight: [],
      exposed: [],
    });
  });

  it.each([
    ["'*'", { origin: '*' }, false],
    ['false', { origin: false }, false],
    ['false that rejects', { origin: false, rejectDisallowed: true }, true],
    ['one origin', { origin: A }, true],
    ['a list', { origin: [A] }, true],
    ['a list that rejects', { origin: [A], rejectDisallowed: true }, true],
  ])('of origin %s: whether a response depends on the request origin is told right', (_, options, expected) => {
    const { allowed, refused } = compilePolicy(options);
    expect([allowed.vary, refused.vary]).toEqual(expected ? ['Origin', 'Origin'] : ['', '']);
  });

  it('never says credentials beside an asterisk, whatever was merged', () => {
    // What the check, which is left out here, refuses.
    const options = readPolicy({ origin: '*', credentials: true }, () => undefined);
    const { allowed, preflight, credentials } = createPolicyCompiler()(
      mergeLevels([{ source: 'module', options }], () => undefined),
    );
    expect({ allowed, preflight, credentials }).toEqual({
      allowed: { allowOrigin: '*', headers: [], vary: '' },
      preflight: [['Access-Control-Allow-Headers', 'content-type, authorization']],
      credentials: false,
    });
  });

  it('has one key with those whose preflights are answered alike, but for the methods and the max-age', () => {
    const options = { origin: A, credentials: true, allowedHeaders: ['x-a'] };
    const { answerKey } = compilePolicy(options);
    const keysOf = (...changes: readonly object[]) =>
      changes.map(change => compilePolicy({ ...options, ...change }).answerKey === answerKey);
    const alike = [
      { origin: [B, 'https://*.example.com'] },
      { methods: ['PUT'] },
      { maxAge: 5 },
      { exposedHeaders: ['x-b'] },
      { optionsSuccessStatus: 200 },
      { rejectDisallowed: true },
    ];
    expect(keysOf(...alike)).toEqual(alike.map(() => true));
    const different = [
      { origin: '*', credentials: false },
      { credentials: false },
      { allowedHeaders: [] },
      { allowedHeaders: ['x-b'] },
      { allowedHeaders: ['x-a', 'x-b'] },
      { allowedHeaders: '*', credentials: false },
    ];
    expect(keysOf(...different)).toEqual(different.map(() => false));
  });

  it('does not follow what happens to the options afterwards', () => {
    const options = {
      origin: [A],
      methods: ['GET'],
      allowedHeaders: ['x-a'],
      exposedHeaders: ['x-b'],
      credentials: true,
      maxAge: 5,
    };
    const compiled = compilePolicy(options);
    const before = structuredClone(summary(compiled));

    options.origin[0] = B;
    for (const list of [options.origin, options.methods, options.allowedHeaders, options.exposedHeaders]) list.push(B);
    Object.assign(options, { credentials: false, maxAge: 6, origin: '*' });

    expect(summary(compiled)).toEqual(before);
  });

  it('is frozen, with the values that others may see', () => {
    const compiled = compilePolicy({ origin: [A], methods: ['GET'], exposedHeaders: ['x-b'] });
    const { values, provenance } = compiled;
    const parts = [
      compiled,
      values,
      provenance,
      values.origin,
      values.methods,
      values.allowedHeaders,
      values.exposedHeaders,
    ];
    expect(parts.map(part => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('keeps the inherited lists as they are where another route adds to them', () => {
    const compile = createPolicyCompiler();
    const module = levelOf('module', { origin: [A], allowedHeaders: ['x-a'] });
    const added = compile(merge(module, levelOf('handler', { origin: add(B), allowedHeaders: add('x-b') })));
    const inherited = compile(merge(module, levelOf('handler', {})));

    const shown = [added, inherited].map(({ values: { origin, allowedHeaders } }) => ({ origin, allowedHeaders }));
    expect(shown).toEqual([
      { origin: [A, B], allowedHeaders: ['x-a', 'x-b'] },
      { origin: [A], allowedHeaders: ['x-a'] },
    ]);
    expect([allowedBy(added), allowedBy(inherited)]).toEqual([[A, B], [A]]);
  });

  it('shares the matcher and the texts of a list that many routes inherit, in one app alone', () => {
    const module = levelOf('module', { origin: [A, B] });
    const compile = createPolicyCompiler();
    const one = compile(merge(module));
    const other = compile(merge(module, levelOf('handler', { maxAge: 5 })));
    const own = compile(merge(module, levelOf('handler', { origin: [A, B] })));
    const ofAnotherApp = createPolicyCompiler()(merge(module));

    expect([other.origin === one.origin, other.values.origin === one.values.origin]).toEqual([true, true]);
    expect([own.origin === one.origin, ofAnotherApp.origin === one.origin]).toEqual([false, false]);
  });

  it('allows what any of its levels added', () => {
    const { compiled } = buildRoute([
      ['module', { origin: A }],
      ['handler', { origin: add(B) }],
    ]);
    expect(compiled && allowedBy(compiled)).toEqual([A, B]);
  });

  it('of 100,000 exact origins matches each of them', () => {
    const origin = Array.from({ length: 100_000 }, (_, index) => `https://tenant-${String(index)}.example.com`);
    const { origin: matches } = compilePolicy({ origin });
    if (typeof matches !== 'function') throw new Error('A list compiles to a matcher.');

    expect(origin.filter(each => !matches(each))).toEqual([]);
    expect(matches('https://tenant-100000.example.com')).toBe(false);
  });
});

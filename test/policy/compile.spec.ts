import { add } from '../../lib/policy/add.js';
import { createPolicyCompiler, type CompiledPolicy } from '../../lib/policy/compile.js';
import { mergeLevels, type MergedPolicy, type PolicyLevel } from '../../lib/policy/merge.js';
import { readPolicy } from '../../lib/policy/read.js';
import { buildRoute, compilePolicy } from '../support/policy.js';

const A = 'https://a.example';
const B = 'https://b.example';

function levelOf(source: 'module' | 'handler', options: object): PolicyLevel {
  return { source, stated: readPolicy(options, () => undefined) };
}

function merge(...levels: readonly PolicyLevel[]): MergedPolicy {
  return mergeLevels(levels, () => undefined);
}

/** Which of some origins the policy's matcher allows. */
function allowedBy({ origin }: CompiledPolicy): unknown {
  return typeof origin === 'function' ? [A, B, 'null', ''].filter(each => origin(each)) : origin;
}

/** The whole of a policy, with what its matcher allows in place of the matcher. */
function summary(policy: CompiledPolicy): object {
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
    });
    expect(summary(compiled)).toEqual({
      origin: [A],
      resolver: undefined,
      resolvable: [A, B],
      methods: ['GET', 'PUT'],
      allowedHeaders: new Set(['content-type', 'x-csrf-token']),
      everyHeader: 'content-type,x-csrf-token',
      allowHeadersValue: 'Content-Type, X-CSRF-Token',
      credentials: true,
      maxAge: 5,
      status: 200,
      rejectDisallowed: true,
      allowed: {
        allowOrigin: 'requested',
        headers: [
          ['Access-Control-Allow-Credentials', 'true'],
          ['Access-Control-Expose-Headers', 'X-Total-Count, link'],
        ],
        vary: 'Origin',
      },
      refused: { allowOrigin: undefined, headers: [], vary: 'Origin' },
      terms: [
        ['Access-Control-Allow-Credentials', 'true'],
        ['Access-Control-Allow-Headers', 'Content-Type, X-CSRF-Token'],
        ['Access-Control-Max-Age', '5'],
      ],
      stated: {
        origin: [A, 'https://*.example.com'],
        methods: ['GET', 'PUT'],
        allowedHeaders: ['Content-Type', 'X-CSRF-Token'],
        exposedHeaders: ['X-Total-Count', 'link'],
        credentials: true,
        maxAge: 5,
        optionsSuccessStatus: 200,
        rejectDisallowed: true,
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
        dangerouslyAllowInsecureOrigins: 'default',
        dangerouslyAllowPublicSuffixPatterns: 'default',
      },
    });
  });

  it("of origin '*' and every header allows any name", () => {
    const { origin, allowedHeaders, allowHeadersValue, allowed, methods } = compilePolicy({
      origin: '*',
      allowedHeaders: '*',
      exposedHeaders: '*',
    });
    expect({ origin, allowedHeaders, allowHeadersValue, exposed: allowed.headers, methods }).toEqual({
      origin: 'any',
      allowedHeaders: undefined,
      allowHeadersValue: '*',
      exposed: [['Access-Control-Expose-Headers', '*']],
      methods: undefined,
    });
  });

  it('of empty header lists sends no such header', () => {
    const { allowedHeaders, allowHeadersValue, allowed, terms } = compilePolicy({
      origin: A,
      allowedHeaders: [],
      exposedHeaders: [],
    });
    expect({ allowedHeaders, allowHeadersValue, exposed: allowed.headers, terms }).toEqual({
      allowedHeaders: new Set(),
      allowHeadersValue: '',
      exposed: [],
      terms: [['Access-Control-Max-Age', '600']],
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
    const stated = readPolicy({ origin: '*', credentials: true }, () => undefined);
    const { allowed, terms, credentials } = createPolicyCompiler()(
      mergeLevels([{ source: 'module', stated }], () => undefined),
    );
    expect({ allowed, terms, credentials }).toEqual({
      allowed: { allowOrigin: '*', headers: [], vary: '' },
      terms: [
        ['Access-Control-Allow-Headers', 'content-type'],
        ['Access-Control-Max-Age', '600'],
      ],
      credentials: false,
    });
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
    const { stated, provenance } = compiled;
    const parts = [
      compiled,
      stated,
      provenance,
      stated.origin,
      stated.methods,
      stated.allowedHeaders,
      stated.exposedHeaders,
    ];
    expect(parts.map(part => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('keeps the inherited lists as they are where another route adds to them', () => {
    const compile = createPolicyCompiler();
    const module = levelOf('module', { origin: [A], allowedHeaders: ['x-a'] });
    const added = compile(merge(module, levelOf('handler', { origin: add(B), allowedHeaders: add('x-b') })));
    const inherited = compile(merge(module, levelOf('handler', {})));

    const shown = [added, inherited].map(({ stated: { origin, allowedHeaders } }) => ({ origin, allowedHeaders }));
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

    expect([other.origin === one.origin, other.stated.origin === one.stated.origin]).toEqual([true, true]);
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

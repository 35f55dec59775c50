import fc from 'fast-check';
import { add } from '../../lib/policy/add.js';
import { isError, type Problem } from '../../lib/issues/problem.js';
import { readModuleOptions } from '../../lib/policy/read-module.js';
import {
  isExactOrigin,
  isOriginProblem,
  parseOriginPattern,
  type OriginPattern,
} from '../../lib/policy/origin/pattern.js';
import { readOrigin } from '../../lib/policy/origin/list.js';
import { buildPolicy, codesOf, read } from '../support/policy.js';
import { allowsByTheBook } from '../support/origin-oracle.js';
import { runs } from '../support/property.js';

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  withBoxedValues: true,
});
const anyValue = fc.oneof(
  anything,
  fc.constantFrom<unknown>(Symbol('x'), () => true, /x/g, add('x'), add(), new Proxy({}, {})),
);

/** Texts that look like origins, with what people get wrong. */
const piece = fc.oneof(
  fc.constantFrom(
    'https',
    'http',
    'HTTP',
    'wss',
    'ws',
    'file',
    'app',
    'null',
    '://',
    ':/',
    ':',
    '//',
    '/',
    '*.',
    '*',
    ':*',
  ),
  fc.constantFrom(
    'example',
    'Example',
    'exämple',
    'localhost',
    '127.0.0.1',
    '0x7f.1',
    '[::1]',
    '[0:0::1]',
    'xn--f',
    '[',
    ']',
  ),
  fc.constantFrom(
    '.',
    '.com',
    '.co.uk',
    ':443',
    ':80',
    ':8443',
    ':0',
    ':00',
    ':65536',
    ':999999',
    '@',
    '?',
    '#',
    '\\',
    '%41',
  ),
  fc.constantFrom(',', ';', ' ', '\n', '\t', '\u00a0', '\ufeff', '\uff0a', '\u3002', '\u017f'),
  fc.string({ maxLength: 3, unit: 'binary' }),
);
const piled = fc.array(piece, { maxLength: 9 }).map(pieces => pieces.join(''));
/** An origin with at most one thing wrong in it. */
const nearlyRight = fc
  .tuple(
    fc.constantFrom('https://', 'http://', 'https://', 'http://', 'app://', 'wss://', ''),
    fc.constantFrom('', '', '', '*.', 'app-*.', '*-x.', 'a*b.'),
    fc.constantFrom(
      'example.com',
      'a.example.com',
      'localhost',
      '127.0.0.1',
      '[::1]',
      'x_y.example',
      'xn--exmple-cua.com',
    ),
    fc.constantFrom('', '', ':8443', ':*'),
    fc.option(fc.tuple(piece, fc.nat(30)), { freq: 2 }),
  )
  .map(([scheme, wildcard, host, port, wrong]) => {
    const text = `${scheme}${wildcard}${host}${port}`;
    return wrong === null ? text : `${text.slice(0, wrong[1])}${wrong[0]}${text.slice(wrong[1])}`;
  });
const originLike = fc.oneof(piled, nearlyRight);
const anyText = fc.oneof(originLike, fc.string({ unit: 'binary' }), fc.string());

describe('parseOriginPattern', () => {
  it('takes or refuses any text: it never throws, and what it takes stands as it was written', () => {
    let taken = 0;
    fc.assert(
      fc.property(anyText, text => {
        const result = parseOriginPattern(text);
        if (isOriginProblem(result)) {
          expect(isError(result.code)).toBe(true);
        } else {
          taken++;
          const { scheme, subdomains, label, host, port } = result;
          const leading = label === undefined ? (subdomains ? '*.' : '') : `${label.before}*${label.after}.`;
          expect(`${scheme}://${leading}${host}${port === '' ? '' : `:${port}`}`).toBe(text);
        }
      }),
      runs(6000),
    );
    expect(taken).toBeGreaterThan(25);
  });

  it('proposes nothing that it would refuse', () => {
    let proposed = 0;
    fc.assert(
      fc.property(anyText, text => {
        const result = parseOriginPattern(text);
        if (!isOriginProblem(result)) return;
        const { code, fix, entries = [] } = result;
        // The one value that is no origin.
        const fixes = fix === undefined || code === 'origin_text' ? entries : [fix, ...entries];
        proposed += Math.min(1, fixes.length);
        expect(fixes.filter(fix => isOriginProblem(parseOriginPattern(fix)))).toEqual([]);
      }),
      runs(6000),
    );
    expect(proposed).toBeGreaterThan(50);
  });

  it('answers the same, however often it is asked', () => {
    fc.assert(
      fc.property(anyText, text => {
        expect(parseOriginPattern(text)).toEqual(parseOriginPattern(text));
      }),
      runs(2000),
    );
  });

  it('takes no exact http origin but in the form that the URL parser gives it', () => {
    let taken = 0;
    fc.assert(
      fc.property(originLike, text => {
        const result = parseOriginPattern(text);
        if (isOriginProblem(result) || !isExactOrigin(result)) return;
        if (result.scheme !== 'https' && result.scheme !== 'http') return;
        taken++;
        expect(new URL(text).origin).toBe(text);
      }),
      runs(5000),
    );
    expect(taken).toBeGreaterThan(25);
  });
});

describe('The origin option', () => {
  const texts = [
    'https://example.com',
    'https://a.example.com',
    'https://b.a.example.com:8443',
    'https://example.com:*',
    'https://*.example.com',
    'https://*.example.com:8443',
    'https://*.example.com:*',
    'https://*.a.example.com',
    'https://*.a.example.com:*',
    'https://a*.example.com',
    'https://*a.example.com',
    'https://a*a.example.com',
    'https://ab*a.example.com:*',
    'https://a*.a.example.com:8443',
    'https://abxa.example.com',
    'http://*.example.com',
    'http://127.0.0.1:*',
    'http://127.0.0.1:8443',
  ];

  /** Origins that show the difference between any two of these. */
  const samples = ['https', 'http'].flatMap(scheme =>
    [
      ...['example.com', 'a.example.com', 'x.example.com', 'b.a.example.com', 'x.b.a.example.com', '127.0.0.1'],
      ...['ax', 'xa', 'axa', 'abxa', 'abza', 'aa', 'ax.a', 'xa.b'].map(label => `${label}.example.com`),
    ].flatMap(host => ['', ':8443', ':8444'].map(port => `${scheme}://${host}${port}`)),
  );

  it('warns of exactly those entries that a list does not need, one at a time', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1, maxLength: 6 }), entries => {
        const { problems } = read(readOrigin, entries);
        const covered = entries.filter(entry =>
          entries.some(
            other =>
              other !== entry &&
              samples.every(sample => !allowsByTheBook([entry], sample) || allowsByTheBook([other], sample)),
          ),
        );
        expect(problems.map(({ code, value }) => [code, value])).toEqual(
          covered.map(entry => ['origin_subsumed', entry]),
        );
      }),
      runs(3000),
    );
  });

  const UNREADABLE: OriginPattern = { text: '', scheme: '', host: '', subdomains: false, port: '' };

  it('reads each entry of a list as it reads it alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...texts), originLike), { minLength: 1, maxLength: 5 }),
        entries => {
          const { result } = read(readOrigin, entries);
          const parsed = entries.map(entry => parseOriginPattern(entry));
          // An entry with an error keeps its place, so that the others are checked at theirs.
          const items = parsed.map(each => (isOriginProblem(each) ? UNREADABLE : each));
          const expected = parsed.every(isOriginProblem) ? undefined : { mode: 'replace', items };
          expect(result).toEqual(expected);
        },
      ),
      runs(2000),
    );
  });
});

describe('The options of the module', () => {
  const keys = [
    'origin',
    'methods',
    'allowedHeaders',
    'exposedHeaders',
    'credentials',
    'maxAge',
    'optionsSuccessStatus',
    'preflightContinue',
    'rejectDisallowed',
    'resourcePolicy',
    'timing',
    'dangerouslyAllowInsecureOrigins',
    'dangerouslyAllowPublicSuffixPatterns',
    'policies',
    'routes',
    'debug',
    'allowPrivateNetwork',
    '__proto__',
  ];
  const right: Readonly<Record<string, unknown>> = {
    origin: ['https://a.example', 'https://*.b.example.com'],
    methods: 'GET,PUT',
    allowedHeaders: '*',
    exposedHeaders: ['x-a'],
    credentials: true,
    maxAge: 600,
    optionsSuccessStatus: 200,
    preflightContinue: false,
    rejectDisallowed: true,
    resourcePolicy: 'cross-origin',
    timing: true,
    dangerouslyAllowInsecureOrigins: true,
    dangerouslyAllowPublicSuffixPatterns: false,
    policies: { public: { origin: '*' } },
    routes: [{ path: '/graphql', policy: 'public' }],
    debug: true,
  };
  const value = fc.oneof(anyValue, fc.boolean(), fc.array(anyText, { maxLength: 3 }), anyText);
  const wrong = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 8, noNullPrototype: false });
  const mixed = fc
    .tuple(
      fc.constantFrom<unknown>('*', false, ['https://a.example'], ['http://*.com', 'https://a.b.example:*']),
      fc.subarray(Object.keys(right).slice(1)),
      fc.constantFrom<unknown>('*', '*', ['x-a'], 'x-a, x-b', []),
      fc.option(wrong, { freq: 2, nil: {} }),
    )
    .map(([origin, chosen, headers, others]) => ({
      origin,
      ...Object.fromEntries(chosen.map(key => [key, key.endsWith('Headers') ? headers : right[key]])),
      ...others,
    }));
  const options = fc.oneof(wrong, mixed);

  it('are read whatever they are: no problem is thrown, each has its words', () => {
    fc.assert(
      fc.property(fc.oneof(anyValue, options), fc.boolean(), (any, production) => {
        const problems: Problem[] = [];
        readModuleOptions(any, production, found => problems.push(found));
        expect(
          problems.filter(
            ({ hint }) => hint === '' || hint.includes('{fix}') || (hint.includes('||') && !hint.includes("'")),
          ),
        ).toEqual([]);
      }),
      runs(5000),
    );
  });

  it('build a policy or tell an error, and never both', () => {
    const seen = { errors: 0, policies: 0 };
    fc.assert(
      fc.property(options, any => {
        const { errors, compiled } = buildPolicy(any);
        expect(codesOf(errors).length === 0).toBe(compiled !== undefined);
        if (compiled === undefined) seen.errors++;
        else seen.policies++;
        if (compiled?.credentials === true) {
          expect([...compiled.preflight.flat(), ...compiled.allowed.headers.flat()]).not.toContain('*');
          expect(compiled.origin).not.toBe('any');
        }
      }),
      runs(5000),
    );
    expect(seen.errors).toBeGreaterThan(25);
    expect(seen.policies).toBeGreaterThan(25);
  });
});

import { RuleBook } from '../../lib/registry/rule-book.js';
import type { Policy } from '../../lib/policy/compile.js';
import { compilePath, PathSyntaxError } from '../../lib/routing/path-rules.js';
import { compilePolicy } from '../support/policy.js';

const policies = {
  module: compilePolicy({ origin: 'https://module.example' }),
  public: compilePolicy({ origin: '*' }),
  private: compilePolicy({ origin: false }),
  other: compilePolicy({ origin: 'https://other.example' }),
};
const nameOf = (policy: Policy) => Object.entries(policies).find(([, each]) => each === policy)?.[0] ?? 'unknown';

type Rules = readonly (readonly [path: string, policy: keyof typeof policies])[];

/** What rules say about a target: a policy, those that are in doubt, or nothing. */
function rulingOn(rules: Rules, url: string): string | readonly string[] {
  const entries = rules.map(([path, policy]) => ({ path, pattern: compilePath(path), policy: policies[policy] }));
  const ruling = new RuleBook(entries, policies.module).ruleOn(url);
  if (ruling === undefined) return 'none';
  const names = ruling.policies.map(nameOf);
  return ruling.isInDoubt ? names.sort() : names.join();
}

describe('A rule covers', () => {
  it.each<[string, string, boolean]>([
    ['/files', '/files', true],
    ['/files', '/files/', true],
    ['/files', '/files/a/b?c', true],
    ['/files', '/filesystem', false],
    ['/files', '/x/files', false],
    ['files', '/files/a', true],
    ['/files/', '/files', true],
    ['/files/', '/files/a', true],
    ['/', '/', true],
    ['/', '/files', false],
    ['/files/*splat', '/files/a/b', true],
    ['/files/*splat', '/files', false],
    ['/files/*', '/files/a', true],
    ['/files{/:name}', '/files', true],
    ['/files/:name/raw', '/files/a/raw/b', true],
    ['/files/:name/raw', '/files/a/b/raw', false],
    ['/files/\u00e9t\u00e9', '/files/%C3%A9t%C3%A9/a', true],
    ['/files/%C3%A9t%C3%A9', '/files/%C3%A9t%C3%A9/a', true],
    ['/files/%c3%a9te\u0301', '/files/e%CC%81t%C3%A9', true],
    ['/files/e\u0301', '/files/\u00e9', true],
    ['/service path', '/service%20path', true],
    ['/service%20path', '/service%20path', true],
    ['/service%20path', '/service%20path/a%2fb', true],
    ['/%66iles', '/file%73', true],
    ['/a%2Bb', '/a+b', true],
    ['/a%7Bb', '/a{b', true],
    ['/a%3Ab', '/a%3ab', true],
    ['/100%25', '/100%25/a', true],
    ['/@scope%2fname', '/@scope%2fname', true],
    ['/.well-known', '/.well-known/a', true],
  ])('%s, and %s: %p', (rule, url, isCovered) => {
    expect(rulingOn([[rule, 'public']], url)).toBe(isCovered ? 'public' : 'none');
  });

  it.each(['/a/:', '/(', '/a?', '/{a', '/*splat*other'])('nothing where it cannot be read: %s', path => {
    expect(() => compilePath(path)).toThrow(PathSyntaxError);
  });

  it('what is written as it is, halves of surrogate pairs included', () => {
    expect(rulingOn([['/\ud83d', 'public']], '/a')).toBe('none');
  });
});

describe('A path that is not plain', () => {
  const RULES: Rules = [
    ['/files/public', 'public'],
    ['/files/private', 'private'],
    ['/files/api', 'other'],
    ['/files/more/public', 'public'],
  ];
  const DOUBT = (...names: (keyof typeof policies)[]) => names.sort();

  it.each<[string, string | readonly string[]]>([
    ['/files/public/a%2fb', 'public'],
    ['/files/public//a', 'public'],
    ['/files/public/./a;b', 'public'],
    ['/files/public/%zz', 'public'],
    ['/files/public/a%252520', 'public'],
    ['/files/public/..%2fmore%2fpublic/x', 'public'],
    ['/files/public/..%2fprivate/x', DOUBT('public', 'private')],
    ['/files/public/..%2fprivate/%252e%252e/public/x', DOUBT('public', 'private')],
    ['/files/public/%252e%252e/private/x', DOUBT('public', 'private')],
    ['/files/public/..%2fpublic%252fq%2f..%2fpublic/%252e%252e/private/x', DOUBT('public', 'private')],
    ['/files/public/%25252e%25252e%25252fprivate', DOUBT('public', 'private')],
    ['/files//private/x', DOUBT('private', 'module')],
    ['/files/./private/x', DOUBT('private', 'module')],
    ['/files/private%2fx', DOUBT('private', 'module')],
    ['/files\\private\\x', DOUBT('private', 'module')],
    ['/files/private;v=1/x', DOUBT('private', 'module')],
    ['//localhost/files/private/x', DOUBT('private', 'module')],
    ['/files/%70rivate/..%2fpublic/x', DOUBT('private', 'public', 'module')],
    ['/files/public/..%2fapi/..%2fprivate/x', DOUBT('public', 'private')],
    ['/other/a%2fb', 'none'],
    ['/other/%252525', 'none'],
    // A fifth round may lead anywhere.
    ['/other/%25252525', ['module']],
    ['/files//x', 'none'],
    ['*', 'none'],
  ])('is in doubt where its readings are under different policies: %s', (url, expected) => {
    expect(rulingOn(RULES, url)).toEqual(expected);
  });

  it.each(['/files/private/%2525252570ublic', '/files/private/%c0%ae%c0%ae/public', '/files/private/%ff'])(
    'is in doubt where it is not stable, the policy under which all its readings are alone: %s',
    url => {
      expect(rulingOn(RULES, url)).toEqual(['private']);
    },
  );

  it('is in doubt about everything where it has too many readings', () => {
    const everything = ['module', 'other', 'private', 'public'];
    expect(rulingOn(RULES, `/x/${'%2f'.repeat(2000)}`)).toEqual(everything);
    expect(rulingOn([], `/x/${'%2f'.repeat(2000)}`)).toBe('none');
  });

  it('is in no doubt where the policies say the same', () => {
    const alike = compilePolicy({ origin: '*' });
    const entries = [
      { path: '/a', pattern: compilePath('/a'), policy: policies.public },
      { path: '/b', pattern: compilePath('/b'), policy: alike },
    ];
    const book = new RuleBook(entries, policies.public);
    expect(book.ruleOn('/a/..%2fb')).toEqual({ policies: [policies.public], isInDoubt: false });
  });
});

describe('A rule that matches in another case alone', () => {
  it.each<[Rules, string, string | readonly string[]]>([
    [[['/files', 'private']], '/FILES/a', ['module', 'private']],
    [[['/FILES', 'private']], '/files/a', ['module', 'private']],
    [[['/files/%C3%89t%C3%A9', 'private']], '/files/%C3%A9t%C3%A9', ['module', 'private']],
    [[['/files/:name/k', 'private']], '/files/a/%E2%84%AA', ['module', 'private']],
    [
      [
        ['/files/private', 'private'],
        ['/files', 'public'],
      ],
      '/files/PRIVATE/a',
      ['private', 'public'],
    ],
    [
      [
        ['/files/private', 'private'],
        ['/files', 'public'],
      ],
      '/files/private/A',
      'private',
    ],
    [
      [
        ['/files', 'public'],
        ['/FILES/private', 'private'],
      ],
      '/files/private',
      'public',
    ],
    [
      [
        ['/FILES', 'public'],
        ['/files', 'private'],
      ],
      '/files/a',
      ['private', 'public'],
    ],
    [
      [
        ['/FILES', 'public'],
        ['/files', 'public'],
      ],
      '/files/a',
      'public',
    ],
    [[['/FILES', 'module']], '/files', 'module'],
  ])('puts a path in doubt, unless it matters not: %j, %s', (rules, url, expected) => {
    expect(rulingOn(rules, url)).toEqual(expected);
  });
});

describe('The first of many rules that matches applies', () => {
  const count = 37;
  const rules: Rules = Array.from({ length: count }, (_, index) => [
    `/dir${String(index)}{/:name}/x`,
    index % 2 === 0 ? 'public' : 'private',
  ]);

  it.each(Array.from({ length: count }, (_, index) => index))('the one at %i', index => {
    const expected = index % 2 === 0 ? 'public' : 'private';
    expect(rulingOn([...rules, ['/*all', 'other']], `/dir${String(index)}/x/y`)).toBe(expected);
    expect(rulingOn(rules, `/dir${String(index)}/a/x`)).toBe(expected);
    expect(rulingOn(rules, `/dir${String(index)}/a/y`)).toBe('none');
    expect(rulingOn([...rules, ['/*all', 'other']], `/dir${String(index)}/a/y`)).toBe('other');
  });
});

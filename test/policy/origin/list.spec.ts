import { add } from '../../../lib/policy/add.js';
import { problem } from '../../../lib/issues/problem.js';
import { isOriginProblem, parseOriginPattern, type OriginPattern } from '../../../lib/policy/origin/pattern.js';
import { readOrigin } from '../../../lib/policy/origin/list.js';
import { buildPolicy, read } from '../../support/policy.js';

function pattern(text: string): OriginPattern {
  const parsed = parseOriginPattern(text);
  if (isOriginProblem(parsed)) throw new Error(`${text}: ${parsed.code}`);
  return parsed;
}

function list(mode: 'replace' | 'add', texts: readonly string[]): unknown {
  return { mode, items: texts.map(pattern) };
}

describe('The origin option', () => {
  it.each([
    ["'*'", '*', '*'],
    ['false', false, false],
    ['one origin', 'https://a.example', list('replace', ['https://a.example'])],
    ['one pattern', 'https://*.a.example', list('replace', ['https://*.a.example'])],
    [
      'a list',
      ['https://a.example', 'http://b.example:*'],
      list('replace', ['https://a.example', 'http://b.example:*']),
    ],
    ['an addition', add('https://a.example'), list('add', ['https://a.example'])],
  ])('takes %s', (_, value, result) => {
    expect(read(readOrigin, value)).toEqual({ result, problems: [] });
  });

  const regexp = /^https:/;
  it.each([
    ['true', true, problem('origin_reflected', 'origin', true)],
    ['true in a list', [true], problem('origin_reflected', 'origin[0]', true)],
    ['a RegExp', regexp, problem('origin_regexp', 'origin', regexp)],
    ['a RegExp in a list', [regexp], problem('origin_regexp', 'origin[0]', regexp)],
    ['an empty string', '', problem('origin_empty', 'origin', '')],
    ['an empty entry', [''], problem('origin_empty', 'origin[0]', '', 'the variable it comes from')],
    ['an empty list', [], problem('origin_empty', 'origin', [])],
    ['an addition of nothing', add(), problem('origin_empty', 'origin', [])],
    ["'*' in a list", ['*'], problem('origin_any_in_list', 'origin[0]', '*')],
    ["'*' in an addition", add('*'), problem('origin_any_in_list', 'origin[0]', '*')],
    ['null', null, problem('option_null', 'origin', null)],
    [
      'a Set',
      new Set(['https://a.example']),
      problem('origin_type', 'origin', new Set(['https://a.example']), "['https://a.example']"),
    ],
    [
      'a URL',
      new URL('https://a.example/x'),
      problem('origin_type', 'origin', new URL('https://a.example/x'), "'https://a.example'"),
    ],
    ["'null'", 'null', problem('origin_null', 'origin', 'null')],
    ['a number', 7, problem('origin_type', 'origin', 7)],
    ['false in a list', [false], problem('origin_false_in_list', 'origin[0]', false)],
    ['an object', {}, problem('origin_type', 'origin', {})],
    [
      'a list in a list',
      [['https://a.example']],
      {
        ...problem('origin_type', 'origin[0]', ['https://a.example']),
        hint: "Spread it with three dots: ...['https://a.example'].",
      },
    ],
    [
      'a String object',
      [new String('https://a.example')],
      problem('origin_type', 'origin[0]', new String('https://a.example')),
    ],
    ['an undefined entry', [undefined], problem('option_undefined', 'origin[0]', undefined)],
    ['a hole', Array(1), problem('option_undefined', 'origin[0]', undefined)],
    [
      'a comma-separated string',
      'https://a.example,https://b.example',
      problem(
        'origin_joined',
        'origin',
        'https://a.example,https://b.example',
        "['https://a.example', 'https://b.example']",
      ),
    ],
  ])('refuses %s', (_, value, expected) => {
    expect(read(readOrigin, value)).toEqual({ result: undefined, problems: [expected] });
  });

  it('tells every bad entry, and keeps the place of the others, so that those are checked as well', () => {
    const value = ['https://a.example/', 'https://b.example', undefined, 'HTTPS://c.example'];
    const unreadable = { text: '', scheme: '', host: '', subdomains: false, port: '' };
    const readable = parseOriginPattern('https://b.example');
    expect(read(readOrigin, value)).toEqual({
      result: { mode: 'replace', items: [unreadable, readable, unreadable, unreadable] },
      problems: [
        problem('origin_path', 'origin[0]', 'https://a.example/', 'https://a.example'),
        problem('option_undefined', 'origin[2]', undefined),
        problem('origin_not_canonical', 'origin[3]', 'HTTPS://c.example', 'https://c.example'),
      ],
    });
  });

  describe('reads resolvers', () => {
    const byName = () => true;
    const byTenant = () => false;
    const placeholder = { text: '', scheme: '', host: '', subdomains: false, port: '' };
    const origin = pattern('https://a.example');

    it('alone, in place of a list', () => {
      const result = { mode: 'replace', items: [placeholder], resolver: byName };
      expect(read(readOrigin, byName)).toEqual({ result, problems: [] });
      expect(read(readOrigin, [byName])).toEqual({ result, problems: [] });
      expect(read(readOrigin, add(byName))).toEqual({ result: { ...result, mode: 'add' }, problems: [] });
    });

    it('beside origins, which keep their places', () => {
      expect(read(readOrigin, ['https://a.example', byName, 'https://a.example'])).toEqual({
        result: { mode: 'replace', items: [origin, placeholder, origin], resolver: byName },
        problems: [problem('origin_duplicate', 'origin[2]', 'https://a.example')],
      });
    });

    it('and keeps the first of two, which are an error', () => {
      expect(read(readOrigin, [byName, 'https://a.example', byTenant])).toEqual({
        result: { mode: 'replace', items: [placeholder, origin, placeholder], resolver: byName },
        problems: [problem('resolver_twice', 'origin[2]', byTenant)],
      });
    });

    it('and states none where there is none', () => {
      expect(read(readOrigin, ['https://a.example']).result).toStrictEqual({ mode: 'replace', items: [origin] });
    });
  });

  it('refuses a hole at the end', () => {
    const value = Object.assign(['https://a.example'], { length: 2 });
    expect(read(readOrigin, value).problems).toEqual([problem('option_undefined', 'origin[1]', undefined)]);
  });

  it('checks the entries beside one with an error, each at its own place', () => {
    const origin = ['https://a.example/', 'https://*.github.io', '', 'http://b.example', ''];
    expect(buildPolicy({ origin }).errors.map(({ code, path }) => [code, path])).toEqual([
      ['origin_path', 'origin[0]'],
      ['origin_empty', 'origin[2]'],
      ['origin_empty', 'origin[4]'],
      ['origin_public_suffix', 'origin[1]'],
      ['origin_insecure', 'origin[3]'],
    ]);
  });

  it('warns of an entry that is listed twice', () => {
    const value = ['https://a.example', 'https://*.b.example', 'https://a.example', 'https://*.b.example'];
    expect(read(readOrigin, value)).toEqual({
      result: list('replace', value),
      problems: [
        problem('origin_duplicate', 'origin[2]', 'https://a.example'),
        problem('origin_duplicate', 'origin[3]', 'https://*.b.example'),
      ],
    });
  });

  it.each([
    ['https://a.example.com', 'https://*.example.com'],
    ['https://a.b.example.com', 'https://*.example.com'],
    ['https://a.example.com:8443', 'https://*.example.com:8443'],
    ['https://a.example.com:8443', 'https://*.example.com:*'],
    ['https://a.example.com', 'https://*.example.com:*'],
    ['https://*.a.example.com', 'https://*.example.com'],
    ['https://*.a.example.com:*', 'https://*.example.com:*'],
    ['https://*.example.com', 'https://*.example.com:*'],
    ['https://*.example.com:8443', 'https://*.example.com:*'],
    ['https://example.com', 'https://example.com:*'],
    ['https://example.com:8443', 'https://example.com:*'],
    ['https://a.example.com:*', 'https://*.example.com:*'],
    ['http://[::1]:3000', 'http://[::1]:*'],
    ['https://app-1.example.com', 'https://app-*.example.com'],
    ['https://app-1.example.com:8443', 'https://app-*.example.com:*'],
    ['https://app-1.example.com', 'https://*-1.example.com'],
    ['https://app-1-*.example.com', 'https://app-*.example.com'],
    ['https://app-*-1.example.com', 'https://*-1.example.com'],
    ['https://app-*.example.com', 'https://app-*.example.com:*'],
    ['https://app-*.example.com', 'https://*.example.com'],
    ['https://app-*.a.example.com:8443', 'https://*.example.com:*'],
  ])('warns of %s beside %s, in either order', (inner, outer) => {
    expect(read(readOrigin, [inner, outer])).toEqual({
      result: list('replace', [inner, outer]),
      problems: [problem('origin_subsumed', 'origin[0]', inner, outer)],
    });
    expect(read(readOrigin, [outer, inner])).toEqual({
      result: list('replace', [outer, inner]),
      problems: [problem('origin_subsumed', 'origin[1]', inner, outer)],
    });
  });

  it.each([
    ['https://example.com', 'https://*.example.com'],
    ['https://example.com', 'https://*.example.com:*'],
    ['http://a.example.com', 'https://*.example.com'],
    ['https://a.example.com:8443', 'https://*.example.com'],
    ['https://a.example.com', 'https://*.example.com:8443'],
    ['https://a.example.com:*', 'https://*.example.com'],
    ['https://*.com', 'https://example.com:*'],
    ['https://aexample.com', 'https://*.example.com'],
    ['http://localhost:*', 'https://localhost:*'],
    ['https://app-.example.com', 'https://app-*.example.com'],
    ['https://a-app-1.example.com', 'https://app-*.example.com'],
    ['https://app-1.a.example.com', 'https://app-*.example.com'],
    ['https://*.app-1.example.com', 'https://app-*.example.com'],
    ['https://*-1.example.com', 'https://app-*.example.com'],
    ['https://aba.example.com', 'https://ab*ba.example.com'],
    ['https://app-*.example.com', 'https://*.a.example.com'],
  ])('finds nothing in %s beside %s', (one, other) => {
    expect(read(readOrigin, [one, other])).toEqual({ result: list('replace', [one, other]), problems: [] });
    expect(read(readOrigin, [other, one])).toEqual({ result: list('replace', [other, one]), problems: [] });
  });

  it('reads 20,000 patterns without comparing each with each', () => {
    const value = Array.from({ length: 20_000 }, (_, index) => `https://*.zone-${String(index)}.example.com`);
    const { problems } = read(readOrigin, [...value, 'https://a.zone-7.example.com']);
    expect(problems).toEqual([
      problem('origin_subsumed', 'origin[20000]', 'https://a.zone-7.example.com', 'https://*.zone-7.example.com'),
    ]);
  });
});

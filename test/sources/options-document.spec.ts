import { problem } from '../../lib/issues/problem.js';
import { readDocument } from '../../lib/sources/options-document.js';

describe('readDocument()', () => {
  it('tells of everything in a file the path, the keys that lead to it, the value and the place', () => {
    const text = 'origin:\n  - a\npolicies:\n  public: { maxAge: 5 }\nroutes:\n  - { path: /x, policy }\n';
    const { options, written, problems } = readDocument(text, 'yaml');

    const policies = { public: { maxAge: 5 } };
    const routes = [{ path: '/x', policy: null }];
    expect({ options, problems }).toEqual({ options: { origin: ['a'], policies, routes }, problems: [] });
    expect(written.map(({ path, keys, value, place }) => [path, keys, value, place])).toEqual([
      ['origin[0]', ['origin', '0'], 'a', '2:5'],
      ['origin', ['origin'], ['a'], '1:1'],
      ['policies.public.maxAge', ['policies', 'public', 'maxAge'], 5, '4:13'],
      ['policies.public', ['policies', 'public'], { maxAge: 5 }, '4:3'],
      ['policies', ['policies'], policies, '3:1'],
      ['routes[0].path', ['routes', '0', 'path'], '/x', '6:7'],
      ['routes[0].policy', ['routes', '0', 'policy'], null, '6:17'],
      ['routes[0]', ['routes', '0'], { path: '/x', policy: null }, '6:5'],
      ['routes', ['routes'], routes, '5:1'],
      ['', [], options, '1:1'],
    ]);
  });

  it.each<['json' | 'yaml', string]>([
    ['json', ''],
    ['yaml', ''],
    ['yaml', '%YAML 1.2\n---\n'],
  ])('reads sixteen levels of %s after %j, and refuses the next', (format, start) => {
    const nested = (depth: number) => `${start}${'['.repeat(depth)}${']'.repeat(depth)}`;
    const lines = start.split('\n').length;

    expect(readDocument(nested(16), format).problems.map(({ problem: each }) => each.code)).toEqual(['options_type']);
    expect(readDocument(nested(17), format).problems).toEqual([
      { problem: problem('file_nesting', '', nested(17).slice(start.length)), place: `${String(lines)}:17` },
    ]);
  });

  it('refuses a later document that is nested too deeply as well', () => {
    const { problems } = readDocument(`origin: a\n---\n${'['.repeat(100_000)}`, 'yaml');
    expect(problems.map(({ problem: each, place }) => [each.code, place])).toEqual([['file_nesting', '3:17']]);
  });

  it('tells the first place of a key, however often it is stated again', () => {
    const { problems } = readDocument('maxAge: 1\nmaxAge: 2\nmaxAge: 3\n', 'yaml');
    expect(problems).toEqual([
      { problem: problem('file_key_repeated', 'maxAge', undefined, '1:1'), place: '2:1' },
      { problem: problem('file_key_repeated', 'maxAge', undefined, '1:1'), place: '3:1' },
    ]);
  });
});

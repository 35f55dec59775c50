import type { Problem } from '../../lib/issues/problem.js';
import { readSelf } from '../../lib/policy/self.js';
import { selfOriginsOf } from '../../lib/decision/same-origin.js';

function read(value: unknown) {
  const problems: Problem[] = [];
  const origins = readSelf(value, found => void problems.push(found));
  return { origins, problems: problems.map(({ code, path }) => `${path}: ${code}`) };
}

describe('The option self', () => {
  it('lists exact origins', () => {
    const origins = ['https://api.example.com', 'http://localhost:3000', 'http://10.0.0.1', 'https://[::1]:8443'];
    expect(read(origins)).toEqual({ origins, problems: [] });
    expect(read(undefined)).toEqual({ origins: undefined, problems: [] });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['no list', 'https://api.example.com', ['self: self_type']],
    ['null', null, ['self: self_type']],
    ['an empty list, as of an unset variable', [], ['self: self_empty']],
    ['a hole', Array(1), ['self[0]: self_entry']],
    ['what is no text', ['https://api.example.com', 1], ['self[1]: self_entry']],
    ['subdomains', ['https://*.example.com'], ['self[0]: self_pattern']],
    ['any port', ['http://localhost:*'], ['self[0]: self_pattern']],
    ['an asterisk', ['*'], ['self[0]: self_entry']],
    ['a path', ['https://api.example.com/'], ['self[0]: origin_path']],
    ['no scheme', ['api.example.com'], ['self[0]: origin_scheme_missing']],
    ['another form than browsers send', ['https://API.example.com:443'], ['self[0]: origin_not_canonical']],
    ['null as a text', ['null'], ['self[0]: self_entry']],
  ])('is an error with %s', (_what, value, problems) => {
    expect(read(value).problems).toEqual(problems);
  });

  it('knows the hosts of its origins, with and without the default port', () => {
    const { hosts } = selfOriginsOf(['https://a.example', 'http://b.example', 'https://c.example:8443', 'app://x']);
    expect([...hosts].sort()).toEqual([
      'a.example',
      'a.example:443',
      'b.example',
      'b.example:80',
      'c.example:8443',
      'x',
    ]);
  });
});

import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CorsConfigurationError, corsOptionsFromFile, type CorsIssue } from 'nestjs-cors';
import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { APP } from '../support/expected.js';
import { newFolder, removeFiles, writeTempFile } from '../support/files.js';

afterEach(removeFiles);

/** The issues of a file that cannot be read. */
function issuesOf(file: unknown): readonly CorsIssue[] {
  try {
    corsOptionsFromFile(file as string);
  } catch (error) {
    if (error instanceof CorsConfigurationError) return error.issues;
    throw error;
  }
  throw new Error('The file has no error');
}

/** The code, the path, the value and the place of each issue of a file with this text. */
function told(name: string, text: string): readonly unknown[] {
  const file = writeTempFile(name, text);
  return issuesOf(file).map(({ code, path, value, location }) => {
    expect(location.level).toBe('file');
    return [code, path, value, location.file?.replace(`${file}:`, '')];
  });
}

describe('corsOptionsFromFile()', () => {
  const OPTIONS = { origin: [APP, 'http://localhost:*'], maxAge: 60, policies: { public: { origin: '*' } } };

  it.each([
    ['cors.json', JSON.stringify(OPTIONS)],
    ['cors.json', JSON.stringify(OPTIONS, null, '\t')],
    ['CORS.JSON', `\ufeff${JSON.stringify(OPTIONS, null, 2)}\r\n`],
    ['cors.yaml', JSON.stringify(OPTIONS)],
    [
      'cors.yml',
      `---\norigin: [${APP}, 'http://localhost:*']\nmaxAge: 60\npolicies:\n  public: { origin: "*" }\n...\n`,
    ],
    [
      'cors.YAML',
      `%YAML 1.1\n--- # all\norigin:\r\n- ${APP}\r\n- http://localhost:*\r\n"maxAge": 0x3C\npolicies: {public: {origin: '*',},}\n`,
    ],
  ])('reads %s: %j', (name, text) => {
    const options = corsOptionsFromFile(writeTempFile(name, text));

    expect(Object.entries(options)).toEqual(Object.entries(OPTIONS));
    // The places are not among the options, for whoever writes them down again.
    expect(JSON.parse(JSON.stringify(options))).toEqual(OPTIONS);
  });

  it('reads a file by its URL', () => {
    const url = pathToFileURL(writeTempFile('cors of the app.yaml', `origin: ${APP}`));

    expect(corsOptionsFromFile(url).origin).toBe(APP);
  });

  it('takes words of YAML 1.1 for text, whatever version the file claims', () => {
    const text = '%YAML 1.1\n---\norigin: no\ncredentials: yes\nmaxAge: 2001-01-01\n404: on\nnull: ~\n';

    expect(Object.entries(corsOptionsFromFile(writeTempFile('cors.yaml', text)))).toEqual([
      ['404', 'on'],
      ['origin', 'no'],
      ['credentials', 'yes'],
      ['maxAge', '2001-01-01'],
      ['null', null],
    ]);
  });

  it.each<[string, () => unknown, unknown?]>([
    ['another ending', () => 'cors.toml'],
    ['no ending', () => 'cors'],
    ['an empty path', () => ''],
    ['an unset variable', () => undefined],
    ['a number', () => 3],
    ['a URL of the web', () => new URL('https://app.example/cors.yaml'), 'https://app.example/cors.yaml'],
    ['a URL that is no path', () => new URL('file:///a%2Fcors.yaml'), 'file:///a%2Fcors.yaml'],
  ])('refuses %s', (_what, path, value = path()) => {
    expect(issuesOf(path())).toEqual([
      {
        code: 'file_path',
        severity: 'error',
        path: '',
        value,
        message: expect.stringContaining(`in corsOptionsFromFile(): ${PROBLEMS.file_path.problem}.`) as string,
        hint: hintOf('file_path', undefined),
        location: { level: 'file' },
        routes: [],
      },
    ]);
    expect(Object.keys(issuesOf(path())[0]?.location ?? {})).toEqual(['level']);
  });

  it.each<[string, () => string, code: CorsIssue['code'], hint: string]>([
    ['is missing', () => join(newFolder(), 'cors.yaml'), 'file_missing', hintOf('file_missing', process.cwd())],
    [
      'lies below a file',
      () => join(writeTempFile('x', ''), 'cors.yaml'),
      'file_missing',
      hintOf('file_missing', process.cwd()),
    ],
    [
      'is a folder',
      () => {
        const folder = join(newFolder(), 'cors.yaml');
        mkdirSync(folder);
        return folder;
      },
      'file_kind',
      hintOf('file_kind', undefined),
    ],
    [
      'is a link to itself',
      () => {
        const link = join(newFolder(), 'cors.yaml');
        symlinkSync(link, link);
        return link;
      },
      'file_unreadable',
      'The system says: ELOOP',
    ],
    ['has a name that no file can have', () => 'cors\0.yaml', 'file_unreadable', 'The system says: '],
    [
      'is in UTF-16',
      () => writeTempFile('cors.yaml', Buffer.from(`\ufefforigin: ${APP}`, 'utf16le')),
      'file_encoding',
      hintOf('file_encoding', undefined),
    ],
  ])('refuses a file that %s', (_what, make, code, hint) => {
    const file = make();

    expect(issuesOf(file)).toEqual([
      expect.objectContaining({
        code,
        path: '',
        value: file,
        hint: expect.stringContaining(hint) as string,
        location: { level: 'file' },
      }),
    ]);
  });

  it.each<[string, name: string, text: string, ...told: readonly unknown[][]]>([
    ['nothing', 'cors.yaml', '', ['file_empty', '', '', '1:1']],
    ['nothing in JSON', 'cors.json', '\n', ['file_empty', '', '', '1:1']],
    ['comments alone', 'cors.yaml', '# none\n', ['file_empty', '', '# none', '1:1']],
    ['an empty document', 'cors.yaml', '---\n', ['file_empty', '', '---', '1:1']],
    ['null', 'cors.json', 'null', ['file_empty', '', 'null', '1:1']],
    ['a list', 'cors.yaml', `# list\n- ${APP}\n`, ['options_type', '', [APP], '2:1']],
    ['text', 'cors.json', ` "${APP}"`, ['options_type', '', APP, '1:2']],
    ['another format', 'cors.yaml', '\0\x01\x02', ['options_type', '', '\0\x01\x02', '1:1']],
    ['several documents', 'cors.yaml', 'origin: a\n---\norigin: b\n', ['file_documents', '', '---', '2:1']],
    ['a list that is not closed', 'cors.yaml', 'origin: [a,\nmaxAge: 3\n', ['file_syntax', '', 'maxAge: 3', '2:1']],
    ['tabs for indentation', 'cors.yaml', 'origin:\n\t- a\n', ['file_syntax', '', '- a', '2:1']],
    ['a version of YAML to come', 'cors.yaml', '%YAML 3.0\n---\norigin: a\n', ['file_syntax', '', '%YAML 3.0', '1:7']],
    ['a tag without a meaning', 'cors.yaml', 'origin: !h!x a\n', ['file_syntax', '', 'origin: !h!x a', '1:9']],
    ['comments in JSON', 'cors.json', '{\n  // all\n  "origin": "*"\n}', ['file_json', '', '// all', '2:3']],
    ['a trailing comma in JSON', 'cors.json', '{\n  "origin": "*",\n}', ['file_json', '', '}', '3:1']],
    ['YAML in JSON', 'cors.json', `origin: ${APP}`, ['file_json', '', `origin: ${APP}`, '1:1']],
    [
      'keys that are stated twice',
      'cors.json',
      '{\n "origin": "a",\n "policies": { "a": {}, "a": { "x": 1, "x": 2 } },\n "origin": "b",\n "origin": "c"\n}',
      ['file_key_repeated', 'policies.a', undefined, '3:25'],
      ['file_key_repeated', 'origin', undefined, '4:2'],
      ['file_key_repeated', 'origin', undefined, '5:2'],
    ],
    [
      'keys that are no text',
      'cors.yaml',
      'origin: a\npolicies:\n  [a]: b\n? { c: d }\n: e\n!!str f: g\n',
      ['file_key', 'policies', '[a]: b', '3:3'],
      ['file_key', '', '? { c: d }', '4:3'],
      ['file_key', '', '!!str f: g', '6:7'],
    ],
    [
      'a key that would become a prototype',
      'cors.yaml',
      'origin: a\n__proto__: { credentials: true }\npolicies: { __proto__: {} }\n',
      ['option_unknown', '__proto__', '__proto__', '2:1'],
      ['option_unknown', 'policies.__proto__', '__proto__', '3:13'],
    ],
    [
      'asterisks without quotes',
      'cors.yaml',
      'origin:\n  - *\n  - *.example.com\nallowedHeaders: *\n',
      ['file_alias', 'origin[0]', '*', '2:5'],
      ['file_alias', 'origin[1]', '*.example.com', '3:5'],
      ['file_alias', 'allowedHeaders', '*', '4:17'],
    ],
    [
      'anchors and aliases',
      'cors.yaml',
      'origin: &apps [a]\npolicies: { a: { origin: *apps }, b: { <<: *apps } }\n*apps : x\n',
      ['file_alias', 'policies.a.origin', '*apps', '2:26'],
      ['file_alias', 'policies.b.<<', '*apps', '2:44'],
      ['file_key', '', '*apps : x', '3:1'],
    ],
    ['an alias alone', 'cors.yaml', '*x', ['file_alias', '', '*x', '1:1']],
    [
      'tags',
      'cors.yaml',
      'origin: !!str a\nmaxAge: !seconds 3\ncredentials: ! true\npolicies: !!map {}\nroutes: !!binary aaaa\n',
      ['file_tag', 'origin', 'tag:yaml.org,2002:str', '1:15'],
      ['file_tag', 'maxAge', '!seconds', '2:18'],
      ['file_tag', 'credentials', '!', '3:16'],
      ['file_tag', 'policies', 'tag:yaml.org,2002:map', '4:17'],
      ['file_tag', 'routes', 'tag:yaml.org,2002:binary', '5:18'],
    ],
  ])('refuses %s', (_what, name, text, ...issues) => {
    expect(told(name, text)).toEqual(issues);
  });

  it('tells what is wrong in the words of the parser, and the first error alone', () => {
    const [issue, ...others] = issuesOf(writeTempFile('cors.yaml', 'origin: "a\nb: [\n'));

    expect(issue?.hint).toMatch(/^The parser says: Missing closing "quote\.$/);
    expect(others).toEqual([]);
  });

  it('tells the other place of what is stated twice', () => {
    const [issue] = issuesOf(writeTempFile('cors.yaml', 'maxAge: 1\norigin: a\nmaxAge: 2\n'));

    expect(issue?.hint).toBe(hintOf('file_key_repeated', '1:1'));
  });

  it('tells the place in the message', () => {
    const file = writeTempFile('cors.yaml', 'origin:\n  - *\n');

    expect(() => corsOptionsFromFile(file)).toThrow(
      [
        'the CORS configuration has 1 error',
        '',
        `corsOptionsFromFile() (${file}:2:5)`,
        `  origin[0] "*" ${PROBLEMS.file_alias.problem} [file_alias]`,
        `    ${PROBLEMS.file_alias.hint}`,
        '',
        'See node_modules/nestjs-cors/docs/issues.md#file_alias',
        '',
      ].join('\n'),
    );
  });

  describe('refuses what is made to exhaust the process:', () => {
    const laughs = Array.from(
      { length: 30 },
      (_, i) => `a${String(i + 1)}: &a${String(i + 1)} [*a${String(i)}, *a${String(i)}]`,
    );

    it.each([
      ['lists in lists', 'cors.yaml', '['.repeat(100_000), 'file_nesting'],
      ['lists in lists, closed', 'cors.json', '['.repeat(50_000) + ']'.repeat(50_000), 'file_nesting'],
      ['objects in objects', 'cors.json', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 'file_nesting'],
      ['entries in entries', 'cors.yaml', `${'- '.repeat(20_000)}a`, 'file_nesting'],
      ['keys in keys', 'cors.yaml', '? '.repeat(20_000), 'file_nesting'],
      [
        'keys of mappings in mappings',
        'cors.yaml',
        Array.from({ length: 999 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
        'file_nesting',
      ],
      ['a billion laughs', 'cors.yaml', ['a0: &a0 [x]', ...laughs].join('\n'), 'file_alias'],
      ['an alias within itself', 'cors.yaml', 'origin: &a [*a]\n', 'file_alias'],
    ])('%s', (_what, name, text, code) => {
      expect(issuesOf(writeTempFile(name, text))[0]).toMatchObject({ code });
    });
  });
});

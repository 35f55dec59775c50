import type { ConfigService } from '@nestjs/config';
import fc from 'fast-check';
import { CorsConfigurationError, originsFromEnv, type CorsEnvironment, type CorsIssue } from 'nestjs-cors';
import { assignmentHint, hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { isOriginProblem, parseOriginPattern } from '../../lib/policy/origin/pattern.js';
import { ADMIN, APP } from '../support/expected.js';
import { runs } from '../support/property.js';

const NAME = 'CORS_ORIGINS';
const EXAMPLE = 'CORS_ORIGINS=https://app.example.com,https://admin.example.com';

/** The issues of a variable that must have some. */
function issuesOf(env: unknown, name: unknown = NAME): readonly CorsIssue[] {
  try {
    originsFromEnv(name as string, env as CorsEnvironment);
  } catch (error) {
    if (error instanceof CorsConfigurationError) return error.issues;
    throw error;
  }
  throw new Error('The variable has no error');
}

const told = (env: unknown) => issuesOf(env).map(({ code, path, value, hint }) => ({ code, path, value, hint }));

describe('originsFromEnv()', () => {
  it.each([
    ['one origin', APP, [APP]],
    ['commas', `${APP},${ADMIN}`, [APP, ADMIN]],
    ['commas and spaces', ` ${APP} , ${ADMIN} `, [APP, ADMIN]],
    ['white space alone', `${APP}\t${ADMIN}\n`, [APP, ADMIN]],
    ['lines of a mounted file', `${APP}\r\n${ADMIN}\r\n`, [APP, ADMIN]],
    ['empty entries', `,,${APP}, ,${ADMIN},`, [APP, ADMIN]],
    ['patterns', 'https://*.example.com,http://localhost:*', ['https://*.example.com', 'http://localhost:*']],
    ['IPv6 and other schemes', 'http://[::1] capacitor://localhost', ['http://[::1]', 'capacitor://localhost']],
    ['an origin twice, which boot warns of', `${APP},${APP}`, [APP, APP]],
  ])('splits %s', (_what, value, origins) => {
    expect(originsFromEnv(NAME, { [NAME]: value })).toEqual(origins);
  });

  it("reads the process's environment", () => {
    process.env['NESTJS_CORS_TEST_ORIGINS'] = `${APP} ${ADMIN}`;
    try {
      expect(originsFromEnv('NESTJS_CORS_TEST_ORIGINS')).toEqual([APP, ADMIN]);
    } finally {
      delete process.env['NESTJS_CORS_TEST_ORIGINS'];
    }
    expect(() => originsFromEnv('NESTJS_CORS_TEST_ORIGINS')).toThrow(CorsConfigurationError);
  });

  it('reads what has a get(), as ConfigService does', () => {
    class Settings {
      readonly #variables = { [NAME]: APP };
      get(name: string): unknown {
        return (this.#variables as Record<string, unknown>)[name];
      }
    }
    expect(originsFromEnv(NAME, new Settings())).toEqual([APP]);
  });

  it('takes a ConfigService, however it is typed', () => {
    const config = { get: () => APP } as unknown;

    expect(originsFromEnv(NAME, config as ConfigService)).toEqual([APP]);
    expect(originsFromEnv(NAME, config as ConfigService<{ CORS_ORIGINS: string; PORT: number }>)).toEqual([APP]);
    expect(originsFromEnv(NAME, config as ConfigService<{ CORS_ORIGINS: string }, true>)).toEqual([APP]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, unknown]>([
    ['unset', {}, undefined],
    ['unset, though every object inherits something of that name', Object.create({ [NAME]: APP }) as object, undefined],
    ['empty', { [NAME]: '' }, ''],
    ['white space', { [NAME]: ' \t\n' }, ' \t\n'],
    ['separators alone', { [NAME]: ' , ,\n,' }, ' , ,\n,'],
  ] as [string, Readonly<Record<string, unknown>>, unknown][])('refuses a variable that is %s', (_what, env, value) => {
    expect(issuesOf(env)).toEqual([
      {
        code: 'environment_empty',
        severity: 'error',
        path: NAME,
        value,
        message: expect.stringContaining(
          `in the environment variable CORS_ORIGINS: ${PROBLEMS.environment_empty.problem}.`,
        ) as string,
        hint: hintOf('environment_empty', EXAMPLE),
        location: { level: 'environment', variable: NAME },
        routes: [],
      },
    ]);
  });

  it.each([[null], [''], [APP], [`${APP},${ADMIN}`], ['a.example;b.example'], ['*'], [7]])(
    'refuses %p as the name of a variable',
    name => {
      expect(issuesOf({}, name)).toMatchObject([
        { code: 'environment_name', path: 'originsFromEnv()', value: name, location: { level: 'app' } },
      ]);
    },
  );

  it.each([[7], [true], [null], [[APP]], [{ origin: APP }], [() => APP], [Symbol(APP)], [10n]])(
    'refuses %p, which no environment variable is',
    value => {
      expect(told({ get: () => value })).toEqual([
        { code: 'environment_type', path: NAME, value, hint: hintOf('environment_type', EXAMPLE) },
      ]);
    },
  );

  it.each<[string, unknown, unknown]>([
    [
      'a get() that throws',
      {
        get: () => {
          throw new Error('not validated');
        },
      },
      'not validated',
    ],
    [
      'a getter that throws no error',
      Object.defineProperty({}, NAME, {
        get: () => {
          throw 'nothing here' as unknown;
        },
      }),
      'nothing here',
    ],
    ['nothing to look in', null, expect.stringContaining('null')],
  ])('refuses %s', (_what, env, value) => {
    expect(told(env)).toEqual([
      { code: 'options_unreadable', path: NAME, value, hint: hintOf('options_unreadable', undefined) },
    ]);
  });

  it('refuses every entry with an error, each at its place, and says what to write for all of the variable', () => {
    const hint = assignmentHint(`CORS_ORIGINS=${APP},${ADMIN},https://x.example,https://app.example`);
    expect(told({ [NAME]: `${APP}/, ${ADMIN}, HTTPS://X.example app.example` })).toEqual([
      { code: 'origin_path', path: 'CORS_ORIGINS[0]', value: `${APP}/`, hint },
      { code: 'origin_not_canonical', path: 'CORS_ORIGINS[2]', value: 'HTTPS://X.example', hint },
      { code: 'origin_scheme_missing', path: 'CORS_ORIGINS[3]', value: 'app.example', hint },
    ]);
  });

  it('leaves out no entry: where one is beyond repair, it says what is wrong with each', () => {
    expect(told({ [NAME]: `${APP}/,null` })).toEqual([
      { code: 'origin_path', path: 'CORS_ORIGINS[0]', value: `${APP}/`, hint: hintOf('origin_path', undefined) },
      { code: 'origin_null', path: 'CORS_ORIGINS[1]', value: 'null', hint: hintOf('origin_null', undefined) },
    ]);
  });

  it.each([
    ['*', 'environment_any', EXAMPLE],
    ['true', 'environment_boolean', EXAMPLE],
    ['False', 'environment_boolean', EXAMPLE],
  ] as const)('says of %s what to write in its place', (value, code, fix) => {
    expect(told({ [NAME]: value })).toEqual([{ code, path: 'CORS_ORIGINS[0]', value, hint: hintOf(code, fix) }]);
  });

  it.each([
    [`${APP};${ADMIN};`, 'environment_separator'],
    [`${APP}; ${ADMIN}`, 'environment_separator'],
    [`${APP} | ${ADMIN}`, 'environment_separator'],
    [`"${APP};${ADMIN}/"`, 'environment_separator'],
    [`"${APP},${ADMIN}"`, 'environment_quoted'],
    [`["${APP}", "${ADMIN}"]`, 'environment_quoted'],
    [`['${APP}','${ADMIN}']`, 'environment_quoted'],
    [`[${APP},${ADMIN}]`, 'environment_quoted'],
    [`\u201c${APP}\u201d,${ADMIN}`, 'environment_quoted'],
  ] as const)('says of all of %s what to write in its place', (value, code) => {
    const hint = hintOf(code, `CORS_ORIGINS=${APP},${ADMIN}`);
    expect(told({ [NAME]: value })).toEqual([{ code, path: 'CORS_ORIGINS', value, hint }]);
  });

  it.each([
    [`${APP};admin`, 'environment_separator', 'CORS_ORIGINS[1]'],
    ['"admin"', 'environment_quoted', 'CORS_ORIGINS[0]'],
  ] as const)('says of %s what is wrong with the entry as well', (value, code, path) => {
    expect(told({ [NAME]: value })).toEqual([
      { code, path: 'CORS_ORIGINS', value, hint: hintOf(code, undefined) },
      { code: 'origin_scheme_missing', path, value: 'admin', hint: hintOf('origin_scheme_missing', undefined) },
    ]);
  });

  it('reads a RegExp as one entry', () => {
    const value = '^https://(app|admin)\\.example\\.com$';
    expect(told({ [NAME]: value })).toEqual([
      {
        code: 'origin_regexp',
        path: 'CORS_ORIGINS[0]',
        value,
        hint: assignmentHint('CORS_ORIGINS=https://app.example.com,https://admin.example.com'),
      },
    ]);
  });

  it('tells all of it in one message', () => {
    expect(() => originsFromEnv(NAME, { [NAME]: `*,"${APP}"` })).toThrow(
      [
        'the CORS configuration has 2 errors',
        '',
        'the environment variable CORS_ORIGINS',
        `  CORS_ORIGINS "*,\\"${APP}\\"" ${PROBLEMS.environment_quoted.problem} [environment_quoted]`,
        `    ${hintOf('environment_quoted', undefined)}`,
        `  CORS_ORIGINS[0] "*" ${PROBLEMS.environment_any.problem} [environment_any]`,
        `    ${hintOf('environment_any', EXAMPLE)}`,
        '',
        'See node_modules/nestjs-cors/docs/issues.md#environment_quoted, #environment_any',
        '',
      ].join('\n'),
    );
  });
});

describe('originsFromEnv(), for any variable', () => {
  const origin = fc
    .tuple(fc.constantFrom('https://', 'https://*.', 'http://'), fc.domain(), fc.constantFrom('', ':8443', ':*'))
    .map(parts => parts.join('').toLowerCase())
    .filter(text => !isOriginProblem(parseOriginPattern(text)));
  // JavaScript's white space, and commas.
  const gap = fc.string({
    unit: fc.constantFrom(',', ' ', '\t', '\n', '\r', '\v', '\f', '\u00a0', '\u2028', '\u3000', '\ufeff'),
    maxLength: 5,
  });
  const separator = gap.filter(text => text !== '');

  it('gives back the origins that were joined, whatever stands between and around them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(origin, separator), { minLength: 1, maxLength: 8 }), gap, (entries, before) => {
        const value = before + entries.map(([text, after]) => text + after).join('');
        expect(originsFromEnv(NAME, { [NAME]: value })).toEqual(entries.map(([text]) => text));
      }),
      runs(500),
    );
  });

  it('gives valid origins, or throws a CorsConfigurationError that names the variable', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.oneof(origin, separator, fc.constantFrom('*', 'null', ';', '"', '[', ']', '=', '/')), {
          maxLength: 9,
        })
        .map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.anything()), value => {
        try {
          const origins = originsFromEnv(NAME, { get: () => value });
          expect(origins).not.toEqual([]);
          expect(origins.map(parseOriginPattern).filter(isOriginProblem)).toEqual([]);
        } catch (error) {
          if (!(error instanceof CorsConfigurationError)) throw error;
          expect(error.issues).not.toEqual([]);
          for (const { path, location } of error.issues) {
            expect(path).toMatch(/^CORS_ORIGINS(?:\[\d+\])?$/);
            expect(location).toEqual({ level: 'environment', variable: NAME });
          }
        }
      }),
      runs(1000),
    );
  });
});

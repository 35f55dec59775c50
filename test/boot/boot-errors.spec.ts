import { Controller, Get } from '@nestjs/common';
import type { CorsConfigurationError } from 'nestjs-cors';
import { configurationErrorOf, createApp, PLATFORMS } from '../support/app.js';
import { ADMIN, APP } from '../support/expected.js';

@Controller('cats')
class CatsController {
  @Get()
  list() {}
}

const codes = (error: CorsConfigurationError) => error.issues.map(({ code, path }) => `${path}: ${code}`);

describe.each(PLATFORMS)('A configuration that is refused at boot on %s', platform => {
  const boot = (cors: unknown) =>
    configurationErrorOf({ platform, cors: cors as never, controllers: [CatsController] });

  it.each<[title: string, cors: unknown, issues: readonly string[]]>([
    [
      'a path or a slash (CFG-03)',
      { origin: [`${APP}/`, `${APP}/x`] },
      ['origin[0]: origin_path', 'origin[1]: origin_path'],
    ],
    [
      'capitals or a default port (CFG-04)',
      { origin: ['HTTPS://App.Example', 'https://c.example:443'] },
      ['origin[0]: origin_not_canonical', 'origin[1]: origin_not_canonical'],
    ],
    ["'*' in a list (CFG-06)", { origin: ['*', APP] }, ['origin[0]: origin_any_in_list']],
    ['an unset variable (CFG-07)', { origin: undefined }, ['origin: option_undefined']],
    ['an empty variable (CFG-07)', { origin: '' }, ['origin: origin_empty']],
    ['an empty list (CFG-07)', { origin: [] }, ['origin: origin_empty']],
    ['an unset entry (CFG-07)', { origin: [undefined] }, ['origin[0]: option_undefined']],
    ['no origin at all', { credentials: true }, ['origin: origin_missing']],
    ["'null' (CFG-08)", { origin: ['null'] }, ['origin[0]: origin_null']],
    [
      'asterisks with credentials (CFG-09)',
      { origin: APP, credentials: true, allowedHeaders: '*', exposedHeaders: '*' },
      ['allowedHeaders: request_headers_any_with_credentials', 'exposedHeaders: response_headers_any_with_credentials'],
    ],
    ['an asterisk for methods (CFG-09)', { origin: APP, credentials: true, methods: '*' }, ['methods: method_any']],
    [
      'unknown options (CFG-10)',
      { orgin: APP, allowHeaders: [] },
      ['orgin: option_unknown', 'allowHeaders: option_unknown', 'origin: origin_missing'],
    ],
    [
      'what browsers never send or take (CFG-11)',
      {
        origin: APP,
        methods: ['TRACE', 'GET POST'],
        allowedHeaders: ['X A'],
        maxAge: -2,
        optionsSuccessStatus: 404,
      },
      [
        'methods[0]: method_forbidden',
        'methods[1]: method_invalid',
        'allowedHeaders[0]: header_invalid',
        'maxAge: max_age',
        'optionsSuccessStatus: options_status',
      ],
    ],
    ['a maxAge beyond a day (CFG-11)', { origin: APP, maxAge: 1e9 }, ['maxAge: max_age']],
    [
      'several mistakes, all at once (CFG-12)',
      { origin: ['https://a.example/'], maxAge: -5, credentials: 'yes' },
      ['origin[0]: origin_path', 'credentials: boolean_type', 'maxAge: max_age'],
    ],
    ['reflection of any origin', { origin: true }, ['origin: origin_reflected']],
    ['a RegExp (ORG-04, ORG-05)', { origin: /^https:\/\/a\.example$/g }, ['origin: origin_regexp']],
    ['a RegExp in a list (ORG-05)', { origin: [/example\.com/] }, ['origin[0]: origin_regexp']],
    ['preflightContinue', { origin: APP, preflightContinue: true }, ['preflightContinue: preflight_continue']],
  ])('has %s', async (_title, cors, issues) => {
    const error = await boot(cors);

    expect(codes(error)).toEqual(issues);
    for (const issue of error.issues) {
      expect(issue).toMatchObject({ severity: 'error', location: { level: 'module' }, routes: [] });
      // Each is told in the message, with what to type instead.
      expect(error.message).toContain(`[${issue.code}]\n    ${issue.hint}`);
    }
  });

  it('tells the corrected forms', async () => {
    const error = await boot({ orgin: APP, origin: ['HTTPS://App.Example', `${ADMIN}/x`], maxAge: 600_000 });

    expect(error.issues.map(({ hint }) => hint)).toEqual([
      'Did you mean `origin`?',
      "Write 'https://app.example'.",
      `Write '${ADMIN}'.`,
      'Write 600: the unit is seconds.',
    ]);
  });

  it('is told by an Error whose issues are frozen and not printed twice', async () => {
    const error = await boot({ origin: [] });

    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('CorsConfigurationError');
    expect(Object.isFrozen(error.issues) && error.issues.every(Object.isFrozen)).toBe(true);
    expect(Object.keys(error)).not.toContain('issues');
  });

  it('does not share its error with the app that is put right', async () => {
    await boot({ origin: `${APP}/` });
    const app = await createApp({ platform, cors: { origin: APP }, controllers: [CatsController] });

    await app.init();
    await app.close();
  });
});

import { add } from '../../lib/policy/add.js';
import { createMergedPolicyCheck } from '../../lib/policy/check.js';
import { problem } from '../../lib/issues/problem.js';
import { mergeLevels, type Level } from '../../lib/policy/merge.js';
import { readPolicy } from '../../lib/policy/read.js';
import { buildPolicy, buildRoute, type LevelOptions, type PlacedProblem } from '../support/policy.js';

const A = 'https://a.example';

interface Row {
  readonly levels: readonly LevelOptions[];
  readonly problems: readonly PlacedProblem[];
}

function expectProblems({ levels, problems }: Row, production = false): void {
  expect(buildRoute(levels, { production }).problems).toEqual(problems);
}

describe('What only the merged policy can tell', () => {
  it('a scheme that is nearly https or http is questionable; other schemes are legal', () => {
    const origin = [
      'htps://app.example',
      'htttp://app.example',
      'capacitor://localhost',
      'app://x',
      'tauri://localhost',
    ];
    expect(buildPolicy({ origin })).toMatchObject({
      errors: [],
      warnings: [
        problem('origin_scheme_typo', 'origin[0]', 'htps://app.example', 'https://app.example'),
        problem('origin_scheme_typo', 'origin[1]', 'htttp://app.example', 'http://app.example'),
      ],
    });
  });

  it.each<Row & { readonly title: string }>([
    {
      title: 'no level states an origin',
      levels: [
        ['module', { maxAge: 5 }],
        ['handler', {}],
      ],
      problems: [['handler', 'origin_missing', 'origin']],
    },
    {
      title: "credentials far, origin '*' near",
      levels: [
        ['module', { origin: A, credentials: true }],
        ['controller', {}],
        ['handler', { origin: '*' }],
      ],
      problems: [['handler', 'origin_any_with_credentials', 'origin']],
    },
    {
      title: "origin '*' far, credentials near",
      levels: [
        ['module', { origin: '*' }],
        ['controller', { credentials: true }],
        ['handler', { maxAge: 5 }],
      ],
      problems: [['controller', 'origin_any_with_credentials', 'origin']],
    },
    {
      title: "origin '*' and credentials at one level",
      levels: [['module', { origin: '*', credentials: true }]],
      problems: [['module', 'origin_any_with_credentials', 'origin']],
    },
    {
      title: 'every request header with credentials',
      levels: [
        ['module', { origin: A, allowedHeaders: '*' }],
        ['handler', { credentials: true }],
      ],
      problems: [['handler', 'request_headers_any_with_credentials', 'allowedHeaders']],
    },
    {
      title: 'every response header with credentials',
      levels: [
        ['module', { origin: A, credentials: true }],
        ['controller', { exposedHeaders: '*' }],
      ],
      problems: [['controller', 'response_headers_any_with_credentials', 'exposedHeaders']],
    },
    {
      title: 'all three at once',
      levels: [
        ['module', { origin: '*', allowedHeaders: '*' }],
        ['controller', { exposedHeaders: '*' }],
        ['handler', { credentials: true }],
      ],
      problems: [
        ['handler', 'origin_any_with_credentials', 'origin'],
        ['handler', 'request_headers_any_with_credentials', 'allowedHeaders'],
        ['handler', 'response_headers_any_with_credentials', 'exposedHeaders'],
      ],
    },
    {
      title: "origin '*' with nothing left to reject",
      levels: [
        ['module', { origin: '*' }],
        ['controller', { rejectDisallowed: true }],
      ],
      problems: [['controller', 'origin_any_rejecting', 'origin']],
    },
    {
      title: "nothing left to reject, with '*' nearer",
      levels: [
        ['module', { origin: A, rejectDisallowed: true }],
        ['controller', { origin: '*' }],
      ],
      problems: [['controller', 'origin_any_rejecting', 'origin']],
    },
    {
      title: "what only pages of the site may embed, with '*' farther",
      levels: [
        ['module', { origin: '*' }],
        ['controller', { resourcePolicy: 'same-site' }],
      ],
      problems: [['controller', 'resource_policy_with_any', 'resourcePolicy']],
    },
    {
      title: "what only the app's own pages may embed, with '*' nearer",
      levels: [
        ['module', { origin: A, resourcePolicy: 'same-origin' }],
        ['handler', { origin: '*' }],
      ],
      problems: [['handler', 'resource_policy_with_any', 'resourcePolicy']],
    },
    {
      title: "what every page may embed, with '*'",
      levels: [['module', { origin: '*', resourcePolicy: 'cross-origin', timing: true }]],
      problems: [],
    },
    {
      title: "what only the app's own pages may embed, with a list or without access",
      levels: [
        ['module', { origin: A, resourcePolicy: 'same-origin' }],
        ['handler', { origin: false }],
      ],
      problems: [],
    },
    {
      title: 'an insecure origin',
      levels: [
        ['module', { origin: [A, 'http://b.example'] }],
        ['handler', { maxAge: 5 }],
      ],
      problems: [['module', 'origin_insecure', 'origin[1]']],
    },
    {
      title: 'an insecure origin that only a nearer level forbids',
      levels: [
        ['module', { origin: ['http://b.example'], dangerouslyAllowInsecureOrigins: true }],
        ['controller', { dangerouslyAllowInsecureOrigins: false }],
        ['handler', {}],
      ],
      problems: [['controller', 'origin_insecure', 'origin[0]']],
    },
    {
      title: 'an insecure origin that is added',
      levels: [
        ['module', { origin: [A], dangerouslyAllowInsecureOrigins: false }],
        ['handler', { origin: add('https://c.example', 'http://b.example') }],
      ],
      problems: [['handler', 'origin_insecure', 'origin[1]']],
    },
    {
      title: 'a pattern over a public suffix',
      levels: [
        ['module', { origin: ['https://*.github.io'] }],
        ['handler', {}],
      ],
      problems: [['module', 'origin_public_suffix', 'origin[0]']],
    },
    {
      title: 'a pattern over a public suffix that only a nearer level forbids',
      levels: [
        ['module', { origin: ['https://*.com'], dangerouslyAllowPublicSuffixPatterns: true }],
        ['handler', { dangerouslyAllowPublicSuffixPatterns: false }],
      ],
      problems: [['handler', 'origin_public_suffix', 'origin[0]']],
    },
    {
      title: 'a pattern with credentials that a nearer level turns on',
      levels: [
        ['module', { origin: [A, 'https://*.b.example'] }],
        ['handler', { credentials: true }],
      ],
      problems: [['handler', 'origin_pattern_with_credentials', 'origin[1]']],
    },
    {
      title: 'a pattern that is added where credentials are on',
      levels: [
        ['module', { origin: [A], credentials: true }],
        ['handler', { origin: add('https://*.b.example') }],
      ],
      problems: [['handler', 'origin_pattern_with_credentials', 'origin[0]']],
    },
    {
      title: 'any port of a public host',
      levels: [
        ['module', { origin: ['https://b.example:*'] }],
        ['handler', { credentials: true }],
      ],
      problems: [['module', 'origin_any_port', 'origin[0]']],
    },
    {
      title: 'an origin that is added a second time',
      levels: [
        ['module', { origin: [A] }],
        ['controller', { origin: add('https://b.example', A) }],
      ],
      problems: [['controller', 'origin_duplicate', 'origin[1]']],
    },
    {
      title: 'an origin that two levels have already: told once',
      levels: [
        ['module', { origin: [A] }],
        ['controller', { origin: add('https://*.b.example', A) }],
        ['handler', { origin: add(A, 'https://x.b.example') }],
      ],
      problems: [
        ['controller', 'origin_duplicate', 'origin[1]'],
        ['handler', 'origin_duplicate', 'origin[0]'],
        ['handler', 'origin_subsumed', 'origin[1]'],
      ],
    },
    {
      title: 'an origin that is added though an inherited pattern covers it',
      levels: [
        ['module', { origin: ['https://*.b.example'] }],
        ['handler', { origin: add('https://x.b.example') }],
      ],
      problems: [['handler', 'origin_subsumed', 'origin[0]']],
    },
  ])('$title', row => {
    expectProblems(row);
  });

  it.each<{ readonly title: string; readonly levels: readonly LevelOptions[] }>([
    { title: "origin '*' without credentials", levels: [['module', { origin: '*' }]] },
    {
      title: "origin '*' that turns inherited credentials off",
      levels: [
        ['module', { origin: A, credentials: true }],
        ['handler', { origin: '*', credentials: false }],
      ],
    },
    {
      title: 'origin: false with credentials and rejectDisallowed',
      levels: [['module', { origin: false, credentials: true, rejectDisallowed: true }]],
    },
    {
      title: 'insecure origins that are permitted',
      levels: [['module', { origin: ['http://b.example'], dangerouslyAllowInsecureOrigins: true }]],
    },
    {
      title: 'insecure origins that are permitted nearer',
      levels: [
        ['module', { origin: ['http://b.example'] }],
        ['handler', { dangerouslyAllowInsecureOrigins: true }],
      ],
    },
    {
      title: 'http origins that are loopback',
      levels: [
        [
          'module',
          {
            origin: [
              'http://localhost:3000',
              'http://app.localhost',
              'http://*.localhost:*',
              'http://127.1.2.3:8080',
              'http://[::1]:*',
            ],
          },
        ],
      ],
    },
    {
      title: 'a pattern over a public suffix that is permitted',
      levels: [['module', { origin: ['https://*.github.io'], dangerouslyAllowPublicSuffixPatterns: true }]],
    },
    {
      title: 'a host that is a public suffix, without a wildcard',
      levels: [['module', { origin: ['https://github.io', 'https://x.github.io'] }]],
    },
    {
      title: 'a pattern under a registered name',
      levels: [['module', { origin: ['https://*.me.github.io', 'https://*.example.co.uk'] }]],
    },
    {
      title: 'exact origins with credentials',
      levels: [['module', { origin: [A, 'https://b.example:8443'], credentials: true }]],
    },
    {
      title: 'origins of other schemes',
      levels: [['module', { origin: ['capacitor://localhost', 'app://x'], credentials: true }]],
    },
    {
      title: 'a pattern that widens what is inherited',
      levels: [
        ['module', { origin: ['https://x.b.example'] }],
        ['handler', { origin: add('https://*.b.example') }],
      ],
    },
    {
      title: 'an origin that a nearer list states again in place of the inherited one',
      levels: [
        ['module', { origin: [A] }],
        ['handler', { origin: [A] }],
      ],
    },
  ])('finds nothing wrong with $title', ({ levels }) => {
    expectProblems({ levels, problems: [] });
  });

  it('a policy asks one resolver: a second is an error of the level that adds it', () => {
    const [one, other] = [() => true, () => false];
    const levels: readonly LevelOptions[] = [
      ['module', { origin: [A, one] }],
      ['controller', { origin: add('https://b.example') }],
      ['handler', { origin: add(other) }],
    ];
    expectProblems({ levels, problems: [['handler', 'resolver_twice', 'origin']] });
    expect(buildRoute(levels).errors.map(({ value }) => value)).toEqual([other]);
    expectProblems({ levels: levels.slice(0, 2), problems: [] });
    expectProblems({
      levels: [
        ['module', { origin: one }],
        ['handler', { origin: other }],
      ],
      problems: [],
    });
  });

  it.each([
    'https://*.com',
    'https://*.co.uk',
    'https://*.github.io',
    'https://*.vercel.app',
    'https://*.internal',
    'https://*.com:8443',
  ])('refuses %s, under which anyone can register a host', origin => {
    const options = { origin: [origin], dangerouslyAllowInsecureOrigins: true };
    expect(buildPolicy(options).errors).toEqual([problem('origin_public_suffix', 'origin[0]', origin)]);
  });

  it.each([
    ['http://b.example', 'https://b.example'],
    ['http://b.example:8080', 'https://b.example:8080'],
    ['http://b.example:443', 'https://b.example'],
    ['http://*.b.example', 'https://*.b.example'],
    ['http://128.0.0.1', 'https://128.0.0.1'],
    ['http://localhost.b.example', 'https://localhost.b.example'],
    ['http://[2001:db8::1]:8080', 'https://[2001:db8::1]:8080'],
  ])('refuses %s, and proposes %s', (origin, fix) => {
    expect(buildPolicy({ origin }).errors).toEqual([problem('origin_insecure', 'origin[0]', origin, fix)]);
  });

  it('derives no second problem from an option that is wrong in itself', () => {
    const { errors, warnings } = buildPolicy({
      origin: ['http://b.example', 'https://*.com'],
      credentials: 'yes',
      dangerouslyAllowInsecureOrigins: 'yes',
      dangerouslyAllowPublicSuffixPatterns: 'yes',
      rejectDisallowed: 'yes',
    });
    expect([errors.map(({ path }) => path), warnings]).toEqual([
      ['credentials', 'rejectDisallowed', 'dangerouslyAllowInsecureOrigins', 'dangerouslyAllowPublicSuffixPatterns'],
      [],
    ]);
    expect(buildPolicy({ origin: '*', rejectDisallowed: 'yes' })).toEqual({
      errors: [problem('boolean_type', 'rejectDisallowed', 'yes', 'true')],
      warnings: [],
    });
    expect(buildPolicy({ origin: '', credentials: true }).errors).toEqual([problem('origin_empty', 'origin', '')]);
  });
});

describe('In production', () => {
  it('warns of loopback origins of the web', () => {
    const origin = ['http://localhost:3000', A, 'https://app.localhost', 'http://127.0.0.1:*', 'capacitor://localhost'];
    const levels: readonly LevelOptions[] = [
      ['module', { origin }],
      ['handler', { credentials: true }],
    ];
    const problems: readonly PlacedProblem[] = [
      ['module', 'origin_loopback_in_production', 'origin[0]'],
      ['module', 'origin_loopback_in_production', 'origin[2]'],
      ['module', 'origin_loopback_in_production', 'origin[3]'],
    ];
    expectProblems({ levels, problems }, true);
    expectProblems({ levels, problems: [] }, false);
  });
});

describe('A check for one app', () => {
  it('judges an inherited list anew for each combination of the options it is judged with', () => {
    const check = createMergedPolicyCheck({ production: false });
    const module = levelOf('module', { origin: ['http://b.example', 'https://*.c.example'] });
    const problemsWith = (options: object) => {
      const levels = [module, levelOf('handler', options)];
      const found: PlacedProblem[] = [];
      const report = (level: Level | undefined, { code, path }: { code: string; path: string }) =>
        found.push([level?.source, code, path]);
      check(mergeLevels(levels, report), levels, report);
      return found;
    };

    const insecure = ['module', 'origin_insecure', 'origin[0]'];
    const pattern = ['handler', 'origin_pattern_with_credentials', 'origin[1]'];
    expect(problemsWith({})).toEqual([insecure]);
    expect(problemsWith({ credentials: true })).toEqual([insecure, pattern]);
    expect(problemsWith({ dangerouslyAllowInsecureOrigins: true })).toEqual([]);
    expect(problemsWith({ dangerouslyAllowInsecureOrigins: true, credentials: true })).toEqual([pattern]);
    expect(problemsWith({})).toEqual([insecure]);
  });

  function levelOf(source: 'module' | 'handler', options: object): Level {
    return { source, options: readPolicy(options, () => undefined) };
  }
});

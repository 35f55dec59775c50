import fc from 'fast-check';
import { corsOptionsFromFile, type CorsConfigurationError, type CorsModuleOptions } from 'nestjs-cors';
import { stringify } from 'yaml';
import { configurationErrorOf } from '../support/app.js';
import { removeFiles, writeTempFile } from '../support/files.js';
import { runs } from '../support/property.js';

afterEach(removeFiles);

interface Policy {
  origin: string[];
  methods?: string[];
  allowedHeaders?: string[];
  maxAge?: number;
  rejectDisallowed?: boolean;
}

interface Options extends Policy {
  policies: Record<string, Policy>;
  routes: { path: string; policy: Policy | string | false }[];
}

const label = fc.stringMatching(/^[a-z]{1,8}$/);
const policy: fc.Arbitrary<Policy> = fc.record(
  {
    origin: fc.array(
      label.map(each => `https://${each}.example`),
      { minLength: 1, maxLength: 5 },
    ),
    methods: fc.subarray(['GET', 'PUT', 'PURGE'], { minLength: 1 }),
    allowedHeaders: fc.array(
      label.map(each => `x-${each}`),
      { maxLength: 4 },
    ),
    maxAge: fc.nat({ max: 86_400 }),
    rejectDisallowed: fc.boolean(),
  },
  { requiredKeys: ['origin'] },
);
const NAMES = ['public', 'a.b', 'a[0]', 'x: y', '# no', "it's", '*', 'true', '404', 'ünï', ' ', 'path', 'constructor'];
const options: fc.Arbitrary<Options> = fc
  .record({
    module: policy,
    policies: fc.dictionary(fc.constantFrom(...NAMES), policy, { maxKeys: 4 }),
    routes: fc.array(fc.oneof(policy, fc.constantFrom<string | false>(false, ...NAMES)), { maxLength: 4 }),
  })
  .map(({ module, policies, routes }) => ({
    ...module,
    policies,
    routes: routes.map((each, index) => ({
      path: `/path-${String(index)}`,
      policy: typeof each === 'string' && !Object.hasOwn(policies, each) ? false : each,
    })),
  }));

/** Writes one error into valid options; `mark` stands in the file once, where the error is. */
type Mistake = readonly [code: string, mark: string, make: (options: Options, at: number) => boolean];

/** A mistake in some policy of the options: the module's, a named one, or a rule's. */
function inPolicy(code: string, mark: string, make: (policy: Policy, at: number) => void): Mistake {
  return [
    code,
    mark,
    (all, at) => {
      const policies = [all, ...Object.values(all.policies), ...all.routes.map(rule => rule.policy)];
      const target = policies[at % policies.length];
      if (typeof target !== 'object') return false;
      make(target, at);
      return true;
    },
  ];
}

function insert(list: string[] | undefined, at: number, value: string): string[] {
  return (list ?? []).toSpliced(at % ((list ?? []).length + 1), 0, value);
}

function inRule(code: string, mark: string, make: (rule: Options['routes'][number]) => void): Mistake {
  return [
    code,
    mark,
    ({ routes }, at) => {
      const rule = routes[at % routes.length];
      if (rule !== undefined) make(rule);
      return rule !== undefined;
    },
  ];
}

const MISTAKES: readonly Mistake[] = [
  inPolicy('origin_path', 'https://wrong.example/', (each, at) => {
    each.origin = insert(each.origin, at, 'https://wrong.example/');
  }),
  // Told once the policies are merged.
  inPolicy('origin_insecure', 'http://wrong.example', (each, at) => {
    each.origin = insert(each.origin, at, 'http://wrong.example');
  }),
  inPolicy('method_invalid', 'WRONG METHOD', (each, at) => {
    each.methods = insert(each.methods, at, 'WRONG METHOD');
  }),
  inPolicy('header_invalid', 'wrong header', (each, at) => {
    each.allowedHeaders = insert(each.allowedHeaders, at, 'wrong header');
  }),
  inPolicy('max_age', '987654321', each => {
    each.maxAge = 987_654_321;
  }),
  inPolicy('option_unknown', 'wrongOption', each => {
    Object.assign(each, { wrongOption: null });
  }),
  inRule('rule_path', '/wrong/(', rule => {
    rule.path = '/wrong/(';
  }),
  inRule('policy_unknown', 'wrong policy', rule => {
    rule.policy = 'wrong policy';
  }),
  inRule('option_unknown', 'wrongOption', rule => {
    Object.assign(rule, { wrongOption: 1 });
  }),
];

/** A file of the options; which lines are followed by an empty one, and in YAML by a comment. */
const rendering = fc.record({
  noise: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
  lineBreak: fc.constantFrom('\n', '\r\n'),
  format: fc.oneof(
    fc.record({ name: fc.constant('cors.json'), indent: fc.constantFrom<string | number>('', 2, '\t') }),
    fc.record({
      name: fc.constantFrom('cors.yaml', 'cors.yml'),
      indent: fc.nat({ max: 3 }).map(each => each + 1),
      collectionStyle: fc.constantFrom('any' as const, 'flow' as const),
      defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
      indentSeq: fc.boolean(),
    }),
  ),
});
type Rendering = typeof rendering extends fc.Arbitrary<infer T> ? T : never;

function render(value: Options, { noise, lineBreak, format }: Rendering): string {
  const yaml = 'collectionStyle' in format;
  const text = yaml
    ? stringify(value, { ...format, lineWidth: 0, aliasDuplicateObjects: false })
    : JSON.stringify(value, null, format.indent);
  return text
    .split('\n')
    .flatMap((line, index) => [
      line,
      ...(noise[index % noise.length] === true ? ['', ...(yaml ? ['# note'] : [])] : []),
    ])
    .join(lineBreak);
}

it('A mistake in any entry of any file is told at its line', async () => {
  const told = new Set<string>();
  await fc.assert(
    fc.asyncProperty(options, rendering, fc.constantFrom(...MISTAKES), fc.nat(), async (valid, as, mistake, at) => {
      const [code, mark, make] = mistake;
      const wrong = structuredClone(valid);
      fc.pre(make(wrong, at));
      const text = render(wrong, as);
      const file = writeTempFile(as.format.name, text);

      const { issues } = await errorOf(corsOptionsFromFile(file));

      expect(issues.map(issue => issue.code)).toEqual([code]);
      const place = issues[0]?.location.file ?? '';
      expect(place.startsWith(`${file}:`)).toBe(true);
      const [line = 0, column = 0] = place
        .slice(file.length + 1)
        .split(':')
        .map(Number);
      expect(line).toBe(text.slice(0, text.indexOf(mark)).split('\n').length);
      // The place is that of the key or of the entry, and the mark stands there.
      expect((text.split('\n')[line - 1] ?? '').slice(column - 1)).toContain(mark);
      told.add(`${code} ${issues[0]?.location.level ?? ''}`);
    }),
    runs(300),
  );

  // No kind of mistake was missed, and none of the levels.
  for (const [code] of MISTAKES) expect([...told].some(each => each.startsWith(code))).toBe(true);
  for (const level of ['module', 'policy', 'route']) expect(told).toContain(`origin_insecure ${level}`);
});

it('A file without a mistake boots', async () => {
  await fc.assert(
    fc.asyncProperty(options, rendering, async (valid, as) => {
      const cors = corsOptionsFromFile(writeTempFile(as.format.name, render(valid, as)));
      await expect(errorOf(cors)).rejects.toThrow('the app booted');
    }),
    runs(50),
  );
});

function errorOf(cors: CorsModuleOptions): Promise<CorsConfigurationError> {
  return configurationErrorOf({ cors });
}

import { pathToFileURL } from 'node:url';
import { Controller, Get, Put } from '@nestjs/common';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import {
  Cors,
  CorsConfigurationError,
  CorsModule,
  CorsService,
  corsOptionsFromFile,
  originsFromEnv,
  type CorsModuleAsyncOptions,
  type CorsModuleOptions,
} from 'nestjs-cors';
import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { closeApps, configurationErrorOf, createApp, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { removeFiles, writeTempFile } from '../support/files.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }

  @Cors('public')
  @Get('public')
  public() {
    return ran('public');
  }
}

@Controller('dogs')
class DogsController {
  @Get()
  list() {
    return ran('list');
  }
}

afterEach(closeApps);
afterEach(removeFiles);

/** A `ConfigModule` with these variables and nothing of the process. */
const configured = (variables: Readonly<Record<string, unknown>>) =>
  ConfigModule.forRoot({ ignoreEnvFile: true, ignoreEnvVars: true, load: [() => variables] });

function fromEnvironment(variables: Readonly<Record<string, unknown>>): CorsModuleAsyncOptions {
  return {
    imports: [configured(variables)],
    inject: [ConfigService],
    useFactory: (config: ConfigService) => ({ origin: originsFromEnv('CORS_ORIGINS', config), credentials: true }),
  };
}

const YAML = `# Who may call.
origin:
  - ${APP} # the shop
  - ${ADMIN}
credentials: true
policies:
  public: { origin: '*', methods: GET }
routes:
  - path: /graphql
    policy:
      allowedHeaders: [content-type, authorization]
`;
const JSON_TEXT = JSON.stringify({
  origin: [APP, ADMIN],
  credentials: true,
  policies: { public: { origin: '*', methods: 'GET' } },
  routes: [{ path: '/graphql', policy: { allowedHeaders: ['content-type', 'authorization'] } }],
});

describe.each(PLATFORMS)('An environment variable on %s', platform => {
  it.each([
    ['commas', `${APP},${ADMIN}`],
    ['commas, white space and lines', `\n  ${APP} ,\n\t${ADMIN},\n`],
  ])('is the allowlist, with %s between its origins', async (_separators, value) => {
    const app = await startApp({
      platform,
      imports: [CorsModule.forRootAsync(fromEnvironment({ CORS_ORIGINS: value }))],
      controllers: [DogsController],
    });

    for (const origin of [APP, ADMIN]) {
      expect(await observe(app, { path: '/dogs', headers: { Origin: origin } })).toEqual({
        status: 200,
        cors: readable(origin, { credentials: true }),
        ran: ['list'],
      });
    }
    expect(await observe(app, { path: '/dogs', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['list'],
    });
    expect(await observe(app, preflightOf('/dogs', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['is unset', {}, 'environment_empty'],
    ['is empty', { CORS_ORIGINS: '' }, 'environment_empty'],
    ['is an asterisk', { CORS_ORIGINS: '*' }, 'environment_any'],
    ['has an entry with an error', { CORS_ORIGINS: `${APP},${ADMIN}/` }, 'origin_path'],
  ])('keeps the app from booting when it %s', async (_what, variables, code) => {
    const booting = createApp({
      platform,
      imports: [CorsModule.forRootAsync(fromEnvironment(variables))],
      controllers: [DogsController],
    });
    const error: unknown = await booting.catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect((error as CorsConfigurationError).issues).toEqual([
      expect.objectContaining({ code, location: { level: 'environment', variable: 'CORS_ORIGINS' } }),
    ]);
    expect((error as Error).message).toContain('the environment variable CORS_ORIGINS\n  CORS_ORIGINS');
  });
});

describe.each(PLATFORMS)('A file of options on %s', platform => {
  const WAYS: readonly (readonly [way: string, text: string, name: string, make: (file: string) => AppOptions])[] = [
    ['YAML, in forRoot()', YAML, 'cors.yaml', file => ({ cors: corsOptionsFromFile(file) })],
    ['YAML by URL, in forRoot()', YAML, 'cors.yml', file => ({ cors: corsOptionsFromFile(pathToFileURL(file)) })],
    ['JSON, in forRoot()', JSON_TEXT, 'cors.json', file => ({ cors: corsOptionsFromFile(file) })],
    [
      'JSON, in forRootAsync()',
      JSON_TEXT,
      'cors.json',
      file => ({ imports: [CorsModule.forRootAsync({ useFactory: () => corsOptionsFromFile(file) })] }),
    ],
  ];

  it.each(WAYS)('is the policy: %s', async (_way, text, name, make) => {
    const app = await startApp({ platform, controllers: [CatsController], ...make(writeTempFile(name, text)) });

    expect(await observe(app, { path: '/cats', headers: { Origin: ADMIN } })).toEqual({
      status: 200,
      cors: readable(ADMIN, { credentials: true }),
      ran: ['list'],
    });
    expect(await observe(app, { path: '/cats/public', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: PUBLIC,
      ran: ['public'],
    });
    expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, preflightOf('/graphql', APP, 'POST', 'authorization'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'POST', headers: 'content-type, authorization', credentials: true }),
      ran: [],
    });
  });

  it('may be completed from the environment, in a namespace of ConfigModule', async () => {
    const file = writeTempFile('cors.yaml', 'origin: false\nmaxAge: 60\n');
    const cors = registerAs('cors', () => corsOptionsFromFile(file));
    const imports = [ConfigModule.forRoot({ ignoreEnvFile: true, ignoreEnvVars: true, load: [cors] })];
    const app = await startApp({
      platform,
      imports: [
        CorsModule.forRootAsync({
          imports,
          inject: [ConfigService],
          useFactory: (config: ConfigService) => ({
            ...config.getOrThrow<CorsModuleOptions>('cors'),
            origin: originsFromEnv('CORS_ORIGINS', { CORS_ORIGINS: ADMIN }),
          }),
        }),
      ],
      controllers: [DogsController],
    });

    expect(await observe(app, preflightOf('/dogs', ADMIN, 'GET'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD', maxAge: '60' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/dogs', APP, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  describe.each<[way: string, make: (options: () => CorsModuleOptions) => AppOptions]>([
    ['forRoot()', options => ({ cors: options() })],
    ['forRootAsync()', options => ({ imports: [CorsModule.forRootAsync({ useFactory: options })] })],
    [
      'forRootAsync() with ConfigModule',
      options => ({
        imports: [
          CorsModule.forRootAsync({
            imports: [configured({ cors: options() })],
            inject: [ConfigService],
            useFactory: (config: ConfigService) => config.getOrThrow<CorsModuleOptions>('cors'),
          }),
        ],
      }),
    ],
    ['a spread', options => ({ cors: { ...options(), debug: false } })],
  ])('tells the place of every problem by %s', (_way, make) => {
    const placesOf = async (name: string, text: string, controllers: AppOptions['controllers'] = [DogsController]) => {
      const file = writeTempFile(name, text);
      const error = await configurationErrorOf({ platform, controllers, ...make(() => corsOptionsFromFile(file)) });
      return error.issues.map(({ path, code, location }) => [
        location.level,
        location.file?.replace(file, name),
        path,
        code,
      ]);
    };

    it('of the options themselves', async () => {
      const text = `origin:
  - ${APP}
  - ${ADMIN}/
  - http://intranet.example
orgin: x
maxAge: -1
methods: GET, TRACE
policies:
  public:
    origin: '*'
    credentials: yes
  partner:
    methods: [GET]
routes:
  - graphql
  - path: /static
    policy: { exposedHeaders: [ok, set-cookie] }
  - path: '/a/(b'
    policy: pubic
  - path: /none
    polcy: public
`;
      expect(await placesOf('cors.yaml', text)).toEqual([
        ['module', 'cors.yaml:5:1', 'orgin', 'option_unknown'],
        ['module', 'cors.yaml:3:5', 'origin[1]', 'origin_path'],
        ['module', 'cors.yaml:7:1', 'methods', 'method_forbidden'],
        ['module', 'cors.yaml:6:1', 'maxAge', 'max_age'],
        ['policy', 'cors.yaml:11:5', 'credentials', 'boolean_type'],
        ['module', 'cors.yaml:15:5', 'routes[0]', 'routes_type'],
        ['route', 'cors.yaml:17:36', 'exposedHeaders[1]', 'response_header_forbidden'],
        ['route', 'cors.yaml:19:5', '', 'policy_unknown'],
        ['module', 'cors.yaml:21:5', 'routes[3].polcy', 'option_unknown'],
        ['route', 'cors.yaml:20:5', 'routes[3]', 'rule_without_policy'],
        ['module', 'cors.yaml:4:5', 'origin[2]', 'origin_insecure'],
        ['policy', 'cors.yaml:12:3', 'origin', 'origin_missing'],
        ['route', 'cors.yaml:18:5', 'routes[2].path', 'rule_path'],
      ]);
    });

    it('of others, inline and by name', async () => {
      const text = `origin: [${APP}]
others:
  origin:
    - ${ADMIN}/
  rejectDisallowed: true
policies:
  partner:
    origin: [${APP}]
    others: nobody
routes:
  - path: /files
    policy:
      origin: [${APP}]
      others:
        maxAge: -1
        origin: http://a.example
`;
      expect(await placesOf('cors.yaml', text)).toEqual([
        ['module', 'cors.yaml:4:7', 'others.origin[0]', 'origin_path'],
        ['route', 'cors.yaml:15:9', 'others.maxAge', 'max_age'],
        ['module', 'cors.yaml:5:3', 'others.rejectDisallowed', 'others_option'],
        ['policy', 'cors.yaml:9:5', 'others', 'policy_unknown'],
        ['route', 'cors.yaml:16:9', 'others.origin[0]', 'origin_insecure'],
      ]);
    });

    it('that only shows when policies are merged', async () => {
      const text = `{
  "origin": "*",
  "policies": {
    "admin": { "origin": "${ADMIN}", "credentials": true },
    "all": {
      "origin": "*",
      "credentials": true
    }
  },
  "routes": [
    { "path": "/upload", "policy": { "credentials": true } },
    { "path": "/upload", "policy": { "credentials": true } },
    { "path": "/files", "policy": "all" }
  ]
}`;
      expect(await placesOf('cors.json', text)).toEqual([
        ['policy', 'cors.json:6:7', 'origin', 'origin_any_with_credentials'],
        ['route', 'cors.json:11:26', 'origin', 'origin_any_with_credentials'],
        ['route', 'cors.json:12:26', 'origin', 'origin_any_with_credentials'],
      ]);
    });

    it('of what the file does not state', async () => {
      expect(await placesOf('cors.yaml', '# none yet\n\ncredentials: true\n')).toEqual([
        ['module', 'cors.yaml:3:1', 'origin', 'origin_missing'],
      ]);
    });

    it('and not of what a decorator states', async () => {
      @Controller('birds')
      class BirdsController {
        @Cors({ origin: '*' })
        @Get()
        list() {}

        @Cors('public', { credentials: true })
        @Put()
        replace() {}
      }
      const text = `origin: ${APP}\ncredentials: true\npolicies:\n  public:\n    origin: '*'\n`;
      expect(await placesOf('cors.yaml', text, [BirdsController])).toEqual([
        ['handler', undefined, 'origin', 'origin_any_with_credentials'],
        ['handler', undefined, 'origin', 'origin_any_with_credentials'],
      ]);
    });
  });

  it('tells the place in the message', async () => {
    const file = writeTempFile('cors.yaml', `origin:\n  - ${APP}/\nroutes:\n  - path: /graphql\n    policy: publik\n`);
    const error = await configurationErrorOf({ platform, cors: corsOptionsFromFile(file) });

    expect(error.issues[0]?.message).toBe(
      `Invalid origin[0] "${APP}/" in CorsModule.forRoot() (${file}:2:5): ${PROBLEMS.origin_path.problem}.`,
    );
    expect(error.message).toBe(
      [
        'the CORS configuration has 2 errors',
        '',
        `CorsModule.forRoot() (${file}:2:5)`,
        `  origin[0] "${APP}/" ${PROBLEMS.origin_path.problem} [origin_path]`,
        `    ${hintOf('origin_path', APP)}`,
        '',
        `CorsModule.forRoot(), rule for /graphql (${file}:5:5)`,
        `  "publik" ${PROBLEMS.policy_unknown.problem} [policy_unknown]`,
        `    ${hintOf('policy_unknown', undefined)}`,
        '',
        'See node_modules/nestjs-cors/docs/issues.md#origin_path, #policy_unknown',
        '',
      ].join('\n'),
    );
  });

  it('tells the place of a warning', async () => {
    const file = writeTempFile('cors.yaml', `credentials: true\norigin: [${APP}, "https://*.preview.example"]\n`);
    const app = await startApp({ platform, cors: corsOptionsFromFile(file), controllers: [DogsController] });

    expect(app.get(CorsService).warnings).toEqual([
      expect.objectContaining({
        code: 'origin_pattern_with_credentials',
        location: { level: 'module', file: `${file}:2:31` },
      }),
    ]);
  });

  it('tells no place of what replaces the value of the file', async () => {
    const file = writeTempFile('cors.yaml', `origin: ${APP}\nmaxAge: 60\npolicies:\n  public:\n    origin: '*'\n`);
    const options = corsOptionsFromFile(file);
    const { policies } = options;
    const error = await configurationErrorOf({
      platform,
      cors: {
        ...options,
        origin: [`${ADMIN}/`],
        maxAge: -60,
        debugg: true,
        policies: { ...policies, public: { origin: '*', credentials: true }, partner: { origin: [] } },
      } as CorsModuleOptions,
    });

    expect(error.issues.map(({ code, location }) => [code, location])).toEqual([
      ['option_unknown', { level: 'module' }],
      ['origin_path', { level: 'module' }],
      ['max_age', { level: 'module' }],
      ['origin_empty', { level: 'policy', policy: 'partner' }],
      // The asterisk is still the file's.
      ['origin_any_with_credentials', { level: 'policy', policy: 'public', file: `${file}:5:5` }],
    ]);
  });

  it('keeps the app from booting when it cannot be read, in forRootAsync()', async () => {
    const useFactory = () => corsOptionsFromFile(writeTempFile('cors.yaml', 'origin: *\n'));
    const error: unknown = await createApp({
      platform,
      imports: [CorsModule.forRootAsync({ useFactory })],
    }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect((error as CorsConfigurationError).issues).toEqual([expect.objectContaining({ code: 'file_alias' })]);
  });
});

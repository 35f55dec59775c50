import { Controller, Get, Put, RequestMethod, type INestApplication } from '@nestjs/common';
import { CorsModule, corsOptionsFromFile, CorsService, originsFromEnv, type CorsIssue } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS, type Platform } from '../support/app.js';
import { removeFiles, writeTempFile } from '../support/files.js';
import { issuesOf, typeHints, type Author, type Written } from '../support/type-hints.js';

/** Options as public apps pass them to `enableCors()`, with neutral values, and what was meant by them. */
interface Shape extends Partial<Author> {
  readonly written: Written;
  /** Origins that must be let in. */
  readonly lets?: readonly string[];
  /** Which origins were meant; by default those that must be let in, and those of the author. */
  readonly meant?: (origin: string) => boolean;
  readonly policy?: Readonly<Record<string, unknown>>;
}

const APP = 'https://app.example.com';
const ADMIN = 'https://admin.example.com';
const DEV = 'http://localhost:3000';
const MOZ = 'moz-extension://0f3a9c1e-5b7d-4e2a-9c1d-2f6b8a4e7c10';
const CHROME = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop';

/** Everything that is asked for: what was meant by some shape, and what looks like it. */
const UNIVERSE: readonly string[] = [
  ...[APP, ADMIN, DEV, MOZ, CHROME, 'https://example.com', 'https://a.b.example.com', 'https://app.example.com:8443'],
  ...['http://app.example.com', 'https://example.org', 'https://app2.example.com', 'https://app-1.example.com'],
  ...['https://my-app-1.example.com', 'https://my-app-a.b.example.com', 'https://xmy-app-1.example.com'],
  ...['https://my-app-1.vercel.app', 'https://evil.vercel.app', 'https://vercel.app', 'https://evil-example.com'],
  ...[
    'https://example.com.evil.net',
    'https://app.example.com.evil.net',
    'https://appxexample.com',
    'https://evil.net',
  ],
  ...['https://app-example.com', 'https://app.examplexcom', 'https://exampleycom', 'https://wwwexample.com'],
  ...[
    'http://localhost',
    'http://localhost:4200',
    'https://localhost:3000',
    'http://localhost.evil.net',
    'http://127.0.0.1:3000',
  ],
  ...['capacitor://localhost', 'ionic://localhost', 'moz-extension://evil', 'http://192.168.1.5:3000', 'null'],
  ...['https://true', 'https://undefined', 'https://null', 'http://example.com', 'http://localhost:30001'],
];

const matches = (pattern: RegExp) => (origin: string) =>
  new RegExp(pattern.source, pattern.flags.replace('g', '')).test(origin);
const any = () => true;
const app = { lets: [APP] };
const both = { lets: [APP, ADMIN] };
const regExp = (pattern: RegExp, lets: readonly string[]): Shape => ({
  written: { origin: pattern },
  lets,
  meant: matches(pattern),
});
const subdomains = (origin: string) => /^https:\/\/(?:[^/]+\.)?example\.com$/.test(origin);

const SHAPES: Readonly<Record<string, Shape>> = {
  // --- lists in one text ---
  'a comma list': { written: { origin: `${APP},${ADMIN}` }, ...both },
  'a comma list with a space and a comma at the end': { written: { origin: `${APP}, ${ADMIN},` }, ...both },
  'a semicolon list': { written: { origin: `${APP}; ${ADMIN}` }, ...both },
  'a bar list': { written: { origin: `${APP}|${ADMIN}` }, ...both },
  'a JSON list': { written: { origin: JSON.stringify([APP, ADMIN]) }, ...both },
  'a JSON list of one': { written: { origin: JSON.stringify([APP]) }, ...app },
  'a list with a text of two': { written: { origin: [DEV, `${APP},${ADMIN}`] }, lets: [DEV, APP, ADMIN] },
  'a list of lists': { written: { origin: [[APP, ADMIN]] }, ...both },
  'a split with spaces': { written: { origin: `${APP}, ${ADMIN}`.split(',') }, ...both },
  'a split with an empty part': { written: { origin: `${APP},`.split(',') }, ...app },
  'a list spread badly': { written: { origin: [DEV, [APP, ADMIN]] }, lets: [DEV, APP, ADMIN] },
  'an empty entry': { written: { origin: [APP, ''] }, ...app },
  'a null origin': { written: { origin: null }, origins: [APP], ...app },
  'a Set': { written: { origin: new Set([APP, ADMIN]) }, ...both },
  'a URL': { written: { origin: new URL(`${APP}/login`) }, ...app },
  'a trailing comma': { written: { origin: `${APP},` }, ...app },
  'a list and an asterisk in one text': { written: { origin: `${APP},*` }, ...app },

  // --- characters ---
  'quotes inside': { written: { origin: `"${APP}"` }, ...app },
  'single quotes inside': { written: { origin: [`'${APP}'`] }, ...app },
  'smart quotes': { written: { origin: `\u201c${APP}\u201d` }, ...app },
  'a zero-width space': { written: { origin: [`${APP}\u200b`] }, ...app },
  'a byte order mark': { written: { origin: `\ufeff${APP}` }, ...app },
  'a non-breaking space': { written: { origin: [`${APP}\u00a0`] }, ...app },
  'a line break': { written: { origin: [`${APP}\n`] }, ...app },
  'a soft hyphen': { written: { origin: 'https://app.exam\u00adple.com' }, ...app },

  // --- origins that are nearly right ---
  'a slash at the end': { written: { origin: `${APP}/` }, ...app },
  'a path': { written: { origin: [`${APP}/login?x=1`] }, ...app },
  'a path with an asterisk': { written: { origin: [`${APP}/*`] }, ...app },
  'no scheme': { written: { origin: 'app.example.com' }, ...app },
  'no scheme, and a slash': { written: { origin: ['app.example.com/'] }, ...app },
  'two slashes for a scheme': { written: { origin: '//app.example.com' }, ...app },
  'no scheme, a host and a port': { written: { origin: 'localhost:3000' }, lets: [DEV] },
  'capitals and a default port': { written: { origin: 'HTTPS://App.Example.com:443/' }, ...app },
  'a user name': { written: { origin: 'https://me:secret@app.example.com' }, ...app },
  'a WebSocket': { written: { origin: 'wss://app.example.com' }, ...app },
  'a host that is not encrypted': { written: { origin: 'http://app.example.com' }, ...app },
  'a leading dot': { written: { origin: '.example.com' }, lets: [APP], meant: subdomains },

  // --- texts that are the names of values ---
  "the text 'true'": { written: { origin: 'true' }, origins: [APP], ...app },
  "the text 'false'": { written: { origin: 'false' }, policy: { origin: false } },
  "the text 'undefined'": { written: { origin: 'undefined' }, origins: [APP], ...app },
  "the text 'null'": { written: { origin: ['null', APP] }, ...app },
  true: { written: { origin: true, credentials: true }, origins: [APP], ...app },
  'an unset variable': { written: { origin: undefined }, origins: [APP], ...app },
  'an unset variable in a list': { written: { origin: [APP, undefined] }, ...app },
  'an empty variable': { written: { origin: '' }, origins: [APP], ...app },
  'text for booleans': {
    written: { origin: APP, credentials: 'true', rejectDisallowed: 'false' },
    ...app,
    policy: { credentials: true, rejectDisallowed: false },
  },
  'numbers for booleans': { written: { origin: APP, credentials: 0 }, ...app, policy: { credentials: false } },
  'text for a status': {
    written: { origin: APP, optionsSuccessStatus: '200' },
    ...app,
    policy: { optionsSuccessStatus: 200 },
  },

  // --- any origin ---
  nothing: {
    written: {},
    isPublic: true,
    meant: any,
    lets: [APP, 'https://evil.net'],
    policy: { origin: '*', credentials: false },
  },
  'methods alone': { written: { methods: ['GET'] }, isPublic: true, meant: any, lets: [APP, 'https://evil.net'] },
  'credentials alone': { written: { credentials: true }, origins: [APP], ...app, policy: { credentials: true } },
  'true in place of options': { written: true, isPublic: true, meant: any, lets: [APP, 'https://evil.net'] },
  'undefined in place of options': { written: undefined, isPublic: true, meant: any, lets: [APP] },
  'an asterisk beside others': {
    written: { origin: ['*', APP], credentials: true },
    ...app,
    policy: { origin: [APP] },
  },
  'an asterisk with credentials': { written: { origin: '*', credentials: true }, origins: [APP], ...app },
  'a public asterisk with credentials': {
    written: { origin: '*', credentials: true },
    isPublic: true,
    meant: any,
    lets: [APP],
    policy: { origin: '*', credentials: false },
  },
  'an origin in place of options': { written: APP, ...app },
  'a list in place of options': { written: [APP, ADMIN], ...both },

  'others that are any site': {
    written: { origin: [APP], credentials: true, others: '*' },
    meant: any,
    lets: [APP, 'https://evil.net'],
    policy: { credentials: true, others: { origin: '*', credentials: false } },
  },
  'others that are a list': {
    written: { origin: [APP], credentials: true, others: [ADMIN] },
    ...both,
    policy: { others: { origin: [ADMIN], credentials: false } },
  },
  'others that are true': {
    written: { origin: [APP], others: true },
    origins: [],
    isPublic: true,
    meant: any,
    lets: [APP, 'https://evil.net'],
  },
  'others beside any origin': {
    written: { origin: '*', others: { origin: [APP] } },
    isPublic: true,
    meant: any,
    lets: [APP, 'https://evil.net'],
  },
  'others that reject': {
    written: { origin: [APP], others: { origin: '*', rejectDisallowed: true } },
    meant: any,
    lets: [APP, 'https://evil.net'],
  },

  // --- null, and the names of other libraries ---
  'null options': {
    written: { origin: APP, allowedHeaders: null, exposedHeaders: null, maxAge: null, methods: null },
    ...app,
    policy: { maxAge: 600, exposedHeaders: [] },
  },
  'names of Hono': {
    written: { origin: APP, allowMethods: ['PUT'], allowHeaders: ['x-id'], exposeHeaders: ['x-total'] },
    ...app,
    policy: { methods: ['PUT'], allowedHeaders: ['x-id'], exposedHeaders: ['x-total'] },
  },
  'names of Spring': {
    written: { allowedOrigins: [APP], allowedMethods: ['PUT'], allowCredentials: true },
    ...app,
    policy: { methods: ['PUT'], credentials: true },
  },
  'names of Flask': {
    written: {
      origins: [APP],
      supports_credentials: true,
      max_age: 60,
      expose_headers: 'x-total',
      resources: '/api/*',
      send_wildcard: false,
    },
    ...app,
    policy: { credentials: true, maxAge: 60, exposedHeaders: ['x-total'] },
  },
  'names of rs/cors': {
    written: {
      AllowedOrigins: [APP],
      AllowCredentials: true,
      MaxAge: 60,
      OptionsPassthrough: true,
      AllowPrivateNetwork: true,
    },
    ...app,
    policy: { credentials: true, maxAge: 60 },
  },
  'names of gin': {
    written: {
      AllowOrigins: [APP],
      AllowMethods: ['PUT'],
      AllowWildcard: true,
      AllowBrowserExtensions: true,
      AllowAllOrigins: false,
      AllowWebSockets: true,
    },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'names of ASP.NET': {
    written: {
      withOrigins: [APP],
      allowAnyMethod: true,
      allowAnyHeader: true,
      supportsCredentials: true,
      preflightMaxAge: 60,
    },
    ...app,
    policy: { credentials: true, maxAge: 60 },
  },
  'names of Django': {
    written: {
      CORS_ALLOWED_ORIGINS: [APP],
      CORS_ALLOW_CREDENTIALS: true,
      CORS_ALLOW_ALL_ORIGINS: false,
      CORS_EXPOSE_HEADERS: ['x-total'],
    },
    ...app,
    policy: { credentials: true, exposedHeaders: ['x-total'] },
  },
  'names of @fastify/cors': {
    written: {
      origin: APP,
      strictPreflight: true,
      hideOptionsRoute: true,
      cacheControl: 60,
      preflight: true,
      hook: 'onRequest',
      logLevel: 'silent',
      optionsPreflight: true,
    },
    ...app,
  },
  'names of Koa': {
    written: {
      origin: APP,
      keepHeadersOnError: true,
      secureContext: false,
      privateNetworkAccess: false,
      credentials: true,
    },
    ...app,
    policy: { credentials: true },
  },
  'names of headers': {
    written: {
      'Access-Control-Allow-Origin': APP,
      'Access-Control-Allow-Credentials': true,
      'Access-Control-Max-Age': '60',
    },
    ...app,
    policy: { credentials: true, maxAge: 60 },
  },
  'one option under two names': { written: { origin: APP, allowedOrigins: [APP] }, ...app },
  'names of helmet': {
    written: { origin: APP, crossOriginResourcePolicy: { policy: 'same-site' } },
    ...app,
    policy: { resourcePolicy: 'same-site' },
  },
  'names of the headers beside CORS': {
    written: { origin: APP, 'Cross-Origin-Resource-Policy': 'cross-origin', timingAllowOrigin: [APP] },
    ...app,
    policy: { resourcePolicy: 'cross-origin', timing: true },
  },
  'the origins of Timing-Allow-Origin': { written: { origin: APP, timing: '*' }, ...app, policy: { timing: true } },
  'text for timing': { written: { origin: APP, timing: 'false' }, ...app, policy: { timing: false } },
  'another spelling of resourcePolicy': {
    written: { origin: APP, resourcePolicy: 'CROSS_ORIGIN' },
    ...app,
    policy: { resourcePolicy: 'cross-origin' },
  },
  'a switch for resourcePolicy': {
    written: { origin: APP, resourcePolicy: true },
    ...app,
  },
  'an option that switches off': { written: { origin: APP, enabled: false }, policy: { origin: false } },
  'an option that disables': { written: { origin: APP, disable: true }, policy: { origin: false } },
  'an option that switches on': { written: { origin: APP, enabled: true, disabled: false }, ...app },
  'a misspelt option': { written: { orgin: APP }, ...app },
  preflightContinue: { written: { origin: APP, preflightContinue: true }, ...app },

  // --- maxAge ---
  'seconds as text': { written: { origin: APP, maxAge: '3600' }, ...app, policy: { maxAge: 3600 } },
  milliseconds: { written: { origin: APP, maxAge: 600_000 }, ...app, policy: { maxAge: 600 } },
  'twenty days': { written: { origin: APP, maxAge: 1_728_000 }, ...app, policy: { maxAge: 86_400 } },
  'an hour': { written: { origin: APP, maxAge: '1h' }, ...app, policy: { maxAge: 3600 } },
  'no caching': { written: { origin: APP, maxAge: -1 }, ...app, policy: { maxAge: 0 } },

  // --- methods and headers ---
  'methods with a comma at the end': {
    written: { origin: APP, methods: 'GET,PUT,' },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'methods with bars': {
    written: { origin: APP, methods: 'GET|PUT' },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'methods in lower case': { written: { origin: APP, methods: ['put'] }, ...app, policy: { methods: ['PUT'] } },
  'methods in lower case in one text': {
    written: { origin: APP, methods: 'get,put' },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'any method': { written: { origin: APP, methods: '*' }, ...app },
  'methods in one entry': {
    written: { origin: APP, methods: ['GET, PUT'] },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'numbers of methods': {
    written: { origin: APP, methods: [RequestMethod.GET, RequestMethod.PUT] },
    ...app,
    policy: { methods: ['PUT'] },
  },
  'the number of any method': { written: { origin: APP, methods: [RequestMethod.ALL] }, ...app },
  'a header with its value': {
    written: { origin: APP, allowedHeaders: ['Content-Type: application/json', 'x-id'] },
    ...app,
    policy: { allowedHeaders: ['Content-Type', 'x-id'] },
  },
  'true for exposed headers': {
    written: { origin: APP, exposedHeaders: true },
    ...app,
    policy: { exposedHeaders: ['x-total-count'] },
  },
  'headers with semicolons': {
    written: { origin: APP, allowedHeaders: 'Content-Type; X-Id' },
    ...app,
    policy: { allowedHeaders: ['Content-Type', 'X-Id'] },
  },
  'headers in one entry': {
    written: { origin: APP, allowedHeaders: ['Content-Type, X-Id'] },
    ...app,
    policy: { allowedHeaders: ['Content-Type', 'X-Id'] },
  },
  'headers that browsers set': {
    written: { origin: APP, allowedHeaders: 'Origin,Accept,X-Id' },
    ...app,
    policy: { allowedHeaders: ['Accept', 'X-Id'] },
  },
  'headers with words': {
    written: { origin: APP, allowedHeaders: ['content type'] },
    ...app,
    policy: { allowedHeaders: ['content-type'] },
  },
  'an asterisk among headers': {
    written: { origin: APP, allowedHeaders: ['X-Id', '*'] },
    ...app,
    policy: { allowedHeaders: ['X-Id'] },
  },
  'the credentials of fetch()': {
    written: { origin: APP, credentials: 'include' },
    ...app,
    policy: { credentials: true },
  },
  'bounds with a RegExp': {
    written: { origin: APP, bounds: { origin: [APP, /^https:\/\/app-\d\.example\.com$/] } },
    ...app,
  },
  'any header with credentials': {
    written: { origin: APP, allowedHeaders: '*', credentials: true },
    ...app,
    policy: { credentials: true },
  },
  'an undefined header': {
    written: { origin: APP, exposedHeaders: ['x-total', 'undefined', null] },
    ...app,
    policy: { exposedHeaders: ['x-total'] },
  },

  // --- RegExps and wildcards ---
  'a RegExp for subdomains': regExp(/\.example\.com$/, [APP, 'https://a.b.example.com']),
  'a RegExp without a dot': regExp(/example\.com$/, ['https://example.com', APP]),
  'a RegExp without an anchor': regExp(/example\.com/, ['https://example.com', APP]),
  'a RegExp of two': regExp(/^https:\/\/(app|admin)\.example\.com$/, [APP, ADMIN]),
  'a RegExp without escapes': regExp(/^https:\/\/app.example.com$/, [APP]),
  'a RegExp for the apex as well': regExp(/^https?:\/\/(.+\.)?example\.com$/, ['https://example.com', APP]),
  'a RegExp for one label': regExp(/^https:\/\/my-app-[a-z0-9-]+\.example\.com$/, ['https://my-app-1.example.com']),
  'a RegExp for any label': regExp(/^https:\/\/my-app-.*\.example\.com$/, ['https://my-app-1.example.com']),
  'a RegExp for the end of a label': regExp(/^https:\/\/[^.]+-1\.example\.com$/, ['https://my-app-1.example.com']),
  'a wildcard under a public suffix, with credentials': {
    written: { origin: [APP, 'https://*.vercel.app'], credentials: true, dangerouslyAllowPublicSuffixPatterns: true },
    lets: [APP],
    policy: { credentials: true },
  },
  'a RegExp for local ports': regExp(/^http:\/\/localhost:\d+$/, [DEV, 'http://localhost:4200']),
  'a RegExp for localhost': regExp(/localhost/, [DEV]),
  'a RegExp with flags': regExp(/^https:\/\/([a-z0-9-]+\.)*example\.com$/gi, ['https://example.com', APP]),
  'a RegExp under a public suffix': {
    ...regExp(/^https:\/\/my-app-\d+\.vercel\.app$/, ['https://my-app-1.vercel.app']),
    origins: ['https://my-app-1.vercel.app'],
  },
  'a RegExp beyond reading': { ...regExp(/^https:\/\/(?!evil)[a-z]+\.example\.com$/, [APP]), origins: [APP] },
  'a RegExp for all': { written: { origin: /.*/ }, origins: [APP], ...app, meant: any },
  'two RegExps beside an origin': {
    written: { origin: [DEV, /^https:\/\/app-\d+\.example\.com$/, /^https:\/\/my-app-\d+\.example\.com$/] },
    lets: [DEV, 'https://app-1.example.com', 'https://my-app-1.example.com'],
  },
  'two RegExps that no pattern can say': {
    written: { origin: [APP, /^https:\/\/app-[0-9]\.example\.com$/, /^https:\/\/my-app-[0-9]\.example\.com$/] },
    lets: [APP, 'https://app-1.example.com', 'https://my-app-1.example.com'],
  },
  'a RegExp beside a resolver': {
    written: { origin: [APP, /^https:\/\/app-[0-9]\.example\.com$/, (origin: string) => origin === ADMIN] },
    lets: [APP, ADMIN, 'https://app-1.example.com'],
  },
  'the text of a RegExp': { written: { origin: '^https://.*\\.example\\.com$' }, lets: [APP], meant: subdomains },
  'a wildcard inside a label, without a scheme': {
    written: { origin: ['my-app-*.example.com'] },
    lets: ['https://my-app-1.example.com'],
    meant: matches(/^https:\/\/my-app-.*\.example\.com$/),
  },
  'a wildcard under a public suffix': {
    written: { origin: ['https://my-app-*.vercel.app'] },
    origins: ['https://my-app-1.vercel.app'],
    lets: ['https://my-app-1.vercel.app'],
  },
  'a wildcard over a public suffix': {
    written: { origin: ['https://*.vercel.app'] },
    origins: ['https://my-app-1.vercel.app'],
    lets: ['https://my-app-1.vercel.app'],
  },
  'a wildcard without a dot': {
    written: { origin: 'https://*example.com' },
    lets: [APP],
    meant: subdomains,
  },
  'a wildcard for the scheme': { written: { origin: '*://app.example.com' }, ...app },
  'a wildcard for the suffix': { written: { origin: 'https://app.example.*' }, origins: [APP], ...app },
  'every extension of Firefox': { written: { origin: [APP, 'moz-extension://*'] }, lets: [APP, MOZ] },
  'every extension of Chrome': { written: { origin: 'chrome-extension://*' }, lets: [CHROME] },
  'an extension of Safari': {
    written: { origin: [APP, 'safari-web-extension://E3449EA7-EC25-4696-8E6E-D0B1C8F5E9B2'] },
    ...app,
  },
  'a file': { written: { origin: [APP, 'file://'] }, ...app },

  // --- functions ---
  'a delegate': {
    written: (_request: unknown, callback: (error: null, options: object) => void) => callback(null, {}),
    origins: [APP],
    ...app,
  },
};

const meansCredentials = (written: Written) =>
  Object.entries(written as object).some(
    ([key, value]) => /credentials/i.test(key) && ['true', 'include', true].includes(value as string),
  );

@Controller('things')
class ThingsController {
  @Get()
  list() {}

  @Put(':id')
  change() {}
}

afterEach(closeApps);
afterEach(removeFiles);

const start = async (cors: Written, platform: Platform): Promise<INestApplication> => {
  const started = await createApp({
    platform,
    imports: [CorsModule.forRoot(cors as never)],
    controllers: [ThingsController],
  });
  await started.init();
  return started;
};

/** Boots, types what the error says, and boots again until it boots. */
async function bootAsToldBy(written: Written, author: Author, platform: Platform) {
  let options = written;
  const seen: CorsIssue[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    const issues = await issuesOf(async () => (await start(options, platform)).close());
    if (issues.length === 0) return { options, seen };
    seen.push(...issues);
    options = typeHints(options, issues, author);
  }
  throw new Error(
    `It does not boot with what the hints say: ${seen.map(({ code, hint }) => `${code}: ${hint}`).join('\n')}`,
  );
}

describe('What one types', () => {
  it('is of many kinds', () => {
    expect(Object.keys(SHAPES).length).toBeGreaterThan(60);
  });

  it.each(
    Object.keys(SHAPES).map((title, index) => [title, PLATFORMS[index % PLATFORMS.length] ?? 'express'] as const),
  )('boots after what the hints say, and lets in what was meant or less: %s (%s)', async (title, platform) => {
    const { written, lets = [], origins = lets, isPublic = false, policy = {}, ...shape } = SHAPES[title] as Shape;
    const { meant = (origin: string) => lets.includes(origin) } = shape;
    const { options, seen } = await bootAsToldBy(written, { origins, isPublic }, platform);
    expect(seen).not.toEqual([]);

    const booted = await start(options, platform);
    try {
      const service = booted.get(CorsService);
      const letsIn = async (origin: string) =>
        (await service.explain({ method: 'PUT', url: '/things/1', origin })).actual.allowed ||
        (await service.explain({ method: 'GET', url: '/things', origin })).actual.allowed;
      const letIn: string[] = [];
      for (const origin of UNIVERSE) if (await letsIn(origin)) letIn.push(origin);
      expect(letIn.filter(origin => !meant(origin))).toEqual([]);
      expect(letIn).toEqual(expect.arrayContaining([...lets]));
      const effective = service.policies()[1]?.policy;
      expect(effective).toMatchObject(policy);
      // Nothing that was written without credentials has them now.
      if (effective?.credentials === true) expect(meansCredentials(written)).toBe(true);
    } finally {
      await booted.close();
    }
  });

  it.each([
    [
      'cors.json',
      JSON.stringify({
        origin: [`${APP}/`, ` ${ADMIN}`, '^https://a-\\d+\\.example\\.com$'],
        methods: 'GET,PUT,',
        maxAge: '60',
      }),
    ],
    ['cors.yaml', `origin: [${APP}/, ' ${ADMIN}', 'https://a-*.*.example.com']\nmethods: GET,PUT,\nmaxAge: 1h`],
  ])('is right in a file as well, which holds no code: %s', async (name, text) => {
    const file = writeTempFile(name, text);
    const issues = await issuesOf(() => start(corsOptionsFromFile(file), 'express'));
    const values = issues.map(({ hint }) => {
      const code = /^Write (.+?)(?:: the unit is seconds)?\.$/.exec(hint)?.[1];
      // YAML takes JSON, and strings in single quotes.
      return code === undefined
        ? hint
        : (JSON.parse(name.endsWith('.json') ? code : code.replaceAll("'", '"')) as unknown);
    });
    const maxAge = name.endsWith('.json') ? 60 : 3600;
    expect(values).toEqual(expect.arrayContaining([APP, ADMIN, 'List each origin.', ['GET', 'PUT'], maxAge]));
    expect(values).toHaveLength(5);
  });

  it.each([
    [`${APP}; ${ADMIN}`],
    [`${APP}|${ADMIN}`],
    [JSON.stringify([APP, ADMIN])],
    [`"${APP},${ADMIN}"`],
    [`'${APP}' '${ADMIN}'`],
    [`${APP}/, ${ADMIN}\u200b`],
    ['app.example.com,ADMIN.example.com'],
    ['^https://(app|admin)\\.example\\.com$'],
  ])('boots in a variable as well: %j', async value => {
    const issues = await issuesOf(() => Promise.resolve(originsFromEnv('ORIGINS', { ORIGINS: value })));
    const [assignment] = issues.map(({ hint }) => /^Write (ORIGINS=\S+)\.$/.exec(hint)?.[1]);
    expect(originsFromEnv('ORIGINS', { ORIGINS: assignment?.slice('ORIGINS='.length) })).toEqual([APP, ADMIN]);
  });
});

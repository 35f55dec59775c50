import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Get,
  Headers,
  Injectable,
  Module,
  Post,
  Scope,
  VersioningType,
  type DynamicModule,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  add,
  Cors,
  CorsConfigurationError,
  CorsModule,
  corsOptionsFromFile,
  CorsService,
  gatewayCors,
  NoCors,
  originsFromEnv,
  type CorsIssue,
  type CorsIssueCode,
  type CorsOriginResolver,
} from 'nestjs-cors';
import { PROBLEMS } from '../../lib/issues/catalog.js';
import { createApp, type AppOptions } from '../support/app.js';
import { APP } from '../support/expected.js';
import { ROOT, tablesOf } from '../support/markdown.js';

interface Row {
  readonly code: CorsIssueCode;
  readonly severity: string;
  readonly example: string;
}

const PAGE = readFileSync(join(ROOT, 'docs/issues.md'), 'utf8');

/** Each code has a heading, and below it what it means, an example and the fix. */
const rows: readonly Row[] = PAGE.split(/^### /m)
  .slice(1)
  .map(section => {
    const [text = ''] = section.split(/^## /m);
    const shape = /^`(\w+)`\n\n\*\*(Error|Warning)\.\*\* \S.*\n\n- Example: (.+)\n- Fix: \S.*\n+(?![^])/.exec(text);
    if (shape === null) throw new Error(`Not the shape of a code:\n${text}`);
    const [, code = '', severity = '', example = ''] = shape;
    return { code: code as CorsIssueCode, severity: severity.toLowerCase(), example };
  });

describe('docs/issues.md', () => {
  it('has every code once, and no other, with its severity', () => {
    const listed = rows.map(({ code, severity }) => `${code}: ${severity}`);
    const known = Object.entries(PROBLEMS).map(([code, { severity }]) => `${code}: ${severity}`);
    expect([...listed].sort()).toEqual([...known].sort());
  });

  it('has no table: none would fit beside a sidebar', () => {
    expect(tablesOf('docs/issues.md')).toEqual([]);
  });

  it.each(rows)('is right in its example of $code: $example', async ({ code, severity, example }) => {
    const spans = spansOf(example);
    const worded = WORDED[code];
    // Where the example is in words, what it means stands below; where it is code, the code says it all.
    expect(spans === undefined).toBe(worded !== undefined);
    const issues = await (spans === undefined ? worded?.() : (issuesOfSource(spans) ?? boot(spans)));
    expect(codesOf(issues)).toEqual([code]);
    expect(issues?.every(issue => issue.severity === severity)).toBe(true);
  });
});

/** Other options for an app that runs, and what it is told of them. */
type Reload = (service: CorsService) => ReturnType<CorsService['reload']>;

/** The code of an example; `undefined` for one in words. */
function spansOf(example: string): readonly string[] | undefined {
  const spans = [...example.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
  return example.replace(/`[^`]+`/g, '').replaceAll(', ', '') === '' ? spans : undefined;
}

function codesOf(issues: readonly CorsIssue[] = []): readonly CorsIssueCode[] {
  return [...new Set(issues.map(({ code }) => code))];
}

/** What a helper tells as it is called; `undefined` for other examples. */
function issuesOfSource([first = '', text]: readonly string[]): readonly CorsIssue[] | undefined {
  if (first.startsWith('gatewayCors(')) return issuesThrown(() => evaluate(first, { gatewayCors }));
  if (first.startsWith('originsFromEnv(')) return issuesThrown(() => evaluate(first, { originsFromEnv }));
  if (!/^cors\.\w+$/.test(first)) return undefined;
  const file = join(newFolder(), first);
  if (text !== undefined) writeFileSync(file, text.replaceAll('\\n', '\n'));
  return issuesThrown(() => corsOptionsFromFile(file));
}

function issuesThrown(read: () => unknown): readonly CorsIssue[] {
  try {
    read();
  } catch (error) {
    return issuesOfError(error);
  }
  return [];
}

const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cors-issues-'));
  folders.push(folder);
  return folder;
}

afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true })));

/** An app of the code in an example, told as docs/issues.md says what is left out. */
async function boot(spans: readonly string[]): Promise<readonly CorsIssue[]> {
  const modules: Record<'root' | 'feature', DynamicModule[]> = { root: [], feature: [] };
  const decorators: MethodDecorator[] = [];
  const reloads: Reload[] = [];
  const configurations: ((app: INestApplication) => unknown)[] = [];
  let environment = process.env['NODE_ENV'];
  for (const span of spans) {
    if (span.startsWith('NODE_ENV=')) environment = span.slice('NODE_ENV='.length);
    else if (span.startsWith('app.')) configurations.push(app => evaluate(span, { app, CorsService }));
    else if (span.startsWith('reload('))
      reloads.push(service => evaluate(`service.${span}`, { service }) as ReturnType<Reload>);
    else if (span.startsWith('@')) decorators.push(...span.split(/ (?=@)/).map(each => decoratorOf(each.slice(1))));
    else if (span.startsWith('forFeature(')) modules.feature.push(moduleOf(span));
    else modules.root.push(moduleOf(span));
  }

  class CatsController {
    list() {}
    create() {}
  }
  const { prototype } = CatsController;
  const decorate = (key: 'list' | 'create', ...all: readonly MethodDecorator[]) =>
    Reflect.decorate([...all], prototype, key, Object.getOwnPropertyDescriptor(prototype, key));
  decorate('list', ...decorators, Get());
  decorate('create', Post());
  Controller('cats')(CatsController);
  class CatsModule {}
  Module({ imports: modules.feature, controllers: [CatsController] })(CatsModule);
  if (modules.root.length === 0) modules.root.push(CorsModule.forRoot({ origin: ['https://app.example.com'] }));

  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = environment;
  try {
    const configure = (app: INestApplication) => configurations.forEach(each => each(app));
    return await issuesOf({ imports: [...modules.root, CatsModule], configure }, reloads);
  } finally {
    process.env['NODE_ENV'] = before;
  }
}

function moduleOf(span: string): DynamicModule {
  const forRoot = (options: never) => CorsModule.forRoot(options);
  const forFeature = (policy: never) => CorsModule.forFeature(policy);
  return evaluate(span, { forRoot, forFeature, add }) as DynamicModule;
}

function decoratorOf(text: string): MethodDecorator {
  return evaluate(text, { Cors, NoCors, add }) as MethodDecorator;
}

function evaluate(code: string, scope: Readonly<Record<string, unknown>>): unknown {
  return new Function(...Object.keys(scope), `return ${code};`)(...Object.values(scope)) as unknown;
}

/** What an app is told: its errors where it does not boot, its warnings where it does. */
async function issuesOf(options: AppOptions, reloads: readonly Reload[] = []): Promise<readonly CorsIssue[]> {
  const app = await createApp(options);
  await options.configure?.(app);
  return issuesOfApp(app, reloads);
}

async function issuesOfApp(app: INestApplication, reloads: readonly Reload[] = []): Promise<readonly CorsIssue[]> {
  try {
    await app.init();
    const service = app.get(CorsService);
    await Promise.all(reloads.map(reload => reload(service)));
    return service.warnings;
  } catch (error) {
    return issuesOfError(error);
  } finally {
    await app.close();
  }
}

function issuesOfError(error: unknown): readonly CorsIssue[] {
  if (error instanceof CorsConfigurationError) return error.issues;
  throw error;
}

function controllerAt(path: string, version?: string): Type {
  @Controller({ path, ...(version !== undefined && { version }) })
  class SomeController {
    @Get()
    list() {}
  }
  return SomeController;
}

function moduleWith(metadata: Parameters<typeof Module>[0]): Type {
  class SomeModule {}
  Module(metadata)(SomeModule);
  return SomeModule;
}

/** Namespaces of one server, with the decorators of each. */
function withGateways(...gateways: readonly (readonly ClassDecorator[] | 'of its own')[]) {
  const providers = gateways.flatMap((decorators, index) => {
    if (decorators === 'of its own') return [];
    class SomeGateway {}
    WebSocketGateway({ namespace: String(index) })(SomeGateway);
    for (const decorate of decorators) decorate(SomeGateway);
    return SomeGateway;
  });
  // Made without the app, an adapter opens a port.
  const adapterOf = (app: INestApplication) => (gateways.includes('of its own') ? new IoAdapter() : new IoAdapter(app));
  return issuesOf({ cors, providers, configure: app => app.useWebSocketAdapter(adapterOf(app)) });
}

const cors = { origin: APP };
const feature = () => CorsModule.forFeature({ maxAge: 60 });
const ON_EXPRESS = { logger: false, abortOnError: false } as const;

/** The examples in words. */
const WORDED: { readonly [Code in CorsIssueCode]?: () => Promise<readonly CorsIssue[]> } = {
  options_factory: async () => {
    class CorsSettings {
      createOptions() {
        return cors;
      }
    }
    const app = createApp({ imports: [CorsModule.forRootAsync({ useClass: CorsSettings as never })] });
    return app.then(issuesOfApp, issuesOfError);
  },

  rule_for_gateway: () => {
    @WebSocketGateway()
    class EventsGateway {}
    return issuesOf({
      cors: { ...cors, routes: [{ path: '/socket.io', policy: {} }] },
      providers: [EventsGateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter(app)),
    });
  },

  gateway_name_elsewhere: () => {
    @WebSocketGateway(8081, { cors: gatewayCors('public') })
    class EventsGateway {}
    // Not its port: it would be open.
    Reflect.defineMetadata('port', 0, EventsGateway);
    return issuesOf({
      cors: { ...cors, policies: { public: { origin: '*' } } },
      providers: [EventsGateway],
      configure: app => app.useWebSocketAdapter(new IoAdapter()),
    });
  },

  gateway_any_origin: () => withGateways([Cors({ origin: '*' })]),

  gateways_differ: () => withGateways([], [Cors({ origin: ['https://partner.example.net'] })]),

  gateway_cors_wider: () => withGateways([WebSocketGateway({ cors: true })]),

  gateway_port: () => withGateways([WebSocketGateway(0)], 'of its own'),

  gateway_option_ignored: () => withGateways([Cors({ credentials: true })]),

  rule_prefix: () =>
    issuesOf({
      cors: { ...cors, routes: [{ path: '/graphql', policy: {} }] },
      configure: app => app.setGlobalPrefix('api').use('/api/graphql', () => undefined),
    }),

  rule_without_document: () =>
    issuesOf({
      cors: { ...cors, routes: [{ path: '/docs', policy: { origin: '*' } }] },
      configure: app => app.use('/docs-json', () => undefined),
    }),

  request_header_unlisted: () => {
    @Controller('tenants')
    class TenantsController {
      @Get()
      list(@Headers('x-tenant') tenant: string) {
        return tenant;
      }
    }
    return issuesOf({ cors: { ...cors, allowedHeaders: ['content-type'] }, controllers: [TenantsController] });
  },

  decorator_overridden: () => {
    class Base {
      @Cors({ maxAge: 60 })
      list() {}
    }
    @Controller('cats')
    class CatsController extends Base {
      @Get()
      override list() {}
    }
    return issuesOf({ cors, controllers: [CatsController] });
  },

  feature_ambiguous: () => {
    const shared = controllerAt('shared');
    const one = moduleWith({ imports: [feature()], controllers: [shared] });
    const other = moduleWith({ controllers: [shared] });
    return issuesOf({ cors, imports: [one, other] });
  },

  feature_without_root: () =>
    issuesOf({ imports: [moduleWith({ imports: [feature()], controllers: [controllerAt('cats')] })] }),

  feature_without_effect: () => issuesOf({ cors, imports: [moduleWith({ imports: [feature()] })] }),

  resolver_unresolved: () => {
    class Tenants {}
    @Injectable()
    class TenantOrigins implements CorsOriginResolver {
      constructor(readonly tenants: Tenants) {}

      isAllowed() {
        return false;
      }
    }
    return issuesOf({ cors: { origin: TenantOrigins } });
  },

  resolver_scoped: () => {
    @Injectable({ scope: Scope.REQUEST })
    class TenantOrigins implements CorsOriginResolver {
      isAllowed() {
        return false;
      }
    }
    return issuesOf({ cors: { origin: TenantOrigins }, providers: [TenantOrigins] });
  },

  file_kind: async () => {
    const file = join(newFolder(), 'cors.yaml');
    mkdirSync(file);
    return Promise.resolve(issuesThrown(() => corsOptionsFromFile(file)));
  },

  file_unreadable: async () => {
    const file = join(newFolder(), 'cors.yaml');
    symlinkSync(file, file);
    return Promise.resolve(issuesThrown(() => corsOptionsFromFile(file)));
  },

  file_encoding: async () => {
    const file = join(newFolder(), 'cors.yaml');
    writeFileSync(file, '\ufefforigin: false', 'utf16le');
    return Promise.resolve(issuesThrown(() => corsOptionsFromFile(file)));
  },

  module_without_options: () => issuesOf({ imports: [CorsModule] }),

  platform_shared: async () => {
    const shared = new ExpressAdapter().getInstance<object>();
    const root = moduleWith({ imports: [CorsModule.forRoot(cors)] });
    const outer = await NestFactory.create(root, new ExpressAdapter(shared), ON_EXPRESS);
    await outer.init();
    const inner = await NestFactory.create(root, new ExpressAdapter(shared), ON_EXPRESS);
    return issuesOfApp(inner).finally(() => outer.close());
  },

  platform_unsupported: async () => {
    class OtherAdapter extends ExpressAdapter {
      override getType() {
        return 'other';
      }
    }
    const root = moduleWith({ imports: [CorsModule.forRoot(cors)] });
    return issuesOfApp(await NestFactory.create(root, new OtherAdapter(), ON_EXPRESS));
  },

  routes_unreadable: async () => {
    class ForgetfulAdapter extends ExpressAdapter {
      override get() {
        return this;
      }
    }
    const root = moduleWith({ imports: [CorsModule.forRoot(cors)], controllers: [controllerAt('cats')] });
    return issuesOfApp(await NestFactory.create(root, new ForgetfulAdapter(), ON_EXPRESS));
  },

  candidates_differ: () => {
    const second = controllerAt('cats', '2');
    Cors({ origin: 'https://partner.example.net' })(second);
    return issuesOf({
      cors,
      controllers: [controllerAt('cats', '1'), second],
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }),
    });
  },

  decorator_without_effect: () => {
    @Cors({ maxAge: 60 })
    @Injectable()
    class CatsService {}
    return issuesOf({ cors, providers: [CatsService] });
  },
};

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyCors from '@fastify/cors';
import * as common from '@nestjs/common';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Options,
  Post,
  Put,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import * as core from '@nestjs/core';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import cors from 'cors';
import { Cors, CorsConfigurationError, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
import { maySend, mayRead, type PageRequest } from '../support/browser.js';
import { closeApps, createApp, startApp, type AppOptions } from '../support/app.js';
import { preflight, send, type WireResponse } from '../support/client.js';
import { blocksOf, ROOT, tablesOf } from '../support/markdown.js';
import { exportsOf } from '../support/snippets.js';

const PAGE = 'docs/comparison.md';
const FRONT_END = 'https://app.example.com';
const OTHER = 'https://other.example.org';
const POLICY = { origin: [FRONT_END], credentials: true, methods: ['GET', 'POST', 'PUT', 'DELETE'] };
const PUBLIC = { origin: '*', credentials: false };

afterEach(closeApps);

@Injectable()
class AuthGuard implements CanActivate {
  canActivate(context: common.ExecutionContext): boolean {
    if (context.getHandler().name === 'secret') throw new UnauthorizedException();
    return true;
  }
}

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return [];
  }

  @Post()
  create() {}

  @Put(':id')
  update() {}

  @Get('secret')
  secret() {}

  @Options('hand-made')
  options() {
    return 'by the handler';
  }
}

@Cors({ origin: '*', credentials: false, resourcePolicy: 'cross-origin', timing: true })
@SetMetadata('public', true)
@Controller('public')
class PublicController {
  @RouteConfig({ cors: PUBLIC })
  @Put()
  update() {}
}

/** An app that has CORS in some way. The guard that refuses is in the root module, as apps have it. */
const app = (options: AppOptions): AppOptions => ({
  controllers: [CatsController, PublicController],
  ...options,
  providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
});

function moduleOf(metadata: common.ModuleMetadata): Type {
  class HandMadeModule {}
  Module(metadata)(HandMadeModule);
  return HandMadeModule;
}

@Module({})
class MiddlewareModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(cors(POLICY)).forRoutes(CatsController);
    consumer.apply(cors(PUBLIC)).forRoutes(PublicController);
  }
}

/** A class that the page shows. */
function shown<Shown>(name: string): Type<Shown> {
  const block = blocksOf(PAGE).find(({ text }) => text.includes(`export class ${name}`));
  const packages = { '@nestjs/common': common, '@nestjs/core': core };
  return exportsOf(block?.text ?? '', packages)[name] as Type<Shown>;
}

/** The ways, as the columns of the page name them. */
const WAYS: Readonly<Record<string, () => AppOptions>> = {
  '`enableCors()`, Express': () => app({ configure: nest => nest.enableCors(POLICY) }),
  '`enableCors()`, Fastify': () => app({ platform: 'fastify', configure: nest => nest.enableCors(POLICY) }),
  '`forRoutes()`': () => app({ imports: [MiddlewareModule] }),
  '`@RouteConfig()`': () =>
    app({
      platform: 'fastify',
      configure: nest => (nest as unknown as { register(...args: unknown[]): unknown }).register(fastifyCors, POLICY),
    }),
  Guard: () =>
    app({
      imports: [moduleOf({ providers: [{ provide: APP_GUARD, useClass: shown<CanActivate>('HandMadeGuard') }] })],
    }),
  Interceptor: () =>
    app({
      imports: [
        moduleOf({
          providers: [{ provide: APP_INTERCEPTOR, useClass: shown<NestInterceptor>('HandMadeInterceptor') }],
        }),
      ],
    }),
  '`nestjs-cors`': () => app({ imports: [CorsModule.forRoot(POLICY)] }),
};

const yes = (is: boolean) => (is ? 'yes' : 'no');
const page = (method: string, own: Partial<PageRequest> = {}): PageRequest => ({
  origin: FRONT_END,
  method,
  credentials: true,
  ...own,
});

async function sends(nest: INestApplication, path: string, request: PageRequest): Promise<string> {
  const { origin, method, headers } = request;
  return yes(maySend(await preflight(nest, path, origin, method, headers?.join(',')), request));
}

async function reads(nest: INestApplication, path: string, own: { method?: string; body?: string } = {}) {
  const headers = { Origin: FRONT_END, ...(own.body !== undefined && { 'Content-Type': 'application/json' }) };
  return yes(mayRead(await send(nest, { path, headers, ...own }), page('GET')));
}

const corsHeaders = ({ cors: sent }: WireResponse) => Object.keys(sent).filter(name => name !== 'vary').length;

/** The situations, as the rows of the page name them. */
const SITUATIONS: Readonly<Record<string, (nest: INestApplication) => Promise<string>>> = {
  'the front end may `PUT`': nest => sends(nest, '/cats/1', page('PUT', { headers: ['content-type'] })),
  'any page may `PUT` publicly': nest => sends(nest, '/public', page('PUT', { origin: OTHER, credentials: false })),
  'an unserved `DELETE` is allowed': nest => sends(nest, '/cats/1', page('DELETE')),
  'an unlisted header is allowed': nest => sends(nest, '/cats/1', page('PUT', { headers: ['x-anything'] })),
  'headers for a refused origin': async nest =>
    String(corsHeaders(await preflight(nest, '/cats/1', OTHER, 'PUT', 'content-type'))),
  "an auth guard's 401 is readable": nest => reads(nest, '/cats/secret'),
  "a parser's 400 is readable": nest => reads(nest, '/cats', { method: 'POST', body: '{' }),
  'a 404 is readable': nest => reads(nest, '/nowhere'),
  '`Vary` without an `Origin`': async nest =>
    yes(/origin/i.test(String((await send(nest, { path: '/cats' })).cors['vary']))),
  'a plain `OPTIONS` is served': async nest =>
    yes(
      (await send(nest, { method: 'OPTIONS', path: '/cats/hand-made', headers: { Origin: FRONT_END } })).body ===
        'by the handler',
    ),
  'any page may embed publicly': async nest =>
    yes(
      (await send(nest, { method: 'PUT', path: '/public' })).headers['cross-origin-resource-policy'] === 'cross-origin',
    ),
  'any page may measure publicly': async nest =>
    yes((await send(nest, { method: 'PUT', path: '/public' })).headers['timing-allow-origin'] === '*'),
};

/** What `origin` holds in each configuration, as the rows of the page name it. */
const CONFIGURATIONS: Readonly<Record<string, { readonly options: object | undefined; readonly origin: string }>> = {
  '`undefined` in place of all options': { options: undefined, origin: OTHER },
  '`{ origin: true, credentials: true }`': { options: { origin: true, credentials: true }, origin: OTHER },
  "`{ origin: '*', credentials: true }`": { options: { origin: '*', credentials: true }, origin: OTHER },
  '`{ origin: process.env.UNSET }`': { options: { origin: undefined }, origin: OTHER },
  "`{ origin: ['null'], credentials: true }`": { options: { origin: ['null'], credentials: true }, origin: 'null' },
  '`{ origin: /example\\.com$/, credentials: true }`': {
    options: { origin: /example\.com$/, credentials: true },
    origin: 'https://evil-example.com',
  },
  '`{ origin: [/https:\\/\\/app.example.com/], credentials: true }`': {
    options: { origin: [/https:\/\/app.example.com/], credentials: true },
    origin: 'https://app.example.com.evil.net',
  },
  "`{ origin: ['https://app.example.com/'] }`": { options: { origin: [`${FRONT_END}/`] }, origin: FRONT_END },
  "`{ origin: 'https://a.example.com,https://b.example.com' }`": {
    options: { origin: 'https://a.example.com,https://b.example.com' },
    origin: 'https://a.example.com',
  },
};

async function outcomeOf(layer: () => AppOptions, origin: string, credentials: boolean): Promise<string> {
  const options = layer();
  const nest = await createApp({ ...options, controllers: [CatsController] });
  try {
    await options.configure?.(nest);
    await nest.listen(0, '127.0.0.1');
    const response = await send(nest, { path: '/cats', headers: { Origin: origin } });
    return mayRead(response, page('GET', { origin, credentials }))
      ? `\`${origin}\` may read`
      : `\`${origin}\` may not read`;
  } catch (error) {
    if (error instanceof CorsConfigurationError) return `does not boot: \`${String(error.issues[0]?.code)}\``;
    throw error;
  } finally {
    await nest.close();
  }
}

const LAYERS: Readonly<Record<string, (options: object | undefined) => AppOptions>> = {
  '`enableCors()`': options => ({ configure: nest => nest.enableCors(options) }),
  Fastify: options => ({ platform: 'fastify', configure: nest => nest.enableCors(options) }),
  '`nestjs-cors`': options => ({ imports: [CorsModule.forRoot(options as CorsModuleOptions)] }),
};

/** What the page's tables say of each way: columns, and under each the cell of every row. */
function requestsShown(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const shown: Record<string, Record<string, string>> = {};
  for (const { columns, rows } of tablesOf(PAGE).filter(({ heading }) => heading === 'Requests')) {
    columns.slice(1).forEach((way, index) => {
      const cells = Object.fromEntries(rows.map(([situation = '', ...row]) => [situation, row[index] ?? '']));
      // The library is in both tables.
      if (way in shown) expect(cells).toEqual(shown[way]);
      shown[way] = cells;
    });
  }
  return shown;
}

/** What the page's list says of each configuration. */
function configurationsShown(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const section = readFileSync(join(ROOT, PAGE), 'utf8').split('\n## Configurations\n')[1]?.split('\n## ')[0] ?? '';
  const items = section.split(/^- /m).slice(1);
  return Object.fromEntries(
    items.map(item => {
      const [name = '', ...lines] = item.trimEnd().split('\n');
      return [
        name,
        Object.fromEntries(lines.map(line => line.replace(/^ *- /, '').split(/(?<=`): /, 2) as [string, string])),
      ];
    }),
  );
}

describe(PAGE, () => {
  it('is right about how requests are answered', async () => {
    const seen: Record<string, Record<string, string>> = {};
    for (const [way, options] of Object.entries(WAYS)) {
      const nest = await startApp(options());
      const cells: Record<string, string> = {};
      for (const [name, situation] of Object.entries(SITUATIONS)) cells[name] = await situation(nest);
      seen[way] = cells;
    }

    expect(requestsShown()).toEqual(seen);
  });

  it('is right about what wrong configurations do', async () => {
    const seen: Record<string, Record<string, string>> = {};
    for (const [name, { options, origin }] of Object.entries(CONFIGURATIONS)) {
      const credentials = options !== undefined && 'credentials' in options;
      const outcomes: Record<string, string> = {};
      for (const [layer, appOf] of Object.entries(LAYERS)) {
        outcomes[layer] = await outcomeOf(() => appOf(options), origin, credentials);
      }
      const { Fastify: onFastify, ...shown } = outcomes;
      expect(onFastify).toBe(shown['`enableCors()`']);
      seen[name] = shown;
    }

    expect(configurationsShown()).toEqual(seen);
  });
});

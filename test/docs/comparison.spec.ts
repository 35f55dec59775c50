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
import { blocksOf, tablesOf } from '../support/markdown.js';
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

@Cors({ origin: '*', credentials: false })
@SetMetadata('public', true)
@Controller('public')
class PublicController {
  @RouteConfig({ cors: PUBLIC })
  @Put()
  update() {}
}

/** An app that has CORS in some way. The guard that refuses stands in the root module, as apps have it. */
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
  '`enableCors()` on Express': () => app({ configure: nest => nest.enableCors(POLICY) }),
  '`enableCors()` on Fastify': () => app({ platform: 'fastify', configure: nest => nest.enableCors(POLICY) }),
  '`cors` in `forRoutes()`': () => app({ imports: [MiddlewareModule] }),
  '`@fastify/cors` in `@RouteConfig()`': () =>
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

const namesTold = ({ cors: told }: WireResponse) => Object.keys(told).filter(name => name !== 'vary').length;

/** The situations, as the rows of the page name them. */
const SITUATIONS: Readonly<Record<string, (nest: INestApplication) => Promise<string>>> = {
  'The front end may send its `PUT`': nest => sends(nest, '/cats/1', page('PUT', { headers: ['content-type'] })),
  'Any page may send the `PUT` of the public controller': nest =>
    sends(nest, '/public', page('PUT', { origin: OTHER, credentials: false })),
  'The preflight of a `DELETE` that nobody serves passes': nest => sends(nest, '/cats/1', page('DELETE')),
  'The preflight of a header that nobody listed passes': nest =>
    sends(nest, '/cats/1', page('PUT', { headers: ['x-anything'] })),
  '`Access-Control-*` headers told to an origin that is not allowed': async nest =>
    String(namesTold(await preflight(nest, '/cats/1', OTHER, 'PUT', 'content-type'))),
  'The 401 of an auth guard can be read': nest => reads(nest, '/cats/secret'),
  'The 400 of malformed JSON can be read': nest => reads(nest, '/cats', { method: 'POST', body: '{' }),
  'The 404 of an unknown path can be read': nest => reads(nest, '/nowhere'),
  'A response without `Origin` in its request says `Vary: Origin`': async nest =>
    yes(/origin/i.test(String((await send(nest, { path: '/cats' })).cors['vary']))),
  '`OPTIONS` without `Access-Control-Request-Method` reaches its handler': async nest =>
    yes(
      (await send(nest, { method: 'OPTIONS', path: '/cats/hand-made', headers: { Origin: FRONT_END } })).body ===
        'by the handler',
    ),
};

/** What `origin` holds in each configuration, as the rows of the page name it. */
const CONFIGURATIONS: Readonly<Record<string, { readonly options: object | undefined; readonly origin: string }>> = {
  '`undefined`, the whole of the options': { options: undefined, origin: OTHER },
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
  '`enableCors()` on Express': options => ({ configure: nest => nest.enableCors(options) }),
  '`enableCors()` on Fastify': options => ({ platform: 'fastify', configure: nest => nest.enableCors(options) }),
  '`nestjs-cors`': options => ({ imports: [CorsModule.forRoot(options as CorsModuleOptions)] }),
};

/** Rows as the page has them: what a table says beside what was seen. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const [table] = tablesOf(PAGE).filter(each => each.heading === heading);
  return table === undefined ? [] : [table.columns, ...table.rows];
}

describe(PAGE, () => {
  it('is right about what requests are answered', async () => {
    const columns: string[][] = [];
    for (const options of Object.values(WAYS)) {
      const nest = await startApp(options());
      const cells: string[] = [];
      for (const situation of Object.values(SITUATIONS)) cells.push(await situation(nest));
      columns.push(cells);
    }
    const rows = Object.keys(SITUATIONS).map((name, row) => [name, ...columns.map(cells => cells[row] ?? '')]);

    expect([['', ...Object.keys(WAYS)], ...rows]).toEqual(tableUnder('Requests'));
  });

  it('is right about what becomes of configurations', async () => {
    const rows: string[][] = [];
    for (const [name, { options, origin }] of Object.entries(CONFIGURATIONS)) {
      const cells: string[] = [];
      for (const layer of Object.values(LAYERS)) {
        cells.push(await outcomeOf(() => layer(options), origin, options !== undefined && 'credentials' in options));
      }
      rows.push([name, ...cells]);
    }

    expect([['', ...Object.keys(LAYERS)], ...rows]).toEqual(tableUnder('Configurations'));
  });
});

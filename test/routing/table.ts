import {
  All,
  Controller,
  Delete,
  Get,
  Head,
  Header,
  Module,
  Options,
  Patch,
  Post,
  Put,
  RequestMethod,
  VERSION_NEUTRAL,
  Version,
  VersioningType,
  type INestApplication,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestApplicationOptions,
  type Type,
  type VersioningOptions,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import fc from 'fast-check';
import { Cors } from 'nestjs-cors';

/** A random app: how its routes are declared, and how its platform is set. */
export interface Table {
  readonly prefix: string | undefined;
  /** The first route is left out of the global prefix. */
  readonly exclude: boolean;
  readonly versioning: 'none' | 'uri' | 'header' | 'media' | 'custom';
  readonly controllers: readonly ControllerSpec[];
  readonly lenient: boolean;
  /** The controllers' module has a prefix of its own. */
  readonly modulePath: string | undefined;
  /** What passes requests on ahead of the controllers: by their routes, or by methods. */
  readonly middleware: 'none' | 'controllers' | 'gets' | 'all';
  /** Nest 12 sorts routes by specificity, and drops what is shadowed. */
  readonly specificity: boolean;
}

export interface ControllerSpec {
  readonly paths: readonly string[];
  readonly host: string | undefined;
  readonly version: Versions | undefined;
  readonly handlers: readonly HandlerSpec[];
}

export interface HandlerSpec {
  readonly verb: keyof typeof VERBS;
  readonly paths: readonly string[];
  readonly version: Versions | undefined;
}

type Versions = string | readonly string[];

const VERBS = { All, Delete, Get, Head, Options, Patch, Post, Put } as const;
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** The versions of the routes, and one that no route has. */
export const VERSIONS = ['1', '2', '3'] as const;
export const VERSION_HEADER = 'x-version';
export const MODULE_ORIGIN = 'https://module.example';

const segment = fc.constantFrom('a', 'b', 'me', ':id', ':x', ':id', '*');
const path = fc
  .array(segment, { minLength: 0, maxLength: 3 })
  // A wildcard is the last segment on both platforms, and a name stands once in a path.
  .map(segments => segments.slice(0, segments.includes('*') ? segments.indexOf('*') + 1 : undefined))
  .map(segments => segments.map((text, i) => (text.startsWith(':') ? `:p${String(i)}` : text)).join('/'));
const staticPath = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 1 }).map(segments => segments.join('/'));
const versions: fc.Arbitrary<Versions | undefined> = fc.option(
  fc.constantFrom<Versions>('1', '2', ['1', '2'], ['neutral', '1'], 'neutral'),
  { nil: undefined, freq: 2 },
);

const handler: fc.Arbitrary<HandlerSpec> = fc.record({
  verb: fc.constantFrom<keyof typeof VERBS>('Get', 'Get', 'Post', 'Put', 'Delete', 'Patch', 'All', 'Head', 'Options'),
  paths: fc.array(path, { minLength: 1, maxLength: 2 }),
  version: versions,
});

const controller: fc.Arbitrary<ControllerSpec> = fc.record({
  paths: fc.array(staticPath, { minLength: 1, maxLength: 2 }),
  host: fc.option(fc.constantFrom('one.test', ':tenant.two.test'), { nil: undefined, freq: 4 }),
  version: versions,
  handlers: fc.array(handler, { minLength: 1, maxLength: 3 }),
});

export const tables: fc.Arbitrary<Table> = fc.record({
  prefix: fc.option(fc.constantFrom('api', 'a'), { nil: undefined, freq: 2 }),
  exclude: fc.boolean(),
  versioning: fc.constantFrom<Table['versioning']>('none', 'none', 'uri', 'header', 'media', 'custom'),
  controllers: fc.array(controller, { minLength: 1, maxLength: 3 }),
  lenient: fc.boolean(),
  modulePath: fc.option(fc.constantFrom('m', 'a'), { nil: undefined, freq: 2 }),
  middleware: fc.constantFrom<Table['middleware']>('none', 'none', 'controllers', 'gets', 'all'),
  specificity: fc.boolean(),
});

/** A random request, drawn so that it hits the table's routes and their edges. */
export interface Draw {
  readonly route: number;
  /** 0: anywhere; else at the route, by its method, version and host. */
  readonly aim: number;
  readonly method: (typeof METHODS)[number];
  readonly words: readonly string[];
  readonly twist: keyof typeof TWISTS;
  readonly version: string | undefined;
  readonly host: string;
}

export const draws: fc.Arbitrary<Draw> = fc.record({
  route: fc.nat(),
  aim: fc.nat(3),
  method: fc.constantFrom(...METHODS),
  words: fc.array(
    fc.constantFrom('a', 'b', 'me', 'ME', 'x', '7', 'a%2Fb', 'm%65', '%C3%A9', 'a.b', 'a;b', 'v1', 'y'.repeat(120)),
    {
      minLength: 4,
      maxLength: 4,
    },
  ),
  twist: fc.constantFrom(
    ...([
      'none',
      'none',
      'none',
      'none',
      'query',
      'slash',
      'doubleSlash',
      'leadingSlashes',
      'upper',
      'encode',
      'dot',
      'parent',
      'semicolon',
      'absolute',
      'emptySegment',
      'extra',
      'shorter',
      'badEscape',
      'badByte',
      'hash',
    ] as const),
  ),
  version: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
  host: fc.constantFrom('one.test', 'acme.two.test', 'localhost'),
});

/** What clients, proxies and attackers do to a path. */
const TWISTS = {
  none: (path: string) => path,
  query: (path: string) => `${path}?p=/a/me`,
  hash: (path: string) => `${path}%23x`,
  slash: (path: string) => `${path}/`,
  doubleSlash: (path: string) => path.replace(/\/(?=[^/]*$)/, '//'),
  leadingSlashes: (path: string) => `/${path}`,
  upper: (path: string) => path.toUpperCase(),
  encode: (path: string) => path.replace(/[a-z]/g, letter => `%${letter.charCodeAt(0).toString(16)}`),
  dot: (path: string) => `/.${path}`,
  parent: (path: string) => `${path}/../a`,
  semicolon: (path: string) => `${path};a=1`,
  absolute: (path: string) => `http://one.test${path}`,
  emptySegment: (path: string) => path.replace(/[^/]+/, ''),
  extra: (path: string) => `${path}/me`,
  shorter: (path: string) => path.replace(/\/[^/]*$/, '') || '/',
  badEscape: (path: string) => `${path}%`,
  badByte: (path: string) => `${path}%FF`,
};

/** The request that a draw stands for in a table. */
export interface DrawnRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly version: string | undefined;
}

export function resolveDraw(table: Table, draw: Draw): DrawnRequest {
  const routes = table.controllers.flatMap(({ paths, handlers, version, host }) =>
    paths.flatMap(prefix =>
      handlers.flatMap(handler =>
        handler.paths.map(path => ({
          path: `${prefix}/${path}`,
          version: handler.version ?? version,
          host: host?.replace(':tenant', 'acme'),
          method: handler.verb === 'All' ? draw.method : handler.verb.toUpperCase(),
        })),
      ),
    ),
  );
  const route = routes[draw.route % routes.length];
  if (route === undefined) throw new Error('A table without routes');
  // Most requests are aimed at a route, or few would reach one.
  const aimed = draw.aim > 0;
  const first = [route.version].flat()[0];
  const version = aimed ? (first === 'neutral' ? undefined : first) : draw.version;
  const inPath = table.versioning === 'uri' && version !== undefined ? `v${version}` : '';
  const prefix = aimed || draw.route % 2 === 0 ? table.prefix : undefined;
  const modulePath = aimed || draw.route % 3 === 0 ? table.modulePath : undefined;
  const segments = [prefix, inPath, modulePath, ...route.path.split('/')].filter(Boolean).map((text = '', i) => {
    const word = draw.words[i % draw.words.length] ?? 'a';
    return text.startsWith(':') ? word : text === '*' ? `${word}/${draw.words[0] ?? 'a'}` : text;
  });
  return {
    method: aimed ? route.method : draw.method,
    path: TWISTS[draw.twist](`/${segments.join('/')}`),
    host: aimed ? (route.host ?? draw.host) : draw.host,
    version,
  };
}

/** The headers that carry a request's version. */
export function versionHeaders(table: Table, version: string | undefined): Record<string, string> {
  if (version === undefined) return {};
  if (table.versioning === 'media') return { Accept: `application/json;v=${version}` };
  return table.versioning === 'header' || table.versioning === 'custom' ? { [VERSION_HEADER]: version } : {};
}

export function originOf(id: string): string {
  return `https://${id}.example`;
}

/** The controllers of a table. Each handler answers with its id, and only its own origin may call it. */
export function controllersOf(table: Table): {
  readonly controllers: readonly Type[];
  readonly ids: readonly string[];
} {
  const ids: string[] = [];
  const versioned = table.versioning !== 'none';
  const controllers = table.controllers.map((spec, c) => {
    class RandomController {}
    Object.defineProperty(RandomController, 'name', { value: `C${String(c)}` });
    spec.handlers.forEach((handler, h) => {
      const id = `c${String(c)}h${String(h)}`;
      ids.push(id);
      const name = `h${String(h)}`;
      const descriptor = { value: () => id, writable: true, configurable: true, enumerable: false };
      Object.defineProperty(RandomController.prototype, name, descriptor);
      const decorators = [
        VERBS[handler.verb]([...handler.paths]),
        Header('x-handler', id),
        Cors({ origin: originOf(id) }),
        ...(versioned && handler.version !== undefined ? [Version(decodeVersion(handler.version) as never)] : []),
      ];
      for (const decorate of decorators) decorate(RandomController.prototype, name, descriptor);
    });
    Controller({
      path: [...spec.paths],
      ...(spec.host !== undefined && { host: spec.host }),
      ...(versioned && spec.version !== undefined && { version: decodeVersion(spec.version) as never }),
    })(RandomController);
    return RandomController as Type;
  });
  return { controllers, ids };
}

function decodeVersion(version: Versions): unknown {
  const decode = (each: string) => (each === 'neutral' ? VERSION_NEUTRAL : each);
  return typeof version === 'string' ? decode(version) : version.map(decode);
}

const VERSIONING: Record<Exclude<Table['versioning'], 'none'>, VersioningOptions> = {
  uri: { type: VersioningType.URI },
  header: { type: VersioningType.HEADER, header: VERSION_HEADER },
  media: { type: VersioningType.MEDIA_TYPE, key: 'v=' },
  custom: {
    type: VersioningType.CUSTOM,
    extractor: request => (request as { headers: Record<string, string> }).headers[VERSION_HEADER] ?? '',
  },
};

/** The imports that hold the controllers. */
export function importsOf(table: Table, controllers: readonly Type[]): NonNullable<ModuleMetadata['imports']> {
  const { modulePath, middleware } = table;
  class FeatureModule {
    configure(consumer: MiddlewareConsumer): void {
      if (middleware === 'none') return;
      const routes = {
        controllers,
        gets: [{ path: '{*path}', method: RequestMethod.GET }],
        all: [{ path: '{*path}', method: RequestMethod.ALL }],
      };
      consumer
        .apply((_request: unknown, _response: unknown, next: () => void) => next())
        .forRoutes(...routes[middleware]);
    }
  }
  Module({ controllers: [...controllers] })(FeatureModule);
  return modulePath === undefined
    ? [FeatureModule]
    : [FeatureModule, RouterModule.register([{ path: modulePath, module: FeatureModule }])];
}

/** What an app is created with; Nest 11 knows neither option. */
export function nestOptions({ specificity }: Table): NestApplicationOptions {
  const options = {
    routeResolutionStrategy: 'specificity',
    routeConflictPolicy: { duplicate: 'warn', shadow: 'warn' },
  };
  return specificity ? (options as NestApplicationOptions) : {};
}

/** What `main.ts` does after `create()`. */
export function configure(table: Table) {
  return (app: INestApplication): void => {
    const [first] = table.controllers;
    const excluded = `${first?.paths[0] ?? ''}/${first?.handlers[0]?.paths[0] ?? ''}`.replace(/^\/|\/$/g, '');
    const exclude = table.exclude && excluded !== '' && !excluded.includes('*') ? [excluded] : [];
    if (table.prefix !== undefined) app.setGlobalPrefix(table.prefix, { exclude });
    if (table.versioning !== 'none') app.enableVersioning(VERSIONING[table.versioning]);
    const http = app.getHttpAdapter() as { getType(): string; set?(name: string, value: boolean): void };
    if (http.getType() === 'express' && !table.lenient) {
      http.set?.('case sensitive routing', true);
      http.set?.('strict routing', true);
    }
  };
}

export function fastifyOptions(table: Table): object {
  return table.lenient
    ? {
        routerOptions: {
          caseSensitive: false,
          ignoreTrailingSlash: true,
          ignoreDuplicateSlashes: true,
          useSemicolonDelimiter: true,
          maxParamLength: 30,
        },
      }
    : {};
}

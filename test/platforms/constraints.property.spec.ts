/**
 * The same promise as in routing/routing.property.spec.ts, for what Fastify alone has: constraints. A preflight does
 * not carry what most of them read. So the handlers that it may be answered for are exactly those that some value of it
 * reaches.
 *
 * `ROUTING_TABLES=300`, as in the matrix, or more of them run longer, and `ROUTING_SEED=7` elsewhere.
 */
import { Agent } from 'node:http';
import {
  All,
  Controller,
  Delete,
  Get,
  Header,
  Patch,
  Put,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  type Type,
  type VersioningOptions,
} from '@nestjs/common';
import { RouteConstraints } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { Cors } from 'nestjs-cors';
import { closeApps, startApp } from '../support/app.js';
import { send } from '../support/client.js';

const TABLES = Math.ceil(Number(process.env['ROUTING_TABLES'] ?? 12) / 3);
const SEED = Number(process.env['ROUTING_SEED'] ?? 20261122);
const REQUESTS = 8;

const VERBS = { All, Delete, Get, Patch, Put } as const;
const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const;
/** The last one is no route's. */
const VALUES = ['a', 'b', 'z'] as const;
const HOSTS = ['one.test', 'two.test', 'three.test'] as const;

interface RouteSpec {
  readonly verb: keyof typeof VERBS;
  readonly path: string;
  readonly version: string | readonly string[] | undefined;
  readonly constraints: Readonly<Record<string, unknown>>;
}

interface Table {
  readonly routes: readonly RouteSpec[];
  readonly versioning: keyof typeof VERSIONINGS;
  /** Added by `addConstraintStrategy()`, as Nest 11 needs it. */
  readonly isAdded: boolean;
  readonly isMust: boolean;
}

/** A request: what the preflight shows, and what is hidden from it. */
interface Drawn {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
  readonly host: string;
}

interface Hidden {
  readonly version: string | undefined;
  readonly kind: string | undefined;
  readonly zone: string | undefined;
}

const read = (request: unknown, name: string) => (request as { headers: Record<string, string> }).headers[name];

const VERSIONINGS = {
  none: undefined,
  header: { type: VersioningType.HEADER, header: 'x-version' },
  media: { type: VersioningType.MEDIA_TYPE, key: 'v=' },
  custom: { type: VersioningType.CUSTOM, extractor: request => read(request, 'x-version') ?? '' },
  byHost: {
    type: VersioningType.CUSTOM,
    extractor: request => ({ 'one.test': '1', 'two.test': '2' })[read(request, 'host') ?? ''] ?? '3',
  },
  throwing: {
    type: VersioningType.CUSTOM,
    extractor: request => {
      const version = read(request, 'x-version');
      if (version === undefined) throw new Error('no version');
      return version;
    },
  },
} satisfies Record<string, VersioningOptions | undefined>;

function mapStorage() {
  const held = new Map<unknown, unknown>();
  return {
    get: (value: unknown) => held.get(value) ?? null,
    set: (value: unknown, routes: unknown) => held.set(value, routes),
  };
}

const strategiesOf = ({ isMust }: Table) => [
  {
    name: 'kind',
    storage: mapStorage,
    mustMatchWhenDerived: isMust,
    deriveConstraint: (request: unknown) => read(request, 'x-kind'),
  },
  // It reads what a preflight shows.
  {
    name: 'method',
    storage: mapStorage,
    deriveConstraint: (request: unknown) => ((request as { method: string }).method === 'PUT' ? 'a' : 'b'),
  },
];

/** Where a strategy is asynchronous, Fastify derives all of them by callbacks. */
const ZONE = {
  name: 'zone',
  storage: mapStorage,
  deriveConstraint: (request: unknown, _context: unknown, done: (error: null, value: unknown) => void) =>
    done(null, read(request, 'x-zone')),
};

const path = fc.constantFrom('x', ':id', ':id.json', ':name.:type', ':from-:to', '*', 'x/:id', ':id/x', 'X');
const constraint = fc.oneof(
  fc.constantFrom('a', 'b').map(value => ['kind', value] as const),
  fc.constantFrom('a', 'b').map(value => ['zone', value] as const),
  fc.constantFrom('a', 'b').map(value => ['method', value] as const),
  fc.constantFrom<string | RegExp>('one.test', /^two/, /^(one|two)/).map(value => ['host', value] as const),
);
const constraints = fc
  .uniqueArray(constraint, { maxLength: 2, selector: ([name]) => name })
  .map(entries => Object.fromEntries(entries));
const routes: fc.Arbitrary<readonly RouteSpec[]> = fc.array(
  fc.record({
    verb: fc.constantFrom<keyof typeof VERBS>('Get', 'Put', 'Put', 'Delete', 'Patch', 'All'),
    path,
    version: fc.constantFrom(undefined, undefined, '1', '2', ['1', '2'], ['neutral', '1']),
    constraints,
  }),
  { minLength: 2, maxLength: 7 },
);
const tables: fc.Arbitrary<Table> = fc.record({
  routes,
  versioning: fc.constantFrom(...(Object.keys(VERSIONINGS) as (keyof typeof VERSIONINGS)[])),
  isAdded: fc.boolean(),
  isMust: fc.boolean(),
});
/** A path for each pattern, and more that some patterns share. */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  x: ['/x', '/%78'],
  X: ['/X'],
  ':id': ['/x', '/y', '/a%2Fb', '/p-q.json'],
  ':id.json': ['/y.json', '/p-q.json', '/.json'],
  ':name.:type': ['/y.json', '/a.b', '/p-q.json'],
  ':from-:to': ['/p-q', '/p-q.json', '/-'],
  '*': ['/', '/y/z', '/p-q.json'],
  'x/:id': ['/x/y', '/x/x', '/x/'],
  ':id/x': ['/y/x', '/x/x', '//x'],
};

interface Draw {
  readonly route: number;
  readonly path: number;
  readonly method: (typeof METHODS)[number];
  readonly host: string;
}

const draws: fc.Arbitrary<Draw> = fc.record({
  route: fc.nat(),
  path: fc.nat(),
  method: fc.constantFrom(...METHODS),
  host: fc.constantFrom(...HOSTS),
});

function requestOf({ routes: specs }: Table, draw: Draw): Drawn {
  const { verb, path: pattern } = specs[draw.route % specs.length] as RouteSpec;
  const paths = PATHS[pattern] as readonly string[];
  const method = verb === 'All' ? draw.method : (verb.toUpperCase() as Drawn['method']);
  return { method, path: paths[draw.path % paths.length] as string, host: draw.host };
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
afterAll(() => agent.destroy());

it(`On fastify, a preflight may be answered for exactly the handlers that its request can reach (${String(TABLES)} random apps)`, async () => {
  let reached = 0;
  const property = fc.asyncProperty(
    tables,
    fc.array(draws, { minLength: REQUESTS, maxLength: REQUESTS }),
    async (table, requests) => {
      const app = await start(table);
      fc.pre(app !== undefined);
      try {
        for (const request of requests)
          reached += await checkOne(app as INestApplication, table, requestOf(table, request));
      } finally {
        await closeApps();
      }
    },
  );
  await fc.assert(property, { numRuns: TABLES, seed: SEED, maxSkipsPerRun: 50, endOnFailure: true });
  expect(reached).toBeGreaterThan((TABLES * REQUESTS) / 2);
});

/** @returns how many handlers the request can reach */
async function checkOne(app: INestApplication, table: Table, request: Drawn): Promise<number> {
  const reachable = new Set<string>();
  for (const hidden of hiddenOf(table)) {
    const handler = await handlerOf(app, table, request, hidden);
    if (handler !== undefined) reachable.add(handler);
  }
  const admitted = new Set<string>();
  const announced = table.versioning === 'header' ? 'x-version' : undefined;
  for (const index of table.routes.keys()) {
    const id = idOf(index);
    const { status, cors } = await send(app, {
      method: 'OPTIONS',
      path: request.path,
      agent,
      headers: {
        Host: request.host,
        Origin: originOf(id),
        'Access-Control-Request-Method': request.method,
        ...(announced !== undefined && { 'Access-Control-Request-Headers': announced }),
      },
    });
    if (status === 204 && cors['access-control-allow-origin'] === originOf(id)) admitted.add(id);
    else if (status !== 403) throw new Error(`A preflight was answered ${String(status)}`);
  }
  const facts = JSON.stringify({ request, table }, (_key, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
  expect({ admitted: [...admitted].sort(), facts }).toEqual({ admitted: [...reachable].sort(), facts });
  return reachable.size;
}

function hiddenOf({ versioning, routes: specs }: Table): readonly Hidden[] {
  const has = (name: string) => specs.some(each => name in each.constraints);
  const all = [undefined, ...VALUES];
  const versions = versioning === 'none' || versioning === 'byHost' ? [undefined] : [undefined, '1', '2', '3'];
  return versions.flatMap(version =>
    all.flatMap(kind => (has('zone') ? all : [undefined]).map(zone => ({ version, kind, zone }))),
  );
}

async function handlerOf(app: INestApplication, { versioning }: Table, { method, path, host }: Drawn, hidden: Hidden) {
  const { version, kind, zone } = hidden;
  const ofVersion = versioning === 'media' ? { Accept: `a/b;v=${String(version)}` } : { 'X-Version': String(version) };
  const headers = {
    Host: host,
    ...(version !== undefined && ofVersion),
    ...(kind !== undefined && { 'X-Kind': kind }),
    ...(zone !== undefined && { 'X-Zone': zone }),
  };
  const response = await send(app, { method, path, headers, agent });
  return response.headers['x-handler'] as string | undefined;
}

const idOf = (index: number) => `h${String(index)}`;
const originOf = (id: string) => `https://${id}.example`;

async function start(table: Table): Promise<INestApplication | undefined> {
  const { versioning } = table;
  const isVersioned = VERSIONINGS[versioning] !== undefined;
  const controllers = table.routes.map(({ verb, path: at, version, constraints: own }, index): Type => {
    class RandomController {}
    const descriptor = { value: () => 'ran', writable: true, configurable: true, enumerable: false };
    Object.defineProperty(RandomController.prototype, 'handle', descriptor);
    const decode = (each: string) => (each === 'neutral' ? VERSION_NEUTRAL : each);
    const decoded = typeof version === 'string' ? version : version?.map(decode);
    const decorators = [
      VERBS[verb](at),
      Header('x-handler', idOf(index)),
      Cors({ origin: originOf(idOf(index)), allowedHeaders: ['x-version'] }),
      ...(Object.keys(own).length > 0 ? [RouteConstraints(own)] : []),
      ...(isVersioned && decoded !== undefined ? [Version(decoded as never)] : []),
    ];
    for (const decorate of decorators) decorate(RandomController.prototype, 'handle', descriptor);
    Controller()(RandomController);
    return RandomController;
  });
  const isAsync = table.routes.some(each => 'zone' in each.constraints);
  const strategies = [...strategiesOf(table), ...(isAsync ? [ZONE] : [])];
  const { isAdded } = table;
  const byName = Object.fromEntries(strategies.map(each => [each.name, each]));
  const nest11 = !('enableCsrfProtection' in (await import('@nestjs/core')).NestApplication.prototype);
  try {
    return await startApp({
      platform: 'fastify',
      cors: { origin: 'https://module.example' },
      controllers,
      fastify: isAdded || nest11 ? {} : { routerOptions: { constraints: byName } },
      configure: app => {
        const instance = app.getHttpAdapter().getInstance() as { addConstraintStrategy(strategy: object): void };
        if (isAdded || nest11) for (const strategy of strategies) instance.addConstraintStrategy(strategy);
        const options = VERSIONINGS[versioning];
        if (options !== undefined) app.enableVersioning(options);
      },
    });
  } catch (error) {
    await closeApps().catch(() => undefined);
    if (/already declared|already exists|Duplicated/i.test(String(error))) return undefined;
    throw error;
  }
}

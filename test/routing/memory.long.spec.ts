import {
  All,
  Controller,
  Get,
  Put,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  type VersioningOptions,
} from '@nestjs/common';
import { RouteConstraints } from '@nestjs/platform-fastify';
import { Cors } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflight } from '../support/client.js';
import { ADMIN, APP } from '../support/expected.js';
import { flood } from '../support/flood.js';
import { collectGarbage } from '../support/node-process.js';

/** At most: one that leaves nothing is enough. */
const MOST_ROUNDS = 8;
const REQUESTS_PER_ROUND = 1_200;
/** What may be left of a request: less than its path or its origin takes. */
const BYTES_PER_REQUEST = 50;
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'PROPFIND', 'SEARCH'];
// Long, and no two alike: what is kept of one shows.
const LABEL = 'x'.repeat(60);

const read = (request: unknown, name: string) => (request as { headers: Record<string, string> }).headers[name];

const VERSIONINGS: Readonly<Record<string, VersioningOptions | undefined>> = {
  'no versions': undefined,
  'versions in the path': { type: VersioningType.URI },
  'versions in a header': { type: VersioningType.HEADER, header: 'x-version' },
  'versions in a media type': { type: VersioningType.MEDIA_TYPE, key: 'v=' },
  'versions by an extractor': { type: VersioningType.CUSTOM, extractor: request => read(request, 'x-version') ?? '' },
  'versions by the host': { type: VersioningType.CUSTOM, extractor: request => read(request, 'host') ?? '' },
};

@Controller({ path: 'c', version: '1' })
class First {
  @Cors({ maxAge: 1 })
  @Put(':id')
  put() {}
  @Get(':id')
  get() {}
}

@Controller({ path: 'c', version: ['2', VERSION_NEUTRAL] })
class Second {
  @Cors({ maxAge: 2 })
  @Put(':id')
  put() {}
  @Cors({ maxAge: 2 })
  @All('files/*')
  all() {}
}

/** Express takes it for a route like any other. */
@Controller('c')
class Constrained {
  @RouteConstraints({ kind: 'internal' })
  @Cors({ maxAge: 3 })
  @Put(':id/kind')
  put() {}

  @RouteConstraints({ host: 'one.test', zone: 'a' })
  @Cors({ maxAge: 4 })
  @Put(':id/kind')
  zone() {}
}

function requestOf(id: number): string {
  const path = [`/c/${String(id)}.${LABEL}`, `/v1/c/${String(id)}${LABEL}`, `/c/files/${LABEL}/${String(id)}`];
  const others = [`/nope/${LABEL}/${String(id)}`, `/c/${String(id)}${LABEL}/kind`];
  const target = [...path, ...others][id % 5] ?? '/';
  const origin = id % 3 === 0 ? APP : `https://o${String(id)}.${LABEL}.example`;
  const method = METHODS[id % METHODS.length] ?? 'GET';
  const lines = [`Host: h${String(id)}.${LABEL}.test`, `Origin: ${origin}`, `X-Kind: ${String(id)}`];
  if (id % 4 === 0) return [`GET ${target} HTTP/1.1`, ...lines, `X-Version: ${String(id)}`, '', ''].join('\r\n');
  const announced = id % 2 === 0 ? 'x-version' : `x-header-${String(id)}-${LABEL}`;
  const asked = id % 7 === 0 ? `M${String(id)}` : method;
  return [
    `OPTIONS ${target} HTTP/1.1`,
    ...lines,
    `Access-Control-Request-Method: ${asked}`,
    `Access-Control-Request-Headers: ${announced}`,
    '',
    '',
  ].join('\r\n');
}

function mapStorage() {
  const held = new Map<unknown, unknown>();
  return {
    get: (value: unknown) => held.get(value) ?? null,
    set: (value: unknown, routes: unknown) => held.set(value, routes),
  };
}

const STRATEGIES = [
  { name: 'kind', storage: mapStorage, deriveConstraint: (request: unknown) => read(request, 'x-kind') },
  { name: 'zone', storage: mapStorage, deriveConstraint: (request: unknown) => read(request, 'host') },
];

function addStrategies(app: INestApplication, strategies: readonly object[]): void {
  const http = app.getHttpAdapter();
  if (http.getType() !== 'fastify') return;
  const instance = http.getInstance() as { addConstraintStrategy(strategy: object): void };
  for (const strategy of strategies) instance.addConstraintStrategy(strategy);
}

const start = (platform: (typeof PLATFORMS)[number], versioning: VersioningOptions | undefined) =>
  startApp({
    platform,
    cors: { origin: [APP, ADMIN] },
    controllers: platform === 'fastify' ? [First, Second, Constrained] : [First, Second],
    configure: app => {
      addStrategies(app, STRATEGIES);
      if (versioning !== undefined) app.enableVersioning(versioning);
    },
  });

afterEach(closeApps);

describe.each(PLATFORMS)(
  'On %s, requests of random paths, methods, headers, origins and hosts leave nothing',
  platform => {
    // Without versions, Fastify refuses the second route of a method and path.
    const kinds = Object.keys(VERSIONINGS).filter(kind => platform === 'express' || kind !== 'no versions');

    it.each(kinds)('behind in an app with %s', async kind => {
      const app = await start(platform, VERSIONINGS[kind]);
      const growth: number[] = [];
      let before = 0;
      // What a request leaves shows in every round; what Node's compiler does meanwhile, only in some.
      const leavesNothing = () => growth.some(bytes => bytes < BYTES_PER_REQUEST);
      for (let round = 0; round <= MOST_ROUNDS && !leavesNothing(); round++) {
        await flood(app, REQUESTS_PER_ROUND, index => requestOf(round * REQUESTS_PER_ROUND + index));
        await collectGarbage(1);
        const after = process.memoryUsage().heapUsed;
        // What is made with the first requests stays.
        if (round > 0) growth.push((after - before) / REQUESTS_PER_ROUND);
        before = after;
      }
      expect({ growth, leavesNothing: leavesNothing() }).toEqual({ growth, leavesNothing: true });
    });
  },
);

it('On fastify, a storage of the app is asked about a request only if it is thrown away', async () => {
  let isRunning = false;
  const asked = new Map<number, Set<unknown>>();
  const alive: { readonly id: number; readonly storage: WeakRef<object> }[] = [];
  const strategy = {
    name: 'kind',
    storage() {
      const id = alive.length;
      const storage = {
        ...mapStorage(),
        get(value: unknown) {
          asked.get(id)?.add(value);
          return null;
        },
      };
      if (isRunning) asked.set(id, new Set());
      if (isRunning) alive.push({ id, storage: new WeakRef(storage) });
      return storage;
    },
    deriveConstraint: (request: unknown) => read(request, 'host'),
  };
  const app = await startApp({
    platform: 'fastify',
    cors: { origin: APP },
    controllers: [Constrained],
    configure: each => addStrategies(each, [strategy, STRATEGIES[1] as object]),
  });
  isRunning = true;
  expect((await preflight(app, '/c/1/kind', APP, 'PUT')).status).toBe(204);
  await flood(app, 100, index => requestOf(index));
  await collectGarbage();

  const kept = alive.filter(({ storage }) => storage.deref() !== undefined);
  const registered = ['internal'];
  expect(alive.length).toBeGreaterThan(0);
  expect(
    kept.flatMap(({ id }) => [...(asked.get(id) ?? [])]).filter(each => !registered.includes(each as string)),
  ).toEqual([]);
});

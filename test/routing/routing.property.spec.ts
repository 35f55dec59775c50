/**
 * The central promise: the policy that answers a preflight is that of the handler the real request reaches. Random
 * apps are asked both ways over HTTP, and must agree.
 *
 * `ROUTING_TABLES=300`, as in the matrix, or more of them run longer, and `ROUTING_SEED=7` elsewhere.
 */
import { Agent } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import fc from 'fast-check';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import { send, type WireResponse } from '../support/client.js';
import {
  configure,
  controllersOf,
  draws,
  fastifyOptions,
  importsOf,
  METHODS,
  nestOptions,
  MODULE_ORIGIN,
  originOf,
  tables,
  resolveDraw,
  versionHeaders,
  VERSION_HEADER,
  VERSIONS,
  type DrawnRequest,
  type Table,
} from './table.js';

const TABLES = Number(process.env['ROUTING_TABLES'] ?? 12);
const SEED = Number(process.env['ROUTING_SEED'] ?? 20261122);
const REQUESTS = 40;

const agent = new Agent({ keepAlive: true, maxSockets: 2 });
afterAll(() => agent.destroy());

describe.each(PLATFORMS)('on %s', platform => {
  it(`a preflight admits exactly the origin of the handler that runs (${String(TABLES)} random apps)`, async () => {
    let ran = 0;
    const property = fc.asyncProperty(
      tables,
      fc.array(draws, { minLength: REQUESTS, maxLength: REQUESTS }),
      async (table, requests) => {
        const started = await start(table, platform);
        fc.pre(started !== undefined);
        try {
          for (const draw of requests)
            ran += (await agrees(started as Started, table, resolveDraw(table, draw))) ? 1 : 0;
        } finally {
          await closeApps();
        }
      },
    );
    await fc.assert(property, { numRuns: TABLES, seed: SEED, maxSkipsPerRun: 50, endOnFailure: true });
    // A test whose requests reach no handler would prove nothing.
    expect(ran).toBeGreaterThan(TABLES * REQUESTS * 0.3);
  });
});

it('both platforms answer alike where they route alike', async () => {
  let compared = 0;
  const requests = fc.array(draws, { minLength: 10, maxLength: 10 });
  const property = fc.asyncProperty(tables, requests, async (table, drawn) => {
    try {
      const [express, fastify] = [await start(table, 'express'), await start(table, 'fastify')];
      fc.pre(fastify !== undefined && express !== undefined);
      for (const draw of drawn) {
        compared += (await answersAlike([express as Started, fastify as Started], table, resolveDraw(table, draw)))
          ? 1
          : 0;
      }
    } finally {
      await closeApps();
    }
  });
  await fc.assert(property, { numRuns: Math.ceil(TABLES / 5), seed: SEED, maxSkipsPerRun: 50, endOnFailure: true });
  expect(compared).toBeGreaterThan(TABLES);
});

interface Started {
  readonly app: INestApplication;
  readonly ids: readonly string[];
}

async function start(table: Table, platform: Platform): Promise<Started | undefined> {
  const { controllers, ids } = controllersOf(table);
  const cors = { origin: MODULE_ORIGIN, allowedHeaders: ['content-type', VERSION_HEADER] };
  try {
    const options = { platform, cors, imports: importsOf(table, controllers), nest: nestOptions(table) };
    return { app: await startApp({ ...options, fastify: fastifyOptions(table), configure: configure(table) }), ids };
  } catch (error) {
    await closeApps().catch(() => undefined);
    // Fastify refuses two routes of one method and path, whoever asks.
    if (/already declared|already exists|Duplicated/i.test(String(error))) return undefined;
    throw error;
  }
}

/** Sends a request and its preflights. `true` if a handler ran. */
async function agrees({ app, ids }: Started, table: Table, request: DrawnRequest): Promise<boolean> {
  const reached = await handlerOf(app, table, request);
  const candidates = new Set([reached]);
  for (const version of possibleVersions(table, request)) {
    candidates.add(await handlerOf(app, table, { ...request, version }));
  }
  const answers = new Map<string, Answer>();
  for (const id of ids) answers.set(id, await preflightAnswer(app, table, request, originOf(id)));

  const admitted = ids.filter(id => answers.get(id) === 'allowed');
  const wrong = admitted.filter(id => !candidates.has(id));
  const missing = reached !== undefined && answers.get(reached) === 'refused';
  if (wrong.length > 0 || missing) {
    const facts = { request, reached, admitted, table };
    throw new Error(`The preflight admits others than the request reaches: ${JSON.stringify(facts)}`);
  }
  return reached !== undefined;
}

/** Compares status and CORS headers on two platforms. `false` where they route one of the path's methods or versions apart. */
async function answersAlike(apps: readonly Started[], table: Table, request: DrawnRequest): Promise<boolean> {
  const reached = new Set<string>();
  for (const { app } of apps) {
    const handlers: (string | undefined)[] = [];
    // The guard looks at every version: another one's policy may have answered a preflight.
    for (const version of new Set([...possibleVersions(table, request), undefined, ...VERSIONS])) {
      for (const method of METHODS) handlers.push(await handlerOf(app, table, { ...request, method, version }));
    }
    reached.add(handlers.join());
  }
  if (reached.size > 1 || isMalformed(request.path)) return false;

  for (const origin of [MODULE_ORIGIN, ...(apps[0]?.ids ?? []).map(originOf)]) {
    const answers = await Promise.all(
      apps.map(async ({ app }) => {
        const headers = { Host: request.host, Origin: origin, ...versionHeaders(table, request.version) };
        const actual = await send(app, { method: request.method, path: request.path, headers, agent });
        const preflight = await sendPreflight(app, table, request, origin);
        return [actual, preflight].map(({ status, cors }) => ({ status: status < 400 ? 'ok' : status, cors }));
      }),
    );
    // A request to nobody may be refused with 400 or 414 on Fastify, 404 on Express: told apart by design.
    if (answers.flat().some(({ status }) => status === 400 || status === 414)) return false;
    if (JSON.stringify(answers[0]) !== JSON.stringify(answers[1])) {
      throw new Error(`The platforms answer apart: ${JSON.stringify({ request, origin, answers, table })}`);
    }
  }
  return true;
}

/** The versions that the requests announced by a preflight may have: all, where a header holds it. */
function possibleVersions({ versioning }: Table, { version }: DrawnRequest): readonly (string | undefined)[] {
  const hidden =
    versioning === 'media' || versioning === 'custom' || (versioning === 'header' && version !== undefined);
  return hidden ? [undefined, ...VERSIONS] : [version];
}

async function handlerOf(app: INestApplication, table: Table, request: DrawnRequest): Promise<string | undefined> {
  const { method, path, host, version } = request;
  const response = await send(app, { method, path, headers: { Host: host, ...versionHeaders(table, version) }, agent });
  return response.headers['x-handler'] as string | undefined;
}

function sendPreflight(
  app: INestApplication,
  table: Table,
  { method, path, host, version }: DrawnRequest,
  origin: string,
): Promise<WireResponse> {
  const named = Object.keys(versionHeaders(table, version)).filter(name => name !== 'Accept');
  const headers = {
    Host: host,
    Origin: origin,
    'Access-Control-Request-Method': method,
    ...(named.length > 0 && { 'Access-Control-Request-Headers': named.join() }),
  };
  return send(app, { method: 'OPTIONS', path, agent, headers });
}

/**
 * `unroutable`: Fastify refuses the preflight itself, without any header, for what the OPTIONS method has routed at
 * the target: a malformed target (400, 404 before Fastify 5.12), an over-long parameter (414). Safe, and not ours to answer.
 */
type Answer = 'allowed' | 'refused' | 'unroutable';

async function preflightAnswer(
  app: INestApplication,
  table: Table,
  request: DrawnRequest,
  origin: string,
): Promise<Answer> {
  const { method, path } = request;
  const response = await sendPreflight(app, table, request, origin);
  const { status, cors } = response;
  if (status === 204 && cors['access-control-allow-origin'] === origin) return 'allowed';
  if (Object.keys(cors).join() === 'vary') {
    if (status === 403) return 'refused';
    if (status === 400 || status === 414 || (status === 404 && isMalformed(path))) return 'unroutable';
  }
  throw new Error(`The preflight for ${method} ${path} from ${origin} was answered ${JSON.stringify(response)}`);
}

function isMalformed(path: string): boolean {
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}

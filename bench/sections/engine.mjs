import { createRequire } from 'node:module';
import cors from 'cors';
import { cors as honoCors } from 'hono/cors';
import koaCors from '@koa/cors';
import { answerActual, answerPreflight, compile, resourceOf } from '../engine.mjs';
import { allocationOf, alternate, asyncRoundOf, fresh, keepShapeOf, roundOf } from '../measure.mjs';
import { FOREIGN_ORIGIN, ORIGIN } from '../requests.mjs';
import { StubResponse } from '../stub-response.mjs';

const fastifyCors = createRequire(import.meta.url)('@fastify/cors');

const ORIGINS = [ORIGIN, 'https://admin.example.com', 'https://partner.example.net'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const ALLOWED = ['content-type', 'authorization'];
const EXPOSED = ['x-total'];
const MAX_AGE = 600;

/** Fastify's reply, likewise. */
class StubReply {
  writes = 0;
  header() {
    this.writes++;
    return this;
  }
  getHeader() {}
  code() {
    return this;
  }
  status() {
    return this;
  }
  type() {
    return this;
  }
  send() {}
}

/** The contexts of Hono and Koa, likewise. */
class StubHeaders {
  writes = 0;
  set() {
    this.writes++;
  }
  append() {
    this.writes++;
  }
  delete() {}
}

class StubKoa {
  status = 404;
  writes = 0;
  constructor(method, headers) {
    this.method = method;
    this.headers = headers;
  }
  get(name) {
    return this.headers[name.toLowerCase()] ?? '';
  }
  set() {
    this.writes++;
  }
  vary() {
    this.writes++;
  }
}

for (const stub of [new StubReply(), new StubHeaders(), new StubKoa('GET', {})]) keepShapeOf(stub);

function ignore() {}
const next = async () => {};

/** Each library configured alike: what answers one request. */
function contestants() {
  const options = {
    origin: ORIGINS,
    methods: METHODS,
    allowedHeaders: ALLOWED,
    exposedHeaders: EXPOSED,
    credentials: true,
    maxAge: MAX_AGE,
  };
  const policy = compile(options);
  const resource = resourceOf(policy, METHODS);
  const ofCors = cors(options);

  let ofFastify;
  const fastify = {
    decorateRequest: ignore,
    options: ignore,
    addHook: (_name, hook) => (ofFastify = hook),
  };
  fastifyCors(fastify, { ...options, methods: METHODS }, ignore);
  const routeOptions = { config: {} };

  const ofHono = honoCors({
    origin: ORIGINS,
    allowMethods: METHODS,
    allowHeaders: ALLOWED,
    exposeHeaders: EXPOSED,
    credentials: true,
    maxAge: MAX_AGE,
  });
  const ofKoa = koaCors({
    origin: context => {
      const origin = context.get('Origin');
      return ORIGINS.includes(origin) ? origin : '';
    },
    allowMethods: METHODS,
    allowHeaders: ALLOWED,
    exposeHeaders: EXPOSED,
    credentials: true,
    maxAge: MAX_AGE,
  });

  return {
    'nestjs-cors': {
      call: request =>
        request.method === 'OPTIONS'
          ? answerPreflight(resource, request, new StubResponse())
          : answerActual(policy, request, new StubResponse()),
    },
    cors: { call: request => ofCors(request, new StubResponse(), ignore) },
    '@fastify/cors': {
      call: request => ofFastify({ headers: request.headers, raw: request, routeOptions }, new StubReply(), ignore),
    },
    'hono/cors': {
      isAsync: true,
      call: request => {
        const header = name => (name === undefined ? request.headers : request.headers[name.toLowerCase()]);
        return ofHono(
          { req: { header, method: request.method }, res: { headers: new StubHeaders() }, header: ignore },
          next,
        );
      },
    },
    '@koa/cors': {
      isAsync: true,
      call: request => ofKoa(new StubKoa(request.method, request.headers), next),
    },
  };
}

const announced = {
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'authorization,content-type',
};
const ROWS = {
  'actual, allowed': () => ({ method: 'GET', headers: { host: 'a', origin: fresh(ORIGIN) } }),
  'actual, refused': () => ({ method: 'GET', headers: { host: 'a', origin: fresh(FOREIGN_ORIGIN) } }),
  'actual, no Origin': () => ({ method: 'GET', headers: { host: 'a' } }),
  'preflight, allowed': () => ({
    method: 'OPTIONS',
    headers: { host: 'a', origin: fresh(ORIGIN), ...refreshed(announced) },
  }),
  'preflight, refused': () => ({
    method: 'OPTIONS',
    headers: { host: 'a', origin: fresh(FOREIGN_ORIGIN), ...refreshed(announced) },
  }),
};

function refreshed(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fresh(value)]));
}

/** Each kind of request has a process of its own, as the sections have. */
export const parts = Object.keys(ROWS);

/** One decision and its headers, on a response that is a stub. */
export async function runPart(part, { rounds, count }) {
  // Hono ends a preflight with a Response of the platform, which is none of its own cost.
  globalThis.Response = class {};
  const makeRequest = ROWS[part];
  const candidates = Object.fromEntries(
    Object.entries(contestants()).map(([name, { call, isAsync }]) => [
      name,
      (isAsync ? asyncRoundOf : roundOf)(count, makeRequest, call),
    ]),
  );
  await alternate(3, candidates);
  const costs = await alternate(rounds, candidates);
  if (!part.startsWith('actual')) return { part, costs };
  const policy = compile({ origin: ORIGINS, credentials: true, exposedHeaders: EXPOSED });
  const response = new StubResponse();
  const bytes = await allocationOf(count * 2, makeRequest, request => answerActual(policy, request, response));
  return { part, costs, bytes };
}

export function report(results) {
  const rows = results.map(({ part, costs: { 'nestjs-cors': own, ...others } }) => {
    const fastest = Math.min(...Object.values(others));
    return { part, own, others: Object.values(others), ratio: fastest / own };
  });
  const allocations = results.filter(({ bytes }) => bytes !== undefined);
  return {
    title: 'Engine',
    about:
      'One decision and its headers, on a response that is a stub: nanoseconds, and how many times less than the fastest other.',
    tables: [
      {
        columns: ['Request', 'nestjs-cors', 'cors', '@fastify/cors', 'hono/cors', '@koa/cors', 'times less'],
        rows: rows.map(({ part, own, others, ratio }) => [
          part,
          ...[own, ...others].map(cost => `${cost.toFixed(0)} ns`),
          `${ratio.toFixed(1)}×`,
        ]),
      },
      {
        columns: ['Request', 'Bytes allocated for a decision'],
        rows: allocations.map(({ part, bytes }) => [part, bytes.toFixed(1)]),
      },
    ],
    goals: [
      ...rows.map(({ part, ratio }) => ({
        goal: `${part}: times less than the fastest other`,
        value: ratio,
        atLeast: 5,
        unit: '×',
      })),
      {
        goal: 'No allocation for a decision about an actual request',
        value: Math.max(...allocations.map(({ bytes }) => bytes)),
        atMost: 1,
        unit: ' bytes',
      },
    ],
  };
}

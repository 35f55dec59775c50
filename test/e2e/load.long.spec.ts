import {
  Body,
  Controller,
  Get,
  Param,
  Post,
  Put,
  UnauthorizedException,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, readResponses, sendRaw, type WireRequest, type WireResponse } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { collectGarbage, listenersOf, nodeProcess } from '../support/node-process.js';
import { watchHandlers, type Observation } from '../support/observe.js';

const { ran, take } = watchHandlers();
const cors: CorsModuleOptions = { origin: [APP, 'https://*.tenants.example'] };
const json = { 'Content-Type': 'application/json' };

const deny = {
  canActivate() {
    throw new UnauthorizedException();
  },
};

@Controller('cats')
class CatsController {
  @Get(':id')
  read(@Param('id') id: string) {
    return ran(`read ${id}`);
  }

  @Cors({ origin: ADMIN, credentials: true, exposedHeaders: ['x-total'] })
  @Put(':id')
  async replace(@Param('id') id: string) {
    await new Promise(setImmediate);
    return ran(`replace ${id}`);
  }

  @Post()
  create(@Body() { id }: { id: number }) {
    return ran(`create ${String(id)}`);
  }

  @Cors({ credentials: true })
  @UseGuards(deny)
  @Post('guarded')
  guarded() {
    return ran('guarded');
  }
}

const ofAdmin = { credentials: true };
const refused = { status: 403, cors: REFUSED, ran: [] };

/** The kinds of requests, by the number of one. */
const KINDS: readonly ((id: number) => readonly [request: WireRequest, expected: Observation])[] = [
  id => [
    preflightOf(`/cats/${cat(id)}`, APP, 'GET'),
    { status: 204, cors: granted(APP, { methods: 'GET, HEAD' }), ran: [] },
  ],
  id => [from(EVIL, `/cats/${cat(id)}`), { status: 200, cors: UNREADABLE, ran: [`read ${cat(id)}`] }],
  id => [
    preflightOf(`/cats/${cat(id)}`, tenant(id), 'GET'),
    { status: 204, cors: granted(tenant(id), { methods: 'GET, HEAD' }), ran: [] },
  ],
  id => [from(tenant(id), `/cats/${cat(id)}`), { status: 200, cors: readable(tenant(id)), ran: [`read ${cat(id)}`] }],
  id => [preflightOf(`/cats/${cat(id)}`, `${tenant(id)}.evil.example`, 'GET'), refused],
  id => [{ path: `/cats/${cat(id)}` }, { status: 200, cors: UNREADABLE, ran: [`read ${cat(id)}`] }],
  id => [
    preflightOf(`/cats/${cat(id)}`, ADMIN, 'PUT'),
    { status: 204, cors: granted(ADMIN, { methods: 'PUT', ...ofAdmin }), ran: [] },
  ],
  id => [
    { method: 'PUT', ...from(ADMIN, `/cats/${cat(id)}`) },
    { status: 200, cors: readable(ADMIN, { ...ofAdmin, exposed: 'x-total' }), ran: [`replace ${cat(id)}`] },
  ],
  id => [preflightOf(`/cats/${cat(id)}`, tenant(id), 'PUT'), refused],
  id => [
    { method: 'PUT', ...from(tenant(id), `/cats/${cat(id)}`) },
    { status: 200, cors: UNREADABLE, ran: [`replace ${cat(id)}`] },
  ],
  id => [from(`${tenant(id)}/`, `/cats/${cat(id)}`), { status: 200, cors: UNREADABLE, ran: [`read ${cat(id)}`] }],
  id => [
    { method: 'POST', ...from(APP, '/cats', json), body: JSON.stringify({ id }) },
    { status: 201, cors: readable(APP), ran: [`create ${String(id)}`] },
  ],
  id => [
    { method: 'POST', ...from(tenant(id), '/cats', json), body: `{${String(id)}` },
    { status: 400, cors: readable(tenant(id)), ran: [] },
  ],
  id => [
    { method: 'POST', ...from(tenant(id), '/cats/guarded') },
    { status: 401, cors: readable(tenant(id), ofAdmin), ran: [] },
  ],
  id => [from(tenant(id), `/nope/${cat(id)}`), { status: 404, cors: readable(tenant(id)), ran: [] }],
  id => [
    preflightOf(`/nope/${cat(id)}`, tenant(id), 'PATCH'),
    { status: 204, cors: granted(tenant(id), { methods: 'PATCH' }), ran: [] },
  ],
];

// Long, and no two alike: whatever is kept of each one shows.
const LABEL = 'x'.repeat(60);

function tenant(id: number): string {
  return `https://t${String(id)}.${LABEL}.${LABEL}.${LABEL}.tenants.example`;
}

function cat(id: number): string {
  return String(id).padStart(90, '0');
}

function from(origin: string, path: string, headers: Record<string, string> = {}) {
  return { path, headers: { Origin: origin, ...headers } };
}

/** The requests come in rounds, so that what they leave in memory shows again and again. */
const ROUNDS = 5;
const REQUESTS_PER_ROUND = 2_000;
const CONNECTIONS = 50;

/** What may be left of a request: less than its path or its origin takes. */
const BYTES_PER_REQUEST = 50;

describe.each(PLATFORMS)('10,000 mixed requests over 50 connections to %s', platform => {
  let app: INestApplication;
  // Counted, not collected: what the test keeps itself would hide what is left by others.
  let answered = 0;
  let served = 0;
  const wrong: unknown[] = [];
  const warnings: Error[] = [];
  const kept: number[] = [];
  const growth: number[] = [];
  let listenersBefore: object;

  beforeAll(async () => {
    app = await startApp({ platform, cors, controllers: [CatsController] });
    const objects: WeakRef<object>[] = [];
    (app.getHttpServer() as Server).on('request', (request, response) => {
      objects.push(new WeakRef(request), new WeakRef(response));
    });
    nodeProcess.on('warning', warn);
    take();
    // What is made with the first requests stays.
    await round(0);
    answered = served = 0;
    listenersBefore = listeners();
    let before = await heapUsed();

    for (let i = 1; i <= ROUNDS; i++) {
      objects.length = 0;
      await round(i);
      const after = await heapUsed();
      growth.push(after - before);
      before = after;
      kept.push(objects.filter(object => object.deref() !== undefined).length);
    }
  });

  afterAll(async () => {
    nodeProcess.off('warning', warn);
    await closeApps();
  });

  it('reach each its own handler, or none, and are answered with the status and the headers of their own', () => {
    expect(wrong).toEqual([]);
    // Seven kinds of sixteen reach one.
    expect({ answered, served }).toEqual({ answered: 10_000, served: 4_375 });
  });

  it('leave no listener behind', () => {
    expect(listeners()).toEqual(listenersBefore);
  });

  it('make Node warn of nothing', () => {
    expect(warnings).toEqual([]);
  });

  it('are forgotten: no request or response stays in memory, nor anything of each', () => {
    expect(kept).toEqual(Array<number>(ROUNDS).fill(0));
    // What Node's compiler does meanwhile shows in some rounds; what a request leaves, in all of them.
    expect(Math.min(...growth) / REQUESTS_PER_ROUND).toBeLessThan(BYTES_PER_REQUEST);
  });

  /** Sends the requests of a round. */
  async function round(number: number): Promise<void> {
    const ids = Array.from({ length: REQUESTS_PER_ROUND }, (_, index) => number * REQUESTS_PER_ROUND + index);
    const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => ids.filter(id => id % CONNECTIONS === lane));
    await Promise.all(lanes.map(sendInTurn));
    const [ran, toRun] = [take(), ids.flatMap(id => requestOf(id)[1].ran)];
    served += ran.length;
    if (!isDeepStrictEqual([...ran].sort(), toRun.sort())) wrong.push({ ran, toRun });
  }

  /** Sends requests without a wait between them, over one connection for as long as the server keeps it open. */
  async function sendInTurn(ids: readonly number[]): Promise<void> {
    for (let rest = ids; rest.length > 0;) {
      const last = rest.findIndex(closes);
      const sent = last === -1 ? rest : rest.slice(0, last + 1);
      const bytes = sent.map((id, index) => bytesOf(requestOf(id)[0], index === sent.length - 1));
      const responses = readResponses(await sendRaw(app, bytes.join('')));
      sent.forEach((id, index) => check(id, responses[index]));
      rest = rest.slice(sent.length);
    }
  }

  /** Looks at the answer to a request. */
  function check(id: number, response: WireResponse | undefined): void {
    if (response !== undefined) answered++;
    const [request, expected] = requestOf(id);
    const [status, cors] = [response?.status, response?.cors];
    const isRight = isDeepStrictEqual({ status, cors }, { status: expected.status, cors: expected.cors });
    // The first few tell enough.
    if (!isRight && wrong.length < 3) wrong.push({ request, status, cors, expected });
  }

  function listeners() {
    return {
      process: [listenersOf(process), listenersOf(nodeProcess)],
      server: listenersOf(app.getHttpServer() as Server),
      adapter: platform === 'express' ? listenersOf(app.getHttpAdapter().getInstance() as EventEmitter) : {},
    };
  }

  async function heapUsed(): Promise<number> {
    await collectGarbage();
    return process.memoryUsage().heapUsed;
  }

  function warn(warning: Error) {
    warnings.push(warning);
  }
});

/** After a body that it cannot read, Fastify closes the connection. */
function closes(id: number): boolean {
  return requestOf(id)[1].status === 400;
}

function bytesOf({ method = 'GET', path = '', headers, body = '' }: WireRequest, isLast: boolean): string {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${String(value)}`);
  if (body !== '') lines.push(`Content-Length: ${String(body.length)}`);
  if (isLast) lines.push('Connection: close');
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

function requestOf(id: number): readonly [request: WireRequest, expected: Observation] {
  const kind = KINDS[id % KINDS.length];
  if (kind === undefined) throw new Error(`No kind for ${String(id)}`);
  return kind(id);
}

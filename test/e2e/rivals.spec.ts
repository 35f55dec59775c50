import {
  Controller,
  Delete,
  Get,
  Patch,
  Post,
  Put,
  Version,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { Cors, NoCors } from 'nestjs-cors';
import { FORBIDDEN_BODY } from '../../lib/request/forbidden.exception.js';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, type WireRequest } from '../support/client.js';
import { APP, CLOSED, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

afterEach(closeApps);

describe.each(PLATFORMS)('What a preflight cannot know, on %s', platform => {
  const start = (options: Partial<AppOptions>) => startApp({ platform, cors: { origin: [APP] }, ...options });

  @Controller('orders')
  class OrdersController {
    @Cors({ origin: [EVIL], allowedHeaders: ['content-type', 'authorization', 'x-version'] })
    @Version('1')
    @Put()
    old() {
      return ran('old');
    }

    @NoCors()
    @Version('2')
    @Put()
    closed() {
      return ran('closed');
    }

    @NoCors()
    @Version('2')
    @Post()
    form() {
      return ran('form');
    }

    @Cors({ origin: [EVIL] })
    @Version('1')
    @Post()
    openForm() {
      return ran('open form');
    }

    @NoCors()
    @Version('2')
    @Get()
    read() {
      return ran('read');
    }

    @Cors({ origin: [EVIL] })
    @Version('1')
    @Get()
    openRead() {
      return ran('open read');
    }
  }

  interface Selected {
    readonly name: string;
    readonly versioning: Parameters<INestApplication['enableVersioning']>[0];
    /** The headers that choose the second version, and what a preflight announces of them. */
    readonly headers: Readonly<Record<string, string>>;
    readonly announced?: string;
  }
  const second: readonly Selected[] = [
    {
      name: 'a header',
      versioning: { type: VersioningType.HEADER, header: 'X-Version' },
      headers: { 'X-Version': '2' },
      announced: 'x-version',
    },
    {
      name: 'a media type',
      versioning: { type: VersioningType.MEDIA_TYPE, key: 'v=' },
      headers: { Accept: 'application/json;v=2' },
    },
    {
      name: 'an extractor that reads a header',
      versioning: {
        type: VersioningType.CUSTOM,
        extractor: request => String((request as IncomingMessage).headers['x-version'] ?? '1'),
      },
      headers: { 'X-Version': '2' },
      announced: 'x-version',
    },
  ];
  const call = (method: string, headers: Readonly<Record<string, string>>, body?: string): WireRequest => ({
    method,
    path: '/orders',
    headers,
    ...(body !== undefined && { body }),
  });

  describe.each(second)('the version in $name', ({ versioning, headers, announced }) => {
    const startVersions = (options: Partial<AppOptions> = {}) =>
      start({ controllers: [OrdersController], configure: app => app.enableVersioning(versioning), ...options });
    const stopped = { status: 403, cors: CLOSED, ran: [] };

    it('is known when the request comes: the handler that is closed does not run', async () => {
      const app = await startVersions();
      // The version of the request is not known yet, and the first one is open.
      expect(await observe(app, preflightOf('/orders', EVIL, 'PUT', announced))).toMatchObject({ status: 204 });

      const response = await exchange(app, call('PUT', { ...headers, Origin: EVIL }));
      expect(response.observed).toEqual(stopped);
      expect(JSON.parse(response.body)).toEqual(FORBIDDEN_BODY);
      expect(await observe(app, call('PUT', { ...headers, Origin: 'null' }))).toEqual(stopped);
    });

    it.each([
      ['a type that no form has', { 'Content-Type': 'application/json' }, '{}'],
      ['Authorization', { Authorization: 'Bearer x' }, undefined],
    ])('also of a POST that has %s', async (_what, own: Record<string, string>, body) => {
      const app = await startVersions();
      expect(await observe(app, call('POST', { ...headers, ...own, Origin: EVIL }, body))).toEqual(stopped);
    });

    it('counts for nothing where a browser asks nobody: a form, a beacon, a link', async () => {
      const app = await startVersions();
      // A header of its own is announced; `Accept` is not.
      const isAnnounced = announced !== undefined;
      const expected = (name: string, status: number) =>
        isAnnounced ? stopped : { status, cors: CLOSED, ran: [name] };
      for (const type of [
        'application/x-www-form-urlencoded',
        'application/x-www-form-urlencoded; charset=UTF-8',
        'text/plain;charset=UTF-8',
      ]) {
        expect(await observe(app, call('POST', { ...headers, 'Content-Type': type, Origin: EVIL }, 'a=1'))).toEqual(
          expected('form', 201),
        );
      }
      expect(await observe(app, call('GET', { ...headers, Origin: EVIL }))).toEqual(expected('read', 200));
    });

    it('leaves everyone else alone', async () => {
      const app = await startVersions();
      const own = `http://127.0.0.1:${String(portOf(app))}`;
      const put = (more: Record<string, string>) => observe(app, call('PUT', { ...headers, ...more }));

      // No browser, and a page of the app itself.
      expect(await put({})).toEqual({ status: 200, cors: CLOSED, ran: ['closed'] });
      expect(await put({ Origin: own })).toEqual({ status: 200, cors: CLOSED, ran: ['closed'] });
      expect(await put({ Origin: EVIL, 'Sec-Fetch-Site': 'same-origin' })).toEqual({
        status: 200,
        cors: CLOSED,
        ran: ['closed'],
      });
      // The version that is open.
      const first = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('2', '1')]));
      expect(await observe(app, call('PUT', { ...first, Origin: EVIL }))).toEqual({
        status: 200,
        cors: readable(EVIL),
        ran: ['old'],
      });
    });

    it('is a line in the log, once a minute for each handler, with the number of those left out', async () => {
      const logger = new RecordingLogger();
      const app = await startVersions({ nest: { logger } });
      const before = logger.ofCors('warn').length;
      for (let time = 0; time < 5; time++) await observe(app, call('PUT', { ...headers, Origin: EVIL }));

      const lines = logger.ofCors('warn').slice(before);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(
        /^Refused "PUT" "\/orders" from "https:\/\/evil\.example": its handler's policy does not allow it/,
      );
    });
  });

  it('does not matter where all versions have one policy: what is no browser goes on as before', async () => {
    @Controller('same')
    class SameController {
      @Version('1')
      @Put()
      first() {
        return ran('first');
      }

      @Version('2')
      @Put()
      second() {
        return ran('second');
      }
    }
    const app = await start({
      controllers: [SameController],
      configure: each => each.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
    });
    const headers = { Accept: 'application/json;v=2', Origin: EVIL };
    expect(await observe(app, preflightOf('/same', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await observe(app, { method: 'PUT', path: '/same', headers })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['second'],
    });
  });

  it('is not the version where an extractor reads nothing but the host and the target', async () => {
    const seen: unknown[] = [];
    const extractor = (request: unknown) => {
      const { method, url = '', headers } = request as IncomingMessage;
      seen.push(method);
      return url.includes('second') || headers.host?.startsWith('second') === true ? '2' : '1';
    };
    const app = await start({
      controllers: [OrdersController],
      configure: each => each.enableVersioning({ type: VersioningType.CUSTOM, extractor }),
    });
    const put = (path: string, headers: Record<string, string> = {}) => {
      const { headers: own, ...request } = preflightOf(path, EVIL, 'PUT');
      return observe(app, { ...request, headers: { ...own, ...headers } });
    };
    expect(await put('/orders?second')).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await put('/orders', { Host: 'second.example' })).toEqual({ status: 403, cors: REFUSED, ran: [] });
    expect(await put('/orders')).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'PUT', headers: 'content-type, authorization, x-version' }),
      ran: [],
    });
    // It is told what is announced.
    expect(seen).toContain('PUT');
    // Its answer is known beforehand: what comes all the same came from no browser.
    expect(await observe(app, { method: 'PUT', path: '/orders?second', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: CLOSED,
      ran: ['closed'],
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no version');
      },
    ],
    ['gives no version', () => ''],
    ['gives a promise', () => Promise.resolve('1')],
    [
      'reads everything',
      (request: unknown) => (JSON.stringify((request as IncomingMessage).headers) === '' ? '2' : '1'),
    ],
    [
      'asks whether a header is there',
      (request: unknown) => (Object.hasOwn((request as IncomingMessage).headers, 'x-version') ? '2' : '1'),
    ],
    [
      'describes a header',
      (request: unknown) =>
        Object.getOwnPropertyDescriptor((request as IncomingMessage).headers, 'x-version')?.value === '2' ? '2' : '1',
    ],
    [
      'reads what a symbol names',
      (request: unknown) => ((request as Record<symbol, unknown>)[Symbol.for('version')] === 2 ? '2' : '1'),
    ],
    [
      'reads what is kept with the connection',
      (request: unknown) => ((request as { socket: { version?: unknown } }).socket.version === 2 ? '2' : '1'),
    ],
    ['reads what a middleware left', (request: unknown) => ((request as { body?: unknown }).body === 2 ? '2' : '1')],
  ])('is every version where an extractor %s', async (_how, extractor) => {
    const app = await start({
      controllers: [OrdersController],
      configure: each => each.enableVersioning({ type: VersioningType.CUSTOM, extractor: extractor as never }),
    });
    expect(await observe(app, preflightOf('/orders', EVIL, 'PUT'))).toMatchObject({ status: 204, ran: [] });
    expect(await observe(app, preflightOf('/orders', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('is nothing that an extractor remembers: the handler that runs is judged all the same', async () => {
    let version = '1';
    const app = await start({
      controllers: [OrdersController],
      configure: each => each.enableVersioning({ type: VersioningType.CUSTOM, extractor: () => version }),
    });
    expect(await observe(app, preflightOf('/orders', EVIL, 'PUT'))).toMatchObject({ status: 204 });
    version = '2';
    expect(await observe(app, { method: 'PUT', path: '/orders', headers: { Origin: EVIL } })).toEqual({
      status: 403,
      cors: CLOSED,
      ran: [],
    });
  });

  it('may be what a resolver says of another handler, under one policy', async () => {
    @Controller('resolved')
    class ResolvedController {
      @Version('1')
      @Put()
      open() {
        return ran('open');
      }

      @Version('2')
      @Put()
      closed() {
        return ran('closed');
      }
    }
    const { prototype } = ResolvedController;
    const app = await start({
      cors: { origin: (_origin, { handler }) => handler === prototype.open },
      controllers: [ResolvedController],
      configure: each => each.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
    });
    const put = (version: string) => ({
      method: 'PUT',
      path: '/resolved',
      headers: { Origin: EVIL, Accept: `a/b;v=${version}` },
    });
    expect(await observe(app, preflightOf('/resolved', EVIL, 'PUT'))).toMatchObject({ status: 204 });
    expect(await observe(app, put('1'))).toEqual({ status: 200, cors: readable(EVIL), ran: ['open'] });
    expect(await observe(app, put('2'))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
  });

  it('may be the version that a middleware names: what rejects is not known before it', async () => {
    @Controller('tenants')
    class TenantsController {
      @Cors({ rejectDisallowed: true })
      @Version('1')
      @Get()
      first() {
        return ran('first');
      }

      @Cors({ origin: [EVIL], rejectDisallowed: true })
      @Version('2')
      @Get()
      second() {
        return ran('second');
      }
    }
    const app = await start({
      controllers: [TenantsController],
      configure: each =>
        each
          .use((request: IncomingMessage & { tenant?: string }, _response: unknown, next: () => void) => {
            request.tenant = String(request.headers['x-tenant']);
            next();
          })
          .enableVersioning({
            type: VersioningType.CUSTOM,
            extractor: request => (request as { tenant?: string }).tenant ?? '2',
          }),
    });
    const get = (tenant: string) => ({ path: '/tenants', headers: { Origin: EVIL, 'X-Tenant': tenant } });
    // Fastify names the version before any middleware runs.
    expect(await observe(app, get('2'))).toEqual({ status: 200, cors: readable(EVIL), ran: ['second'] });
    expect(await observe(app, get('1'))).toEqual(
      platform === 'express'
        ? { status: 403, cors: UNREADABLE, ran: [] }
        : { status: 200, cors: readable(EVIL), ran: ['second'] },
    );
  });

  it('may be the method: a middleware that rewrites it leads to a handler that refuses', async () => {
    @Controller('forms')
    class FormsController {
      @Cors({ origin: [EVIL] })
      @Post()
      open() {
        return ran('open');
      }

      @NoCors()
      @Delete()
      closed() {
        return ran('closed');
      }
    }
    const app = await start({
      controllers: [FormsController],
      configure: each =>
        each.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          if (request.url?.includes('_method=DELETE') === true) request.method = 'DELETE';
          next();
        }),
    });
    const post = (type: string) => ({
      method: 'POST',
      path: '/forms?_method=DELETE',
      headers: { Origin: EVIL, 'Content-Type': type },
      body: '{}',
    });
    const json = await observe(app, post('application/json'));
    // Fastify has chosen its route before any middleware runs.
    expect(json).toEqual(
      platform === 'express'
        ? { status: 403, cors: CLOSED, ran: [] }
        : { status: 201, cors: readable(EVIL), ran: ['open'] },
    );
    // A form needs no preflight.
    expect(await observe(app, post('text/plain'))).toMatchObject({
      ran: [platform === 'express' ? 'closed' : 'open'],
    });
  });

  it('may be the target: a middleware that rewrites it leads to a handler that refuses', async () => {
    @Controller('v')
    class TargetsController {
      @Cors({ origin: [EVIL] })
      @Patch('open')
      open() {
        return ran('open');
      }

      @NoCors()
      @Patch('closed')
      closed() {
        return ran('closed');
      }

      @NoCors()
      @Delete('alone')
      alone() {
        return ran('alone');
      }
    }
    const app = await start({
      controllers: [TargetsController],
      configure: each =>
        each.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          request.url = request.url?.replace('/v/open?alias', '/v/closed');
          next();
        }),
    });
    expect(await observe(app, preflightOf('/v/open?alias', EVIL, 'PATCH'))).toMatchObject({ status: 204 });
    const patch = { method: 'PATCH', path: '/v/open?alias', headers: { Origin: EVIL } };
    // Fastify has chosen its route before any middleware runs.
    expect(await observe(app, patch)).toEqual(
      platform === 'express'
        ? { status: 403, cors: CLOSED, ran: [] }
        : { status: 200, cors: readable(EVIL), ran: ['open'] },
    );
    // Nothing was rewritten: its own policy answered the preflight.
    expect(await observe(app, { method: 'DELETE', path: '/v/alone', headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: CLOSED,
      ran: ['alone'],
    });
  });
});

import { Controller, Get, Header, Options, Post, Redirect, Res, Sse, StreamableFile } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { of } from 'rxjs';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: ADMIN };

/** The platform's response, or Node's own inside it. */
const rawOf = (response: ServerResponse & { raw?: ServerResponse }) => response.raw ?? response;

@Cors({ origin: APP, credentials: true, exposedHeaders: ['x-total'] })
@Controller()
class AnswersController {
  @Get('value')
  value() {
    ran('value');
    return { value: 1 };
  }

  @Redirect('https://other.example')
  @Get('redirect')
  redirect() {
    ran('redirect');
  }

  @Get('raw')
  raw(@Res() response: ServerResponse) {
    ran('raw');
    rawOf(response).end('raw');
  }

  @Get('write-head')
  writeHead(@Res() response: ServerResponse) {
    ran('write-head');
    rawOf(response).writeHead(202, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/plain' }).end('written');
  }

  @Get('stream')
  stream() {
    ran('stream');
    return new StreamableFile(Buffer.from('streamed'));
  }

  @Get('broken-stream')
  brokenStream() {
    ran('broken-stream');
    const stream = new Readable({ read: () => stream.destroy(new Error('broken')) });
    return new StreamableFile(stream);
  }

  @Sse('events')
  events() {
    ran('events');
    return of({ data: 'one' });
  }

  @Header('Access-Control-Allow-Origin', '*')
  @Header('Access-Control-Allow-Methods', '*')
  @Get('own-header')
  ownHeader() {
    return ran('own-header');
  }

  @Header('ETag', '"1"')
  @Get('cached')
  cached() {
    return ran('cached');
  }

  @Options('capabilities')
  capabilities() {
    ran('capabilities');
    return { methods: ['GET'] };
  }

  @Post('value')
  create() {
    return ran('create');
  }
}

const READABLE = readable(APP, { credentials: true, exposed: 'x-total' });

afterEach(closeApps);

describe.each(PLATFORMS)('A response on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [AnswersController] });

  it.each([
    ['a value', 'value', 200, '{"value":1}'],
    ['written to the raw response (RES-02)', 'raw', 200, 'raw'],
    ['written with headers of its own (RES-02)', 'write-head', 202, 'written'],
    ['a StreamableFile', 'stream', 200, 'streamed'],
    ['server-sent events', 'events', 200, '\nid: 1\ndata: one\n\n'],
    ['with a CORS header of the handler (RES-08)', 'own-header', 200, 'own-header'],
  ])("has the route's headers, each once: %s", async (_kind, path, status, body) => {
    const app = await start();

    const response = await exchange(app, { path: `/${path}`, headers: { Origin: APP } });
    expect(response.observed).toEqual({ status, cors: READABLE, ran: [path] });
    expect(response.body).toBe(body);

    const unreadable = { status, cors: UNREADABLE, ran: [path] };
    expect(await observe(app, { path: `/${path}`, headers: { Origin: EVIL } })).toEqual(unreadable);
    expect(await observe(app, { path: `/${path}` })).toEqual(unreadable);
  });

  it("that breaks off before it began has the route's headers", async () => {
    const app = await start();
    const { observed } = await exchange(app, { path: '/broken-stream', headers: { Origin: APP } });

    // Nest answers on Express, Fastify by itself.
    const status = platform === 'express' ? 400 : 500;
    expect(observed).toEqual({ status, cors: READABLE, ran: ['broken-stream'] });
  });

  it("that redirects has the route's headers, so that fetch may follow (RES-05)", async () => {
    const app = await start();
    // Express negotiates the body of a redirect.
    const vary = platform === 'express' ? 'Accept, Origin' : 'Origin';

    const response = await exchange(app, { path: '/redirect', headers: { Origin: APP } });
    expect(response.observed).toEqual({ status: 302, cors: { ...READABLE, vary }, ran: ['redirect'] });
    expect(response.headers['location']).toBe('https://other.example');
    expect(await observe(app, { path: '/redirect', headers: { Origin: EVIL } })).toEqual({
      status: 302,
      cors: { vary },
      ran: ['redirect'],
    });
  });

  it('to HEAD has the headers of the GET handler that serves it, and its preflight is allowed (RES-06)', async () => {
    const app = await start();

    expect(await observe(app, { method: 'HEAD', path: '/value', headers: { Origin: APP } })).toEqual({
      status: 200,
      cors: READABLE,
      ran: ['value'],
    });
    expect(await observe(app, preflightOf('/value', APP, 'HEAD'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, POST', credentials: true }),
      ran: [],
    });
  });

  it('to a conditional request has the headers, whatever its status', async () => {
    const app = await start();
    const { observed } = await exchange(app, {
      path: '/cached',
      headers: { Origin: APP, 'If-None-Match': '"1"' },
    });

    // Express answers 304 by itself, Fastify leaves it to its plugins.
    expect(observed).toEqual({ status: platform === 'express' ? 304 : 200, cors: READABLE, ran: ['cached'] });
  });

  it('to OPTIONS without Access-Control-Request-Method is that of the @Options() handler (PF-07)', async () => {
    const app = await start();
    const options = { method: 'OPTIONS', path: '/capabilities' };

    const response = await exchange(app, { ...options, headers: { Origin: APP } });
    expect(response.observed).toEqual({ status: 200, cors: READABLE, ran: ['capabilities'] });
    expect(JSON.parse(response.body)).toEqual({ methods: ['GET'] });

    const unreadable = { status: 200, cors: UNREADABLE, ran: ['capabilities'] };
    expect(await observe(app, { ...options, headers: { Origin: EVIL } })).toEqual(unreadable);
    expect(
      await observe(app, {
        ...options,
        headers: { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-other' },
      }),
    ).toEqual(unreadable);
  });

  it('to a preflight never is that of the @Options() handler (PF-07)', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/capabilities', APP, 'PUT'))).toEqual({
      status: 403,
      cors: REFUSED,
      ran: [],
    });
    expect(await observe(app, preflightOf('/capabilities', APP, 'OPTIONS'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'OPTIONS', credentials: true }),
      ran: [],
    });
  });
});

import { BadRequestException, Get, Res, Sse, StreamableFile } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { concat, of, throwError } from 'rxjs';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, LISTED, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';
import { sendForAll } from '../support/whole-response.js';

/** Handlers that return a `Response` or a generator came with Nest 12. */
const itOnNest12 = 'enableCsrfProtection' in NestApplication.prototype ? it : it.skip;

const { ran, take, observed, exchange, observe } = watchHandlers();

/** Fastify's reply, around Node's own response, or what stands for both on Express. */
type PlatformResponse = ServerResponse & { readonly raw?: ServerResponse };

/** Fails the stream that was made last. */
let breakOff = (): unknown => undefined;

/** A stream that fails after its first bytes: once these have come, or they would be lost with the connection. */
function broken(): Readable {
  const stream = new Readable({ read: () => undefined });
  breakOff = () => stream.destroy(new Error('broken'));
  stream.push('te');
  return stream;
}

class StreamRoutes {
  @Get('file')
  file() {
    ran('file');
    return new StreamableFile(Readable.from(['te', 'xt'], { objectMode: false }), {
      type: 'text/csv',
      disposition: 'attachment; filename="a.csv"',
      length: 4,
    });
  }

  @Get('piped')
  piped(@Res() response: PlatformResponse) {
    ran('piped');
    Readable.from(['te', 'xt']).pipe(response.raw ?? response);
  }

  @Get('broken-file')
  brokenFile() {
    ran('broken-file');
    return new StreamableFile(broken());
  }

  @Get('broken-pipe')
  brokenPipe(@Res() response: PlatformResponse) {
    ran('broken-pipe');
    const raw = response.raw ?? response;
    broken()
      .on('error', () => raw.destroy())
      .pipe(raw);
  }

  @Get('web-response')
  webResponse() {
    ran('web-response');
    const headers = { 'Access-Control-Allow-Origin': '*', Vary: 'Accept', 'Content-Type': 'text/plain' };
    return new Response('text', { status: 202, headers });
  }

  @Get('generator')
  async *generator() {
    ran('generator');
    yield await Promise.resolve('te');
    yield 'xt';
  }

  @Get('broken-generator')
  async *brokenGenerator() {
    ran('broken-generator');
    yield 'te';
    await new Promise<void>(resolve => (breakOff = resolve));
    throw new Error('broken');
  }

  @Sse('events')
  events() {
    ran('events');
    return of({ data: 'one' }, { data: 'two' });
  }

  @Sse('failing-events')
  failingEvents() {
    ran('failing-events');
    return concat(
      of({ data: 'one' }),
      throwError(() => new BadRequestException('broken')),
    );
  }

  @Sse('failed-events')
  failedEvents() {
    ran('failed-events');
    return throwError(() => new Error('broken'));
  }

  @Sse('rejected-events')
  rejectedEvents() {
    ran('rejected-events');
    return Promise.reject(new Error('broken'));
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A stream on %s', platform => {
  const start = () => startApp({ platform, cors: MODULE_POLICY, controllers: underEveryPolicy(StreamRoutes) });
  const asApp = (path: string) => ({ path: `/listed/${path}`, headers: { Origin: APP } });

  it.each([
    ['a file', 'file', 'text'],
    ['piped by the handler', 'piped', 'text'],
    ['of events', 'events', '\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n'],
    [
      'of events, the last one an error',
      'failing-events',
      '\nid: 1\ndata: one\n\nevent: error\nid: 2\ndata: broken\n\n',
    ],
  ])("has the route's headers: %s", async (_what, path, body) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 200, ran: [path] }),
    );
    expect(await exchange(app, asApp(path))).toMatchObject({ body });
  });

  it('has a name that a listed origin may read, where the policy exposes it', async () => {
    const app = await start();
    const file = { 'content-disposition': 'attachment; filename="a.csv"', 'content-type': 'text/csv' };

    expect(await exchange(app, asApp('file'))).toMatchObject({ observed: { cors: LISTED }, headers: file });
  });

  it.each([
    ['a rejection', 'rejected-events'],
    ['an error in place of the first event', 'failed-events'],
  ])("has the route's headers where it fails before it began: %s", async (_what, path) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 500, ran: [path] }),
    );
  });

  describe('that fails after it began', () => {
    const observeBroken: typeof observe = async (app, request) => {
      take();
      const response = await sendForAll(app, request, () => breakOff());
      expect(response).toMatchObject({ body: 'te', cutOff: true });
      return observed(response);
    };
    const expectHeaders = async (path: string) => {
      const app = await start();

      expect(await askEveryPolicy(observeBroken, app, { path: `/${path}` })).toEqual(
        ofEveryPolicy({ status: 200, ran: [path] }),
      );
    };

    it("had the route's headers: a StreamableFile", () => expectHeaders('broken-file'));
    it("had the route's headers: piped by the handler", () => expectHeaders('broken-pipe'));
    itOnNest12("had the route's headers: a generator", () => expectHeaders('broken-generator'));
  });

  itOnNest12.each([
    ['a Response with headers of its own', 'web-response', 202, 'Accept'],
    ['a generator', 'generator', 200, undefined],
  ])("has the route's headers: %s", async (_what, path, status, vary) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status, ran: [path] }, vary),
    );
    expect(await exchange(app, asApp(path))).toMatchObject({ body: 'text' });
  });
});

import { Get, Param, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, LISTED, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';
import { sendForAll } from '../support/whole-response.js';

const { ran, take, observed, exchange, observe } = watchHandlers();

/** Fastify's reply, around Node's own response, or what stands for both on Express. */
type PlatformResponse = ServerResponse & { readonly raw?: ServerResponse };

const rawOf = (response: PlatformResponse) => response.raw ?? response;

const BY_NAME = {
  'access-control-ALLOW-origin': ['*', 'null'],
  'Access-Control-Allow-Private-Network': 'true',
  'Set-Cookie': ['a=1', 'b=2'],
};
const PAIRS = Object.entries(BY_NAME).flatMap(([name, value]) => [value].flat().map(each => [name, each]));
const LIST = PAIRS.flat();

/** Ways to write a head. Node's types know fewer of them than Node. */
const HEADS: Readonly<Record<string, readonly unknown[]>> = {
  'headers by name': [BY_NAME],
  'a list of headers': [LIST],
  'headers in pairs': [PAIRS],
  'a reason and headers by name': ['Fine', BY_NAME],
  'a reason and a list of headers': ['Fine', LIST],
  'undefined for a reason': [undefined, BY_NAME],
  'undefined for a reason, and a list': [undefined, LIST],
  'null for a reason': [null, BY_NAME],
};

class RawRoutes {
  @Get('end')
  end(@Res() response: PlatformResponse) {
    ran('end');
    rawOf(response).end('body');
  }

  @Get('write')
  write(@Res() response: PlatformResponse) {
    ran('write');
    rawOf(response).write('bo');
    rawOf(response).end('dy');
  }

  @Get('set-headers')
  setHeaders(@Res() response: PlatformResponse) {
    ran('set-headers');
    rawOf(response).setHeaders(new Headers({ 'Access-Control-Allow-Origin': '*' }));
    rawOf(response).appendHeader('access-control-allow-origin', 'null');
    rawOf(response).setHeader('Access-Control-Allow-Methods', '*');
    rawOf(response).end('body');
  }

  @Get('flush-headers')
  flushHeaders(@Res() response: PlatformResponse) {
    ran('flush-headers');
    rawOf(response).setHeader('Access-Control-Allow-Origin', '*');
    rawOf(response).flushHeaders();
    rawOf(response).write('bo');
    rawOf(response).end('dy');
  }

  @Get('head/:form')
  writeHead(@Param('form') form: string, @Res() response: PlatformResponse) {
    ran('head');
    const raw = rawOf(response);
    (raw.writeHead as (status: number, ...rest: readonly unknown[]) => unknown)(202, ...(HEADS[form] ?? []));
    raw.end('body');
  }

  @Get('deprecated-head')
  deprecatedHead(@Res() response: PlatformResponse) {
    ran('deprecated-head');
    const raw = rawOf(response) as ServerResponse & { writeHeader: ServerResponse['writeHead'] };
    raw.writeHeader(202, { 'Access-Control-Allow-Origin': '*' });
    raw.end('body');
  }

  @Get('no-content')
  noContent(@Res() response: PlatformResponse) {
    ran('no-content');
    rawOf(response).writeHead(204).end();
  }

  @Get('refused-header')
  refusedHeader(@Res() response: PlatformResponse) {
    ran('refused-header');
    rawOf(response).writeHead(200, { 'Access-Control-Allow-Origin': '*', 'X-Broken': 'a\nb' });
  }

  @Get('refused-status')
  refusedStatus(@Res() response: PlatformResponse) {
    ran('refused-status');
    rawOf(response).writeHead(1000, { 'Access-Control-Allow-Origin': '*' });
  }

  @Get('trailers')
  trailers(@Res() response: PlatformResponse) {
    ran('trailers');
    rawOf(response).writeHead(200, { Trailer: 'X-Sum' });
    rawOf(response).write('body');
    rawOf(response).addTrailers({ 'X-Sum': '4' });
    rawOf(response).end();
  }

  @Get('early-hints')
  earlyHints(@Res() response: PlatformResponse) {
    ran('early-hints');
    rawOf(response).writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    rawOf(response).end('body');
  }

  @Get('processing')
  processing(@Res() response: PlatformResponse) {
    ran('processing');
    rawOf(response).writeProcessing();
    rawOf(response).end('body');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)("A response written to Node's own on %s", platform => {
  const start = () =>
    startApp({
      platform,
      cors: MODULE_POLICY,
      controllers: underEveryPolicy(RawRoutes),
      configure: app => {
        // Node takes pairs of headers where none is set before.
        if (platform === 'express') (app as NestExpressApplication).disable('x-powered-by');
      },
    });
  const asApp = (path: string) => ({ path: `/listed/${path}`, headers: { Origin: APP } });

  const observeAll: typeof observe = async (app, request) => {
    take();
    return observed(await sendForAll(app, request));
  };

  it.each([
    ['ended at once', 'end', 200, 'body'],
    ['in parts', 'write', 200, 'body'],
    ['with CORS headers of its own', 'set-headers', 200, 'body'],
    ['with headers that are flushed before there is a body', 'flush-headers', 200, 'body'],
    ['without content', 'no-content', 204, ''],
  ])("has the route's headers: %s", async (_what, path, status, body) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(ofEveryPolicy({ status, ran: [path] }));
    expect(await exchange(app, asApp(path))).toMatchObject({ body });
  });

  it.each(Object.keys(HEADS))(
    "has the route's headers in place of its own, and its cookies: writeHead() with %s",
    async form => {
      const app = await start();
      const path = `head/${encodeURIComponent(form)}`;

      expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
        ofEveryPolicy({ status: 202, ran: ['head'] }),
      );
      const { headers, body } = await exchange(app, asApp(path));
      expect({ cookies: headers['set-cookie'], body }).toEqual({ cookies: ['a=1', 'b=2'], body: 'body' });
    },
  );

  // Node has it under two names (DEP0063).
  const itIfDeprecated = 'writeHeader' in ServerResponse.prototype ? it : it.skip;
  itIfDeprecated("has the route's headers in place of its own: writeHeader()", async () => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: '/deprecated-head' })).toEqual(
      ofEveryPolicy({ status: 202, ran: ['deprecated-head'] }),
    );
  });

  it.each([
    ['a header', 'refused-header'],
    ['a status', 'refused-status'],
  ])("that fails because of %s that Node refuses has the route's headers", async (_what, path) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 500, ran: [path] }),
    );
  });

  it("with trailers has the route's headers in its head", async () => {
    const app = await start();

    expect(await askEveryPolicy(observeAll, app, { path: '/trailers' })).toEqual(
      ofEveryPolicy({ status: 200, ran: ['trailers'] }),
    );
    const response = await sendForAll(app, asApp('trailers'));
    expect(response).toMatchObject({ cors: LISTED, body: 'body', trailers: { 'x-sum': '4' }, cutOff: false });
  });

  it.each([
    ['early-hints', { status: 103, headers: { link: '</style.css>; rel=preload; as=style' } }],
    ['processing', { status: 102, headers: {} }],
  ])("after an informational response has the route's headers, and that has none: %s", async (path, informational) => {
    const app = await start();

    expect(await askEveryPolicy(observeAll, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 200, ran: [path] }),
    );
    const response = await sendForAll(app, asApp(path));
    expect(response).toMatchObject({ cors: LISTED, body: 'body', cutOff: false });
    expect(response.informational).toEqual([informational]);
  });
});

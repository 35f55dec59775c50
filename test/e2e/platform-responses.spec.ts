import { Delete, Get, Head, Header, HttpCode, Redirect, Res, type Type } from '@nestjs/common';
import type { Response as ExpressResponse } from 'express';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { of } from 'rxjs';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

/** What handlers return, or say with what both platforms have in common. */
class NestRoutes {
  @Get('nothing')
  nothing() {
    ran('nothing');
  }

  @Get('list')
  list() {
    ran('list');
    return [1, 2];
  }

  @Get('promise')
  async promise() {
    ran('promise');
    return Promise.resolve('text');
  }

  @Get('observable')
  observable() {
    ran('observable');
    return of('te', 'text');
  }

  @HttpCode(204)
  @Delete('no-content')
  noContent() {
    ran('no-content');
  }

  /** Fastify compares no ETag by itself. */
  @HttpCode(304)
  @Get('not-modified')
  notModified() {
    ran('not-modified');
  }

  @Redirect('/elsewhere', 307)
  @Get('redirect')
  redirect() {
    ran('redirect');
    return { url: '/listed/list', statusCode: 308 };
  }

  @Get('passthrough')
  passthrough(@Res({ passthrough: true }) response: ExpressResponse | FastifyReply) {
    response.header('Access-Control-Allow-Origin', '*');
    response.status(202);
    return ran('passthrough');
  }

  @Header('Access-Control-Allow-Credentials', 'true')
  @Head('head')
  head() {
    ran('head');
  }
}

class ExpressRoutes {
  @Get('json')
  json(@Res() response: ExpressResponse) {
    ran('json');
    response.set('Access-Control-Allow-Origin', '*').json({ a: 1 });
  }

  @Get('send')
  send(@Res() response: ExpressResponse) {
    ran('send');
    response.append('Access-Control-Allow-Origin', ['*', 'null']).send('text');
  }

  @Get('send-status')
  sendStatus(@Res() response: ExpressResponse) {
    ran('send-status');
    response.sendStatus(418);
  }

  @Get('attachment')
  attachment(@Res() response: ExpressResponse) {
    ran('attachment');
    response.attachment('a.txt').end('text');
  }

  @Get('location')
  location(@Res() response: ExpressResponse) {
    ran('location');
    response.location('/elsewhere').status(303).end();
  }

  @Get('format')
  format(@Res() response: ExpressResponse) {
    ran('format');
    response.format({ text: () => response.send('text'), html: () => response.send('<p>text</p>') });
  }

  @Get('not-acceptable')
  notAcceptable(@Res() response: ExpressResponse) {
    ran('not-acceptable');
    response.format({ html: () => response.send('<p>text</p>') });
  }
}

class FastifyRoutes {
  @Get('send')
  send(@Res() reply: FastifyReply) {
    ran('send');
    void reply.header('Access-Control-Allow-Origin', '*').header('Access-Control-Allow-Origin', 'null').send('text');
  }

  @Get('status')
  status(@Res() reply: FastifyReply) {
    ran('status');
    void reply.code(418).send();
  }

  @Get('stream')
  stream(@Res() reply: FastifyReply) {
    ran('stream');
    void reply.send(Readable.from(['te', 'xt']));
  }

  @Get('web-response')
  webResponse(@Res() reply: FastifyReply) {
    ran('web-response');
    void reply.send(new Response('text', { status: 202, headers: { 'Access-Control-Allow-Origin': '*' } }));
  }

  @Get('redirect')
  redirect(@Res() reply: FastifyReply) {
    ran('redirect');
    void reply.redirect('/elsewhere', 303);
  }

  @Get('error')
  error(@Res() reply: FastifyReply) {
    ran('error');
    void reply.send(new Error('broken'));
  }

  @Get('not-found')
  notFound(@Res() reply: FastifyReply) {
    ran('not-found');
    reply.callNotFound();
  }

  @Get('trailer')
  trailer(@Res() reply: FastifyReply) {
    ran('trailer');
    void reply.trailer('x-sum', (_reply, _payload, done) => done(null, '4')).send('text');
  }

  @Get('early-hints')
  earlyHints(@Res() reply: FastifyReply) {
    ran('early-hints');
    reply.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => void reply.send('text'));
  }

  @Get('hijack')
  hijack(@Res() reply: FastifyReply) {
    ran('hijack');
    reply.header('Access-Control-Allow-Origin', '*').hijack();
    reply.raw.writeHead(202, reply.getHeaders() as Record<string, string>);
    reply.raw.write('te');
    reply.raw.end('xt');
  }
}

afterEach(closeApps);

const start = (platform: Platform, routes: Type) =>
  startApp({ platform, cors: MODULE_POLICY, controllers: underEveryPolicy(routes) });

describe.each(PLATFORMS)("A handler's response on %s", platform => {
  it.each([
    ['without a value', 'GET', 'nothing', 200, ''],
    ['of a list', 'GET', 'list', 200, '[1,2]'],
    ['of a promise', 'GET', 'promise', 200, 'text'],
    ['of an observable', 'GET', 'observable', 200, 'text'],
    ['204', 'DELETE', 'no-content', 204, ''],
    ['304', 'GET', 'not-modified', 304, ''],
    ['beside @Res({ passthrough: true })', 'GET', 'passthrough', 202, 'passthrough'],
    ['to HEAD, of a handler of its own', 'HEAD', 'head', 200, ''],
    ['to HEAD, of a GET handler', 'HEAD', 'list', 200, ''],
  ])("has the route's headers: %s", async (_what, method, path, status, body) => {
    const app = await start(platform, NestRoutes);

    expect(await askEveryPolicy(observe, app, { method, path: `/${path}` })).toEqual(
      ofEveryPolicy({ status, ran: [path] }),
    );
    expect(await exchange(app, { method, path: `/listed/${path}`, headers: { Origin: APP } })).toMatchObject({ body });
  });

  it("has the route's headers: a redirect that the handler decides", async () => {
    const app = await start(platform, NestRoutes);

    expect(await askEveryPolicy(observe, app, { path: '/redirect' })).toEqual(
      // Express negotiates the body of a redirect.
      ofEveryPolicy({ status: 308, ran: ['redirect'] }, platform === 'express' ? 'Accept' : undefined),
    );
    const { headers } = await exchange(app, { path: '/closed/redirect' });
    expect(headers).toMatchObject({ location: '/listed/list' });
  });
});

describe("A response by Express' own methods", () => {
  it.each([
    ['json()', 'json', 200, undefined, '{"a":1}'],
    ['send()', 'send', 200, undefined, 'text'],
    ['sendStatus()', 'send-status', 418, undefined, "I'm a Teapot"],
    ['attachment()', 'attachment', 200, undefined, 'text'],
    ['location()', 'location', 303, undefined, ''],
    ['format()', 'format', 200, 'Accept', 'text'],
    ['format() with nothing that the client accepts', 'not-acceptable', 406, 'Accept', expect.stringContaining('406')],
  ])("has the route's headers: %s", async (_method, path, status, vary, body) => {
    const app = await start('express', ExpressRoutes);
    const headers = { Accept: 'text/plain' };

    expect(await askEveryPolicy(observe, app, { path: `/${path}`, headers })).toEqual(
      ofEveryPolicy({ status, ran: [path] }, vary),
    );
    expect(await exchange(app, { path: `/listed/${path}`, headers })).toMatchObject({ body });
  });

  it('that Express itself finds unchanged has them as well', async () => {
    const app = await start('express', ExpressRoutes);
    const { headers } = await exchange(app, { path: '/listed/json' });

    const conditional = { path: '/json', headers: { 'If-None-Match': String(headers['etag']) } };
    expect(await askEveryPolicy(observe, app, conditional)).toEqual(ofEveryPolicy({ status: 304, ran: ['json'] }));
  });
});

describe("A response by Fastify's own methods", () => {
  it.each([
    ['send()', 'send', 200, 'text'],
    ['code()', 'status', 418, ''],
    ['send() of a stream', 'stream', 200, 'text'],
    ['send() of a Response', 'web-response', 202, 'text'],
    ['send() of an error', 'error', 500, '{"statusCode":500,"message":"Internal server error"}'],
    ['redirect()', 'redirect', 303, ''],
    ['callNotFound()', 'not-found', 404, expect.stringContaining('Cannot GET')],
    ['trailer()', 'trailer', 200, 'text'],
    ['writeEarlyHints()', 'early-hints', 200, 'text'],
    ['hijack()', 'hijack', 202, 'text'],
  ])("has the route's headers: %s", async (_method, path, status, body) => {
    const app = await start('fastify', FastifyRoutes);

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(ofEveryPolicy({ status, ran: [path] }));
    expect(await exchange(app, { path: `/listed/${path}` })).toMatchObject({ body });
  });
});

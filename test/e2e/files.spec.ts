import { Get, Res, type INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CorsModuleOptions } from 'nestjs-cors';
import type { Response as ExpressResponse } from 'express';
import type { FastifyReply } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import {
  askEveryPolicy,
  LISTED,
  MODULE_POLICY,
  ofEveryPolicy,
  RULE_FOR_EVERY_POLICY,
  underEveryPolicy,
} from '../support/every-policy.js';
import { ADMIN, APP, readable, UNREADABLE } from '../support/expected.js';
import '../support/fastify-static.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

/** The same files at the top and under the path of every policy. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
  for (const path of ['.', 'listed', 'public', 'closed']) {
    mkdirSync(join(folder, path, 'folder'), { recursive: true });
    writeFileSync(join(folder, path, 'a.txt'), 'text');
    // One ETag for all.
    utimesSync(join(folder, path, 'a.txt'), 0, 0);
    // Nobody unpacks it.
    writeFileSync(join(folder, path, 'a.txt.gz'), 'compressed');
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

afterEach(closeApps);

/** With a CORS header of the app's own. */
function useStaticAssets(app: INestApplication, platform: Platform) {
  if (platform === 'express') {
    (app as NestExpressApplication).useStaticAssets(folder, {
      setHeaders: response => response.setHeader('Access-Control-Allow-Origin', '*'),
    });
  } else {
    (app as NestFastifyApplication).useStaticAssets({
      root: folder,
      // As Express does by itself.
      redirect: true,
      // Nest's types are those of an older plugin.
      setHeaders: (reply: unknown) => void (reply as FastifyReply).header('Access-Control-Allow-Origin', '*'),
    });
  }
}

const METHODS = ['GET', 'HEAD'];

describe.each(PLATFORMS)('A static file on %s', platform => {
  const start = (cors: CorsModuleOptions) =>
    startApp({ platform, cors, configure: app => useStaticAssets(app, platform) });

  it.each<[what: string, path: string, headers: Record<string, string>, status: number]>([
    ['whole', '/a.txt', {}, 200],
    ['in part', '/a.txt', { Range: 'bytes=0-1' }, 206],
    ['beyond its end', '/a.txt', { Range: 'bytes=90-91' }, 416],
    ['in another version than asked for', '/a.txt', { 'If-Match': '"other"' }, 412],
    ['its folder', '/folder', {}, 301],
    ['missing', '/none.txt', {}, 404],
  ])("has the headers of its path's rule, each once: %s", async (_what, path, headers, status) => {
    const app = await start(RULE_FOR_EVERY_POLICY);

    for (const method of METHODS) {
      expect(await askEveryPolicy(observe, app, { method, path, headers })).toEqual(ofEveryPolicy({ status, ran: [] }));
    }
  });

  it("has the headers of its path's rule: unchanged", async () => {
    const app = await start(RULE_FOR_EVERY_POLICY);
    const { headers } = await exchange(app, { path: '/listed/a.txt' });

    const conditional = { path: '/a.txt', headers: { 'If-None-Match': String(headers['etag']) } };
    expect(await askEveryPolicy(observe, app, conditional)).toEqual(ofEveryPolicy({ status: 304, ran: [] }));
  });

  it("has the headers of the module's policy where no rule is for its path", async () => {
    const app = await start(RULE_FOR_EVERY_POLICY);

    const file = await exchange(app, { path: '/a.txt', headers: { Origin: ADMIN } });
    expect(file).toMatchObject({ observed: { status: 200, cors: readable(ADMIN), ran: [] }, body: 'text' });
    expect(file.observed.cors).toEqual(readable(ADMIN));
    const unreadable = { status: 200, cors: UNREADABLE, ran: [] };
    expect(await observe(app, { path: '/a.txt', headers: { Origin: APP } })).toEqual(unreadable);
    expect(await observe(app, { path: '/a.txt' })).toEqual(unreadable);
  });
});

class ExpressRoutes {
  @Get('file')
  file(@Res() response: ExpressResponse) {
    ran('file');
    response.sendFile('a.txt', { root: folder, headers: { 'Access-Control-Allow-Origin': '*' } });
  }

  @Get('missing')
  missing(@Res() response: ExpressResponse) {
    ran('missing');
    response.sendFile('none.txt', { root: folder });
  }

  @Get('download')
  download(@Res() response: ExpressResponse) {
    ran('download');
    response.download(join(folder, 'a.txt'), 'b.txt');
  }

  @Get('a.txt')
  shadowed() {
    return ran('shadowed');
  }
}

class FastifyRoutes {
  @Get('file')
  file(@Res() reply: FastifyReply) {
    ran('file');
    reply.header('Access-Control-Allow-Origin', '*').sendFile('a.txt');
  }

  @Get('missing')
  missing(@Res() reply: FastifyReply) {
    ran('missing');
    reply.sendFile('none.txt');
  }

  @Get('download')
  download(@Res() reply: FastifyReply) {
    ran('download');
    reply.download('a.txt', 'b.txt');
  }
}

describe.each(PLATFORMS)('A file that a handler sends on %s', platform => {
  const start = () =>
    startApp({
      platform,
      cors: MODULE_POLICY,
      controllers: underEveryPolicy(platform === 'express' ? ExpressRoutes : FastifyRoutes),
      configure: app => {
        // The plugin that has reply.sendFile().
        if (platform === 'fastify') (app as NestFastifyApplication).useStaticAssets({ root: folder, serve: false });
      },
    });

  it.each([
    ['whole', 'file', {}, 200],
    ['in part', 'file', { Range: 'bytes=0-1' }, 206],
    ['beyond its end', 'file', { Range: 'bytes=90-91' }, 416],
    ['in another version than asked for', 'file', { 'If-Match': '"other"' }, 412],
    ['missing', 'missing', {}, 404],
    ['under another name', 'download', {}, 200],
  ])("has the route's headers: %s", async (_what, path, headers: Record<string, string>, status) => {
    const app = await start();

    for (const method of METHODS) {
      expect(await askEveryPolicy(observe, app, { method, path: `/${path}`, headers })).toEqual(
        ofEveryPolicy({ status, ran: [path] }),
      );
    }
  });

  it("has the route's headers: unchanged", async () => {
    const app = await start();
    const { headers } = await exchange(app, { path: '/listed/file' });

    const conditional = { path: '/file', headers: { 'If-None-Match': String(headers['etag']) } };
    expect(await askEveryPolicy(observe, app, conditional)).toEqual(ofEveryPolicy({ status: 304, ran: ['file'] }));
  });

  it('has a name that a listed origin may read, where the policy exposes it', async () => {
    const app = await start();
    const { observed, headers, body } = await exchange(app, { path: '/listed/download', headers: { Origin: APP } });

    expect(observed.cors).toEqual(LISTED);
    expect({ headers, body }).toMatchObject({
      headers: { 'content-disposition': expect.stringMatching(/^attachment; filename="?b.txt"?$/) as string },
      body: 'text',
    });
  });
});

describe('A compressed static file on fastify', () => {
  it('keeps what the plugin says in Vary', async () => {
    const app = await startApp({
      platform: 'fastify',
      cors: RULE_FOR_EVERY_POLICY,
      configure: app => (app as NestFastifyApplication).useStaticAssets({ root: folder, preCompressed: true }),
    });
    const request = { path: '/a.txt', headers: { 'Accept-Encoding': 'gzip' } };

    expect(await askEveryPolicy(observe, app, request)).toEqual(
      ofEveryPolicy({ status: 200, ran: [] }, 'accept-encoding'),
    );
    const { headers, body } = await exchange(app, { ...request, path: '/listed/a.txt' });
    expect({ headers, body }).toMatchObject({ headers: { 'content-encoding': 'gzip' }, body: 'compressed' });
  });
});

describe("A static file in the place of a controller's route on express", () => {
  it('has the headers of the route, which is what the module knows the path by', async () => {
    const app = await startApp({
      platform: 'express',
      cors: RULE_FOR_EVERY_POLICY,
      controllers: underEveryPolicy(ExpressRoutes),
      configure: app => useStaticAssets(app, 'express'),
    });

    expect(await askEveryPolicy(observe, app, { path: '/a.txt' })).toEqual(ofEveryPolicy({ status: 200, ran: [] }));
    expect(await exchange(app, { path: '/listed/a.txt' })).toMatchObject({ body: 'text' });
  });
});

import { All, Controller, Get, Head, Put, Search, VERSION_NEUTRAL, Version, VersioningType } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Cors, NoCors } from 'nestjs-cors';
import { LastOf } from '../../lib/routing/last-of.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflight } from '../support/client.js';
import { ADMIN, APP } from '../support/expected.js';

/** What is used of a Fastify instance. */
interface Fastify {
  addHttpMethod(method: string): void;
  route(options: object): void;
}

type Handler = (request: unknown, response: { end(): void }) => void;

interface RawRoute {
  get(handler: Handler): RawRoute;
  post(handler: Handler): RawRoute;
}

/** What is used of an Express app. */
interface ExpressApp {
  route(path: string): RawRoute;
  get(path: string, handler: Handler): void;
}

const cors = { origin: APP };

/** The methods that a preflight is told, or its status where it is refused. */
async function methodsAt(app: INestApplication, path: string, method: string, origin = APP, announced?: string) {
  const { status, cors: sent } = await preflight(app, path, origin, method, announced);
  return status === 204 ? sent['access-control-allow-methods'] : status;
}

afterEach(closeApps);

describe.each(PLATFORMS)('On %s, what is kept for a path', platform => {
  it('is not what an unusual method is answered', async () => {
    @Controller()
    class Paths {
      @All('x')
      all() {}
      @Search('y')
      search() {}
    }
    const start = () => startApp({ platform, cors, controllers: [Paths] });
    const methods = ['GET', 'SEARCH', 'GET', 'PROPFIND', 'PUT'];
    const app = await start();
    const answers: unknown[] = [];
    for (const method of methods) answers.push(await methodsAt(app, '/x', method));

    // Which unusual methods `@All()` is registered for differs from platform to platform: nothing is kept at the first.
    const first: unknown[] = [];
    for (const method of methods) first.push(await methodsAt(await start(), '/x', method));
    expect(answers).toEqual(first);
    expect(answers[0]).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
    expect(new Set(answers).size).toBeGreaterThan(1);
  });
});

it('On express, what is kept for a path is not what a preflight is answered that announces a version', async () => {
  @Controller('x')
  class Versions {
    @Version(['1', VERSION_NEUTRAL])
    @NoCors()
    @Put()
    one() {}
    @Version(VERSION_NEUTRAL)
    @Put()
    any() {}
  }
  const app = await startApp({
    cors: { ...cors, allowedHeaders: ['x-version'] },
    controllers: [Versions],
    configure: it => it.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
  });

  const answers: unknown[] = [];
  for (const announced of [undefined, 'x-version', undefined, 'x-version']) {
    answers.push(await methodsAt(app, '/x', 'PUT', APP, announced));
  }
  expect(answers).toEqual([403, 'PUT', 403, 'PUT']);
});

it('On express, what is kept for a path is dropped when a raw route there gets a method and another route follows', async () => {
  @Controller()
  class Nothing {}
  const app = await startApp({ cors, controllers: [Nothing] });
  const express = app.getHttpAdapter().getInstance() as ExpressApp;
  const end: Handler = (_request, response) => response.end();
  const raw = express.route('/raw').get(end);
  const before = [await methodsAt(app, '/raw', 'GET'), await methodsAt(app, '/raw', 'POST')];
  raw.post(end);
  express.get('/other', end);

  expect([...before, await methodsAt(app, '/raw', 'POST')]).toEqual(['GET, HEAD', 403, 'GET, HEAD, POST']);
});

describe('On fastify, HEAD', () => {
  it('has its own handler where the app exposes none by itself', async () => {
    @Controller('x')
    class Own {
      @Get()
      get() {}
      @Cors({ origin: ADMIN })
      @Head()
      head() {}
    }
    const fastify = { exposeHeadRoutes: false };
    const app = await startApp({ platform: 'fastify', fastify, cors, controllers: [Own] });

    expect(await methodsAt(app, '/x', 'GET')).toBe('GET');
    expect(await methodsAt(app, '/x', 'HEAD')).toBe(403);
    expect(await methodsAt(app, '/x', 'HEAD', ADMIN)).toBe('HEAD');
  });

  it('is not listed where the app exposes none', async () => {
    @Controller('x')
    class Own {
      @Get()
      get() {}
    }
    const fastify = { exposeHeadRoutes: false };
    const app = await startApp({ platform: 'fastify', fastify, cors, controllers: [Own] });

    expect([await methodsAt(app, '/x', 'GET'), await methodsAt(app, '/x', 'HEAD')]).toEqual(['GET', 403]);
  });
});

it('On fastify, a raw route lists every method that it is registered for', async () => {
  const app = await startApp({
    platform: 'fastify',
    cors,
    configure: it => {
      const instance = it.getHttpAdapter().getInstance() as Fastify;
      instance.addHttpMethod('PROPFIND');
      instance.route({ method: ['PUT', 'PROPFIND'], url: '/x', handler: () => 'raw' });
    },
  });

  expect(await methodsAt(app, '/x', 'PUT')).toBe('PUT, PROPFIND');
});

describe('LastOf', () => {
  it('makes anew what another sequence began', () => {
    const kept = new LastOf<string, number>();
    let made = 0;
    const get = (...parts: readonly (string | undefined)[]) => kept.get(parts, () => ++made);

    expect([get('a', 'b'), get('a', 'b'), get('a', 'c'), get('a', 'c'), get('a', 'b')]).toEqual([1, 1, 2, 2, 3]);
    expect([get('a'), get('a', undefined), get(undefined, 'a')]).toEqual([4, 5, 6]);
    expect([get('b', 'b'), get(undefined, 'a')]).toEqual([7, 6]);
  });
});

import { ConflictException, Get, Header, HttpCode, Redirect, Res, ServiceUnavailableException } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { EMPTY, throwError } from 'rxjs';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const IS_NEST_12 = 'enableCsrfProtection' in NestApplication.prototype;

const { ran, observe } = watchHandlers();

class FailingRoutes {
  @Get('exception')
  exception() {
    ran('exception');
    throw new ConflictException();
  }

  @Header('Access-Control-Allow-Origin', '*')
  @HttpCode(202)
  @Get('header')
  header() {
    ran('header');
    throw new ServiceUnavailableException();
  }

  @Redirect('/elsewhere')
  @Get('redirect')
  redirect() {
    ran('redirect');
    throw new ConflictException();
  }

  @Get('error')
  error() {
    ran('error');
    throw new Error('broken');
  }

  @Get('text')
  text() {
    ran('text');
    throw 'broken';
  }

  @Get('rejection')
  async rejection() {
    ran('rejection');
    await Promise.reject(new ConflictException());
  }

  @Get('observable')
  observable() {
    ran('observable');
    return throwError(() => new ConflictException());
  }

  @Get('empty-observable')
  emptyObservable() {
    ran('empty-observable');
    return EMPTY;
  }

  @Get('circular')
  circular() {
    ran('circular');
    const value: { self?: object } = {};
    value.self = value;
    return value;
  }

  @Get('big')
  big() {
    ran('big');
    return { big: 1n };
  }

  @Get('begun')
  begun(@Res() response: ServerResponse & { readonly raw?: ServerResponse }) {
    ran('begun');
    (response.raw ?? response).write('te');
    throw new ConflictException();
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('The response of a handler that fails on %s', platform => {
  const start = () => startApp({ platform, cors: MODULE_POLICY, controllers: underEveryPolicy(FailingRoutes) });

  it.each([
    ['an exception', 'exception', 409],
    ['an exception beside headers of its own', 'header', 503],
    ['an exception in place of a redirect', 'redirect', 409],
    ['an error', 'error', 500],
    ['a thrown text', 'text', 500],
    ['a rejection', 'rejection', 409],
    ['an observable that fails', 'observable', 409],
    ['an observable without a value', 'empty-observable', 500],
    ['a value that refers to itself', 'circular', 500],
    ['a value that JSON has no form for', 'big', 500],
  ])("has the route's headers: %s", async (_what, path, status) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(ofEveryPolicy({ status, ran: [path] }));
  });

  // On Fastify Nest 11 does not notice, and the response never ends.
  const itEnds = platform === 'express' || IS_NEST_12 ? it : it.skip;
  itEnds("has the route's headers: an exception when the body has begun", async () => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: '/begun' })).toEqual(
      ofEveryPolicy({ status: 200, ran: ['begun'] }),
    );
  });
});

import {
  Get,
  ServiceUnavailableException,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { from, of, throwError } from 'rxjs';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

/** Fastify's reply, around Node's own response, or what stands for both on Express. */
type PlatformResponse = ServerResponse & { readonly raw?: ServerResponse };

type Answer = (response: PlatformResponse) => ReturnType<CanActivate['canActivate']>;

/** The ways in which a guard may keep a request from its handler. */
const ANSWERS: readonly (readonly [answer: string, status: number, guard: Answer])[] = [
  ['false', 403, () => false],
  ['a promise of false', 403, () => Promise.resolve(false)],
  ['an observable of false', 403, () => of(false)],
  ['a rejection', 401, () => Promise.reject(new UnauthorizedException())],
  ['an observable that fails', 401, () => throwError(() => new UnauthorizedException())],
  [
    'an exception',
    503,
    () => {
      throw new ServiceUnavailableException();
    },
  ],
  ['an error of a database', 500, () => from(Promise.reject(new Error('broken')))],
  [
    'a response of its own, and false',
    302,
    response => {
      const headers = { 'Access-Control-Allow-Origin': '*', Location: 'https://login.example' };
      (response.raw ?? response).writeHead(302, headers).end();
      return false;
    },
  ],
];

class CatsRoutes {
  @Get('cats')
  list() {
    ran('list');
  }
}

function guardOf(answer: Answer): Type<CanActivate> {
  return class AnswerGuard implements CanActivate {
    canActivate(context: ExecutionContext) {
      ran('guard');
      return answer(context.switchToHttp().getResponse<PlatformResponse>());
    }
  };
}

/** Before the CORS module's guard, and after it. */
const PLACES: readonly (readonly [place: string, app: (guard: Type<CanActivate>) => AppOptions])[] = [
  ['APP_GUARD', guard => ({ providers: [{ provide: APP_GUARD, useClass: guard }] })],
  ['useGlobalGuards()', guard => ({ configure: app => app.useGlobalGuards(new guard()) })],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that a guard gives on %s', platform => {
  describe.each(PLACES)('%s', (_place, appWith) => {
    it.each(ANSWERS)("has the route's headers: %s", async (_answer, status, answer) => {
      const controllers = underEveryPolicy(CatsRoutes);
      const app = await startApp({ platform, cors: MODULE_POLICY, controllers, ...appWith(guardOf(answer)) });

      expect(await askEveryPolicy(observe, app, { path: '/cats' })).toEqual(ofEveryPolicy({ status, ran: ['guard'] }));
    });
  });
});

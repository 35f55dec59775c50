import {
  Controller,
  Get,
  Injectable,
  Module,
  Put,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Cors, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { ADMIN, APP, EVIL, readable, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const cors: CorsModuleOptions = { origin: [APP, ADMIN], credentials: true };

@Injectable()
class AuthGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    ran('guard');
    if (context.switchToHttp().getRequest<{ headers: { authorization?: string } }>().headers.authorization) return true;
    throw new UnauthorizedException();
  }
}

@Injectable()
class DenyGuard implements CanActivate {
  canActivate(): boolean {
    ran('guard');
    return false;
  }
}

/** Controllers with a guard on the class and on the method, or on neither. */
function controllersWith(onClass: readonly (new () => CanActivate)[], onMethod: readonly (new () => CanActivate)[]) {
  @UseGuards(...onClass)
  @Controller()
  class CatsController {
    @UseGuards(...onMethod)
    @Get('cats')
    list() {
      return ran('list');
    }

    @Cors({ origin: PARTNER, credentials: false })
    @UseGuards(...onMethod)
    @Put('import')
    import() {
      return ran('import');
    }
  }
  return [CatsController];
}

/** An imported module that registers the guard for the whole app. */
function guardModule(guard: new () => CanActivate) {
  @Module({ providers: [{ provide: APP_GUARD, useClass: guard }] })
  class GuardModule {}
  return GuardModule;
}

const appGuard = (guard: new () => CanActivate) => [{ provide: APP_GUARD, useClass: guard }];

/** Every place in which Nest takes a guard. */
const PLACES: readonly (readonly [
  place: string,
  app: (guard: new () => CanActivate) => Omit<AppOptions, 'platform'>,
])[] = [
  [
    'APP_GUARD of AppModule, the CORS module imported first',
    guard => ({
      imports: [CorsModule.forRoot(cors), class Other {}],
      providers: appGuard(guard),
      controllers: controllersWith([], []),
    }),
  ],
  [
    'APP_GUARD of AppModule, the CORS module imported last',
    guard => ({
      imports: [class Other {}, CorsModule.forRoot(cors)],
      providers: appGuard(guard),
      controllers: controllersWith([], []),
    }),
  ],
  [
    'APP_GUARD of a module imported before the CORS module',
    guard => ({
      imports: [guardModule(guard), CorsModule.forRoot(cors)],
      controllers: controllersWith([], []),
    }),
  ],
  [
    'useGlobalGuards()',
    guard => ({
      cors,
      controllers: controllersWith([], []),
      configure: (app: INestApplication) => app.useGlobalGuards(new guard()),
    }),
  ],
  ['@UseGuards() of the controller', guard => ({ cors, controllers: controllersWith([guard], []) })],
  ['@UseGuards() of the handler', guard => ({ cors, controllers: controllersWith([], [guard]) })],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that a guard decides on %s', platform => {
  describe.each(PLACES)('%s', (_place, appWith) => {
    it("is a 401 with the route's headers (ERR-01, ERR-15)", async () => {
      const app = await startApp({ platform, ...appWith(AuthGuard) });
      const list = (headers: Record<string, string>) => observe(app, { path: '/cats', headers });
      const put = (headers: Record<string, string>) => observe(app, { method: 'PUT', path: '/import', headers });

      const unauthorized = { status: 401, ran: ['guard'] };
      expect(await list({ Origin: APP })).toEqual({ ...unauthorized, cors: readable(APP, { credentials: true }) });
      expect(await list({ Origin: ADMIN })).toEqual({ ...unauthorized, cors: readable(ADMIN, { credentials: true }) });
      expect(await list({ Origin: EVIL })).toEqual({ ...unauthorized, cors: UNREADABLE });
      expect(await list({})).toEqual({ ...unauthorized, cors: UNREADABLE });
      expect(await put({ Origin: PARTNER })).toEqual({ ...unauthorized, cors: readable(PARTNER) });
      expect(await put({ Origin: APP })).toEqual({ ...unauthorized, cors: UNREADABLE });

      expect(await list({ Origin: APP, Authorization: 'Bearer x' })).toEqual({
        status: 200,
        cors: readable(APP, { credentials: true }),
        ran: ['guard', 'list'],
      });
    });

    it("is a 403 with the route's headers where the guard says no (ERR-02, ERR-15)", async () => {
      const app = await startApp({ platform, ...appWith(DenyGuard) });

      expect(await observe(app, { path: '/cats', headers: { Origin: APP } })).toEqual({
        status: 403,
        cors: readable(APP, { credentials: true }),
        ran: ['guard'],
      });
      const put = { method: 'PUT', path: '/import' };
      expect(await observe(app, { ...put, headers: { Origin: PARTNER } })).toEqual({
        status: 403,
        cors: readable(PARTNER),
        ran: ['guard'],
      });
      expect(await observe(app, { ...put, headers: { Origin: APP } })).toEqual({
        status: 403,
        cors: UNREADABLE,
        ran: ['guard'],
      });
    });
  });
});

import { Controller, Delete, Get, Injectable, Put, VersioningType, type Type } from '@nestjs/common';
import { add, Cors, CorsService, NoCors, type CorsModuleOptions, type CorsOriginResolver } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

afterEach(closeApps);

const OWN = readable(APP, { credentials: true });
/** What a stranger may read; the cache has to tell the two apart. */
const STRANGERS = { 'access-control-allow-origin': '*', vary: 'Origin' };
const OPTIONS = {
  origin: [APP],
  credentials: true,
  others: { origin: '*', methods: ['GET'], exposedHeaders: ['x-total'] },
} as const satisfies CorsModuleOptions;

@Controller('things')
class ThingsController {
  @Get()
  list() {
    return ran('list');
  }

  @Put()
  change() {
    return ran('change');
  }

  @Delete()
  remove() {
    return ran('remove');
  }
}

describe.each(PLATFORMS)('Others on %s', platform => {
  const start = (cors: CorsModuleOptions, controllers: Type[] = [ThingsController], more: Partial<AppOptions> = {}) =>
    startApp({ platform, cors, controllers, ...more });
  const ask = async (
    app: Awaited<ReturnType<typeof start>>,
    origin: string | undefined,
    method = 'GET',
    path = '/things',
  ) => observe(app, { path, method, headers: origin === undefined ? {} : { Origin: origin } });

  it('answers own pages with credentials, and everyone else without', async () => {
    const app = await start(OPTIONS);
    const strangers = { ...STRANGERS, 'access-control-expose-headers': 'x-total' };

    expect(await ask(app, APP)).toEqual({ status: 200, cors: OWN, ran: ['list'] });
    expect(await ask(app, EVIL)).toEqual({ status: 200, cors: strangers, ran: ['list'] });
    expect(await ask(app, 'null')).toEqual({ status: 200, cors: strangers, ran: ['list'] });
    expect(await ask(app, undefined)).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
    expect(await ask(app, EVIL, 'PUT')).toEqual({ status: 200, cors: UNREADABLE, ran: ['change'] });
    expect(await ask(app, APP, 'PUT')).toEqual({ status: 200, cors: OWN, ran: ['change'] });
    expect(await ask(app, EVIL, 'GET', '/nowhere')).toMatchObject({ status: 404, cors: strangers });
  });

  it('lists in a preflight what the side of its origin may do, again and again', async () => {
    const app = await start(OPTIONS);
    const own = granted(APP, { methods: 'GET, HEAD, PUT, DELETE', credentials: true });
    const strangers = granted('*', { methods: 'GET' });

    for (let round = 0; round < 3; round++) {
      expect(await observe(app, preflightOf('/things', APP, 'PUT'))).toEqual({ status: 204, cors: own, ran: [] });
      expect(await observe(app, preflightOf('/things', EVIL, 'GET'))).toEqual({
        status: 204,
        cors: strangers,
        ran: [],
      });
      expect(await observe(app, preflightOf('/things', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
      expect(await observe(app, preflightOf('/things', APP, 'GET'))).toEqual({ status: 204, cors: own, ran: [] });
    }
  });

  it('is the policy of a name, or a list of its own, whole', async () => {
    @Cors({ origin: [APP], credentials: true, exposedHeaders: ['x-own'], others: 'partners' })
    @Controller('shared')
    class SharedController {
      @Get()
      list() {
        return ran('list');
      }
    }
    const policies = { partners: { origin: [ADMIN], maxAge: 5 } };
    const app = await start({ origin: false, exposedHeaders: ['x-module'], policies }, [SharedController]);

    expect(await ask(app, APP, 'GET', '/shared')).toMatchObject({
      cors: readable(APP, { credentials: true, exposed: 'x-own' }),
    });
    expect(await ask(app, ADMIN, 'GET', '/shared')).toMatchObject({ cors: readable(ADMIN) });
    expect(await ask(app, EVIL, 'GET', '/shared')).toMatchObject({ cors: UNREADABLE });
    expect(await observe(app, preflightOf('/shared', ADMIN, 'GET'))).toMatchObject({
      cors: granted(ADMIN, { methods: 'GET, HEAD', maxAge: '5' }),
    });
    expect(app.get(CorsService).warnings).toEqual([]);
  });

  it('belongs to its origin: who sets an origin anew, names a policy or closes has none; add() keeps it', async () => {
    @Controller('levels')
    class LevelsController {
      @Get('inherited')
      inherited() {
        return ran('inherited');
      }

      @Cors({ maxAge: 5 })
      @Get('other-option')
      otherOption() {
        return ran('otherOption');
      }

      @Cors({ origin: add(ADMIN) })
      @Get('added')
      added() {
        return ran('added');
      }

      @Cors({ origin: [ADMIN] })
      @Get('narrowed')
      narrowed() {
        return ran('narrowed');
      }

      @Cors('named')
      @Get('named')
      named() {
        return ran('named');
      }

      @NoCors()
      @Get('closed')
      closed() {
        return ran('closed');
      }

      @Cors({ others: { origin: [EVIL] } })
      @Get('own')
      own() {
        return ran('own');
      }
    }
    const app = await start({ ...OPTIONS, policies: { named: { origin: [ADMIN] } } }, [LevelsController]);
    const allows = async (path: string, origin: string) => {
      const { cors } = await ask(app, origin, 'GET', `/levels/${path}`);
      return cors['access-control-allow-origin'];
    };

    for (const path of ['inherited', 'other-option', 'added']) {
      expect([path, await allows(path, APP), await allows(path, EVIL)]).toEqual([path, APP, '*']);
    }
    expect(await allows('added', ADMIN)).toBe(ADMIN);
    for (const path of ['narrowed', 'named', 'closed']) {
      expect([path, await allows(path, APP), await allows(path, EVIL)]).toEqual([path, undefined, undefined]);
    }
    expect([await allows('own', APP), await allows('own', EVIL), await allows('own', ADMIN)]).toEqual([
      APP,
      EVIL,
      undefined,
    ]);
  });

  it('applies where the resolver of the policy denies or fails, and not before it has answered', async () => {
    const asked: string[] = [];
    @Injectable()
    class Tenants implements CorsOriginResolver {
      async isAllowed(origin: string): Promise<boolean> {
        asked.push(origin);
        await Promise.resolve();
        if (origin.includes('broken')) throw new Error('The database is away');
        return origin === ADMIN;
      }
    }
    const app = await start({ ...OPTIONS, origin: [APP, Tenants] }, undefined, { providers: [Tenants] });
    const strangers = { ...STRANGERS, 'access-control-expose-headers': 'x-total' };

    expect(await ask(app, ADMIN)).toMatchObject({ cors: readable(ADMIN, { credentials: true }) });
    for (const origin of [EVIL, 'https://broken.example']) {
      expect(await ask(app, origin)).toMatchObject({ status: 200, cors: strangers });
      expect(await observe(app, preflightOf('/things', origin, 'GET'))).toMatchObject({
        status: 204,
        cors: granted('*', { methods: 'GET' }),
      });
      expect(await observe(app, preflightOf('/things', origin, 'PUT'))).toMatchObject({ status: 403, cors: REFUSED });
    }
    expect(await observe(app, preflightOf('/things', ADMIN, 'PUT'))).toMatchObject({
      status: 204,
      cors: granted(ADMIN, { methods: 'GET, HEAD, PUT, DELETE', credentials: true }),
    });
    expect(new Set(asked)).toEqual(new Set([ADMIN, EVIL, 'https://broken.example']));
  });

  it('is asked of the resolver also for a method that the policy itself leaves out', async () => {
    const app = await start({
      origin: [APP, origin => origin === ADMIN],
      methods: ['PUT'],
      others: { origin: '*', methods: ['GET'] },
    });
    expect(await observe(app, preflightOf('/things', EVIL, 'GET'))).toMatchObject({
      status: 204,
      cors: granted('*', { methods: 'GET' }),
    });
    expect(await observe(app, preflightOf('/things', ADMIN, 'GET'))).toMatchObject({ status: 403, cors: REFUSED });
    expect(await observe(app, preflightOf('/things', ADMIN, 'PUT'))).toMatchObject({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT' }),
    });
  });

  it('lets through under rejectDisallowed what it allows, and nothing else', async () => {
    const app = await start({ ...OPTIONS, rejectDisallowed: true, self: ['https://api.example'] });

    expect(await ask(app, EVIL)).toMatchObject({ status: 200, ran: ['list'] });
    expect(await ask(app, EVIL, 'PUT')).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await ask(app, APP, 'PUT')).toMatchObject({ status: 200, ran: ['change'] });
    expect(await ask(app, undefined, 'PUT')).toMatchObject({ status: 200, ran: ['change'] });
    expect(
      await observe(app, { path: '/things', method: 'PUT', headers: { 'Sec-Fetch-Site': 'cross-site' } }),
    ).toMatchObject({ status: 403, ran: [] });
  });

  it('applies under a rule, to what no controller serves', async () => {
    const routes = [{ path: '/files', policy: OPTIONS }];
    const app = await start({ origin: false, routes }, [ThingsController]);

    expect(await ask(app, EVIL, 'GET', '/files/a')).toMatchObject({
      cors: { ...STRANGERS, 'access-control-expose-headers': 'x-total' },
    });
    expect(await ask(app, APP, 'GET', '/files/a')).toMatchObject({ cors: OWN });
    expect(await observe(app, preflightOf('/files/a', EVIL, 'PUT'))).toMatchObject({ status: 403, cors: REFUSED });
    expect(await observe(app, preflightOf('/files/a', APP, 'PUT'))).toMatchObject({ status: 204 });
  });

  it('never mixes handlers of one path: a method is listed only on the same side, with the same terms', async () => {
    @Controller('mixed')
    class MixedController {
      @Cors({ origin: [APP], credentials: true, others: { origin: '*' } })
      @Get()
      list() {}

      @Cors({ origin: [ADMIN], others: { origin: [EVIL], methods: ['PUT'] } })
      @Put()
      change() {}

      @Cors({ origin: '*' })
      @Delete()
      remove() {}
    }
    const app = await start({ origin: false }, [MixedController]);
    const listed = async (origin: string, method: string) => {
      const { status, cors } = await observe(app, preflightOf('/mixed', origin, method));
      return [status, cors['access-control-allow-origin'], cors['access-control-allow-methods']];
    };

    expect(await listed(APP, 'GET')).toEqual([204, APP, 'GET, HEAD']);
    expect(await listed(APP, 'PUT')).toEqual([403, undefined, undefined]);
    expect(await listed(ADMIN, 'PUT')).toEqual([204, ADMIN, 'PUT']);
    expect(await listed(EVIL, 'PUT')).toEqual([204, EVIL, 'PUT']);
    expect(await listed(EVIL, 'GET')).toEqual([204, '*', 'GET, HEAD']);
    // A policy for any origin and a stranger's side have equal headers, and are not the same.
    expect(await listed(EVIL, 'DELETE')).toEqual([204, '*', 'DELETE']);
  });

  it('is told by explain(), policies() and the hints', async () => {
    const app = await start(OPTIONS);
    const service = app.get(CorsService);
    const [row] = service.policies();
    expect(row?.policy.others).toMatchObject({ origin: '*', methods: ['GET'], exposedHeaders: ['x-total'] });
    expect(row?.provenance.others).toBe('module');

    const own = await service.explain({ method: 'PUT', url: '/things', origin: APP });
    expect([own.others, own.hint, own.actual.allowed]).toEqual([undefined, undefined, true]);
    const stranger = await service.explain({ method: 'GET', url: '/things', origin: EVIL });
    expect([stranger.others, stranger.actual.allowed]).toEqual([true, true]);
    const refused = await service.explain({ method: 'PUT', url: '/things', origin: EVIL });
    expect(refused).toMatchObject({
      others: true,
      preflight: { allowed: false, reason: 'method-not-allowed' },
      actual: { allowed: false, reason: 'method-not-allowed' },
      hint: 'Add "PUT" to methods in `others` of CorsModule.forRoot(), or leave methods out to allow the routed methods.',
    });
  });

  it('logs nothing of strangers, who must not use up the lines that own pages need', async () => {
    const logger = new RecordingLogger();
    const app = await start({ ...OPTIONS, methods: ['GET', 'DELETE'] }, undefined, { nest: { logger } });
    const before = logger.ofCors('warn').length;
    const names = Array.from({ length: 20 }, (_, index) => `x-${String(index)}`).join();
    await observe(app, preflightOf('/things', EVIL, 'PUT'));
    await observe(app, preflightOf('/things', EVIL, 'GET', names));
    expect(logger.ofCors('warn').slice(before)).toEqual([]);
    await observe(app, preflightOf('/things', APP, 'PUT'));
    await observe(app, preflightOf('/things', APP, 'GET', 'x-0'));
    expect(logger.ofCors('warn').slice(before)).toEqual([
      expect.stringContaining('Add "PUT" to methods in CorsModule.forRoot()'),
      expect.stringContaining('Add "x-0" to allowedHeaders in CorsModule.forRoot()'),
    ]);
  });

  it('lists no method that a resolver decides about which was not asked', async () => {
    @Controller({ path: 'versioned', version: '1' })
    class FirstController {
      @Cors({ origin: [ADMIN], others: { origin: '*' } })
      @Put()
      change() {}

      @Cors({ origin: [ADMIN, origin => origin === APP], credentials: true })
      @Delete()
      remove() {}
    }
    @Cors({ origin: [ADMIN], others: { origin: '*' } })
    @Controller({ path: 'versioned', version: '2' })
    class SecondController {
      @Put()
      change() {}

      @Delete()
      remove() {}
    }
    const app = await start({ origin: false }, [FirstController, SecondController], {
      configure: each => each.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
    });
    expect(await observe(app, preflightOf('/versioned', APP, 'PUT'))).toMatchObject({
      status: 204,
      cors: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'PUT' },
    });
    expect(await observe(app, preflightOf('/versioned', APP, 'DELETE'))).toMatchObject({
      status: 204,
      cors: { 'access-control-allow-origin': APP, 'access-control-allow-methods': 'DELETE' },
    });
  });

  it('follows a reload', async () => {
    const app = await start(OPTIONS);
    expect(await ask(app, EVIL)).toMatchObject({ cors: { 'access-control-allow-origin': '*' } });
    await app.get(CorsService).reload({ origin: [APP] });
    expect(await ask(app, EVIL)).toMatchObject({ cors: UNREADABLE });
  });
});

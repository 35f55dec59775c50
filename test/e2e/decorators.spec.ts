import { Controller, Delete, Get, Put } from '@nestjs/common';
import { add, Cors, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, CLOSED, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const PARTNER = 'https://partner.example';
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('@Cors() on %s', platform => {
  const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

  it.each([
    ['@Cors(false)', Cors(false)],
    ['@NoCors()', NoCors()],
  ])('closes a route to other origins as %s (DEC-03)', async (_form, decorator) => {
    @Controller('internal')
    class InternalController {
      @decorator
      @Put()
      replace() {
        return ran('replace');
      }

      @Get()
      read() {
        return ran('read');
      }
    }
    const app = await startApp({ platform, cors: { origin: APP }, controllers: [InternalController] });

    expect(await observe(app, preflightOf('/internal', APP, 'PUT'))).toEqual(refused);
    // CORS is not access control: the request of a script that needs no preflight is served, and cannot be read.
    expect(await observe(app, { ...get('/internal', APP), method: 'PUT' })).toEqual({
      status: 200,
      cors: CLOSED,
      ran: ['replace'],
    });
    expect(await observe(app, preflightOf('/internal', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
  });

  it('opens single routes of an app that is closed (DEC-04)', async () => {
    @Controller()
    class OptInController {
      @Cors({ origin: APP })
      @Get('open')
      open() {
        return ran('open');
      }

      @Get('other')
      other() {
        return ran('other');
      }
    }
    const app = await startApp({ platform, cors: { origin: false }, controllers: [OptInController] });

    expect(await observe(app, get('/open', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['open'] });
    expect(await observe(app, get('/other', APP))).toEqual({ status: 200, cors: CLOSED, ran: ['other'] });
    expect(await observe(app, preflightOf('/open', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/other', APP, 'GET'))).toEqual(refused);
  });

  it('of a base class holds for its subclasses, that of an overridden method does not (DEC-05)', async () => {
    abstract class Base {
      @Cors({ origin: ADMIN })
      @Get('overridden')
      overridden() {
        return ran('Base.overridden');
      }

      @Cors({ origin: ADMIN })
      @Get('inherited')
      inherited() {
        return ran('Base.inherited');
      }
    }
    @Cors({ origin: PARTNER, exposedHeaders: ['x-total'] })
    abstract class PartnerBase extends Base {}

    @Controller('kid')
    class Kid extends Base {
      @Get('overridden')
      override overridden() {
        return ran('Kid.overridden');
      }
    }
    @Controller('partner')
    class PartnerKid extends PartnerBase {
      @Get('overridden')
      override overridden() {
        return ran('PartnerKid.overridden');
      }
    }
    @Cors({ origin: EVIL })
    @Controller('decorated')
    class DecoratedKid extends PartnerBase {
      @Get('own')
      own() {
        return ran('DecoratedKid.own');
      }
    }
    const app = await startApp({ platform, cors: { origin: APP }, controllers: [Kid, PartnerKid, DecoratedKid] });
    const exposing = { exposed: 'x-total' };

    for (const [path, handler, origin, options] of [
      ['/kid/overridden', 'Kid.overridden', APP, {}],
      ['/kid/inherited', 'Base.inherited', ADMIN, {}],
      ['/partner/overridden', 'PartnerKid.overridden', PARTNER, exposing],
      ['/partner/inherited', 'Base.inherited', ADMIN, exposing],
      // A class's own @Cors() replaces that of its base class, as Nest's own metadata does.
      ['/decorated/own', 'DecoratedKid.own', EVIL, {}],
    ] as const) {
      for (const asking of [APP, ADMIN, PARTNER, EVIL]) {
        const cors = asking === origin ? readable(origin, options) : UNREADABLE;
        expect(await observe(app, get(path, asking))).toEqual({ status: 200, cors, ran: [handler] });
        const preflight = await observe(app, preflightOf(path, asking, 'GET'));
        expect(preflight).toEqual(
          asking === origin ? { status: 204, cors: granted(origin, { methods: 'GET, HEAD' }), ran: [] } : refused,
        );
      }
    }
  });

  it('takes policies by name, whole, with overrides (DEC-07)', async () => {
    const cors: CorsModuleOptions = {
      origin: APP,
      credentials: true,
      exposedHeaders: ['x-total'],
      policies: {
        public: { origin: '*', methods: ['GET'] },
        admin: { origin: ADMIN, credentials: true, maxAge: 5 },
      },
    };
    @Cors('admin')
    @Controller()
    class NamedController {
      @Cors('public')
      @Get('status')
      status() {
        return ran('status');
      }

      @Put('users')
      users() {
        return ran('users');
      }

      @Cors({ maxAge: 7, origin: add(PARTNER) })
      @Put('partners')
      partners() {
        return ran('partners');
      }

      @Cors('admin', { credentials: false })
      @Delete('users')
      remove() {
        return ran('remove');
      }
    }
    const app = await startApp({ platform, cors, controllers: [NamedController] });

    expect(await observe(app, get('/status', EVIL))).toEqual({ status: 200, cors: PUBLIC, ran: ['status'] });
    expect(await observe(app, preflightOf('/users', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT', maxAge: '5', credentials: true }),
      ran: [],
    });
    expect(await observe(app, { ...get('/users', APP), method: 'PUT' })).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: ['users'],
    });
    expect(await observe(app, preflightOf('/partners', PARTNER, 'PUT'))).toEqual({
      status: 204,
      cors: granted(PARTNER, { methods: 'PUT', maxAge: '7', credentials: true }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/users', ADMIN, 'DELETE'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'DELETE', maxAge: '5' }),
      ran: [],
    });
  });

  it('extends the inherited lists with add(), level by level', async () => {
    @Cors({ allowedHeaders: add('x-csrf-token') })
    @Controller('extended')
    class ExtendedController {
      @Cors({ origin: add(PARTNER), exposedHeaders: add('x-page'), allowedHeaders: add('x-partner') })
      @Put()
      replace() {
        return ran('replace');
      }
    }
    const app = await startApp({
      platform,
      cors: { origin: APP, exposedHeaders: ['x-total'] },
      controllers: [ExtendedController],
    });

    for (const origin of [APP, PARTNER]) {
      expect(await observe(app, preflightOf('/extended', origin, 'PUT', 'x-partner,x-csrf-token'))).toEqual({
        status: 204,
        cors: granted(origin, { methods: 'PUT', headers: 'content-type, authorization, x-csrf-token, x-partner' }),
        ran: [],
      });
      expect(await observe(app, { ...get('/extended', origin), method: 'PUT' })).toEqual({
        status: 200,
        cors: readable(origin, { exposed: 'x-total, x-page' }),
        ran: ['replace'],
      });
    }
    expect(await observe(app, preflightOf('/extended', ADMIN, 'PUT'))).toEqual(refused);
  });

  it('is re-enabled by a nearer level where a farther one disabled access', async () => {
    @NoCors()
    @Controller('mixed')
    class MixedController {
      @Cors({ origin: [APP], credentials: true })
      @Get()
      open() {
        return ran('open');
      }

      @Cors({})
      @Put()
      closed() {
        return ran('closed');
      }
    }
    const app = await startApp({ platform, cors: { origin: APP }, controllers: [MixedController] });

    expect(await observe(app, get('/mixed', APP))).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['open'],
    });
    expect(await observe(app, preflightOf('/mixed', APP, 'PUT'))).toEqual(refused);
  });
});

import { Controller, Put, Version, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('The version whose policy is in force on %s', platform => {
  const start = (options: Partial<AppOptions>) => startApp({ platform, cors, ...options });

  it('is that of the path, for each of several (RT-07)', async () => {
    @Cors({ origin: ADMIN })
    @Controller({ path: 'c', version: ['1', '2'] })
    class OldController {
      @Put()
      replace() {
        return ran('old');
      }
    }
    @Controller({ path: 'c', version: '3' })
    class NewController {
      @Put()
      replace() {
        return ran('new');
      }

      @Cors({ origin: EVIL })
      @Version('4')
      @Put()
      next() {
        return ran('next');
      }
    }
    const app = await start({
      controllers: [OldController, NewController],
      configure: app => app.enableVersioning({ type: VersioningType.URI }),
    });

    for (const [version, origin] of [
      ['1', ADMIN],
      ['2', ADMIN],
      ['3', APP],
      ['4', EVIL],
    ] as const) {
      for (const asking of [APP, ADMIN, EVIL]) {
        expect(await observe(app, preflightOf(`/v${version}/c`, asking, 'PUT'))).toEqual(
          asking === origin ? { status: 204, cors: granted(origin, { methods: 'PUT' }), ran: [] } : refused,
        );
      }
    }
  });

  it.each([
    ['media types', { type: VersioningType.MEDIA_TYPE, key: 'v=' }, { Accept: 'application/json;v=2' }],
    [
      'an extractor of its own',
      {
        type: VersioningType.CUSTOM,
        extractor: (request: unknown) =>
          String((request as { headers: Record<string, unknown> }).headers['x-any'] ?? '1'),
      },
      { 'X-Any': '2' },
    ],
  ] as const)('may be any at preflight, where it is chosen by %s (RT-09)', async (_by, versioning, headers) => {
    @Controller({ path: 'm', version: '2' })
    class SecondController {
      @Cors({ origin: ADMIN, allowedHeaders: ['x-any'] })
      @Put()
      replace() {
        return ran('second');
      }
    }
    const app = await start({
      controllers: [SecondController],
      configure: app => app.enableVersioning(versioning as never),
    });

    expect(await observe(app, preflightOf('/m', ADMIN, 'PUT'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT', headers: 'x-any' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/m', APP, 'PUT'))).toEqual(refused);
    expect(await observe(app, { method: 'PUT', path: '/m', headers: { ...headers, Origin: ADMIN } })).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: ['second'],
    });
  });

  it('may be any that the announced header may name, and is the one that it names (RT-09)', async () => {
    @Controller('h')
    class HeaderController {
      @Cors({ allowedHeaders: ['x-api-version'], maxAge: 100 })
      @Version('1')
      @Put()
      first() {
        return ran('first');
      }

      @Cors({ origin: ADMIN, allowedHeaders: ['x-api-version'], credentials: true, maxAge: 50 })
      @Version('2')
      @Put()
      second() {
        return ran('second');
      }

      @Cors({ origin: EVIL })
      @Version(VERSION_NEUTRAL)
      @Put()
      neutral() {
        return ran('neutral');
      }
    }
    const app = await start({
      controllers: [HeaderController],
      configure: app => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Api-Version' }),
    });
    const put = (origin: string, version?: string) =>
      observe(app, {
        method: 'PUT',
        path: '/h',
        headers: { Origin: origin, ...(version !== undefined && { 'X-Api-Version': version }) },
      });

    // One candidate's answer, whole, with the smallest max-age of those that it may stand for.
    expect(await observe(app, preflightOf('/h', APP, 'PUT', 'x-api-version'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT', headers: 'x-api-version', maxAge: '50' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/h', ADMIN, 'PUT', 'x-api-version'))).toEqual({
      status: 204,
      cors: granted(ADMIN, { methods: 'PUT', headers: 'x-api-version', maxAge: '50', credentials: true }),
      ran: [],
    });
    // The version-neutral handler allows any origin, and the header by default: the guard judges the version that comes.
    const neutral = 'content-type, authorization, x-api-version';
    expect(await observe(app, preflightOf('/h', EVIL, 'PUT', 'x-api-version'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'PUT', headers: neutral, maxAge: '50' }),
      ran: [],
    });
    // Without the header, the version-neutral handler alone.
    expect(await observe(app, preflightOf('/h', EVIL, 'PUT', 'content-type'))).toEqual({
      status: 204,
      cors: granted(EVIL, { methods: 'PUT', headers: neutral }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/h', APP, 'PUT'))).toEqual(refused);

    expect(await put(APP, '1')).toEqual({ status: 200, cors: readable(APP), ran: ['first'] });
    // Another version's policy may have answered its preflight.
    expect(await put(APP, '2')).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await put(ADMIN, '2')).toEqual({
      status: 200,
      cors: readable(ADMIN, { credentials: true }),
      ran: ['second'],
    });
    expect(await put(EVIL)).toEqual({ status: 200, cors: readable(EVIL), ran: ['neutral'] });
  });
});

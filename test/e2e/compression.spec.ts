import {
  ConflictException,
  Get,
  Header,
  Inject,
  Module,
  Res,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CorsModule } from 'nestjs-cors';
import type { ServerResponse } from 'node:http';
import onHeaders from 'on-headers';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { askEveryPolicy, LISTED, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { APP, EVIL } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

/** What the compression package does to a head, and no more: it decides as the head is written. */
function compression(_request: unknown, response: ServerResponse, next: () => void) {
  onHeaders(response, () => {
    ran('compression');
    const present = response.getHeader('Vary');
    const names = Array.isArray(present) ? present.join(', ') : String(present ?? '');
    response.setHeader('Vary', [names, 'Accept-Encoding'].filter(name => name !== '').join(', '));
    response.removeHeader('Content-Length');
  });
  next();
}

class CatsRoutes {
  @Get('plain')
  plain() {
    return ran('plain');
  }

  @Header('Vary', 'Cookie')
  @Get('varying')
  varying() {
    return ran('varying');
  }

  @Get('conflict')
  conflict() {
    ran('conflict');
    throw new ConflictException();
  }

  @Get('raw')
  raw(@Res() response: ServerResponse & { readonly raw?: ServerResponse }) {
    ran('raw');
    (response.raw ?? response).writeHead(200, { Vary: 'Cookie' }).end('raw');
  }
}

@Module({})
class CompressionModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(compression).forRoutes('*path');
  }
}

/** Registers it as soon as there is a platform, as the CORS module does. */
@Module({})
class EarlyCompressionModule {
  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    httpAdapter.use(compression);
  }
}

/** Where it is registered after the CORS module. */
const PLACES: readonly (readonly [place: string, options: AppOptions])[] = [
  ['app.use()', { configure: app => app.use(compression) }],
  ['a module', { imports: [CompressionModule] }],
];

afterEach(closeApps);

const controllers = underEveryPolicy(CatsRoutes);

describe.each(PLATFORMS)('Vary beside a compression middleware on %s', platform => {
  it.each(PLACES)('holds what both say, once: the middleware of %s', async (_place, options) => {
    const app = await startApp({ platform, cors: MODULE_POLICY, controllers, ...options });

    for (const [path, status, vary] of [
      ['plain', 200, 'Accept-Encoding'],
      ['varying', 200, 'Cookie, Accept-Encoding'],
      ['conflict', 409, 'Accept-Encoding'],
      ['raw', 200, 'Cookie, Accept-Encoding'],
    ] as const) {
      expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
        ofEveryPolicy({ status, ran: [path, 'compression'] }, vary),
      );
    }
  });

  it('holds what both say, once, where the middleware comes before the CORS module', async () => {
    const imports = [EarlyCompressionModule, CorsModule.forRoot(MODULE_POLICY)];
    const app = await startApp({ platform, imports, controllers });

    for (const [path, vary] of [
      ['plain', 'Accept-Encoding, Origin'],
      ['raw', 'Cookie, Accept-Encoding, Origin'],
    ] as const) {
      const seen = { status: 200, ran: [path, 'compression'] };
      const get = (origin: string) => observe(app, { path: `/listed/${path}`, headers: { Origin: origin } });
      expect(await get(APP)).toEqual({ ...seen, cors: { ...LISTED, vary } });
      expect(await get(EVIL)).toEqual({ ...seen, cors: { vary } });
    }
  });
});

import { Controller, Get, Header, Res } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, EVIL, PUBLIC, readable, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: [APP, ADMIN] };

/** What Express and Fastify responses have in common, and what Express alone has. */
interface PlatformResponse {
  header(name: string, value: string | string[]): unknown;
  vary?(name: string): unknown;
}

@Controller()
class VaryController {
  @Get('plain')
  plain() {
    return ran('plain');
  }

  @Header('Vary', 'Accept-Encoding')
  @Get('decorated')
  decorated() {
    return ran('decorated');
  }

  @Header('Vary', 'accept-encoding, ORIGIN')
  @Get('named')
  named() {
    return ran('named');
  }

  @Get('lines')
  lines(@Res({ passthrough: true }) response: PlatformResponse) {
    response.header('Vary', ['Accept', 'Cookie']);
    return ran('lines');
  }

  @Header('Vary', 'Accept, accept')
  @Get('repeated')
  repeated() {
    return ran('repeated');
  }

  @Get('named-lines')
  namedLines(@Res({ passthrough: true }) response: PlatformResponse) {
    response.header('Vary', ['Accept', 'Cookie, origin']);
    return ran('named-lines');
  }

  @Get('method')
  method(@Res({ passthrough: true }) response: PlatformResponse) {
    if (response.vary) response.vary('Origin');
    else response.header('Vary', 'Origin');
    return ran('method');
  }

  @Header('Vary', '*')
  @Get('star')
  star() {
    return ran('star');
  }

  @Cors({ origin: '*' })
  @Get('public')
  public() {
    return ran('public');
  }

  @Cors({ origin: '*' })
  @Header('Vary', 'Accept')
  @Get('public-decorated')
  publicDecorated() {
    return ran('public-decorated');
  }

  @Cors({ origin: ADMIN })
  @Get('single')
  single() {
    return ran('single');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('Vary on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [VaryController] });

  it.each([
    ['is added where the app sets none', 'plain', 'Origin'],
    ['is merged into what the app sets', 'decorated', 'Accept-Encoding, Origin'],
    ['is left as it is where the app names Origin, in any case (VARY-05)', 'named', 'accept-encoding, ORIGIN'],
    ['is merged into several lines of it', 'lines', 'Accept, Cookie, Origin'],
    ['is added where the app repeats a name', 'repeated', 'Accept, Origin'],
    ['is left as it is where one of several lines names Origin (VARY-05)', 'named-lines', ['Accept', 'Cookie, origin']],
    ["is not repeated after the platform's own vary() (VARY-05)", 'method', 'Origin'],
    ['is left alone where it is an asterisk (VARY-07)', 'star', '*'],
  ])('%s', async (_what, path, vary) => {
    const app = await start();

    for (const origin of [APP, ADMIN]) {
      expect(await observe(app, { path: `/${path}`, headers: { Origin: origin } })).toEqual({
        status: 200,
        cors: { ...readable(origin), vary },
        ran: [path],
      });
    }
    expect(await observe(app, { path: `/${path}`, headers: { Origin: EVIL } })).toEqual({
      status: 200,
      cors: { vary },
      ran: [path],
    });
    expect(await observe(app, { path: `/${path}` })).toEqual({ status: 200, cors: { vary }, ran: [path] });
  });

  it("is not set by a policy for any origin, which answers '*' with and without one (VARY-02)", async () => {
    const app = await start();

    for (const headers of [{ Origin: EVIL }, { Origin: 'null' }, { Origin: 'not an origin' }, {}]) {
      expect(await observe(app, { path: '/public', headers })).toEqual({ status: 200, cors: PUBLIC, ran: ['public'] });
      expect(await observe(app, { path: '/public-decorated', headers })).toEqual({
        status: 200,
        cors: { ...PUBLIC, vary: 'Accept' },
        ran: ['public-decorated'],
      });
    }
  });

  it('names Origin for a single allowed origin as for several, whoever asks (VARY-08)', async () => {
    const app = await start();
    const single = (headers: Record<string, string>) => observe(app, { path: '/single', headers });
    const served = { status: 200, ran: ['single'] };

    expect(await single({ Origin: ADMIN })).toEqual({ ...served, cors: readable(ADMIN) });
    expect(await single({ Origin: APP })).toEqual({ ...served, cors: UNREADABLE });
    expect(await single({})).toEqual({ ...served, cors: UNREADABLE });
  });
});

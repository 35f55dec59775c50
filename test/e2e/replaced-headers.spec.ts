import { Controller, Get, Header, Res } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, EVIL, readable, UNREADABLE } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

interface PlatformResponse {
  header(name: string, value: string | string[]): unknown;
}

@Controller('cats')
class CatsController {
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Access-Control-Allow-Headers', 'x-secret')
  @Get('decorated')
  decorated() {
    return ran('decorated');
  }

  @Cors({ origin: ADMIN })
  @Get('written')
  written(@Res({ passthrough: true }) response: PlatformResponse) {
    response.header('Access-Control-Allow-Origin', [APP, ADMIN]);
    return ran('written');
  }

  @Header('Access-Control-Allow-Origin', APP)
  @Header('Timing-Allow-Origin', '*')
  @Get('agreeing')
  agreeing() {
    return ran('agreeing');
  }

  @Get('plain')
  plain() {
    return ran('plain');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A CORS header that something else sets on %s', platform => {
  async function start(cors: CorsModuleOptions = { origin: APP }) {
    const logger = new RecordingLogger();
    const app = await startApp({
      platform,
      cors,
      controllers: [CatsController],
      nest: { logger },
      configure: app =>
        app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
          if (!request.url?.startsWith('/proxied')) return next();
          ran('proxied');
          response.writeHead(200, { 'access-control-allow-origin': EVIL, 'access-control-allow-credentials': 'true' });
          response.end();
        }),
    });
    return { app, warned: () => logger.ofCors('warn').filter(line => line.includes('replaced')) };
  }

  it('is replaced, and told once for each route that does so, by its name (RES-08)', async () => {
    const { app, warned } = await start();
    const get = (path: string, origin: string) => observe(app, { path, headers: { Origin: origin } });

    for (let round = 0; round < 3; round++) {
      expect(await get('/cats/decorated', APP)).toEqual({ status: 200, cors: readable(APP), ran: ['decorated'] });
      expect(await get('/cats/decorated', EVIL)).toEqual({ status: 200, cors: UNREADABLE, ran: ['decorated'] });
      expect(await get('/cats/written', APP)).toEqual({ status: 200, cors: UNREADABLE, ran: ['written'] });
    }
    expect(warned()).toEqual([
      expect.stringMatching(
        /^CorsModule replaced "access-.*", "access-.*", which .* CatsController\.decorated \(GET \/cats\/decorated\): /,
      ),
      expect.stringMatching(
        /^CorsModule replaced "access-control-allow-origin", .* CatsController\.written \(GET \/cats\/written\): /,
      ),
    ]);
    expect(warned()[0]).toContain('"access-control-allow-headers"');
  });

  it('is told once for what no controller serves, whatever its path says', async () => {
    const { app, warned } = await start();

    for (const path of ['/proxied?%1b[31m', '/proxied/2', '/proxied/3']) {
      expect(await observe(app, { path, headers: { Origin: EVIL } })).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['proxied'],
      });
    }
    expect(warned()).toEqual([
      expect.stringMatching(/^CorsModule replaced .* "\/proxied\?%1b\[31m", which no controller serves: /),
    ]);
  });

  it('is not told where it says what the policy says, nor where nothing sets one', async () => {
    const { app, warned } = await start();
    const get = (path: string, origin: string) => observe(app, { path, headers: { Origin: origin } });

    expect(await get('/cats/agreeing', APP)).toEqual({ status: 200, cors: readable(APP), ran: ['agreeing'] });
    expect(await get('/cats/plain', APP)).toEqual({ status: 200, cors: readable(APP), ran: ['plain'] });
    expect(warned()).toEqual([]);
    // It would open the route to another origin, were it sent.
    expect(await get('/cats/agreeing', EVIL)).toEqual({ status: 200, cors: UNREADABLE, ran: ['agreeing'] });
    expect(warned()).toHaveLength(1);
  });
});

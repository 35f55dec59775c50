import { jest } from '@jest/globals';
import { ConsoleLogger, Controller, Delete, Get, Put } from '@nestjs/common';
import { Cors, NoCors, type CorsModuleOptions } from 'nestjs-cors';
import { PROBLEMS } from '../../lib/issues/catalog.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';

const cors: CorsModuleOptions = { origin: [APP, ADMIN, 'https://*.example.com', 'http://localhost:*'], maxAge: 60 };

@Controller('cats')
class CatsController {
  @Get()
  list() {}

  @Cors({ origin: ADMIN, credentials: true })
  @Put(':id')
  replace() {}

  @Cors({ origin: '*' })
  @Get('public')
  public() {}

  @NoCors()
  @Delete(':id')
  remove() {}
}

afterEach(closeApps);
afterEach(() => jest.restoreAllMocks());

describe.each(PLATFORMS)('The start-up log on %s (LOG-03)', platform => {
  it('has one line for each policy: who may call what, routes, rules and all other paths', async () => {
    const logger = new RecordingLogger();
    const routes = [
      { path: '/docs', policy: { origin: '*' } },
      { path: '/graphql', policy: {} },
    ];
    await startApp({ platform, cors: { ...cors, routes }, controllers: [CatsController], nest: { logger } });

    expect(logger.lines.filter(({ context }) => context === 'CorsModule')).toEqual(
      [
        `${APP}, ${ADMIN}, https://*.example.com and 1 more: 1 route (GET /cats), 1 rule (/graphql), all other paths`,
        `${ADMIN}, with credentials: 1 route (PUT /cats/:id)`,
        'any origin: 1 route (GET /cats/public), 1 rule (/docs)',
        'no cross-origin access: 1 route (DELETE /cats/:id)',
      ].map(message => ({ level: 'log', message, context: 'CorsModule' })),
    );
  });

  it('has a line for each warning, before the routes', async () => {
    const logger = new RecordingLogger();
    const origin = [APP, APP];
    await startApp({ platform, cors: { origin }, controllers: [CatsController], nest: { logger } });

    const { problem, hint } = PROBLEMS.origin_duplicate;
    expect(logger.ofCors('warn')).toEqual([
      `Questionable origin[1] "${APP}" in CorsModule.forRoot(): ${problem}. ${hint}`,
    ]);
    expect(logger.ofCors()[0]).toMatch(/^Questionable/);
    expect(logger.ofCors('log')).toHaveLength(4);
  });

  it('does not grow with the routes', async () => {
    const logger = new RecordingLogger();
    const controllers = Array.from({ length: 100 }, (_each, index) => {
      @Controller(`things-${String(index)}`)
      class ThingsController {
        @Get()
        list() {}

        @Cors({ methods: ['PUT'], rejectDisallowed: true })
        @Put()
        replace() {}
      }
      return ThingsController;
    });
    await startApp({ platform, cors: { origin: APP, self: [APP] }, controllers, nest: { logger } });

    expect(logger.ofCors('log')).toEqual([
      `${APP}: 100 routes (GET /things-0, GET /things-1, GET /things-2 and 97 more), all other paths`,
      `${APP}, only PUT, others rejected: 100 routes (PUT /things-0, PUT /things-1, PUT /things-2 and 97 more)`,
    ]);
  });

  const watchOutput = () => {
    const writes = [process.stdout, process.stderr].map(stream => jest.spyOn(stream, 'write').mockReturnValue(true));
    return () => writes.flatMap(({ mock }) => mock.calls.map(([text]) => String(text)));
  };

  it('is silent with logger: false, and nothing is written past the logger', async () => {
    const written = watchOutput();
    const origin = [APP, APP];
    await startApp({ platform, cors: { origin }, controllers: [CatsController], nest: { logger: false } });

    expect(written()).toEqual([]);
  });

  it("honours the levels of Nest's own logger", async () => {
    const written = watchOutput();
    const logger = new ConsoleLogger({ logLevels: ['warn'] });
    await startApp({ platform, cors: { origin: [APP, APP] }, controllers: [CatsController], nest: { logger } });

    expect(written()).toEqual([expect.stringContaining(PROBLEMS.origin_duplicate.problem)]);
  });
});

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
  it('has one line for each route: who may call it', async () => {
    const logger = new RecordingLogger();
    await startApp({ platform, cors, controllers: [CatsController], nest: { logger } });

    expect(logger.lines.filter(({ context }) => context === 'CorsModule')).toEqual(
      [
        `{/cats, GET} ${APP}, ${ADMIN}, https://*.example.com and 1 more`,
        `{/cats/:id, PUT} ${ADMIN}, with credentials`,
        '{/cats/public, GET} any origin',
        '{/cats/:id, DELETE} no cross-origin access',
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

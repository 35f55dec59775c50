import { Controller, Get, Put } from '@nestjs/common';
import { Cors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, DEFAULT_POLICY, DEFAULT_PROVENANCE } from '../support/expected.js';

const cors: CorsModuleOptions = { origin: APP };

@Controller('cats')
class CatsController {
  @Get(':id')
  read() {}

  @Cors({ origin: ADMIN, credentials: true, maxAge: 5 })
  @Put(':id')
  replace() {}
}

const controllers = [CatsController];

afterEach(closeApps);

describe('CorsService before the app is initialized', () => {
  it('says what to do', async () => {
    const app = await createApp({ cors, controllers });
    const service = app.get(CorsService);
    const advice = /app\.init\(\) or app\.listen\(\)/;

    await expect(service.explain({ method: 'GET', url: '/' })).rejects.toThrow(advice);
    expect(() => service.policies()).toThrow(advice);
    expect(() => service.warnings).toThrow(advice);
    await app.close();
  });
});

describe.each(PLATFORMS)('CorsService.policies() on %s', platform => {
  it('lists every route with its policy, in the order of registration', async () => {
    const app = await startApp({ platform, cors, controllers });

    expect(app.get(CorsService).policies()).toEqual([
      {
        route: { controller: 'CatsController', handler: 'read', method: 'GET', path: '/cats/:id' },
        policy: { ...DEFAULT_POLICY, origin: [APP], methods: ['GET', 'HEAD', 'PUT'] },
        provenance: DEFAULT_PROVENANCE,
      },
      {
        route: { controller: 'CatsController', handler: 'replace', method: 'PUT', path: '/cats/:id' },
        policy: { ...DEFAULT_POLICY, origin: [ADMIN], methods: ['GET', 'HEAD', 'PUT'], credentials: true, maxAge: 5 },
        provenance: { ...DEFAULT_PROVENANCE, origin: 'handler', credentials: 'handler', maxAge: 'handler' },
      },
    ]);
  });
});

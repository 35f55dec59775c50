import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { Cors, CorsService, type CorsIssue, type CorsOriginResolver } from 'nestjs-cors';
import { closeApps, configurationErrorOf, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { APP } from '../support/expected.js';

afterEach(closeApps);

describe.each(PLATFORMS)('A class in `origin` on %s', platform => {
  async function toldOf(options: Partial<AppOptions>): Promise<readonly Partial<CorsIssue>[]> {
    const { issues } = await configurationErrorOf({ platform, ...options });
    return issues.map(({ code, location, value, hint }) => ({ code, location, value, hint }));
  }

  it('that no module provides, and that is not a singleton, is refused', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient implements CorsOriginResolver {
      isAllowed() {
        return true;
      }
    }

    expect(await toldOf({ cors: { origin: Transient } })).toMatchObject([
      { code: 'resolver_scoped', location: { level: 'module' }, value: Transient },
    ]);
  });

  it('whose dependencies make it one of each request is refused', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {}
    @Injectable()
    class Dependent implements CorsOriginResolver {
      constructor(@Inject(PerRequest) readonly dependency: PerRequest) {}

      isAllowed() {
        return true;
      }
    }

    expect(await toldOf({ cors: { origin: Dependent }, providers: [PerRequest, Dependent] })).toMatchObject([
      { code: 'resolver_scoped', location: { level: 'module' }, value: Dependent },
    ]);
  });

  it('that cannot be made is refused with the reason, whatever was thrown', async () => {
    class Failing implements CorsOriginResolver {
      constructor() {
        throw new Error('no settings\nat all');
      }

      isAllowed() {
        return true;
      }
    }
    class Odd implements CorsOriginResolver {
      constructor() {
        throw 'nothing';
      }

      isAllowed() {
        return true;
      }
    }

    const [failing] = await toldOf({ cors: { origin: Failing } });
    expect(failing).toMatchObject({ code: 'resolver_unresolved' });
    expect(failing?.hint).toContain('"no settings"');
    expect(failing?.hint).not.toContain('at all');
    const [odd] = await toldOf({ cors: { origin: Odd } });
    expect(odd).toMatchObject({ code: 'resolver_unresolved' });
    expect(odd?.hint).toContain('nothing');
  });

  it('without isAllowed() is refused, with what to write', async () => {
    class Forgetful {
      allows() {
        return true;
      }
    }

    expect(await toldOf({ cors: { origin: Forgetful as never } })).toMatchObject([
      {
        code: 'resolver_type',
        hint: expect.stringContaining('class Forgetful implements CorsOriginResolver') as string,
      },
    ]);
  });

  it('is told at the place that names it first', async () => {
    class Missing {
      unlike() {}
    }
    @Cors({ origin: Missing as never })
    @Controller()
    class CatsController {
      @Get()
      list() {}
    }
    const policies = { partner: { origin: Missing as never } };

    expect(await toldOf({ cors: { origin: APP, policies }, controllers: [CatsController] })).toMatchObject([
      { code: 'resolver_type', location: { level: 'policy', policy: 'partner' } },
    ]);
    expect(await toldOf({ cors: { origin: APP }, controllers: [CatsController] })).toMatchObject([
      { code: 'resolver_type', location: { level: 'controller', controller: 'CatsController' } },
    ]);
  });

  it('is made once, from wherever it is provided', async () => {
    let made = 0;
    @Injectable()
    class Provided implements CorsOriginResolver {
      constructor() {
        made++;
      }

      isAllowed() {
        return true;
      }
    }
    @Module({ providers: [Provided] })
    class TenantsModule {}
    const policies = { partner: { origin: Provided } };
    const app = await startApp({ platform, cors: { origin: Provided, policies }, imports: [TenantsModule] });

    expect(app.get(CorsService).warnings.map(({ code }) => code)).toEqual(['policy_unused']);
    expect(made).toBe(1);
  });
});

import { Controller, Get, Put, type Type } from '@nestjs/common';
import { add, Cors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { hintOf, type ProblemCode } from '../../lib/issues/catalog.js';
import { closeApps, configurationErrorOf, PLATFORMS, startApp } from '../support/app.js';
import { ADMIN, APP, EVIL } from '../support/expected.js';

@Controller('things')
class ThingsController {
  @Get()
  list() {}
}

const resolver = () => true;
/** Leads back to itself. */
const CYCLIC: { origin: string; others?: object } = { origin: '*' };
CYCLIC.others = CYCLIC;

afterEach(closeApps);

describe.each(PLATFORMS)('Others at boot on %s', platform => {
  const refused = async (cors: unknown, controllers: Type[] = [ThingsController]) => {
    const { issues } = await configurationErrorOf({ platform, cors: cors as CorsModuleOptions, controllers });
    return issues.map(({ code, path, location }) => [code, path, location]);
  };
  const module = { level: 'module' };

  it.each<[what: string, others: unknown, code: ProblemCode, path: string]>([
    ['true', true, 'others_type', 'others'],
    ['false', false, 'others_type', 'others'],
    ['a number', 1, 'others_type', 'others'],
    ['nothing', '', 'others_type', 'others'],
    ['a list', [EVIL], 'others_type', 'others'],
    ['an asterisk', '*', 'others_type', 'others'],
    ['an origin', EVIL, 'others_type', 'others'],
    ['a function', () => ({ origin: '*' }), 'others_type', 'others'],
    ['an addition', add(EVIL), 'others_type', 'others'],
    ['null', null, 'option_null', 'others'],
    ['undefined', undefined, 'option_undefined', 'others'],
    ['an unknown name', 'partner', 'policy_unknown', 'others'],
    ['nobody', { origin: false }, 'others_origin', 'others.origin'],
    ['no origin', { methods: ['GET'] }, 'others_origin', 'others.origin'],
    ['a resolver', { origin: [EVIL, resolver] }, 'others_origin', 'others.origin'],
    ['a resolver alone', { origin: resolver }, 'others_origin', 'others.origin'],
    ['an addition to nothing', { origin: add(EVIL) }, 'add_without_list', 'others.origin'],
    ['a chain', { origin: [EVIL], others: { origin: '*' } }, 'others_option', 'others.others'],
    ['itself', CYCLIC, 'others_option', 'others.others'],
    ['a rejection', { origin: '*', rejectDisallowed: true }, 'others_option', 'others.rejectDisallowed'],
    ['a name that rejects', 'rejecting', 'others_option', 'others.rejectDisallowed'],
    ['a name that chains', 'chaining', 'others_option', 'others.others'],
    ['a name that is closed', 'closed', 'others_origin', 'others'],
    ['any origin with credentials', { origin: '*', credentials: true }, 'origin_any_with_credentials', 'others.origin'],
    ['an origin with a path', { origin: [`${EVIL}/`] }, 'origin_path', 'others.origin[0]'],
    ['an insecure origin', { origin: ['http://a.example'] }, 'origin_insecure', 'others.origin[0]'],
    ['a public suffix', { origin: ['https://*.vercel.app'] }, 'origin_public_suffix', 'others.origin[0]'],
    ['a misspelt option', { origin: '*', method: ['GET'] }, 'option_unknown', 'others.method'],
    ['an option of the module', { origin: '*', debug: true }, 'option_of_module', 'others.debug'],
    ['a method in lower case', { origin: '*', methods: ['get'] }, 'method_case', 'others.methods[0]'],
  ])('cannot be %s', async (_what, others, code, path) => {
    const policies = {
      partners: { origin: [ADMIN] },
      rejecting: { origin: '*', rejectDisallowed: true, methods: ['GET'] },
      closed: { origin: false },
      chaining: { origin: [ADMIN], others: { origin: '*' } },
    };
    expect(await refused({ origin: [APP], others, policies })).toEqual([[code, path, module]]);
  });

  it.each(['*', false] as const)('has no effect beside %j, which is an error where either is set', async origin => {
    const others = { origin: [EVIL] };
    expect(await refused({ origin, others })).toEqual([['others_without_list', 'others', module]]);

    @Cors({ others })
    @Controller('own')
    class OwnController {
      @Get()
      list() {}
    }
    expect(await refused({ origin }, [OwnController])).toEqual([
      ['others_without_list', 'others', { level: 'controller', controller: 'OwnController' }],
    ]);
  });

  it('is within the bounds, as every policy', async () => {
    const bounds = { origin: [APP], methods: ['GET'], maxAge: 60, credentials: false };
    expect(
      await refused({
        origin: [APP],
        methods: ['GET'],
        others: { origin: [EVIL], methods: ['PUT'], maxAge: 600 },
        bounds,
      }),
    ).toEqual([
      ['bounds_origin', 'others.origin[0]', module],
      ['bounds_method', 'others.methods', module],
      ['bounds_max_age', 'others.maxAge', module],
    ]);
    expect(
      await refused({ origin: [APP], methods: ['GET'], others: { origin: '*', methods: ['GET'] }, bounds }),
    ).toEqual([['bounds_any_origin', 'others.origin', module]]);
  });

  it('is within the bounds by its defaults, which are told at the policy of the name', async () => {
    @Controller('own')
    class OwnController {
      @Put()
      change() {}
    }
    const policies = { named: { origin: [ADMIN] } };
    const bounds = { methods: ['GET'] };
    expect(
      await refused({ origin: [APP], methods: ['GET'], others: 'named', policies, bounds }, [OwnController]),
    ).toEqual([['bounds_method', 'methods', { level: 'policy', policy: 'named' }]]);
  });

  it('has no use for origins that the policy itself allows', async () => {
    const app = await startApp({
      platform,
      cors: {
        origin: [APP, 'https://*.example.com'],
        others: { origin: [APP, 'https://a.example.com', 'https://app-*.example.com', ADMIN] },
      },
      controllers: [ThingsController],
    });
    expect(app.get(CorsService).warnings.map(({ code, path, hint }) => [code, path, hint])).toEqual([
      ['origin_duplicate', 'others.origin[0]', 'Remove one.'],
      ['origin_subsumed', 'others.origin[1]', "Remove it, or remove 'https://*.example.com'."],
      ['origin_subsumed', 'others.origin[2]', "Remove it, or remove 'https://*.example.com'."],
    ]);
  });

  it('leaves nothing to reject where anyone may do anything', async () => {
    const cors = { origin: [APP], rejectDisallowed: true, self: [APP], others: { origin: '*' } } as const;
    const app = await startApp({ platform, cors, controllers: [ThingsController] });
    expect(app.get(CorsService).warnings.map(({ code, path }) => [code, path])).toEqual([
      ['origin_any_rejecting', 'others.origin'],
    ]);
  });

  it('has lists of methods of its own', async () => {
    @Cors({ methods: ['GET', 'LINK'], others: { origin: '*', methods: ['GET', 'LINK'] } })
    @Controller('own')
    class OwnController {
      @Get()
      list() {}
    }
    const app = await startApp({ platform, cors: { origin: [APP] }, controllers: [OwnController] });
    expect(app.get(CorsService).warnings.map(({ code, path }) => [code, path])).toEqual([
      ['method_unserved', 'methods'],
      ['method_unserved', 'others.methods'],
    ]);
  });

  it('tells what a handler writes at the handler, with its route', async () => {
    @Controller('own')
    class OwnController {
      @Cors({ others: { origin: [`${EVIL}/`] } })
      @Get()
      list() {}
    }
    const error = await configurationErrorOf({ platform, cors: { origin: [APP] }, controllers: [OwnController] });
    expect(error.issues).toMatchObject([
      {
        code: 'origin_path',
        path: 'others.origin[0]',
        hint: hintOf('origin_path', EVIL),
        location: { level: 'handler', controller: 'OwnController', handler: 'list' },
        routes: [{ controller: 'OwnController', handler: 'list', method: 'GET', path: '/own' }],
      },
    ]);
  });

  it('is warned of as every policy: at the place that sets it, or that has the name', async () => {
    @Controller('own')
    class OwnController {
      @Cors({
        origin: [APP],
        others: { origin: [ADMIN, ADMIN, 'https://*.example.com'], credentials: true, methods: ['POST'] },
      })
      @Get()
      list() {}
    }
    const policies = { named: { origin: ['https://a.example:*'] }, unused: { origin: '*' } };
    const app = await startApp({
      platform,
      cors: { origin: [APP], others: 'named', policies },
      controllers: [OwnController],
    });
    expect(app.get(CorsService).warnings.map(({ code, path, location }) => [code, path, location.level])).toEqual([
      ['origin_any_port', 'origin[0]', 'policy'],
      ['origin_duplicate', 'others.origin[1]', 'handler'],
      ['origin_pattern_with_credentials', 'others.origin[2]', 'handler'],
      ['policy_unused', 'policies.unused', 'module'],
      ['method_unserved', 'others.methods', 'handler'],
      ['methods_without_get', 'others.methods', 'handler'],
    ]);
  });
});

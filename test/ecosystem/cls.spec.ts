import { Controller, ForbiddenException, Get, Put } from '@nestjs/common';
import { ClsModule, ClsService, type ClsModuleOptions } from 'nestjs-cls';
import { Cors, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

/** How many contexts were made. */
let contexts = 0;
const context = { mount: true, generateId: true, idGenerator: () => `context ${String(++contexts)}` };

/** The ways in which nestjs-cls gives a request its context. */
const MOUNTS: readonly (readonly [by: string, options: ClsModuleOptions])[] = [
  ['a middleware', { middleware: context }],
  ['a guard', { guard: context }],
  ['an interceptor', { interceptor: context }],
];

@Controller('cats')
class CatsController {
  constructor(private readonly cls: ClsService) {}

  @Get()
  async list() {
    const before = this.cls.getId();
    await Promise.resolve();
    return ran(`list in ${before}, then ${this.cls.getId()}`);
  }

  @Cors({ origin: ADMIN, credentials: true })
  @Put(':id')
  replace() {
    ran(`replace in ${this.cls.getId()}`);
    throw new ForbiddenException();
  }
}

const get = (path: string, origin: string) => ({ path, headers: { Origin: origin } });

beforeEach(() => (contexts = 0));
afterEach(closeApps);

describe.each(PLATFORMS)('Beside nestjs-cls on %s', platform => {
  describe.each(MOUNTS)('whose context comes from %s', (_by, options) => {
    it.each([
      ['before', [CorsModule.forRoot(cors), ClsModule.forRoot(options)]],
      ['after', [ClsModule.forRoot(options), CorsModule.forRoot(cors)]],
    ])(
      'each request has its context and the CORS headers of its route, with CorsModule imported %s',
      async (_place, imports) => {
        const app = await startApp({ platform, imports, controllers: [CatsController] });

        expect(await observe(app, get('/cats', APP))).toEqual({
          status: 200,
          cors: readable(APP),
          ran: ['list in context 1, then context 1'],
        });
        expect(await observe(app, get('/cats', EVIL))).toEqual({
          status: 200,
          cors: UNREADABLE,
          ran: ['list in context 2, then context 2'],
        });
        expect(await observe(app, { ...get('/cats/1', ADMIN), method: 'PUT' })).toEqual({
          status: 403,
          cors: readable(ADMIN, { credentials: true }),
          ran: ['replace in context 3'],
        });
      },
    );

    it('a preflight is answered by the policy of its route, and is given no context', async () => {
      const app = await startApp({
        platform,
        cors,
        imports: [ClsModule.forRoot(options)],
        controllers: [CatsController],
      });

      expect(await observe(app, preflightOf('/cats/1', ADMIN, 'PUT'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'PUT', credentials: true }),
        ran: [],
      });
      expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
      expect(contexts).toBe(0);
    });
  });
});

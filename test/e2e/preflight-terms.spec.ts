import { Controller, Post, Put } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, sendLines } from '../support/client.js';
import { APP, granted, readable, REFUSED } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observed, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

@Controller()
class TermsController {
  @Cors({ allowedHeaders: ['X-Api-Key', 'Content-Type'] })
  @Put('named')
  named() {
    return ran('named');
  }

  @Cors({ allowedHeaders: '*' })
  @Put('any')
  any() {
    return ran('any');
  }

  @Cors({ allowedHeaders: [] })
  @Put('none')
  none() {
    return ran('none');
  }

  @Post('default')
  default() {
    return ran('default');
  }

  @Cors({ maxAge: 0 })
  @Post('uncached')
  uncached() {
    return ran('uncached');
  }

  @Cors({ maxAge: 86400 })
  @Post('cached')
  cached() {
    return ran('cached');
  }

  @Cors({ optionsSuccessStatus: 200, exposedHeaders: ['x-total'] })
  @Put('ok')
  ok() {
    return ran('ok');
  }
}

const NAMED = granted(APP, { methods: 'PUT', headers: 'X-Api-Key, Content-Type' });
const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('Access-Control-Request-Headers on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [TermsController] });

  it.each([
    ['in lower case, sorted and joined, as browsers write it', 'content-type,x-api-key'],
    ['in any case', 'CONTENT-TYPE,X-Api-KEY'],
    ['in any order', 'x-api-key,content-type'],
    ['with white space', ' \tx-api-key \t, content-type  '],
    ['with empty elements', ',, x-api-key,,content-type, ,'],
    ['with one of the names', 'x-api-key'],
    ['with a name twice', 'x-api-key,x-api-key'],
    ['empty', ''],
    ['absent', undefined],
    ['as long as is read', `x-api-key${' '.repeat(8192 - 9 - 12)}content-type`.replace(/ c/, ',c')],
  ])('is accepted %s (PF-14)', async (_form, requestHeaders) => {
    const app = await start();

    expect(await observe(app, preflightOf('/named', APP, 'PUT', requestHeaders))).toEqual({
      status: 204,
      cors: NAMED,
      ran: [],
    });
  });

  it('is accepted in several lines', async () => {
    const app = await start();
    const preflight = ['OPTIONS /named HTTP/1.1', `Origin: ${APP}`, 'Access-Control-Request-Method: PUT'];

    const accepted = await sendLines(
      app,
      ...preflight,
      'Access-Control-Request-Headers: x-api-key',
      'access-control-request-headers: Content-Type,',
    );
    expect(observed(accepted)).toEqual({ status: 204, cors: NAMED, ran: [] });

    const extra = 'Access-Control-Request-Headers: x-other';
    const unknown = await sendLines(app, ...preflight, 'Access-Control-Request-Headers: x-api-key', extra);
    expect(observed(unknown)).toEqual(refused);
  });

  it.each([
    ['a name that is not listed', 'x-other'],
    ['one such name among listed ones', 'content-type,x-api-key,x-other'],
    ['a longer name', 'x-api-key-2'],
    ['a shorter name', 'x-api'],
    ['an asterisk', '*'],
    ['what is no name', 'x-api-key;q=1'],
    ['names without commas', 'x-api-key content-type'],
    ['more than is read', `x-api-key${','.repeat(8192)}`],
  ])('is refused as a whole for %s', async (_form, requestHeaders) => {
    const app = await start();

    expect(await observe(app, preflightOf('/named', APP, 'PUT', requestHeaders))).toEqual(refused);
  });

  it("is judged by '*' and by an empty list as well", async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/any', APP, 'PUT', 'authorization,x-whatever'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT', headers: '*, authorization' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/any', APP, 'PUT', 'not a name'))).toEqual(refused);
    expect(await observe(app, preflightOf('/none', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT', headers: '' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/none', APP, 'PUT', 'content-type'))).toEqual(refused);
  });
});

describe.each(PLATFORMS)('Access-Control-Request-Method on %s', platform => {
  it.each([
    '',
    ' ',
    'P UT',
    'PUT,DELETE',
    'PUT;',
    '"PUT"',
    'TRACE',
    'trace',
    'CONNECT',
    'TRACK',
    'put',
    '*',
    'X'.repeat(9000),
  ])('makes a preflight of %j, and is refused', async method => {
    const app = await startApp({ platform, cors, controllers: [TermsController] });

    expect(await observe(app, preflightOf('/named', APP, method))).toEqual(refused);
  });

  it.each(['', 'PUT,DELETE', 'TRACE', 'CONNECT'])('is refused on an unknown path too: %j', async method => {
    const app = await startApp({ platform, cors, controllers: [TermsController] });

    expect(await observe(app, preflightOf('/nope', APP, method))).toEqual(refused);
  });

  it('is refused in several lines', async () => {
    const app = await startApp({ platform, cors, controllers: [TermsController] });

    const line = 'Access-Control-Request-Method: PUT';
    const response = await sendLines(app, 'OPTIONS /named HTTP/1.1', `Origin: ${APP}`, line, line);
    expect(observed(response)).toEqual(refused);
  });
});

describe.each(PLATFORMS)('An allowed preflight on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [TermsController] });

  it('says how long it may be cached, 0 included, and an actual response does not (PF-13)', async () => {
    const app = await start();

    for (const [path, maxAge] of [
      ['uncached', '0'],
      ['default', '600'],
      ['cached', '86400'],
    ] as const) {
      expect(await observe(app, preflightOf(`/${path}`, APP, 'POST'))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'POST', maxAge }),
        ran: [],
      });
      expect(await observe(app, { method: 'POST', path: `/${path}`, headers: { Origin: APP } })).toEqual({
        status: 201,
        cors: readable(APP),
        ran: [path],
      });
    }
  });

  it('has no body, and says so where its status does not: with 200', async () => {
    const app = await start();

    const noContent = await exchange(app, preflightOf('/named', APP, 'PUT'));
    expect(noContent.observed).toEqual({ status: 204, cors: NAMED, ran: [] });
    expect(noContent.body).toBe('');
    expect(noContent.headers).not.toHaveProperty('content-length');
    expect(noContent.headers).not.toHaveProperty('transfer-encoding');

    const ok = await exchange(app, preflightOf('/ok', APP, 'PUT'));
    // What scripts may read concerns the actual response alone.
    expect(ok.observed).toEqual({ status: 200, cors: granted(APP, { methods: 'PUT' }), ran: [] });
    expect(ok.body).toBe('');
    expect(ok.headers['content-length']).toBe('0');
  });

  it('varies by all that it was judged by, allowed or not (VARY-06)', async () => {
    const app = await start();
    const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

    const allowed = await observe(app, preflightOf('/named', APP, 'PUT', 'x-api-key'));
    expect(allowed).toEqual({ status: 204, cors: { ...NAMED, vary }, ran: [] });
    expect(await observe(app, preflightOf('/named', APP, 'PUT', 'x'))).toEqual({
      status: 403,
      cors: { vary },
      ran: [],
    });
  });

  it('does not speak of private networks, whatever is asked (INT-03)', async () => {
    const app = await start();
    const request = preflightOf('/default', APP, 'POST');

    expect(
      await observe(app, {
        ...request,
        headers: { ...request.headers, 'Access-Control-Request-Private-Network': 'true' },
      }),
    ).toEqual({ status: 204, cors: granted(APP, { methods: 'POST' }), ran: [] });
  });
});

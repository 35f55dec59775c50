import { Controller, Get, Put } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, sendLines } from '../support/client.js';
import { APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observed, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, credentials: true };

@Controller()
class AccountController {
  @Get('me')
  me() {
    return ran('me');
  }

  @Put('me')
  change() {
    return ran('change');
  }

  @Cors({ origin: '*', credentials: false })
  @Get('public')
  public() {
    return ran('public');
  }

  @Cors({ origin: '*', credentials: false })
  @Put('public')
  publish() {
    return ran('publish');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('Access-Control-Allow-Credentials on %s', platform => {
  const start = () => startApp({ platform, cors, controllers: [AccountController] });

  it('is sent to no origin that is not allowed, and not without one (CRED-01)', async () => {
    const app = await start();

    for (const headers of [{ Origin: EVIL }, { Origin: 'null' }, {}]) {
      expect(await observe(app, { path: '/me', headers })).toEqual({ status: 200, cors: UNREADABLE, ran: ['me'] });
    }
    expect(await observe(app, preflightOf('/me', EVIL, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  });

  it('is `true`, once, on the preflight and on the response (CRED-02)', async () => {
    const app = await start();

    // Read from the wire, where a repeated header would be seen.
    expect(observed(await sendLines(app, 'GET /me HTTP/1.1', `Origin: ${APP}`))).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['me'],
    });
    expect(await observe(app, preflightOf('/me', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD, PUT', credentials: true }),
      ran: [],
    });
  });

  it('is not sent by a public route beside a credentialed one (CRED-03)', async () => {
    const app = await start();

    for (const Origin of [APP, EVIL]) {
      expect(await observe(app, { path: '/public', headers: { Origin, Cookie: 'session=1' } })).toEqual({
        status: 200,
        cors: PUBLIC,
        ran: ['public'],
      });
      expect(await observe(app, preflightOf('/public', Origin, 'PUT'))).toEqual({
        status: 204,
        cors: granted('*', { methods: 'GET, HEAD, PUT' }),
        ran: [],
      });
    }
    expect(await observe(app, { path: '/me', headers: { Origin: APP, Cookie: 'session=1' } })).toEqual({
      status: 200,
      cors: readable(APP, { credentials: true }),
      ran: ['me'],
    });
  });
});

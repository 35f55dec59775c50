import { Controller, Get, Put } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, sendLines } from '../support/client.js';
import { APP, EVIL, granted, PUBLIC, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observed, observe } = watchHandlers();

@Controller()
class OriginsController {
  @Get()
  list() {
    return ran('list');
  }

  @Put()
  replace() {
    return ran('replace');
  }

  @Cors({ origin: '*' })
  @Get('public')
  public() {
    return ran('public');
  }
}

const BLANK = { status: 200, cors: UNREADABLE, ran: ['list'] };

afterEach(closeApps);

describe.each(PLATFORMS)('Origin on %s', platform => {
  const start = (origin: CorsModuleOptions['origin']) =>
    startApp({ platform, cors: { origin }, controllers: [OriginsController] });
  const get = (origin: string) => ({ headers: { Origin: origin } });

  /** Both halves of the protocol agree on an origin. */
  async function expectAllowed(app: Awaited<ReturnType<typeof start>>, origin: string): Promise<void> {
    expect(await observe(app, get(origin))).toEqual({ status: 200, cors: readable(origin), ran: ['list'] });
    expect(await observe(app, preflightOf('/', origin, 'PUT'))).toEqual({
      status: 204,
      cors: granted(origin, { methods: 'GET, HEAD, PUT' }),
      ran: [],
    });
  }

  async function expectDenied(app: Awaited<ReturnType<typeof start>>, origin: string): Promise<void> {
    expect(await observe(app, get(origin))).toEqual(BLANK);
    expect(await observe(app, preflightOf('/', origin, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
  }

  it('is matched exactly (ORG-01)', async () => {
    const app = await start([APP]);

    await expectAllowed(app, APP);
    for (const origin of [
      `${APP}.evil.com`,
      'https://xapp.example',
      'http://app.example',
      `${APP}:8443`,
      `${APP}:443`,
      'https://APP.example',
      'HTTPS://app.example',
      `${APP}.`,
      'https://app.exampl',
      'https://app%2eexample',
      'app.example',
    ]) {
      await expectDenied(app, origin);
    }
  });

  it('is never matched where it is null (ORG-02)', async () => {
    await expectDenied(await start([APP]), 'null');
    await expectDenied(await start('https://*.example.com'), 'null');
  });

  it('is matched by a pattern for its subdomains, and by nothing near (ORG-03)', async () => {
    const app = await start(['https://*.example.com']);

    for (const origin of ['https://a.example.com', 'https://a.b.example.com', 'https://a_b.example.com']) {
      await expectAllowed(app, origin);
    }
    for (const origin of [
      'https://example.com',
      'https://example.com.evil.io',
      'https://evilexample.com',
      'http://a.example.com',
      'https://a.example.com:444',
      'https://.example.com',
      'https://a..example.com',
      'https://*.example.com',
      'https://evil.io/.example.com',
      'https://evil.io#.example.com',
      'https://evil.io\\.example.com',
      'https://user@a.example.com',
      'https://A.example.com',
    ]) {
      await expectDenied(app, origin);
    }
  });

  it('is matched the same each time it is sent (ORG-04)', async () => {
    const app = await start(['https://a.example', 'http://localhost:*']);

    for (let i = 0; i < 4; i++) {
      await expectAllowed(app, 'https://a.example');
      await expectAllowed(app, 'http://localhost:5173');
      await expectAllowed(app, 'http://localhost');
    }
  });

  it('is not matched where it is over-long or malformed (ORG-07)', async () => {
    const app = await start([APP, 'https://*.example.com']);

    for (const origin of [
      `https://${'x'.repeat(8000)}`,
      `https://${'a.'.repeat(4000)}example.com`,
      `${APP}${' '.repeat(3)}x`,
      'not a url',
      `${APP}/path`,
      `${APP}/`,
      `${APP}, ${EVIL}`,
      `${APP} ${EVIL}`,
      `${APP}?`,
      '',
      '*',
      'undefined',
      '__proto__',
    ]) {
      await expectDenied(app, origin);
    }
  });

  it('is not matched with bytes that are no text, nor in several lines (ORG-07)', async () => {
    const app = await start([APP]);

    for (const lines of [
      ['Origin: https://app.ex\tample'],
      ['Origin: https://app.example\x80'],
      ['Origin: https://\xe4pp.example'],
      [`Origin: ${APP}`, `Origin: ${APP}`],
      [`Origin: ${APP}`, `Origin: ${EVIL}`],
      [`Origin: ${EVIL}`, `Origin: ${APP}`],
    ]) {
      expect(observed(await sendLines(app, 'GET / HTTP/1.1', ...lines))).toEqual(BLANK);
    }
  });

  it('may be of another scheme than HTTP, exactly (ORG-11)', async () => {
    const origins = ['capacitor://localhost', 'ionic://localhost', 'chrome-extension://abc', 'tauri://localhost'];
    const app = await start(origins);

    for (const origin of origins) await expectAllowed(app, origin);
    for (const origin of [
      'capacitor://localhost:1',
      'https://localhost',
      'chrome-extension://abcd',
      'app://localhost',
    ]) {
      await expectDenied(app, origin);
    }
  });

  it('is found in a large allowlist (ORG-14)', async () => {
    const origins = Array.from({ length: 10_000 }, (_, index) => `https://tenant-${String(index)}.example`);
    const app = await start(origins);

    await expectAllowed(app, 'https://tenant-0.example');
    await expectAllowed(app, 'https://tenant-9999.example');
    await expectDenied(app, 'https://tenant-10000.example');
  });

  it("does not matter to '*', which is never the origin itself", async () => {
    const app = await start([APP]);

    for (const origin of [APP, EVIL, 'null', 'not an origin']) {
      expect(await observe(app, { path: '/public', ...get(origin) })).toEqual({
        status: 200,
        cors: PUBLIC,
        ran: ['public'],
      });
    }
  });
});

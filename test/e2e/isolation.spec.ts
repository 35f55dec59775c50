import { Controller, Get } from '@nestjs/common';
import { Agent } from 'node:http';
import { Cors } from 'nestjs-cors';
import { BOOTSTRAPS, closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, send } from '../support/client.js';
import { ADMIN, APP, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe } = watchHandlers();

@Controller()
class TwoRoutesController {
  @Cors({ origin: APP })
  @Get('a')
  async a() {
    await Promise.resolve();
    return ran('a');
  }

  @Cors({ origin: ADMIN, credentials: true })
  @Get('b')
  b() {
    return ran('b');
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('Policies do not meet on %s', platform => {
  it('across 200 interleaved requests over kept-alive connections (ORG-13)', async () => {
    const app = await startApp({ platform, cors: { origin: false }, controllers: [TwoRoutesController] });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    take();

    try {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const path = index % 2 === 0 ? '/a' : '/b';
          const origin = index % 3 === 0 ? APP : ADMIN;
          const preflight = index % 5 === 0;
          const request = preflight ? preflightOf(path, origin, 'GET') : { path, headers: { Origin: origin } };
          const { status, cors } = await send(app, { ...request, agent });
          return { path, origin, preflight, status, cors };
        }),
      );

      for (const { path, origin, preflight, status, cors } of answers) {
        const [own, credentials] = path === '/a' ? [APP, false] : [ADMIN, true];
        const expected = preflight
          ? { status: 204, cors: granted(own, { methods: 'GET, HEAD', credentials }) }
          : { status: 200, cors: readable(own, { credentials }) };
        const other = preflight ? { status: 403, cors: REFUSED } : { status: 200, cors: UNREADABLE };
        expect({ status, cors }).toEqual(origin === own ? expected : other);
      }
      const served = answers.filter(({ preflight }) => !preflight).map(({ path }) => path.slice(1));
      expect([...take()].sort()).toEqual(served.sort());
    } finally {
      agent.destroy();
    }
  });

  it('across two apps of one process', async () => {
    const controllers = [TwoRoutesController];
    const [closed, open] = await Promise.all([
      startApp({ platform, cors: { origin: false }, controllers }),
      startApp({ platform, cors: { origin: APP }, controllers }),
    ]);

    for (let i = 0; i < 3; i++) {
      expect(await observe(closed, preflightOf('/nope', APP, 'PUT'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
      expect(await observe(open, preflightOf('/nope', APP, 'PUT'))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'PUT' }),
        ran: [],
      });
      expect(await observe(closed, { path: '/nope', headers: { Origin: APP } })).toEqual({
        status: 404,
        cors: {},
        ran: [],
      });
      expect(await observe(open, { path: '/a', headers: { Origin: APP } })).toEqual({
        status: 200,
        cors: readable(APP),
        ran: ['a'],
      });
    }
  });

  it.each(BOOTSTRAPS)(
    'across 50 apps made and closed one after another, by %s, which leave nothing (TEST-05)',
    async bootstrap => {
      const listeners = () => process.eventNames().map(name => [name, process.listenerCount(name)]);
      const atStart = listeners();

      for (let i = 0; i < 50; i++) {
        const origin = i % 2 === 0 ? APP : ADMIN;
        const app = await startApp({ platform, bootstrap, cors: { origin }, controllers: [TwoRoutesController] });
        expect(await observe(app, { path: '/nope', headers: { Origin: APP } })).toEqual({
          status: 404,
          cors: origin === APP ? readable(APP) : UNREADABLE,
          ran: [],
        });
        expect(await observe(app, preflightOf('/b', ADMIN, 'GET'))).toEqual({
          status: 204,
          cors: granted(ADMIN, { methods: 'GET, HEAD', credentials: true }),
          ran: [],
        });
        await closeApps();
      }
      expect(listeners()).toEqual(atStart);
      // The last server may still be on its way out.
      const servers = process.getActiveResourcesInfo().filter(resource => resource === 'TCPServerWrap');
      expect(servers.length).toBeLessThan(3);
    },
  );

  it('when init() is called twice (TEST-05)', async () => {
    const app = await createApp({ platform, cors: { origin: APP }, controllers: [TwoRoutesController] });
    await app.init();
    await app.init();
    await app.listen(0, '127.0.0.1');

    try {
      expect(await observe(app, { path: '/b', headers: { Origin: ADMIN } })).toEqual({
        status: 200,
        cors: readable(ADMIN, { credentials: true }),
        ran: ['b'],
      });
      expect(await observe(app, preflightOf('/a', APP, 'GET'))).toEqual({
        status: 204,
        cors: granted(APP, { methods: 'GET, HEAD' }),
        ran: [],
      });
    } finally {
      await app.close();
    }
  });
});

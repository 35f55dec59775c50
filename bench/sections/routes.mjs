import { alternate } from '../measure.mjs';
import { Server } from '../load.mjs';
import { PREFLIGHT } from '../requests.mjs';

const SCRIPT = './apps/large.mjs';
const PLATFORMS = { express: 'Express', fastify: 'Fastify' };

/** Boot and preflights, by the number of the app's routes. */
export async function run({ boots, rounds, requests, routes }) {
  const tables = [];
  const goals = [];
  for (const [platform, name] of Object.entries(PLATFORMS)) {
    const rows = [];
    const growth = [];
    for (const count of routes) {
      const boot = variant => async () => {
        const server = await Server.start(SCRIPT, platform, String(count), variant);
        await server.stop();
        return server.boot / 1000;
      };
      const costs = await alternate(boots, {
        without: boot('without'),
        enhancers: boot('enhancers'),
        with: boot('with'),
      });
      const share = costs.with / costs.without - 1;
      goals.push({ goal: `${name}, ${count} routes: share of the boot`, value: share * 100, atMost: 5, unit: ' %' });

      const [plain, own] = await Promise.all(
        ['without', 'with'].map(variant => Server.start(SCRIPT, platform, String(count), variant)),
      );
      const last = { path: pathOfLast(count, 'r7'), status: 200 };
      const preflight = { path: pathOfLast(count, 'r9'), method: 'OPTIONS', headers: PREFLIGHT_OF_LARGE, status: 204 };
      const firstAnswer = await own.costOf(1, preflight);
      await plain.send(requests * 2, last);
      await own.send(requests * 2, preflight);
      const { get, answer } = await alternate(rounds, {
        get: () => plain.costOf(requests, last),
        answer: () => own.costOf(requests, preflight),
      });
      await Promise.all([plain.stop(), own.stop()]);
      growth.push({ get, answer });
      rows.push([
        String(count),
        costs.without.toFixed(0),
        costs.enhancers.toFixed(0),
        costs.with.toFixed(0),
        `${(share * 100).toFixed(0)} %`,
        get.toFixed(1),
        answer.toFixed(1),
        (firstAnswer / 1000).toFixed(1),
      ]);
    }
    const [first, last] = [growth.at(0), growth.at(-1)];
    const most = `${routes.at(0)} to ${routes.at(-1)} routes`;
    goals.push(
      platform === 'fastify'
        ? {
            goal: `${name}: a preflight's cost is flat from ${most}`,
            value: last.answer / first.answer,
            atMost: 1.2,
            unit: '×',
          }
        : {
            goal: `${name}: from ${most}, a preflight's cost grows no more than that of Express routing a GET`,
            value: (last.answer - first.answer) / (last.get - first.get),
            atMost: 1,
            unit: '×',
          },
    );
    tables.push({
      caption: `${name}: ms of CPU until the app listens, from the start of the process; µs for a request to the last route, and ms for the first preflight, which makes what later ones look up`,
      columns: [
        'Routes',
        'Boot without',
        "with Nest's no-op guard and interceptor",
        'with nestjs-cors',
        'share',
        'GET without',
        'Preflight',
        'First preflight',
      ],
      rows,
    });
  }
  return {
    title: 'Scale of the app',
    about: 'The same app with more and more routes, ten to a controller, without and with this module.',
    tables,
    goals,
  };
}

/** The policy of apps/large.mjs allows what is allowed by default. */
const PREFLIGHT_OF_LARGE = { ...PREFLIGHT, 'access-control-request-headers': 'content-type' };

/** A route of the last controller of apps/large.mjs: `r7` is a GET, `r9` a PUT. */
function pathOfLast(count, route) {
  return `/c${Math.ceil(count / 10) - 1}/${route}/1`;
}

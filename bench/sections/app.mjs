import { alternate, median } from '../measure.mjs';
import { Server } from '../load.mjs';
import { FOREIGN_ORIGIN, ORIGIN, PREFLIGHT } from '../requests.mjs';

/** What the app is built with; see ../apps/server.mjs. */
const NOTHING = 'nothing';
const GUARD = 'guard';
const INTERCEPTOR = 'interceptor';
const ENABLE_CORS = 'enableCors';
const ENABLE_CORS_AND_ENHANCERS = 'enableCors+guard+interceptor';
const OURS = 'nestjs-cors';
const OURS_WITHOUT_INTERCEPTOR = 'nestjs-cors, interceptor: false';
const VARIANTS = [NOTHING, GUARD, INTERCEPTOR, ENABLE_CORS, ENABLE_CORS_AND_ENHANCERS, OURS, OURS_WITHOUT_INTERCEPTOR];

/** Without CORS nobody answers a preflight: 404. */
const withStatus = (status, own) => variant => (variant.includes('ors') ? own : status);
const REQUESTS = {
  'actual, no Origin': { path: '/cats/1', statusOf: withStatus(200, 200) },
  'actual, allowed': { path: '/cats/1', headers: { origin: ORIGIN }, statusOf: withStatus(200, 200) },
  'actual, refused': { path: '/cats/1', headers: { origin: FOREIGN_ORIGIN }, statusOf: withStatus(200, 200) },
  '401 of a guard': { path: '/cats/1/secret', headers: { origin: ORIGIN }, statusOf: withStatus(401, 401) },
  'preflight, allowed': { path: '/cats/1', method: 'OPTIONS', headers: PREFLIGHT, statusOf: withStatus(404, 204) },
};

/** The same app with nothing, with `enableCors`, and with this module: CPU time of the server for each request. */
export async function run({ starts, rounds, requests }) {
  const tables = [];
  const goals = [];
  for (const platform of ['express', 'fastify']) {
    const measured = [];
    for (let start = 0; start < starts; start++) measured.push(await measureOnce(platform, start, rounds, requests));
    const rows = Object.keys(REQUESTS).map(title => {
      const costOf = variant => median(measured.map(costs => costs[title][variant]));
      return [title, Object.fromEntries(VARIANTS.map(variant => [variant, costOf(variant)]))];
    });
    for (const [title, costs] of rows) goals.push(...goalsOf(platform, title, costs));
    tables.push(
      {
        caption: `${nameOf(platform)}: µs of CPU for a request`,
        columns: ['Request', ...VARIANTS.map(variant => `\`${variant}\``)],
        rows: rows.map(([title, costs]) => [title, ...VARIANTS.map(variant => costs[variant].toFixed(1))]),
      },
      {
        caption: `${nameOf(platform)}: where it goes, µs more than the app with nothing`,
        columns: [
          'Request',
          "Nest's call of a guard",
          "Nest's call of an interceptor",
          'edge, guard and headers',
          'interceptor',
          '`enableCors`',
        ],
        rows: rows
          .filter(([title]) => title.startsWith('actual'))
          .map(([title, costs]) => [
            title,
            ...[
              costs[GUARD] - costs[NOTHING],
              costs[INTERCEPTOR] - costs[NOTHING],
              costs[OURS_WITHOUT_INTERCEPTOR] - costs[NOTHING],
              costs[OURS] - costs[OURS_WITHOUT_INTERCEPTOR],
              costs[ENABLE_CORS] - costs[NOTHING],
            ].map(cost => cost.toFixed(1)),
          ]),
      },
    );
  }
  return {
    title: 'Whole app',
    about:
      'The same Nest app, real HTTP on connections that are kept: CPU time of the server process for a request, not time on a clock.',
    tables,
    goals,
  };
}

/**
 * Starts every server anew: two processes of the same app differ by more than what is measured, for as long as they
 * live.
 */
async function measureOnce(platform, start, rounds, requests) {
  const servers = new Map();
  // What is started first, and measured first, is another one each time.
  const variants = [...VARIANTS.slice(start % VARIANTS.length), ...VARIANTS.slice(0, start % VARIANTS.length)];
  for (const variant of variants) servers.set(variant, await Server.start('./apps/server.mjs', platform, variant));
  const measured = {};
  for (const [title, { statusOf, ...request }] of Object.entries(REQUESTS)) {
    const send = variant => ({ ...request, status: statusOf(variant) });
    for (const [variant, server] of servers) await server.send(requests * 2, send(variant));
    const candidates = [...servers].map(([variant, server]) => [variant, () => server.costOf(requests, send(variant))]);
    measured[title] = await alternate(rounds, Object.fromEntries(candidates));
  }
  await Promise.all([...servers.values()].map(server => server.stop()));
  return measured;
}

function goalsOf(platform, title, costs) {
  const goal = (text, own, other) => ({
    goal: `${nameOf(platform)}, ${title}: ${text}`,
    value: own / other,
    atMost: 1,
    unit: '×',
  });
  if (title.startsWith('preflight')) return [goal('no dearer than `enableCors`', costs[OURS], costs[ENABLE_CORS])];
  if (!title.startsWith('actual')) return [];
  return [
    goal(
      "no dearer than `enableCors` with Nest's own no-op guard and interceptor",
      costs[OURS],
      costs[ENABLE_CORS_AND_ENHANCERS],
    ),
    goal('with `interceptor: false`, cheaper than `enableCors`', costs[OURS_WITHOUT_INTERCEPTOR], costs[ENABLE_CORS]),
  ];
}

function nameOf(platform) {
  return platform === 'express' ? 'Express' : 'Fastify';
}

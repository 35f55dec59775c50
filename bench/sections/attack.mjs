import { floodOf } from '../flood.mjs';
import { answerActual, answerPreflight, compile, ruleBookOf, resourceOf } from '../engine.mjs';
import { alternate, fresh, roundOf } from '../measure.mjs';
import { ORIGIN, PREFLIGHT } from '../requests.mjs';
import { StubResponse } from '../stub-response.mjs';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const KIB16 = 16_384;
/** Requests of 16 KB: more of them would push each other out of the processor's cache before they are answered. */
const BATCH = 32;
const tenant = index => `https://tenant-${index}.customers.example.com`;
const random = (index, size) => `https://r${((index * 2_654_435_761) >>> 0).toString(36)}-${size}.example.org`;
const names = count => Array.from({ length: count }, (_, index) => `x-header-${index}`).join(',');

function actual(origin) {
  return { method: 'GET', headers: { host: 'a', origin: fresh(origin) } };
}

function preflight(headers) {
  return { method: 'OPTIONS', headers: { host: 'a', ...PREFLIGHT, origin: fresh(ORIGIN), ...headers } };
}

const BENIGN_ACTUAL = 'actual, allowed, an origin of the list';
/** The longest that Node takes: a path is read to its end, so a benign one costs by its length as well. */
const BENIGN_TARGET = 'a plain path of 16 KB under a rule';
/** Paths up to 4 KB are read in every way, longer ones are in doubt: what matters is that the cost is linear. */
const READ = /^[24] KB/;
const BENIGN_PREFLIGHT = 'preflight, allowed, some of the headers';
const requestsOf = listed => ({
  [BENIGN_ACTUAL]: index => actual(tenant(spread(index, listed))),
  'actual, allowed, always the same origin': () => actual(ORIGIN),
  '`Origin` of 16 KB': () => actual(`https://${'a'.repeat(KIB16)}.example.com`),
  'random origins': index => actual(random(index, KIB16)),
  'origins that share a long prefix': index => actual(`${tenant(spread(index, listed))}.evil.example`),
  'origins that share a long suffix': index =>
    actual(`https://x${index}.tenant-${spread(index, listed)}.customers.example.com`),
  [BENIGN_PREFLIGHT]: () => preflight({ 'access-control-request-headers': fresh('content-type,x-csrf-token') }),
  '8 KB of commas': () => preflight({ 'access-control-request-headers': fresh(','.repeat(8192)) }),
  '16 KB of commas': () => preflight({ 'access-control-request-headers': fresh(','.repeat(KIB16)) }),
  '300 names': () => preflight({ 'access-control-request-headers': fresh(names(300)) }),
  '100 lines': () => preflight({ 'access-control-request-headers': fresh(Array(100).fill('x-a').join(', ')) }),
  '100 lines, all allowed': () =>
    preflight({ 'access-control-request-headers': fresh(Array(100).fill('content-type').join(', ')) }),
  'random methods': index => preflight({ 'access-control-request-method': fresh(`M${index}`) }),
  [BENIGN_TARGET]: () => target('segment/', KIB16),
  '16 KB of `%25` in the path': () => target('%25', KIB16),
  '16 KB of `/../` in the path': () => target('/../', KIB16),
  ...Object.fromEntries(
    [2, 4].flatMap(size => [
      [`${size} KB of \`%25\` in the path`, () => target('%25', size * 1024)],
      [`${size} KB of \`/../\` in the path`, () => target('/../', size * 1024)],
    ]),
  ),
});

/** A path under a rule, filled with the same text again and again. */
function target(unit, length) {
  return { url: fresh(`/files/public/${unit.repeat(length / unit.length)}`.slice(0, length)) };
}

/** Callers from all over the list. */
const spread = (index, listed) => (index * 7919) % listed;

/** Hostile requests, beside a list of many origins. */
export async function run({ rounds, count, listed, flood, app }) {
  const origin = [ORIGIN, ...Array.from({ length: listed }, (_, index) => tenant(index))];
  const policy = compile({
    origin,
    credentials: true,
    allowedHeaders: ['content-type', 'authorization', 'x-csrf-token'],
  });
  const resource = resourceOf(policy, METHODS);
  const response = new StubResponse();
  const rules = ruleBookOf(compile({ origin: false }), {
    '/files/private': policy,
    '/files/public': compile({ origin: '*' }),
  });
  const answer = request =>
    request.url !== undefined
      ? rules.ruleOn(request.url)
      : request.method === 'OPTIONS'
        ? answerPreflight(resource, request, response)
        : answerActual(policy, request, response);
  const requests = requestsOf(listed);
  const candidates = Object.fromEntries(
    Object.entries(requests).map(([name, makeRequest]) => [name, roundOf(count, makeRequest, answer, BATCH)]),
  );
  await alternate(3, candidates);
  const costs = await alternate(rounds, candidates);
  const benign = [BENIGN_ACTUAL, BENIGN_PREFLIGHT, BENIGN_TARGET];
  const order = Object.keys(requests);
  const benignOf = name => costs[benign.findLast(each => order.indexOf(each) <= order.indexOf(name))];

  const grown = growthOf(Object.values(requests), answer, flood);
  const floods = [];
  for (const platform of ['express', 'fastify']) floods.push([platform, await floodOf(platform, app)]);
  return {
    title: 'Under attack',
    about: `Hostile requests beside a list of ${listed.toLocaleString('en')} origins: nanoseconds on a stub response, and times the benign request's.`,
    tables: [
      {
        columns: ['Request', 'Cost', 'Times the benign one'],
        rows: Object.entries(costs).map(([name, cost]) => [
          name,
          `${cost.toFixed(0)} ns`,
          `${(cost / benignOf(name)).toFixed(1)}×`,
        ]),
      },
      ...floods.map(([platform, { costs: ofApp }]) => ({
        caption: `A whole app on ${platform}, over HTTP: CPU time of the server, and times the honest request's`,
        columns: ['Requests', 'Cost', 'Times the honest one'],
        rows: ofApp.map(({ name, cost, ratio }) => [name, `${cost.toFixed(0)} µs`, `${ratio.toFixed(1)}×`]),
      })),
    ],
    goals: [
      ...Object.entries(costs)
        .filter(([name]) => !benign.includes(name) && !READ.test(name))
        .map(([name, cost]) => ({ goal: name, value: cost / benignOf(name), atMost: 3, unit: '×' })),
      ...['%25', '/../'].map(unit => ({
        goal: `4 KB of \`${unit}\` in the path, times 2 KB`,
        value: costs[`4 KB of \`${unit}\` in the path`] / costs[`2 KB of \`${unit}\` in the path`],
        atMost: 3,
        unit: '×',
      })),
      {
        goal: `growth of the heap over ${flood.toLocaleString('en')} hostile requests`,
        value: grown / 1024,
        atMost: 256,
        unit: ' KiB',
      },
      ...floods.flatMap(([platform, { costs: ofApp, grown: ofHeap }]) => [
        ...ofApp.map(({ name, ratio }) => ({ goal: `${platform}: ${name}`, value: ratio, atMost: 3, unit: '×' })),
        {
          goal: `${platform}: bytes that each of ${app.flood.toLocaleString('en')} hostile requests leaves`,
          value: ofHeap / app.flood,
          atMost: 1,
          unit: ' bytes',
        },
      ]),
    ],
  };
}

/** What the heap has grown by after so many requests, in bytes. */
function growthOf(makers, answer, requests) {
  const send = amount => {
    for (let index = 0; index < amount; index++) answer(makers[index % makers.length](index));
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  const before = send(Math.min(requests, 10_000));
  return Math.max(0, send(requests) - before);
}

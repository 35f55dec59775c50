import { answerActual, answerPreflight, compile, targetOf } from '../engine.mjs';
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
});

/** Callers from all over the list. */
const spread = (index, listed) => (index * 7919) % listed;

/** Hostile requests, beside a list of many origins. */
export async function run({ rounds, count, listed, flood }) {
  const origin = [ORIGIN, ...Array.from({ length: listed }, (_, index) => tenant(index))];
  const policy = compile({
    origin,
    credentials: true,
    allowedHeaders: ['content-type', 'authorization', 'x-csrf-token'],
  });
  const target = targetOf(policy, METHODS);
  const response = new StubResponse();
  const answer = request =>
    request.method === 'OPTIONS' ? answerPreflight(target, request, response) : answerActual(policy, request, response);
  const requests = requestsOf(listed);
  const candidates = Object.fromEntries(
    Object.entries(requests).map(([name, makeRequest]) => [name, roundOf(count, makeRequest, answer, BATCH)]),
  );
  await alternate(3, candidates);
  const costs = await alternate(rounds, candidates);
  const benignOf = name =>
    Object.keys(requests).indexOf(name) < Object.keys(requests).indexOf(BENIGN_PREFLIGHT)
      ? costs[BENIGN_ACTUAL]
      : costs[BENIGN_PREFLIGHT];

  const grown = growthOf(Object.values(requests), answer, flood);
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
    ],
    goals: [
      ...Object.entries(costs)
        .filter(([name]) => name !== BENIGN_ACTUAL && name !== BENIGN_PREFLIGHT)
        .map(([name, cost]) => ({ goal: name, value: cost / benignOf(name), atMost: 3, unit: '×' })),
      {
        goal: `growth of the heap over ${flood.toLocaleString('en')} hostile requests`,
        value: grown / 1024,
        atMost: 256,
        unit: ' KiB',
      },
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

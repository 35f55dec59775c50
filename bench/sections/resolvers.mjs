import { alternate, fresh, asyncRoundOf, roundOf } from '../measure.mjs';
import { ORIGIN } from '../requests.mjs';
import { compile } from '../engine.mjs';
import { askForActual, bounded, headersOfActual, shared } from '../library.mjs';

const OTHER = 'https://tenant.example.net';
const allow = () => true;
const allowLater = async () => true;

/** What a policy's resolver costs the requests that need it, and those that do not. */
export async function run({ rounds, count }) {
  const plain = compile({ origin: [ORIGIN] });
  const resolved = compile({ origin: [ORIGIN, allow] });
  const later = compile({ origin: [ORIGIN, allowLater] });
  // As the module asks: bounded in time, and once for questions that are equal.
  const tableWith = resolver => {
    const ask = shared(bounded(resolver, { timeoutMs: 1000, maxOpen: 1000 }, () => {}));
    return {
      ask: ({ origin, method, preflight }, { url, host, headers }) =>
        ask(origin, { method, url, host, headers, preflight }),
    };
  };
  const asked = () => ({ url: '/', host: '', headers: {} });
  const requestOf = origin => () => ({ method: 'GET', origin: fresh(origin), answers: undefined });
  const decide = (table, policy, done) => request => {
    const answer = askForActual(request, table, policy, undefined, asked);
    const decided = known => {
      headersOfActual(request, policy, known);
      done?.();
    };
    return answer instanceof Promise ? answer.then(decided) : decided(answer);
  };
  const sync = tableWith(allow);
  const async = tableWith(allowLater);
  const costs = await alternate(rounds, {
    none: roundOf(count, requestOf(ORIGIN), decide(sync, plain)),
    unneeded: roundOf(count, requestOf(ORIGIN), decide(sync, resolved)),
    sync: roundOf(count, requestOf(OTHER), decide(sync, resolved)),
    async: asyncRoundOf(count, requestOf(OTHER), decide(async, later)),
    own: asyncRoundOf(count, requestOf(OTHER), request => allowLater(request.origin).then(said => said)),
  });
  // A promise settles as the resolver's own does: from then on each turn is one of ours.
  const hops = (await hopsOf(done => decide(async, later, done)(requestOf(OTHER)()))) - (await hopsOf(settled));
  return {
    title: 'Resolvers',
    about: 'A decision of a policy that has a resolver: nanoseconds, and the microtasks it takes beside its own.',
    tables: [
      {
        columns: ['Policy and origin', 'Cost'],
        rows: [
          ['a list alone, an origin of the list', `${costs.none.toFixed(0)} ns`],
          ['a list and a resolver, an origin of the list', `${costs.unneeded.toFixed(0)} ns`],
          ['a resolver that answers at once', `${costs.sync.toFixed(0)} ns`],
          ['a resolver that answers by a promise', `${costs.async.toFixed(0)} ns`],
          ['that promise alone', `${costs.own.toFixed(0)} ns`],
        ],
      },
    ],
    goals: [
      {
        goal: 'A policy without a resolver pays nothing for those of others (a list and a resolver, over a list alone)',
        value: costs.unneeded / costs.none,
        atMost: 1.5,
        unit: '×',
      },
      { goal: 'Microtasks beside those of the resolver itself', value: hops, atMost: 1, unit: '' },
    ],
  };
}

/** A promise that is settled by now, as the resolver's is, told of as soon as it can be. */
function settled(done) {
  queueMicrotask(done);
}

/** How many turns of the microtask queue pass before something calls back. */
async function hopsOf(ask) {
  let isDone = false;
  ask(() => (isDone = true));
  let hops = 0;
  while (!isDone) {
    await undefined;
    hops++;
  }
  return hops;
}

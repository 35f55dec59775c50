import { answerActual, compile } from '../engine.mjs';
import { StubResponse } from '../stub-response.mjs';
import { alternate, fresh, median, roundOf } from '../measure.mjs';

const MIXED = [
  {
    entry: index => `https://tenant-${index}.customers.example.com`,
    allowed: index => `https://tenant-${index}.customers.example.com`,
  },
  {
    entry: index => `https://*.tenant-${index}.zones.example.com`,
    allowed: index => `https://www.tenant-${index}.zones.example.com`,
  },
  {
    entry: index => `https://tenant-${index}-*.previews.example.com`,
    allowed: index => `https://tenant-${index}-42.previews.example.com`,
  },
  {
    entry: index => `https://*-tenant-${index}.previews.example.com`,
    allowed: index => `https://pull-42-tenant-${index}.previews.example.com`,
  },
  {
    entry: index => `https://tenant-${index}.ports.example.com:*`,
    allowed: index => `https://tenant-${index}.ports.example.com:8443`,
  },
];

/** Distinct, and as long as real ones are. */
const KINDS = {
  exact: index => `https://tenant-${index}.customers.example.com`,
  patterns: index => `https://*.tenant-${index}.customers.example.com`,
  // All kinds of entries in one list.
  mixed: index => MIXED[index % MIXED.length].entry(index),
};
/** What the entry at an index lets in, and what comes close to it. */
const ALLOWED = {
  exact: index => `https://tenant-${index}.customers.example.com`,
  patterns: index => `https://www.tenant-${index}.customers.example.com`,
  mixed: index => MIXED[index % MIXED.length].allowed(index),
};
const NEAR = {
  exact: index => `https://tenant-${index}.customers.example.con`,
  patterns: index => `https://www.tenant-${index}.customers.example.con`,
  mixed: index => MIXED[index % MIXED.length].allowed(index).replace('example.com', 'example.con'),
};
const CAPTIONS = {
  exact: 'Exact origins',
  patterns: 'Patterns (`https://*.…`)',
  mixed: 'All kinds mixed: exact, `https://*.…`, `https://app-*.…`, `https://*-app.…`, `:*`',
};

/** The decision and its memory, from one entry to a million. The same few callers ask, however long the list is. */
export async function run({ rounds, count, sizes }) {
  const response = new StubResponse();
  const tables = [];
  const goals = [];
  for (const kind of Object.keys(KINDS)) {
    const rows = [];
    const policies = new Map();
    for (const size of sizes) {
      const texts = Array.from({ length: size }, (_, index) => KINDS[kind](index));
      const { value: policy, bytes, milliseconds } = await weigh(() => compile({ origin: texts }));
      policies.set(size, policy);
      rows.push({ size, bytes: bytes / size, milliseconds });
    }
    const candidates = {};
    for (const [size, policy] of policies) {
      const callers = Math.min(size, 64);
      for (const [name, origins] of [
        ['allowed', ALLOWED],
        ['near', NEAR],
      ]) {
        const makeRequest = index => ({
          method: 'GET',
          headers: { host: 'a', origin: fresh(origins[kind](scattered(index % callers, size))) },
        });
        candidates[`${size} ${name}`] = roundOf(count, makeRequest, request => answerActual(policy, request, response));
      }
    }
    await alternate(2, candidates);
    const costs = await alternate(rounds, candidates);
    tables.push({
      caption: CAPTIONS[kind],
      columns: ['Entries', 'Allowed', 'Refused, near miss', 'Memory for an entry, over its string', 'Compile'],
      rows: rows.map(({ size, bytes, milliseconds }) => [
        size.toLocaleString('en'),
        `${costs[`${size} allowed`].toFixed(0)} ns`,
        `${costs[`${size} near`].toFixed(0)} ns`,
        size < 1000 ? '' : `${bytes.toFixed(0)} bytes`,
        size < 1000 ? '' : `${milliseconds.toFixed(0)} ms`,
      ]),
    });
    // Short lists are compared, not hashed: they only cost less.
    const hashed = sizes.filter(size => size > 8);
    for (const name of ['allowed', 'near']) {
      const values = hashed.map(size => costs[`${size} ${name}`]);
      goals.push({
        goal: `${kind}, ${name === 'near' ? 'near miss' : name}: flat from ${hashed[0]} to ${hashed.at(-1).toLocaleString('en')} entries`,
        value: Math.max(...values) / Math.min(...values),
        atMost: 1.5,
        unit: '×',
      });
    }
    goals.push({
      goal: `${kind}: memory for an entry, over its string`,
      value: rows.at(-1).bytes,
      atMost: 150,
      unit: ' bytes',
    });
  }
  return {
    title: 'Scale of the allowlist',
    about: 'A decision and its headers, as above, by the length of the list that the origin is looked for in.',
    tables,
    goals,
  };
}

/** An entry somewhere in the list: evenly spaced ones would meet in the same lines of the processor's cache. */
function scattered(index, size) {
  return ((index + 1) * 2_654_435_761) % size;
}

/** What a value keeps in memory, and how long it took to make. */
async function weigh(make) {
  const collect = async () => {
    for (let pass = 0; pass < 3; pass++) {
      globalThis.gc();
      await new Promise(resolve => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  };
  const before = await collect();
  const start = process.hrtime.bigint();
  const value = make();
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  const bytes = (await collect()) - before;
  return { value, bytes, milliseconds: median([milliseconds]) };
}

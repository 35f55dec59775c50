import { PerformanceObserver } from 'node:perf_hooks';

/** The middle of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Measures what is to be compared in alternating rounds, forwards and backwards, so that whatever slows the machine down
 * for a while slows all of them.
 *
 * @param candidates by name: what measures one round, and returns its cost
 * @returns by name: the median of its rounds
 */
export async function alternate(rounds, candidates) {
  const names = Object.keys(candidates);
  const costs = Object.fromEntries(names.map(name => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) costs[name].push(await candidates[name]());
  }
  return Object.fromEntries(names.map(name => [name, median(costs[name])]));
}

/** As many requests as stay in a processor's cache, where they are of the usual size. */
const BATCH = 256;

/**
 * What has to outlive a round: compiled code is thrown away with the last object of a shape that it was compiled for,
 * and each round would measure how it is compiled anew.
 */
const kept = new Set();

export function keepShapeOf(object) {
  kept.add(object);
  return object;
}

/**
 * Makes a round of calls: nanoseconds for each. The requests are made anew before the clock starts, because a request's
 * header is a string that nobody has hashed yet.
 *
 * @param call synchronous
 */
export function roundOf(count, makeRequest, call, batch = BATCH) {
  keepShapeOf(makeRequest(0));
  return () => {
    globalThis.gc?.();
    let total = 0n;
    for (let done = 0; done < count; done += batch) {
      const requests = Array.from({ length: batch }, (_, index) => makeRequest(done + index));
      const start = process.hrtime.bigint();
      for (let index = 0; index < batch; index++) call(requests[index]);
      total += process.hrtime.bigint() - start;
    }
    return Number(total) / (Math.ceil(count / batch) * batch);
  };
}

/** The same for what is asynchronous. */
export function asyncRoundOf(count, makeRequest, call) {
  keepShapeOf(makeRequest(0));
  return async () => {
    globalThis.gc?.();
    let total = 0n;
    for (let done = 0; done < count; done += BATCH) {
      const requests = Array.from({ length: BATCH }, (_, index) => makeRequest(done + index));
      const start = process.hrtime.bigint();
      for (let index = 0; index < BATCH; index++) await call(requests[index]);
      total += process.hrtime.bigint() - start;
    }
    return Number(total) / (Math.ceil(count / BATCH) * BATCH);
  };
}

/**
 * The bytes that a call allocates. Nothing is assumed of what a compiler may remove: the heap is looked at before and
 * after, and a measurement that a collection disturbed does not count.
 */
export async function allocationOf(count, makeRequest, call) {
  const requests = Array.from({ length: count }, (_, index) => makeRequest(index));
  let collections = 0;
  const observer = new PerformanceObserver(list => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  // By index: an iterator would be measured as well.
  const callAll = () => {
    for (let index = 0; index < count; index++) call(requests[index]);
  };
  for (let warmUp = 0; warmUp < 3; warmUp++) callAll();
  const measured = [];
  for (let attempt = 0; attempt < 20 && measured.length < 5; attempt++) {
    globalThis.gc();
    // The observer is told later.
    await new Promise(resolve => setTimeout(resolve, 5));
    collections = 0;
    const before = process.memoryUsage().heapUsed;
    callAll();
    const after = process.memoryUsage().heapUsed;
    await new Promise(resolve => setTimeout(resolve, 5));
    if (collections === 0) measured.push((after - before) / count);
  }
  observer.disconnect();
  return median(measured);
}

/** A string as a server reads it off the wire: of its own, and not known to any table yet. */
export function fresh(text) {
  return Buffer.from(text, 'latin1').toString('latin1');
}

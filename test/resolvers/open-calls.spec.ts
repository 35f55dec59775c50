import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { ResolverFault } from '../../lib/resolvers/ask.js';
import { bounded } from '../../lib/resolvers/bounded.js';
import { OpenCalls, type CountedCall } from '../../lib/resolvers/open-calls.js';
import { shared } from '../../lib/resolvers/shared.js';
import { APP } from '../support/expected.js';
import { collectGarbage } from '../support/node-process.js';
import { runs } from '../support/property.js';
import { CONTEXT } from '../support/resolver.js';

const TIMEOUT = 250;
const LIFETIME = 10 * TIMEOUT;

interface Call {
  readonly resolve: (allowed: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A resolver whose promises are settled by the test, its calls, and what was reported. */
function pendingResolver(maxOpen: number) {
  const calls: Call[] = [];
  const faults: (readonly [ResolverFault, unknown])[] = [];
  const isAllowed = () => new Promise((resolve, reject) => calls.push({ resolve, reject }));
  const limited = bounded(isAllowed, { timeoutMs: TIMEOUT, maxOpen }, (...fault) => faults.push(fault));
  let asked = 0;
  /** About another URL each time, so that no two questions are equal. */
  const ask = () => limited(APP, { ...CONTEXT, url: `/cats?x=${String(asked++)}` });
  return { ask, limited, calls, faults };
}

const TOO_MANY = (maxOpen: number) => ['too-many-open', maxOpen];

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('A resolver with as many open calls as it may have', () => {
  it('is not called, and has failed at once: no promise, no timer', () => {
    const { ask, calls, faults } = pendingResolver(3);
    for (let i = 0; i < 3; i++) expect(ask()).toBeInstanceOf(Promise);
    expect([ask(), ask()]).toEqual(['failed', 'failed']);
    expect([calls.length, jest.getTimerCount(), faults]).toEqual([3, 3, [TOO_MANY(3), TOO_MANY(3)]]);
  });

  it.each<[string, (call: Call | undefined) => void]>([
    ['true', call => call?.resolve(true)],
    ['no boolean', call => call?.resolve('yes')],
    ['a rejection', call => call?.reject(new Error('gone'))],
  ])('is called again once one of them has settled with %s, in time or late', async (_what, settle) => {
    for (const late of [0, TIMEOUT]) {
      const { ask, calls } = pendingResolver(2);
      const answers = [ask(), ask()];
      await jest.advanceTimersByTimeAsync(late);
      expect(ask()).toBe('failed');
      // Not the oldest.
      settle(calls[1]);
      await answers[1];
      await undefined;
      expect([ask() instanceof Promise, calls.length]).toEqual([true, 3]);
      expect(ask()).toBe('failed');
    }
  });

  it('stays so where they have timed out, until ten times that time has passed since each was made', async () => {
    const { ask, calls, faults } = pendingResolver(2);
    const first = ask();
    await jest.advanceTimersByTimeAsync(100);
    const second = ask();
    await jest.advanceTimersByTimeAsync(TIMEOUT);
    expect([await first, await second]).toEqual(['failed', 'failed']);
    expect([ask(), calls.length]).toEqual(['failed', 2]);

    await jest.advanceTimersByTimeAsync(LIFETIME - 100 - TIMEOUT - 1);
    expect([ask(), calls.length]).toEqual(['failed', 2]);
    await jest.advanceTimersByTimeAsync(1);
    expect([ask() instanceof Promise, ask(), calls.length]).toEqual([true, 'failed', 3]);
    await jest.advanceTimersByTimeAsync(99);
    expect([ask(), calls.length]).toEqual(['failed', 3]);
    await jest.advanceTimersByTimeAsync(1);
    expect([ask() instanceof Promise, ask(), calls.length]).toEqual([true, 'failed', 4]);
    expect(faults.slice(0, 3)).toEqual([['timed-out', TIMEOUT], ['timed-out', TIMEOUT], TOO_MANY(2)]);
  });

  it('gains no second place where a call settles after it no longer counts', async () => {
    const { ask, calls } = pendingResolver(1);
    void ask();
    await jest.advanceTimersByTimeAsync(LIFETIME);
    expect(ask()).toBeInstanceOf(Promise);
    calls[0]?.resolve(true);
    await undefined;
    expect([ask(), calls.length]).toEqual(['failed', 2]);
  });

  it('counts questions that share one call once, and calls that were not made never', async () => {
    const { limited, calls, faults } = pendingResolver(2);
    const ask = shared(limited);
    const about = (url: string) => ask(APP, { ...CONTEXT, url });
    const equal = [about('/one'), about('/one'), about('/one')];
    const other = about('/two');
    expect([about('/three'), about('/one') instanceof Promise, calls.length]).toEqual(['failed', true, 2]);
    expect(faults).toEqual([TOO_MANY(2)]);
    for (const { resolve } of calls) resolve(true);
    expect(await Promise.all([...equal, other])).toEqual(Array(4).fill('allowed'));
    expect([about('/three') instanceof Promise, about('/four') instanceof Promise, calls.length]).toEqual([
      true,
      true,
      4,
    ]);
  });

  it('leaves another resolver alone', () => {
    const [one, two] = [pendingResolver(1), pendingResolver(1)];
    void one.ask();
    expect([one.ask(), two.ask() instanceof Promise]).toEqual(['failed', true]);
  });
});

describe('What never counts as open', () => {
  it.each<[string, 'answered' | 'promised', () => unknown]>([
    ['answers at once', 'answered', () => true],
    ['answers no boolean', 'answered', () => 'yes'],
    [
      'throws',
      'answered',
      () => {
        throw new Error('gone');
      },
    ],
    [
      'promises by a `then` that throws',
      'answered',
      () =>
        Object.assign(Promise.resolve(true), {
          then: () => {
            throw new Error('gone');
          },
        }),
    ],
    [
      'promises by a `then` that calls back at once',
      'promised',
      () => Object.assign(Promise.resolve(true), { then: (resolve: (value: unknown) => void) => resolve(true) }),
    ],
  ])('is a call that %s', async (_what, how, isAllowed) => {
    const faults: ResolverFault[] = [];
    let calls = 0;
    const count = () => {
      calls++;
      return isAllowed();
    };
    const ask = bounded(count, { timeoutMs: TIMEOUT, maxOpen: 1 }, fault => faults.push(fault));
    for (let i = 0; i < 3; i++) {
      const answer = ask(APP, CONTEXT);
      expect(answer instanceof Promise).toBe(how === 'promised');
      expect(await Promise.race([answer, 'open'])).not.toBe('open');
    }
    expect(calls).toBe(3);
    expect(faults).not.toContain('too-many-open');
  });
});

type Step =
  | { readonly what: 'open' }
  | { readonly what: 'time out' | 'close'; readonly which: number }
  | { readonly what: 'wait'; readonly ms: number };

describe('OpenCalls', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ what: fc.constant('open' as const) }),
      fc.record({ what: fc.constantFrom('time out' as const, 'close' as const), which: fc.nat() }),
      fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 12 }) }),
    ),
    { maxLength: 60 },
  );

  it('agree with a list of calls that is searched each time, whatever times out and settles when', () => {
    const check = (maxOpen: number, all: readonly Step[]) => {
      const calls = new OpenCalls({ timeoutMs: 1, maxOpen });
      const made: { readonly call: CountedCall; until: number }[] = [];
      for (const step of all) {
        if (step.what === 'wait') jest.advanceTimersByTime(step.ms);
        else if (step.what === 'open') {
          const isFull = made.filter(({ until }) => performance.now() < until).length >= maxOpen;
          expect(calls.areTooMany).toBe(isFull);
          if (isFull) continue;
          const call = { openUntil: 0 };
          made.push({ call, until: Infinity });
          calls.open(call);
        } else {
          const each = made[step.which % (made.length || 1)];
          if (each === undefined) continue;
          if (step.what === 'close') {
            calls.close(each.call);
            each.until = 0;
          } else if (each.until === Infinity) {
            calls.timeOut(each.call);
            each.until = performance.now() + 9;
          }
        }
      }
    };
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), steps, check), runs(500));
  });

  it('keep nothing of a call that has timed out once it has settled, also while there is room', async () => {
    const calls = new OpenCalls({ timeoutMs: 1, maxOpen: 1000 });
    const made: WeakRef<object>[] = [];
    const timeOutAndSettle = () => {
      const call = { openUntil: 0 };
      made.push(new WeakRef(call));
      calls.open(call);
      calls.timeOut(call);
      calls.close(call);
    };
    for (let i = 0; i < 10; i++) timeOutAndSettle();
    jest.useRealTimers();
    await collectGarbage();
    expect(calls.areTooMany).toBe(false);
    expect(made).toHaveLength(10);
    expect(made.filter(each => each.deref() !== undefined)).toHaveLength(0);
  });
});

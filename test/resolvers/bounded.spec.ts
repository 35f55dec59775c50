import { jest } from '@jest/globals';
import type { Ask, ResolverFault } from '../../lib/resolvers/ask.js';
import { bounded, type IsAllowed } from '../../lib/resolvers/bounded.js';
import { shared } from '../../lib/resolvers/shared.js';
import type { ResolverAnswer } from '../../lib/decision/reason.js';
import { APP } from '../support/expected.js';
import { collectGarbage } from '../support/node-process.js';
import { CONTEXT } from '../support/resolver.js';

/** Asks once, with everything that was reported by then. */
function asking(isAllowed: IsAllowed, timeoutMs = 1000) {
  const faults: (readonly [ResolverFault, unknown])[] = [];
  const ask = bounded(isAllowed, { timeoutMs, maxOpen: 1000 }, (...fault) => faults.push(fault));
  const answer = ask(APP, CONTEXT);
  return { answer, faults };
}

const error = new Error('no database');
const thenable = (then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void) => ({ then });

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('A bounded resolver', () => {
  it('is told the origin and the context as they are', () => {
    const told: unknown[] = [];
    asking((...args) => told.push(...args));
    expect(told).toEqual([APP, CONTEXT]);
    expect(told[1]).toBe(CONTEXT);
  });

  it.each([
    [true, 'allowed'],
    [false, 'denied'],
  ])('that answers %p at once has %s at once: no promise, no timer', (value, expected) => {
    expect(asking(() => value)).toEqual({ answer: expected, faults: [] });
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    [true, 'allowed'],
    [false, 'denied'],
  ])('that promises %p has %s, and leaves no timer', async (value, expected) => {
    const { answer, faults } = asking(async () => Promise.resolve(value));
    expect(answer).toBeInstanceOf(Promise);
    expect(jest.getTimerCount()).toBe(1);
    expect([await answer, faults, jest.getTimerCount()]).toEqual([expected, [], 0]);
  });

  it('that promises an answer has it in the second turn of the microtask queue, also where it is shared', async () => {
    const ask = shared(
      bounded(
        async () => true,
        { timeoutMs: 1000, maxOpen: 1000 },
        () => {},
      ),
    );
    let answer: unknown;
    const asked = ask(APP, CONTEXT);
    if (!(asked instanceof Promise)) throw new Error('It is promised');
    void asked.then(said => (answer = said));
    expect(answer).toBeUndefined();
    await undefined;
    expect(answer).toBeUndefined();
    await undefined;
    expect(answer).toBe('allowed');
  });

  it.each([[undefined], [null], [1], [0], ['true'], [''], [{}], [[]], [Object(true)], [() => true]])(
    'that answers %p, now or later, has failed',
    async value => {
      expect(asking(() => value)).toEqual({ answer: 'failed', faults: [['not-boolean', value]] });
      const { answer, faults } = asking(() => Promise.resolve(value));
      expect([await answer, faults]).toEqual(['failed', [['not-boolean', value]]]);
    },
  );

  it.each([[error], [undefined], ['text']])('that throws or rejects with %p has failed', async cause => {
    const thrown = asking(() => {
      throw cause;
    });
    expect(thrown).toEqual({ answer: 'failed', faults: [['threw', cause]] });
    const { answer, faults } = asking(() => Promise.reject(cause));
    expect([await answer, faults, jest.getTimerCount()]).toEqual(['failed', [['rejected', cause]], 0]);
  });

  it('that has a `then` that throws as it is read has failed at once', () => {
    const trap = {
      get then() {
        throw error;
      },
    };
    expect(asking(() => trap)).toEqual({ answer: 'failed', faults: [['threw', error]] });
  });

  it.each<[string, unknown, string, readonly unknown[]]>([
    ['resolves', thenable(resolve => resolve(true)), 'allowed', []],
    ['rejects', thenable((_resolve, reject) => reject(error)), 'failed', [['rejected', error]]],
    [
      'throws',
      thenable(() => {
        throw error;
      }),
      'failed',
      [['rejected', error]],
    ],
    [
      'settles twice',
      thenable((resolve, reject) => {
        resolve(false);
        reject(error);
        resolve(true);
      }),
      'denied',
      [],
    ],
    ['resolves to a promise', thenable(resolve => resolve(Promise.resolve(true))), 'allowed', []],
    ['has no function', { then: true }, 'failed', [['not-boolean', { then: true }]]],
  ])('that answers what only looks like a promise and %s', async (_what, value, expected, reported) => {
    const { answer, faults } = asking(() => value);
    expect([await answer, faults]).toEqual([expected, reported]);
  });

  it.each<[string, PropertyDescriptor, string, readonly unknown[]]>([
    [
      'throws',
      {
        value: () => {
          throw error;
        },
      },
      'failed',
      [['threw', error]],
    ],
    ['calls back at once', { value: (resolve: (value: unknown) => void) => resolve(true) }, 'allowed', []],
    [
      'calls back at once, and again',
      {
        value: (resolve: (value: unknown) => void) => {
          resolve(true);
          resolve(false);
        },
      },
      'allowed',
      [],
    ],
  ])('that promises by a `then` of its own which %s is answered once', async (_what, then, expected, reported) => {
    const { answer, faults } = asking(() => Object.defineProperty(new Promise(() => {}), 'then', then));
    // Known at once, whether it is promised or not.
    expect(await Promise.race([answer, 'open'])).toBe(expected);
    await jest.advanceTimersByTimeAsync(1000);
    expect([faults, jest.getTimerCount()]).toEqual([reported, 0]);
  });

  it('that takes too long has failed when the time is up, not before', async () => {
    let settled: unknown;
    const { answer, faults } = asking(() => new Promise(() => {}), 250);
    void Promise.resolve(answer).then(value => (settled = value));
    await jest.advanceTimersByTimeAsync(249);
    expect([settled, faults]).toEqual([undefined, []]);
    await jest.advanceTimersByTimeAsync(1);
    expect([settled, faults]).toEqual(['failed', [['timed-out', 250]]]);
  });

  it('is not heard any more once the time is up, whatever it says', async () => {
    const late: ((resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void)[] = [
      resolve => resolve(true),
      resolve => resolve('nonsense'),
      (_, reject) => reject(error),
    ];
    for (const settle of late) {
      const { answer, faults } = asking(() => new Promise((...end) => setTimeout(() => settle(...end), 6)), 5);
      await jest.advanceTimersByTimeAsync(10);
      expect([await answer, faults, jest.getTimerCount()]).toEqual(['failed', [['timed-out', 5]], 0]);
    }
  });

  it('that answers in time is not timed out later', async () => {
    const { answer, faults } = asking(() => new Promise(resolve => setTimeout(() => resolve(true), 4)), 5);
    await jest.advanceTimersByTimeAsync(10);
    expect([await answer, faults]).toEqual(['allowed', []]);
  });

  it.each<[string, (ask: Ask) => Ask]>([
    ['alone', ask => ask],
    ['shared', shared],
  ])('that hangs, %s, holds none of its callers once the time is up', async (_what, wrap) => {
    const pending: Promise<unknown>[] = [];
    const hang = () => {
      const promise = new Promise(() => {});
      pending.push(promise);
      return promise;
    };
    const ask = wrap(bounded(hang, { timeoutMs: 250, maxOpen: 1000 }, () => {}));
    const held: WeakRef<object>[] = [];
    const answers: ResolverAnswer[] = [];
    // A function of its own: the frame of this one would hold the last caller.
    const callOnce = (url: string) => {
      const caller = { answered: (answer: ResolverAnswer) => void answers.push(answer) };
      const context = { ...CONTEXT, url };
      held.push(new WeakRef(caller), new WeakRef(context));
      void Promise.resolve(ask(APP, context)).then(answer => caller.answered(answer));
    };
    // Each URL twice: where questions are shared, the second caller waits for the first one's answer.
    for (let i = 0; i < 10; i++) callOnce(`/cats?x=${String(i >> 1)}`);
    await jest.advanceTimersByTimeAsync(250);
    jest.useRealTimers();
    await collectGarbage();

    expect(answers).toEqual(Array(10).fill('failed'));
    expect(pending).toHaveLength(wrap === shared ? 5 : 10);
    expect(held.filter(each => each.deref() !== undefined)).toHaveLength(0);
  });
});

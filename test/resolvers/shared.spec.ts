import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import type { CorsRequestContext } from 'nestjs-cors';
import type { Ask } from '../../lib/resolvers/ask.js';
import { bounded } from '../../lib/resolvers/bounded.js';
import { shared } from '../../lib/resolvers/shared.js';
import type { ResolverAnswer } from '../../lib/decision/reason.js';
import { ADMIN, APP } from '../support/expected.js';
import { CONTEXT } from '../support/resolver.js';

/** A resolver that answers when it is told to, and what it was asked. */
function openResolver() {
  const asked: (readonly [string, CorsRequestContext])[] = [];
  const settle: ((answer: ResolverAnswer) => void)[] = [];
  const open: Ask = (origin, context) => {
    asked.push([origin, context]);
    return new Promise(resolve => settle.push(resolve));
  };
  return { ask: shared(open), asked, settle };
}

class OneController {
  list() {}
  other() {}
}
/** Of the same name. */
const AnotherController = { OneController: class OneController {} }.OneController;
const { list, other } = OneController.prototype;
const SERVED = { ...CONTEXT, controller: OneController, handler: list };

afterEach(() => void jest.useRealTimers());

describe('A shared resolver', () => {
  it('is asked once while an equal question is open, and gives all the same answer', async () => {
    const { ask, asked, settle } = openResolver();
    const answers = [ask(APP, CONTEXT), ask(APP, { ...CONTEXT, headers: { ...CONTEXT.headers } }), ask(APP, CONTEXT)];
    expect(asked).toEqual([[APP, CONTEXT]]);
    settle[0]?.('allowed');
    expect(await Promise.all(answers)).toEqual(['allowed', 'allowed', 'allowed']);
  });

  it.each<ResolverAnswer>(['allowed', 'denied', 'failed'])('is asked again once it has answered: %s', async answer => {
    const { ask, asked, settle } = openResolver();
    const first = ask(APP, CONTEXT);
    settle[0]?.(answer);
    expect(await first).toBe(answer);
    const second = ask(APP, CONTEXT);
    settle[1]?.('denied');
    expect([await second, asked.length]).toEqual(['denied', 2]);
  });

  it.each<[string, string, CorsRequestContext]>([
    ['the origin', ADMIN, SERVED],
    ['the method', APP, { ...SERVED, method: 'PUT' }],
    ['the URL', APP, { ...SERVED, url: '/cats?x=2' }],
    ['the host', APP, { ...SERVED, host: 'other.example' }],
    ['what it is asked for', APP, { ...SERVED, preflight: true }],
    ['whether it is a handshake', APP, { ...SERVED, handshake: true }],
    ['the controller', APP, { ...SERVED, controller: AnotherController }],
    ['the handler', APP, { ...SERVED, handler: other }],
    ['the value of a header', APP, { ...SERVED, headers: { ...SERVED.headers, 'x-tenant': 'two' } }],
    ['the values of a header', APP, { ...SERVED, headers: { ...SERVED.headers, 'set-cookie': ['a, b'] } }],
    ['a further header', APP, { ...SERVED, headers: { ...SERVED.headers, cookie: '' } }],
    ['having no controller', APP, CONTEXT],
  ])('is asked twice where %s differs', async (_what, origin, context) => {
    const { ask, asked, settle } = openResolver();
    const answers = [ask(APP, SERVED), ask(origin, context)];
    expect(asked).toEqual([
      [APP, SERVED],
      [origin, context],
    ]);
    settle[1]?.('denied');
    settle[0]?.('allowed');
    expect(await Promise.all(answers)).toEqual(['allowed', 'denied']);
  });

  it('answers each who waits in the asynchronous context in which it was asked', async () => {
    const { ask, settle } = openResolver();
    const context = new AsyncLocalStorage<string>();
    const told: unknown[] = [];
    const waiting = ['one', 'two', 'three'].map(name =>
      context.run(name, async () => {
        await ask(APP, CONTEXT);
        told.push([name, context.getStore()]);
      }),
    );
    const direct = new Promise<void>(resolve => {
      // Without an `await`, which would bring the context back.
      context.run('four', () => {
        void (ask(APP, CONTEXT) as Promise<ResolverAnswer>).then(() => {
          told.push(['four', context.getStore()]);
          resolve();
        });
      });
    });
    settle[0]?.('allowed');
    await Promise.all([...waiting, direct]);
    expect(told).toEqual(expect.arrayContaining(['one', 'two', 'three', 'four'].map(name => [name, name])));
  });

  it('is asked twice where one of two questions has a controller', () => {
    const { ask, asked } = openResolver();
    void ask(APP, { ...CONTEXT, controller: OneController });
    void ask(APP, CONTEXT);
    expect(asked).toHaveLength(2);
  });

  it('keeps other questions open when one is answered', async () => {
    const { ask, asked, settle } = openResolver();
    const [first, second] = [ask(APP, CONTEXT), ask(ADMIN, CONTEXT)];
    settle[0]?.('allowed');
    await first;
    const third = ask(ADMIN, CONTEXT);
    expect(asked).toHaveLength(2);
    settle[1]?.('denied');
    expect([await second, await third]).toEqual(['denied', 'denied']);
  });

  it('calls a resolver again for an equal question once the time of the first is up', async () => {
    jest.useFakeTimers();
    let calls = 0;
    const hang = () => {
      calls++;
      return new Promise(() => {});
    };
    const ask = shared(bounded(hang, { timeoutMs: 250, maxOpen: 1000 }, () => {}));
    for (let round = 1; round <= 3; round++) {
      const answers = [ask(APP, CONTEXT), ask(APP, CONTEXT)];
      await jest.advanceTimersByTimeAsync(250);
      expect([await Promise.all(answers), calls]).toEqual([['failed', 'failed'], round]);
    }
  });

  it('passes on at once what is answered at once, each time, and makes no promise of it', () => {
    let asked = 0;
    const ask = shared(() => {
      asked++;
      return 'allowed';
    });
    expect([ask(APP, CONTEXT), ask(APP, CONTEXT), asked]).toEqual(['allowed', 'allowed', 2]);
  });

  it('shares with nobody what another resolver is asked', () => {
    const [one, two] = [openResolver(), openResolver()];
    void one.ask(APP, CONTEXT);
    void two.ask(APP, CONTEXT);
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
  });
});

import type { CorsRequestContext } from '../policy/resolver.js';
import type { ResolverAnswer } from '../decision/reason.js';
import type { Answered, Ask } from './ask.js';

/**
 * Lets questions that are equal, and are asked while the first is open, share its answer. Equal is everything that the
 * resolver is told, headers included: it may decide by any of it.
 */
export function shared(ask: Ask): Ask {
  const open = new Map<string, Promise<ResolverAnswer>>();
  const idOf = numbered();
  const keyOf = (origin: string, context: CorsRequestContext) => {
    const { method, url, host, headers, preflight, controller, handler } = context;
    return JSON.stringify([origin, idOf(controller), idOf(handler), method, url, host, headers, preflight]);
  };

  return (origin, context, done) => {
    const present = open.size === 0 ? undefined : open.get(keyOf(origin, context));
    if (present !== undefined) {
      // By a promise: who waits goes on in its own asynchronous context, not in that of the request that was first.
      void present.then(done);
      return;
    }
    let key: string | undefined = undefined;
    let settle: Answered | undefined;
    let isAnswered = false;
    ask(origin, context, answer => {
      isAnswered = true;
      if (key !== undefined) open.delete(key);
      settle?.(answer);
      done(answer);
    });
    // What answers at once is never open: it pays for no key.
    if (isAnswered) return;
    key = keyOf(origin, context);
    open.set(key, new Promise(resolve => (settle = resolve)));
  };
}

/** Numbers functions, which have names that are not their own. */
function numbered(): (value: object | undefined) => number {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return value => {
    if (value === undefined) return 0;
    const number = numbers.get(value) ?? ++last;
    numbers.set(value, number);
    return number;
  };
}

import type { CorsRequestContext } from '../policy/options.js';
import type { Answered, Ask } from './ask.js';

/**
 * Lets questions that are equal, and are asked while the first is open, share its answer. Equal is everything that the
 * resolver is told, headers included: it may decide by any of it.
 */
export function shared(ask: Ask): Ask {
  /** Who waits for the answer to each open question. */
  const open = new Map<string, Answered[]>();
  const idOf = numbered();
  const keyOf = (origin: string, context: CorsRequestContext) => {
    const { method, url, host, headers, preflight, controller, handler } = context;
    return JSON.stringify([origin, idOf(controller), idOf(handler), method, url, host, headers, preflight]);
  };

  return (origin, context, done) => {
    const others = open.size === 0 ? undefined : open.get(keyOf(origin, context));
    if (others !== undefined) {
      others.push(done);
      return;
    }
    const waiting = [done];
    let key: string | undefined = undefined;
    let isAnswered = false;
    ask(origin, context, answer => {
      isAnswered = true;
      if (key !== undefined) open.delete(key);
      for (const each of waiting) each(answer);
    });
    // What answers at once is never open: it pays for no key.
    if (isAnswered) return;
    key = keyOf(origin, context);
    open.set(key, waiting);
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

import type { CorsRequestContext } from '../policy/options.js';
import type { ResolverAnswer } from '../protocol/decision.js';
import type { Ask } from './ask.js';

/**
 * Lets questions that are equal, and are asked while the first is open, share its answer. Equal is everything that the
 * resolver is told, headers included: it may decide by any of it.
 */
export function shared(ask: Ask): Ask {
  const open = new Map<string, Promise<ResolverAnswer>>();
  const idOf = numbered();
  const keyOf = (origin: string, { controller, handler, ...rest }: CorsRequestContext) =>
    JSON.stringify([origin, idOf(controller), idOf(handler), rest]);

  return (origin, context) => {
    // What answers at once is never open: it pays for no key.
    const present = open.size === 0 ? undefined : open.get(keyOf(origin, context));
    if (present !== undefined) return present;
    const answer = ask(origin, context);
    if (typeof answer === 'string') return answer;
    const key = keyOf(origin, context);
    open.set(key, answer);
    void answer.then(() => open.delete(key));
    return answer;
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

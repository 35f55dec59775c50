import type { ResolverAnswer } from '../decision/reason.js';
import type { CorsRequestContext } from '../policy/resolver.js';
import type { Ask } from './ask.js';

/**
 * Lets equal calls share one answer while the first is open. Equal in everything that the resolver gets, headers
 * included: it may decide by any of it.
 */
export function shared(ask: Ask): Ask {
  const open = new Map<string, Promise<ResolverAnswer>>();
  const idOf = numbered();
  const keyOf = (origin: string, context: CorsRequestContext) => {
    const { method, url, host, headers, preflight, handshake, controller, handler } = context;
    const kind = [preflight, handshake];
    return JSON.stringify([origin, idOf(controller), idOf(handler), method, url, host, headers, kind]);
  };

  return (origin, context) => {
    // Everyone waits by a `then` of their own, and so resumes in their own asynchronous context.
    const present = open.size === 0 ? undefined : open.get(keyOf(origin, context));
    if (present !== undefined) return present;
    const answer = ask(origin, context);
    // An answer that comes at once is never open: it pays for no key.
    if (!(answer instanceof Promise)) return answer;
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

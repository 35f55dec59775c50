import { callbackUse } from '../policy/callback.js';
import type { CorsRequestContext } from '../policy/resolver.js';
import type { IsAllowed } from './bounded.js';

/**
 * Gives a resolver that may take its context for a callback one that can be called, to no effect. Otherwise
 * `lookUp(origin).then(ok => callback(null, ok), callback)` would reject a promise that nobody handles, which ends the
 * process. The resolver still has to return its answer: fails closed.
 */
export function tolerant(isAllowed: IsAllowed, written: unknown): IsAllowed {
  if (callbackUse(written) === 'unlikely') return isAllowed;
  return (origin, context) => isAllowed(origin, callable(context));
}

function callable(context: CorsRequestContext): CorsRequestContext {
  return Object.defineProperties(
    () => undefined,
    Object.getOwnPropertyDescriptors(context),
  ) as unknown as CorsRequestContext;
}

import type { CorsRequestContext } from 'nestjs-cors';
import type { Ask } from '../../lib/resolvers/ask.js';
import type { ResolverAnswer } from '../../lib/decision/reason.js';

/** What a resolver is told of an actual request that no controller serves. */
export const CONTEXT: CorsRequestContext = Object.freeze({
  method: 'GET',
  url: '/cats?x=1',
  host: 'api.example',
  preflight: false,
  headers: Object.freeze({ origin: 'https://app.example', 'x-tenant': 'one', 'set-cookie': ['a', 'b'] }),
});

/** What a resolver answers: at once, or by a promise. */
export function answerOf(
  ask: Ask,
  origin: string,
  context: CorsRequestContext,
): ResolverAnswer | Promise<ResolverAnswer> {
  let answer: ResolverAnswer | undefined;
  let later: ((answer: ResolverAnswer) => void) | undefined;
  ask(origin, context, said => {
    if (answer !== undefined) throw new Error('It was answered twice');
    answer = said;
    later?.(said);
  });
  return answer ?? new Promise(resolve => (later = resolve));
}

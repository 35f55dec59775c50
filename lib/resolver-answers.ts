import type { AppPolicies, AskedRequest, CorsExchange, QuestionedServer, ServedMethod } from './platform/exchange.js';
import type { CompiledPolicy } from './policy/compile.js';
import { judgePreflight, needsResolver, type ResolverAnswer } from './protocol/decision.js';
import { methodIn, NO_ANSWERS, questionsOf, type AnswerOf, type Question, type Target } from './protocol/preflight.js';
import type { CorsRequest } from './protocol/request.js';

/**
 * Asks resolvers what a request needs to be judged, and calls back: at once, unless a resolver answers later. Policies
 * without one stay synchronous.
 */

/** Asks about an actual request, once for each policy, and keeps the answer in its exchange. */
export function askForActual(
  exchange: Pick<CorsExchange, 'method' | 'origin' | 'answers'>,
  policies: AppPolicies,
  policy: CompiledPolicy,
  server: QuestionedServer | undefined,
  asked: () => AskedRequest,
  done: () => void,
): void {
  const { origin = '', method } = exchange;
  if (!needsResolver(exchange.origin, policy) || exchange.answers?.has(policy)) {
    done();
    return;
  }
  policies.ask({ policy, origin, method, preflight: false, server }, asked(), answer => {
    (exchange.answers ??= new Map()).set(policy, answer);
    done();
  });
}

/**
 * Asks about a preflight: about the announced method first, and about the others that are served there only where that
 * one is allowed, so that the answer can list them.
 */
export function askForPreflight(
  request: CorsRequest,
  policies: AppPolicies,
  target: Target<ServedMethod>,
  asked: () => AskedRequest,
  done: (answerOf: AnswerOf) => void,
): void {
  const { requestMethod = '', origin = '' } = request;
  const requested = policies.asksResolvers ? methodIn(target, requestMethod) : undefined;
  if (requested === undefined) {
    done(NO_ANSWERS);
    return;
  }
  const answers = new Map<string, Map<CompiledPolicy, ResolverAnswer>>();
  const answerOf: AnswerOf = (policy, method) =>
    answers.get(method)?.get(policy) ?? (method === 'HEAD' ? answers.get('GET')?.get(policy) : undefined);

  const ask = (questions: readonly Question[], whenAnswered: () => void): void => {
    // One more than there are questions: what answers at once must not end this before the last one is asked.
    let open = questions.length + 1;
    const close = () => {
      if (--open === 0) whenAnswered();
    };
    for (const { policy, method, candidate } of questions) {
      const server = methodIn(target, method)?.routes?.[candidate];
      policies.ask({ policy, origin, method, preflight: true, server }, asked(), answer => {
        const ofMethod = answers.get(method) ?? new Map<CompiledPolicy, ResolverAnswer>();
        answers.set(method, ofMethod.set(policy, answer));
        close();
      });
    }
    close();
  };
  ask(questionsOf(request, requested), () => {
    const isAllowed = requested.policies.some(
      policy => judgePreflight(request, policy, answerOf(policy, requestMethod)).allowed,
    );
    const others = isAllowed ? target.methods.filter(each => each !== requested) : [];
    ask(
      others.flatMap(each => otherQuestions(request, target, each)),
      () => done(answerOf),
    );
  });
}

/** Asks, and gives a promise where the answer comes later. */
export function promiseOf(ask: (done: () => void) => void): Promise<void> | undefined {
  let isAnswered = false;
  let whenAnswered: (() => void) | undefined;
  ask(() => {
    isAnswered = true;
    whenAnswered?.();
  });
  return isAnswered ? undefined : new Promise(resolve => (whenAnswered = resolve));
}

/** GET's answer is HEAD's as well, where the same handler serves both. */
function otherQuestions(request: CorsRequest, target: Target<ServedMethod>, other: ServedMethod): readonly Question[] {
  const questions = questionsOf(request, other);
  if (other.method !== 'HEAD') return questions;
  const ofGet = methodIn(target, 'GET')?.policies ?? [];
  return questions.filter(({ policy }) => !ofGet.includes(policy));
}

import type { AppPolicies, AskedRequest, CorsExchange, ServedMethod } from './platform/exchange.js';
import type { CompiledPolicy } from './policy/compile.js';
import type { CorsControllerClass, CorsHandler } from './policy/options.js';
import { judgePreflight, needsResolver, type ResolverAnswer } from './protocol/decision.js';
import { methodIn, NO_ANSWERS, questionsOf, type AnswerOf, type Question, type Target } from './protocol/preflight.js';
import type { CorsRequest } from './protocol/request.js';

/**
 * Asks resolvers what a request needs to be judged. Nothing here is a promise unless a resolver's answer is: policies
 * without one stay synchronous.
 */

/** What serves an actual request, as far as it is known. */
interface Server {
  readonly controller: CorsControllerClass;
  readonly handler: CorsHandler;
}

/** Asks about an actual request, once for each policy, and keeps the answer in its exchange. */
export function askForActual(
  exchange: Pick<CorsExchange, 'method' | 'origin' | 'answers'>,
  policies: AppPolicies,
  policy: CompiledPolicy,
  server: Server | undefined,
  asked: () => AskedRequest,
): void | Promise<void> {
  const { origin = '', method } = exchange;
  if (!needsResolver(exchange.origin, policy) || exchange.answers?.has(policy)) return undefined;
  const keep = (answer: ResolverAnswer) => void (exchange.answers ??= new Map()).set(policy, answer);
  const answer = policies.ask({ policy, origin, method, preflight: false, ...serverOf(server) }, asked());
  return typeof answer === 'string' ? keep(answer) : answer.then(keep);
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
): AnswerOf | Promise<AnswerOf> {
  if (!policies.asksResolvers) return NO_ANSWERS;
  const { requestMethod = '', origin = '' } = request;
  const requested = methodIn(target, requestMethod);
  if (requested === undefined) return NO_ANSWERS;
  const answers = new Map<string, Map<CompiledPolicy, ResolverAnswer>>();
  const answerOf: AnswerOf = (policy, method) =>
    answers.get(method)?.get(policy) ?? (method === 'HEAD' ? answers.get('GET')?.get(policy) : undefined);

  const ask = (questions: readonly Question[]): void | Promise<void> => {
    const open: Promise<void>[] = [];
    for (const { policy, method, candidate } of questions) {
      const keep = (answer: ResolverAnswer) => {
        const ofMethod = answers.get(method) ?? new Map<CompiledPolicy, ResolverAnswer>();
        answers.set(method, ofMethod.set(policy, answer));
      };
      const server = methodIn(target, method)?.routes?.[candidate];
      const answer = policies.ask({ policy, origin, method, preflight: true, ...serverOf(server) }, asked());
      if (typeof answer === 'string') keep(answer);
      else open.push(answer.then(keep));
    }
    return open.length === 0 ? undefined : Promise.all(open).then(() => undefined);
  };
  const isAllowed = () =>
    requested.policies.some(policy => judgePreflight(request, policy, answerOf(policy, requestMethod)).allowed);
  const askOthers = (): AnswerOf | Promise<AnswerOf> => {
    const others = target.methods.filter(each => each !== requested);
    const asking = isAllowed() ? ask(others.flatMap(each => otherQuestions(request, target, each))) : undefined;
    return asking === undefined ? answerOf : asking.then(() => answerOf);
  };
  const asking = ask(questionsOf(request, requested));
  return asking === undefined ? askOthers() : asking.then(askOthers);
}

/** GET's answer is HEAD's as well, where the same handler serves both. */
function otherQuestions(request: CorsRequest, target: Target<ServedMethod>, other: ServedMethod): readonly Question[] {
  const questions = questionsOf(request, other);
  if (other.method !== 'HEAD') return questions;
  const ofGet = methodIn(target, 'GET')?.policies ?? [];
  return questions.filter(({ policy }) => !ofGet.includes(policy));
}

/** Exactly these: what a resolver is told is also what makes two questions equal. */
function serverOf(server: Server | undefined): Partial<Server> {
  return server === undefined ? {} : { controller: server.controller, handler: server.handler };
}

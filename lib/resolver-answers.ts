import type { AppPolicies, AskedRequest, CorsExchange, PreflightTarget } from './platform/exchange.js';
import type { CompiledPolicy } from './policy/compile.js';
import type { CorsControllerClass, CorsHandler } from './policy/options.js';
import { judgePreflight, needsResolver, type ResolverAnswer } from './protocol/decision.js';
import { questionsOf, type AnswerOf, type Question } from './protocol/preflight.js';
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
  exchange: CorsExchange,
  policies: AppPolicies,
  policy: CompiledPolicy,
  server: Server | undefined,
  asked: () => AskedRequest,
): void | Promise<void> {
  const { origin = '', method } = exchange.request;
  if (!needsResolver(exchange.request.origin, policy) || exchange.answers?.has(policy)) return undefined;
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
  target: PreflightTarget,
  asked: () => AskedRequest,
): AnswerOf | Promise<AnswerOf> {
  const { requestMethod = '', origin = '' } = request;
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
      const server = target.methods.get(method)?.[candidate];
      const answer = policies.ask({ policy, origin, method, preflight: true, ...serverOf(server) }, asked());
      if (typeof answer === 'string') keep(answer);
      else open.push(answer.then(keep));
    }
    return open.length === 0 ? undefined : Promise.all(open).then(() => undefined);
  };
  const isAllowed = () =>
    (target.policies.get(requestMethod) ?? []).some(
      policy => judgePreflight(request, policy, answerOf(policy, requestMethod)).allowed,
    );
  const askOthers = (): AnswerOf | Promise<AnswerOf> => {
    const others = [...target.policies.keys()].filter(method => method !== requestMethod);
    const asking = isAllowed() ? ask(others.flatMap(method => otherQuestions(request, target, method))) : undefined;
    return asking === undefined ? answerOf : asking.then(() => answerOf);
  };
  const asking = ask(questionsOf(request, target.policies, requestMethod));
  return asking === undefined ? askOthers() : asking.then(askOthers);
}

/** GET's answer is HEAD's as well, where the same handler serves both. */
function otherQuestions(request: CorsRequest, { policies }: PreflightTarget, method: string): readonly Question[] {
  const questions = questionsOf(request, policies, method);
  return method === 'HEAD'
    ? questions.filter(({ policy }) => policies.get('GET')?.includes(policy) !== true)
    : questions;
}

/** Exactly these: what a resolver is told is also what makes two questions equal. */
function serverOf(server: Server | undefined): Partial<Server> {
  return server === undefined ? {} : { controller: server.controller, handler: server.handler };
}

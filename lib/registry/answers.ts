import type { AppPolicies, AskedRequest, CorsExchange, QuestionedServer, ServedMethod } from '../request/exchange.js';
import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import { judgePreflight, needsResolver, type ResolverAnswer } from '../decision/reason.js';
import { methodIn, NO_ANSWERS, questionsOf, type AnswerOf, type Question, type Target } from '../decision/preflight.js';
import type { CorsRequest } from '../decision/request.js';

/**
 * Asks resolvers what a request needs to be judged, and calls back: at once, unless a resolver answers later. Policies
 * without one stay synchronous.
 */

/**
 * What resolvers said of one actual request. Who serves it is part of the question: a request may be rewritten, or
 * passed on, to another handler than was expected.
 */
export class Answers {
  readonly #kept: {
    readonly resolver: CorsOriginResolverRef | undefined;
    readonly server: QuestionedServer | undefined;
    readonly answer: ResolverAnswer;
  }[] = [];

  find({ resolver }: CompiledPolicy, server: QuestionedServer | undefined): ResolverAnswer | undefined {
    return this.#kept.find(
      each =>
        each.resolver === resolver &&
        each.server?.controller === server?.controller &&
        each.server?.handler === server?.handler,
    )?.answer;
  }

  keep({ resolver }: CompiledPolicy, server: QuestionedServer | undefined, answer: ResolverAnswer): void {
    this.#kept.push({ resolver, server, answer });
  }
}

/** Asks about an actual request, once for each resolver and each who may serve it, and keeps the answer. */
export function askForActual(
  exchange: Pick<CorsExchange, 'method' | 'origin' | 'answers'>,
  policies: AppPolicies,
  policy: CompiledPolicy,
  server: QuestionedServer | undefined,
  asked: () => AskedRequest,
  done: (answer: ResolverAnswer | undefined) => void,
): void {
  const { origin = '', method } = exchange;
  if (!needsResolver(exchange.origin, policy)) {
    done(undefined);
    return;
  }
  const known = exchange.answers?.find(policy, server);
  if (known !== undefined) {
    done(known);
    return;
  }
  policies.ask({ policy, origin, method, preflight: false, server }, asked(), answer => {
    (exchange.answers ??= new Answers()).keep(policy, server, answer);
    done(answer);
  });
}

/** How many questions a preflight may ask so that its answer lists methods beside the announced one. */
const MOST_FURTHER_QUESTIONS = 4;

/**
 * Asks about a preflight: about the announced method first, one candidate after the other until one is allowed, and
 * then about the other methods that are served there, so that the answer can list them. Where that takes more than a
 * few questions, the answer lists the announced method alone.
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
  const answers = new Map<string, ResolverAnswer>();
  const isHeadGets = servesHeadByGet(target);
  const answerOf: AnswerOf = (_policy, method, candidate, member) => {
    const answer = answers.get(keyOf(method, candidate, member));
    return answer ?? (method === 'HEAD' && isHeadGets ? answers.get(keyOf('GET', candidate, member)) : undefined);
  };

  const ask = (questions: readonly Question[], whenAnswered: () => void): void => {
    // One more than there are questions: what answers at once must not end this before the last one is asked.
    let open = questions.length + 1;
    const close = () => {
      if (--open === 0) whenAnswered();
    };
    for (const { policy, method, candidate, member } of questions) {
      const server = methodIn(target, method)?.candidates[candidate]?.servers[member]?.route;
      policies.ask({ policy, origin, method, preflight: true, server }, asked(), answer => {
        answers.set(keyOf(method, candidate, member), answer);
        close();
      });
    }
    close();
  };
  const isAllowed = (candidate: number) =>
    requested.candidates[candidate]?.members.every(
      (policy, member) => judgePreflight(request, policy, answerOf(policy, requestMethod, candidate, member)).allowed,
    ) === true;
  const askFurther = () => {
    const further = target.methods.flatMap(other =>
      other === requested || (other.method === 'HEAD' && isHeadGets) ? [] : [questionsOf(request, other)],
    );
    // Several candidates of another method are told apart by what this preflight does not announce.
    const questions = further.flatMap(([only, ...others]) => (others.length === 0 ? (only ?? []) : []));
    ask(questions.length > MOST_FURTHER_QUESTIONS ? [] : questions, () => done(answerOf));
  };
  const [first, ...others] = questionsOf(request, requested).flatMap((questions, candidate) =>
    questions === undefined ? [] : [{ questions, candidate }],
  );
  ask(first?.questions ?? [], () => {
    if (first !== undefined && isAllowed(first.candidate)) {
      askFurther();
      return;
    }
    ask(
      others.flatMap(({ questions }) => questions),
      () => {
        if (others.some(({ candidate }) => isAllowed(candidate))) askFurther();
        else done(answerOf);
      },
    );
  });
}

/** Asks, and gives a promise where the answer comes later. */
export function promiseOf<Value>(ask: (done: (value: Value) => void) => void): Value | Promise<Value> {
  let answered: { readonly value: Value } | undefined;
  let whenAnswered: ((value: Value) => void) | undefined;
  ask(value => {
    answered = { value };
    whenAnswered?.(value);
  });
  return answered === undefined
    ? new Promise(resolve => (whenAnswered = resolve))
    : (answered as { value: Value }).value;
}

function keyOf(method: string, candidate: number, member: number): string {
  return [method, candidate, member].join(' ');
}

/** Whether the handlers of GET serve HEAD as well: GET's answers are HEAD's. */
function servesHeadByGet(target: Target<ServedMethod>): boolean {
  const get = methodIn(target, 'GET')?.candidates;
  const head = methodIn(target, 'HEAD')?.candidates;
  if (get?.length !== head?.length) return false;
  return (
    head?.every(({ servers }, candidate) =>
      servers.every(({ route }, member) => route === get?.[candidate]?.servers[member]?.route),
    ) === true
  );
}

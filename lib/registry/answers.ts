import { NO_ANSWERS, questionsOf, type AnswerOf, type Question } from '../decision/preflight.js';
import { methodIn } from '../decision/resource.js';
import { judgePreflight, needsResolver, type ResolverAnswer } from '../decision/reason.js';
import type { CorsRequest } from '../decision/request.js';
import type { Policy } from '../policy/compile.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import { whenKnown, type MaybePromise } from './maybe-promise.js';
import type { PolicyTable } from './policy-table.js';
import type { AskedRequest, AskedHandler, ServedResource } from './served.js';

/** What is needed of a table to call resolvers. */
type Resolvers = Pick<PolicyTable, 'ask' | 'hasResolvers' | 'debug'>;

/**
 * The resolvers' answers about one actual request. They are kept by handler: a request may be rewritten, or
 * passed on, to another handler than its path leads to.
 */
export class Answers {
  readonly #kept: {
    readonly resolver: CorsOriginResolverRef | undefined;
    readonly server: AskedHandler | undefined;
    readonly answer: ResolverAnswer;
  }[] = [];

  find({ resolver }: Policy, server: AskedHandler | undefined): ResolverAnswer | undefined {
    return this.#kept.find(
      each =>
        each.resolver === resolver &&
        each.server?.controller === server?.controller &&
        each.server?.handler === server?.handler,
    )?.answer;
  }

  keep({ resolver }: Policy, server: AskedHandler | undefined, answer: ResolverAnswer): void {
    this.#kept.push({ resolver, server, answer });
  }
}

/** What resolvers need of an actual request. */
export interface AskingRequest {
  readonly method: string;
  readonly origin: string | undefined;
  /** Made with the first answer. */
  answers: Answers | undefined;
}

/**
 * Calls the resolver of a policy about an actual request, once for each who may serve it, and keeps the answer.
 *
 * @param asked called only where a resolver is
 */
export function askForActual(
  request: AskingRequest,
  table: Pick<Resolvers, 'ask'>,
  policy: Policy,
  server: AskedHandler | undefined,
  asked: () => AskedRequest,
): MaybePromise<ResolverAnswer | undefined> {
  const { origin = '', method } = request;
  if (!needsResolver(request.origin, policy)) return undefined;
  const known = request.answers?.find(policy, server);
  if (known !== undefined) return known;
  const answer = table.ask({ policy, origin, method, preflight: false, server }, asked());
  const keep = (known: ResolverAnswer) => {
    (request.answers ??= new Answers()).keep(policy, server, known);
  };
  // The same promise: whoever waits for it comes after this, and not a turn of the microtask queue later.
  if (answer instanceof Promise) void answer.then(keep);
  else keep(answer);
  return answer;
}

/** How many further calls a preflight may make so that its answer lists further methods. */
const MOST_FURTHER_CALLS = 4;

/**
 * Calls the resolvers for a preflight: about the announced method first, one candidate after the other until one is
 * allowed; then about the other methods of the resource, so that the answer can list them. Where that takes more than a
 * few calls, the answer lists the announced method alone.
 */
export function askForPreflight(
  request: CorsRequest,
  table: Resolvers,
  resource: ServedResource,
  asked: () => AskedRequest,
): MaybePromise<AnswerOf> {
  const { requestMethod = '', origin = '' } = request;
  const announced = table.hasResolvers ? methodIn(resource, requestMethod) : undefined;
  if (announced === undefined) return NO_ANSWERS;
  const answers = new Map<string, ResolverAnswer>();
  const isHeadGets = servesHeadByGet(resource);
  const answerOf: AnswerOf = (_policy, method, candidate, member) => {
    const answer = answers.get(keyOf(method, candidate, member));
    return answer ?? (method === 'HEAD' && isHeadGets ? answers.get(keyOf('GET', candidate, member)) : undefined);
  };

  const ask = (questions: readonly Question[]): MaybePromise<unknown> => {
    const open: Promise<unknown>[] = [];
    for (const { policy, method, candidate, member } of questions) {
      const server = methodIn(resource, method)?.candidates[candidate]?.servers[member]?.route;
      const answered = whenKnown(
        table.ask({ policy, origin, method, preflight: true, server }, asked()),
        answer => void answers.set(keyOf(method, candidate, member), answer),
      );
      if (answered instanceof Promise) open.push(answered);
    }
    return open.length < 2 ? open[0] : Promise.all(open);
  };
  const isAllowed = (candidate: number) =>
    announced.candidates[candidate]?.members.every(
      (policy, member) =>
        judgePreflight(request, policy, answerOf(policy, requestMethod, candidate, member)) === 'allowed',
    ) === true;
  const askFurther = () => {
    const further = resource.methods.flatMap(other =>
      other === announced || (other.method === 'HEAD' && isHeadGets) ? [] : [questionsOf(request, other)],
    );
    // What this preflight does not announce decides between several candidates of another method.
    const questions = further.flatMap(([only, ...others]) => (others.length === 0 ? (only ?? []) : []));
    return questions.length > MOST_FURTHER_CALLS ? undefined : ask(questions);
  };
  const [first, ...others] = questionsOf(request, announced, table.debug).flatMap((questions, candidate) =>
    questions === undefined ? [] : [{ questions, candidate }],
  );
  const asking = whenKnown(ask(first?.questions ?? []), () => {
    if (first !== undefined && isAllowed(first.candidate)) return askFurther();
    return whenKnown(ask(others.flatMap(({ questions }) => questions)), () =>
      others.some(({ candidate }) => isAllowed(candidate)) ? askFurther() : undefined,
    );
  });
  return whenKnown(asking, () => answerOf);
}

function keyOf(method: string, candidate: number, member: number): string {
  return [method, candidate, member].join(' ');
}

/** Whether the handlers of GET serve HEAD as well: GET's answers are HEAD's. */
function servesHeadByGet(resource: ServedResource): boolean {
  const get = methodIn(resource, 'GET')?.candidates;
  const head = methodIn(resource, 'HEAD')?.candidates;
  if (get?.length !== head?.length) return false;
  return (
    head?.every(({ servers }, candidate) =>
      servers.every(({ route }, member) => route === get?.[candidate]?.servers[member]?.route),
    ) === true
  );
}

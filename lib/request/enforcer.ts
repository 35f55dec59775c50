import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { asArrived, policiesOf } from '../registry/cors-app.js';
import { CorsForbiddenException } from './forbidden.exception.js';
import { contestedLine } from './log-lines.js';
import { remedyOf } from '../decision/remedies.js';
import { requestText } from '../issues/text.js';
import { printable } from '../issues/text.js';
import type { Next } from '../platforms/platform.js';
import type { AppPolicies, AskedRequest, CorsExchange, QuestionedServer, RequestTarget } from './exchange.js';
import { askedRequestOf, siteOf, type PlatformRequest } from '../platforms/site.js';
import type { CompiledPolicy } from '../policy/compile.js';
import { judgeActual, rejects, type Refusal } from '../decision/reason.js';
import { needsPreflight } from '../decision/needs-preflight.js';
import { isFromElsewhere } from '../decision/same-origin.js';
import { RepeatLog } from '../issues/repeat-log.js';
import { askForActual } from '../registry/answers.js';

/** Presents a request as its platform does. */
export type Present = (request: IncomingMessage) => PlatformRequest;

const PATH_AMBIGUOUS: Refusal = Object.freeze({ allowed: false, reason: 'path-ambiguous' });
const ORIGIN_MISSING: Refusal = Object.freeze({ allowed: false, reason: 'origin-missing' });

/** Refuses what a policy refuses, wherever in the request's way that is decided. */
@Injectable()
export class CorsEnforcer {
  readonly #logger = new Logger(LOGGER_CONTEXT);
  readonly #contested = new RepeatLog();

  /**
   * A preflight was judged when its target was found: here it is enforced.
   *
   * @throws {CorsForbiddenException}
   */
  enforcePreflight(exchange: CorsExchange): void {
    const { refusal } = exchange;
    if (refusal === undefined) return;
    if (refusal.reason === 'path-ambiguous') exchange.authority.reportDoubt(exchange);
    throw this.#exception(refusal, exchange);
  }

  /**
   * Refuses an actual request of another origin that the policy of its handler does not allow: where the policy has
   * `rejectDisallowed`, and where a preflight may have been answered by the policy of another handler (versions,
   * constraints, routes that pass on, rewritten targets). What a browser sends without a preflight is let through then,
   * as everywhere.
   *
   * @throws {CorsForbiddenException}
   */
  enforceHandler(exchange: CorsExchange, policy: CompiledPolicy, handler: object, request: PlatformRequest): void {
    if (policy.rejectDisallowed) {
      if (!rejects(exchange, policy, exchange.answer) || !comesFromElsewhere(exchange, request)) return;
      throw this.#exception(refusalBy(exchange, policy, exchange.answer), exchange);
    }
    if (exchange.origin === undefined) return;
    if (exchange.response === policy.allowed) return;
    if (!isContested(exchange, policy, handler) || !comesFromElsewhere(exchange, request)) return;
    const target = requestText(exchange);
    this.#contested.report(handler, untold =>
      this.#logger.warn(contestedLine(target, printable(exchange.origin ?? ''), untold)),
    );
    throw this.#exception(refusalBy(exchange, policy, exchange.answer), exchange);
  }

  /**
   * What has to be done about an actual request before anything of the app sees it. Resolvers are asked, so that
   * whatever ends it has its headers. And it is rejected here where everyone who may serve it rejects it: where no
   * controller does, no guard sees it (raw routes, static files, GraphQL).
   *
   * @param next called with a {@link CorsForbiddenException} for what is rejected
   */
  admit(exchange: CorsExchange, next: Next, present: Present): void {
    const { policies, raw } = exchange;
    const asks = policies?.asksResolvers === true && exchange.origin !== undefined;
    if (policies === undefined || !(asks || mayBeRejected(exchange, policies))) {
      next();
      return;
    }
    let outcome: { readonly error: unknown } | undefined;
    let isLate = false;
    // Not before the lines below have ended: what is thrown by what comes next is not theirs to catch.
    const end = (error?: unknown) => {
      outcome = { error };
      if (isLate) next(error);
    };
    try {
      const request = present(raw);
      const isForeign = comesFromElsewhere(exchange, request);
      if (!isForeign && !asks) end();
      else {
        const target = policies.ofRequest(raw, true);
        askAll(exchange, policies, target, askedRequestOf(exchange, request), () => {
          try {
            const refusal = isForeign ? refusalAtEdge(exchange, target) : undefined;
            end(refusal && this.#exception(refusal, exchange));
          } catch (error) {
            // It may be called late, by a resolver that has nobody to throw to.
            end(error);
          }
        });
      }
    } catch (error) {
      end(error);
    }
    isLate = true;
    if (outcome !== undefined) next(outcome.error);
  }

  #exception(refusal: Refusal, exchange: CorsExchange): CorsForbiddenException {
    const { origin } = exchange;
    if (!policiesOf(exchange).debug) return new CorsForbiddenException(refusal.reason);
    const hint = remedyOf(refusal.reason, refusal.detail ?? '');
    this.#logger.warn(`Refused ${requestText(exchange)} from ${printable(origin ?? '')}: ${refusal.reason}. ${hint}`);
    return new CorsForbiddenException(refusal.reason, { hint });
  }
}

/** What is decided without matching a path, for nearly every request. */
function mayBeRejected(exchange: CorsExchange, policies: AppPolicies): boolean {
  if (exchange.origin === undefined && exchange.raw.headers['sec-fetch-site'] === undefined) return false;
  return policies.mayReject(exchange);
}

/** Why everyone who may serve a request of another origin rejects it; `undefined` where somebody does not. */
function refusalAtEdge(exchange: CorsExchange, { ruling, servers }: RequestTarget): Refusal | undefined {
  const answerOf = (policy: CompiledPolicy, route?: QuestionedServer) => exchange.answers?.find(policy, route);
  if (!servers.every(({ policy, route }) => rejects(exchange, policy, answerOf(policy, route)))) return undefined;
  const byRule = (ruling?.policies ?? []).map(policy => rejects(exchange, policy, answerOf(policy)));
  const isByRule = ruling?.isInDoubt === true ? byRule.includes(true) : !byRule.includes(false);
  if (!isByRule) return undefined;
  if (ruling?.isInDoubt === true && servers.length === 0) return PATH_AMBIGUOUS;
  const { policy, route } = servers[0] ?? { policy: ruling?.policies[0], route: undefined };
  return policy && refusalBy(exchange, policy, answerOf(policy, route));
}

/** Asks the resolvers of everyone who may serve a request. */
function askAll(
  exchange: CorsExchange,
  policies: AppPolicies,
  { ruling, servers }: RequestTarget,
  request: AskedRequest,
  done: () => void,
): void {
  const questions: { readonly policy: CompiledPolicy; readonly route?: QuestionedServer | undefined }[] = [
    ...(ruling?.policies ?? []).map(policy => ({ policy })),
    ...servers,
  ];
  const askFrom = (index: number): void => {
    const question = questions[index];
    if (question === undefined) done();
    else
      askForActual(
        exchange,
        policies,
        question.policy,
        question.route,
        () => request,
        () => askFrom(index + 1),
      );
  };
  askFrom(0);
}

function isContested(exchange: CorsExchange, policy: CompiledPolicy, handler: object): boolean {
  const { policies, method, raw } = exchange;
  if (policies === undefined) return false;
  const request = asArrived(exchange);
  return (
    needsPreflight(method, raw.headers, () => policies.selectingHeaders(request)) &&
    policies.isContested(request, policy, handler)
  );
}

function refusalBy(exchange: CorsExchange, policy: CompiledPolicy, answer: CorsExchange['answer']): Refusal {
  const decision = judgeActual(exchange, policy, answer);
  return decision.allowed || decision.reason === 'no-origin' ? ORIGIN_MISSING : decision;
}

function comesFromElsewhere(exchange: CorsExchange, request: PlatformRequest): boolean {
  const { origin, method, policies } = exchange;
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const site = {
    method,
    origin,
    secFetchSite: header('sec-fetch-site'),
    secFetchMode: header('sec-fetch-mode'),
    secFetchStorageAccess: header('sec-fetch-storage-access'),
    ...siteOf(request),
  };
  return isFromElsewhere(site, policies?.self);
}

import { Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { issueRouteOf } from './route.js';
import { routeLabel } from '../issues/location.js';
import { throwNotInitialized } from './policy-registry.js';
import type { PolicyTable } from './policy-table.js';
import type { ExploredApp } from '../boot/explorer.js';
import { doubtLine } from '../request/log-lines.js';
import { replacedLine } from '../request/log-lines.js';
import { requestText } from '../issues/text.js';
import { printable } from '../issues/text.js';
import type { AppPolicies, CorsExchange, RequestTarget } from '../request/exchange.js';
import type { Platform } from '../platforms/platform.js';
import type { CorsResponse } from '../policy/response.js';
import { respondToActual } from '../decision/reason.js';
import { IN_DOUBT, NO_CORS, REFUSED_PREFLIGHT } from '../decision/response-headers.js';
import { RepeatLog } from '../issues/repeat-log.js';
import type { RouteMatcher, RoutedRequest } from '../routing/route-matcher.js';

/**
 * One HTTP application: its platform, its active policies, and what they add to a response. A container may have
 * several: a `TestingModule` makes one with each `createNestApplication()`.
 */
export class CorsApp {
  readonly #logger = new Logger(LOGGER_CONTEXT);
  /** The handlers, and the policies of what has none, that were told to set CORS headers of their own. */
  readonly #told = new WeakSet<object>();

  readonly #doubts = new RepeatLog();

  /** Absent before the app is initialized. Replaced as a whole, so that no request sees half of two configurations. */
  current: PolicyTable | undefined;
  /** The routes that the policies are for. Absent before the app is initialized. */
  explored: (ExploredApp & { readonly matcher: RouteMatcher }) | undefined;
  /** Whether Nest made another app with the same adapter. */
  isShared = false;
  isClosed = false;
  whenClosed: (() => void) | undefined;

  /** @param platform absent where the module does not support it */
  constructor(
    readonly adapter: AbstractHttpAdapter,
    readonly platform: Platform | undefined,
  ) {}

  /** What to add to a response as it is flushed, whatever produced it. Never throws: it is called inside `writeHead`. */
  respondSafely(exchange: CorsExchange): CorsResponse {
    try {
      const response = respond(exchange);
      // Without an origin no page is waiting to read it.
      if (response === IN_DOUBT && exchange.origin !== undefined) this.reportDoubt(exchange);
      return response;
    } catch (error) {
      // Fails closed, and the response is sent.
      this.#logger.error(error);
      return NO_CORS;
    }
  }

  /** Warns, at most once a minute, of a request that it is in doubt which policy is for. */
  reportDoubt(exchange: CorsExchange): void {
    this.#doubts.report(this, skipped => this.#logger.warn(doubtLine(requestText(exchange), skipped)));
  }

  /** Warns, once for each route, of CORS headers that something else sets: they are never sent. */
  reportReplaced(exchange: CorsExchange, names: readonly string[]): void {
    try {
      const target = targetOf(exchange);
      if (target === undefined) return;
      const { route, policy = IN_DOUBT } = target;
      const told = route?.handler ?? policy;
      if (this.#told.has(told)) return;
      this.#told.add(told);
      const place = route && routeLabel(issueRouteOf(route));
      this.#logger.warn(replacedLine(names, place ?? `${printable(exchange.url)}, which no controller serves`));
    } catch (error) {
      this.#logger.error(error);
    }
  }
}

/** What the policy of a request adds to its response. */
export function respond(exchange: CorsExchange): CorsResponse {
  if (exchange.response !== undefined) return exchange.response;
  // A preflight that nobody decided about is refused, and so is everything before the app is ready.
  if (exchange.preflight) return REFUSED_PREFLIGHT;
  const { policy } = exchange;
  if (policy !== undefined) return respondToActual(exchange, policy, exchange.answer);
  const target = targetOf(exchange);
  if (target === undefined) return NO_CORS;
  return target.policy === undefined
    ? IN_DOUBT
    : respondToActual(exchange, target.policy, exchange.answers?.find(target.policy, serverOf(target)));
}

/**
 * The policies that a request is judged by: those of the app that it came to, never those of another app.
 *
 * @throws {Error} before `app.init()`
 */
export function policiesOf({ policies }: Pick<CorsExchange, 'policies'>): AppPolicies {
  return policies ?? throwNotInitialized();
}

/** Who is expected to answer a request that no guard has seen, where that matters to a resolver. */
export function serverOf({ route, ruling }: Pick<RequestTarget, 'route' | 'ruling'>) {
  return ruling === undefined ? route : undefined;
}

function targetOf(exchange: CorsExchange): RequestTarget | undefined {
  return exchange.policies?.ofRequest(asArrived(exchange));
}

/** The request with the method and the target it arrived with: middleware and routers rewrite them while they work. */
export function asArrived({ raw, method, url }: Pick<CorsExchange, 'raw' | 'method' | 'url'>): RoutedRequest {
  if (raw.url === url && raw.method === method) return raw;
  return Object.create(raw, { method: { value: method }, url: { value: url } }) as RoutedRequest;
}

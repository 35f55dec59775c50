import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { issueRouteOf, routeLabel } from './cors-issue.js';
import type { PolicySet } from './cors-policy.builder.js';
import { printable, replacedLine } from './messages.js';
import type { CorsExchange } from './platform/exchange.js';
import type { ResponseAuthority } from './platform/exchange-store.js';
import type { CompiledPolicy } from './policy/compile.js';
import { judgeActual } from './protocol/decision.js';
import type { TargetPolicies } from './protocol/preflight.js';
import { actualResponse, NO_CORS, REFUSED_PREFLIGHT, type CorsResponse } from './protocol/response-headers.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import type { RoutedMethods, RoutedRequest, RouteMatcher } from './routing/route-matcher.js';

/** The handlers that a preflight may be meant for, by method, and their policies. */
export interface PreflightTarget {
  readonly methods: RoutedMethods;
  readonly policies: TargetPolicies;
}

/** Holds the policies in force, and finds the one that a request falls under. */
@Injectable()
export class CorsPolicyRegistry implements ResponseAuthority {
  readonly #logger = new Logger(LOGGER_CONTEXT);
  /** The policies whose routes were told to set CORS headers of their own. */
  readonly #told = new WeakSet<CompiledPolicy>();
  #policies: PolicySet | undefined;
  #matcher: RouteMatcher | undefined;

  /** Puts a configuration into force. */
  load(policies: PolicySet, matcher: RouteMatcher): void {
    this.#policies = policies;
    this.#matcher = matcher;
  }

  /** Whether the app is initialized. */
  get isLoaded(): boolean {
    return this.#policies !== undefined;
  }

  /** @throws {Error} before `app.init()` */
  get policies(): PolicySet {
    return this.#loaded()[0];
  }

  /** Whether `rejectDisallowed` is on for anything but controllers' routes. */
  get rejectsUnrouted(): boolean {
    return this.#policies?.rejectsUnrouted ?? false;
  }

  /** The policy of the handler that runs: no path is matched, unless it is not the function that was routed. */
  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy {
    return this.policies.of(controller, handler) ?? this.ofRequest(request).policy;
  }

  /** The route that serves a request, and its policy: that of its path where no controller serves it. */
  ofRequest(request: RoutedRequest): {
    readonly route: RouteRegistration | undefined;
    readonly policy: CompiledPolicy;
  } {
    const [policies, matcher] = this.#loaded();
    const route = matcher.match(request);
    return {
      route,
      policy: route === undefined ? (this.#ruleOf(request) ?? policies.module) : this.#ofRoute(policies, route),
    };
  }

  /** The handlers that may serve what a preflight announces. */
  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): PreflightTarget {
    const [policies, matcher] = this.#loaded();
    const methods = matcher.matchPreflight(request, requestMethod, requestHeaders);
    const rule = this.#ruleOf(request);
    const ofPath = [rule ?? policies.module];
    const byMethod = [...methods].map(([method, routes]): [string, readonly CompiledPolicy[]] => [
      method,
      routes.length === 0 ? ofPath : routes.map(route => this.#ofRoute(policies, route)),
    ]);
    const target = new Map(byMethod);
    // An unknown path has a policy as well, so that a front end can read the 404.
    if (methods.size === 0) target.set(requestMethod, ofPath);
    // Beside a controller's catch-all, a rule may be for a middleware, which nobody can ask for its methods.
    const isControllers = [...methods.values()].every(routes => routes.length > 0);
    if (isControllers && rule !== undefined && !target.has(requestMethod)) target.set(requestMethod, ofPath);
    return { methods, policies: target };
  }

  /** What to add to a response as it is flushed, whatever produced it. Never throws: it is called inside `writeHead`. */
  respondSafely(exchange: CorsExchange, request: IncomingMessage): CorsResponse {
    try {
      return this.respond(exchange, request);
    } catch (error) {
      // Fails closed, and the response is sent.
      this.#logger.error(error);
      return NO_CORS;
    }
  }

  /** What the policy of a request adds to its response. */
  respond(exchange: CorsExchange, request: IncomingMessage): CorsResponse {
    if (exchange.response !== undefined) return exchange.response;
    // A preflight that nobody decided about is refused, and so is everything before the app is ready.
    if (exchange.preflight) return REFUSED_PREFLIGHT;
    if (this.#policies === undefined) return NO_CORS;
    const policy = this.#policyOf(exchange, request);
    return actualResponse(policy, judgeActual(exchange.request, policy));
  }

  /** Warns, once for each route, of CORS headers that something else sets: they are never sent. */
  reportReplaced(exchange: CorsExchange, request: IncomingMessage, names: readonly string[]): void {
    if (this.#policies === undefined) return;
    try {
      const policy = this.#policyOf(exchange, request);
      if (this.#told.has(policy)) return;
      this.#told.add(policy);
      const { route } = this.ofRequest(asArrived(request, exchange));
      const place = route && routeLabel(issueRouteOf(route));
      this.#logger.warn(replacedLine(names, place ?? `${printable(exchange.url)}, which no controller serves`));
    } catch (error) {
      this.#logger.error(error);
    }
  }

  /** That of the handler that ran, or of what would have served the request. */
  #policyOf(exchange: CorsExchange, request: IncomingMessage): CompiledPolicy {
    return exchange.policy ?? this.ofRequest(asArrived(request, exchange)).policy;
  }

  /** The policy of the first rule for a request's path. */
  #ruleOf(request: RoutedRequest): CompiledPolicy | undefined {
    const [{ rules }, matcher] = this.#loaded();
    const path = rules.length === 0 ? undefined : matcher.pathOf(request);
    return path === undefined ? undefined : rules.find(({ matches }) => matches(path))?.policy;
  }

  #ofRoute(policies: PolicySet, { controller, handler }: RouteRegistration): CompiledPolicy {
    const policy = policies.of(controller, handler);
    if (policy === undefined) throw new Error(`No policy was built for ${controller.name}.${handler.name}`);
    return policy;
  }

  #loaded(): readonly [PolicySet, RouteMatcher] {
    if (this.#policies === undefined || this.#matcher === undefined) {
      throw new Error(
        'CORS policies are known once the application is initialized: call app.init() or app.listen() first',
      );
    }
    return [this.#policies, this.#matcher];
  }
}

/** The request with the target it arrived with: routers rewrite `req.url` while they work. */
function asArrived(request: IncomingMessage, { url }: CorsExchange): IncomingMessage {
  return Object.create(request, { url: { value: url } }) as IncomingMessage;
}

import { Inject, Injectable } from '@nestjs/common';
import { CorsPolicyLoader } from './boot/loader.js';
import { CorsPolicyRegistry } from './registry/policy-registry.js';
import { stateChangingOrigins } from './boot/warnings/csrf-protection.js';
import { type CorsIssue } from './issues/issue.js';
import { locationLabel } from './issues/location.js';
import {} from './issues/location.js';
import { describeRoute, locationOfLevel, type CorsRoute } from './registry/route.js';
import { remedyOf } from './decision/remedies.js';
import type { Server, ServingCandidate } from './request/exchange.js';
import type { CompiledPolicy, PolicyProvenance } from './policy/compile.js';
import { headersFor, type CorsResponse } from './policy/response.js';
import { isAnnounced } from './policy/names/headers.js';
import type { EffectiveCorsPolicy } from './policy/options.js';
import type { CheckedModuleOptions } from './policy/compile-time.js';
import {
  judgeActual,
  judgePreflight,
  respondToActual,
  type CorsReason,
  type Decision,
  type Refusal,
  type ResolverAnswer,
} from './decision/reason.js';
import { judgeTarget, methodIn, refusalOf, type AnswerOf } from './decision/preflight.js';
import { corsRequestOf, type CorsRequest } from './decision/request.js';
import { IN_DOUBT } from './decision/response-headers.js';
import { askForActual, askForPreflight, promiseOf } from './registry/answers.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import { makeRequest, methodsByPath } from './routing/route-matcher.js';

/**
 * A request to explain: what a browser would announce and then send.
 *
 * @publicApi
 */
export interface CorsQuery {
  /** The method of the actual request. */
  readonly method: string;
  /** The path, with the query if there is one. */
  readonly url: string;
  /** The `Origin` header; leave it out for a request that is not cross-origin. */
  readonly origin?: string;
  /** The `Host` header, for controllers that are bound to hosts. */
  readonly host?: string;
  /** The headers that the script sets, for `Access-Control-Request-Headers` and for versions. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a request would be answered.
 *
 * @publicApi
 */
export interface CorsVerdict {
  /** Whether the policy allows it. */
  readonly allowed: boolean;
  /** `'allowed'`, or why not. */
  readonly reason: CorsReason;
  /** The response headers that the CORS protocol adds. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Why a request is allowed or refused.
 *
 * @publicApi
 */
export interface CorsExplanation {
  /** The handler that serves the request; absent where it is not of a controller. */
  readonly route?: CorsRoute;
  /** The handlers that its preflight may be meant for: more than one only where it cannot tell. */
  readonly candidates: readonly CorsRoute[];
  /** The policy that the actual request is judged by. */
  readonly policy: EffectiveCorsPolicy;
  /** Which level stated each field of the policy. */
  readonly provenance: PolicyProvenance;
  /** What its preflight is answered; also for a request that needs none. */
  readonly preflight: CorsVerdict;
  /** What its response carries. */
  readonly actual: CorsVerdict;
  /** The smallest change that would allow what is refused. */
  readonly hint?: string;
}

/**
 * A route and the policy in force on it.
 *
 * @publicApi
 */
export interface CorsRoutePolicy {
  /** The route of a controller. */
  readonly route: CorsRoute;
  /** Every field, resolved. */
  readonly policy: EffectiveCorsPolicy;
  /** Which level stated each field of the policy. */
  readonly provenance: PolicyProvenance;
}

/**
 * Tells what the CORS policies of the running app are, and why a request is allowed or refused.
 *
 * @publicApi
 */
@Injectable()
export class CorsService {
  constructor(
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
    @Inject(CorsPolicyLoader) private readonly loader: CorsPolicyLoader,
  ) {}

  /**
   * What is legal in the configuration but probably wrong. Logged once at boot.
   *
   * @throws an `Error` before `app.init()`
   */
  get warnings(): readonly CorsIssue[] {
    return this.registry.table.warnings;
  }

  /**
   * Every route of the app with its policy, in the order in which Nest registers them. Of several apps of one
   * `TestingModule`, the one that was initialized last is shown, here and in `explain()` and `warnings`.
   *
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * for (const { route, policy } of app.get(CorsService).policies()) {
   *   console.log(route.method, route.path, policy.origin);
   * }
   * ```
   */
  policies(): readonly CorsRoutePolicy[] {
    const { routes } = this.registry.table;
    const methods = methodsByPath(routes.map(({ route }) => route));
    return routes.map(({ route, policy }) => ({
      route: describeRoute(route),
      policy: effective(policy, methods.get(route.path) ?? []),
      provenance: policy.provenance,
    }));
  }

  /**
   * The exact origins that some policy allows to send state-changing requests (any method but `GET`, `HEAD` and
   * `OPTIONS`), in the form of the option of Nest 12's `enableCsrfProtection()`. Patterns are not among them:
   * that option takes none. Origins it trusts are trusted on every route, so keep such policies narrow.
   *
   * Can be called before the app is initialized, as that option is needed then.
   *
   * @throws {@link CorsConfigurationError} where the configuration is in error
   * @example
   * ```ts
   * app.enableCsrfProtection({ trustedOrigins: app.get(CorsService).trustedOrigins() });
   * ```
   */
  trustedOrigins(): string[] {
    return stateChangingOrigins(this.registry.current ?? this.loader.preview());
  }

  /**
   * Puts other options into force while the app runs. They are checked as at boot, against the app's routes and
   * decorators; where anything is wrong, nothing changes. Requests under way finish under the policies that they
   * arrived at. Of several reloads, the one that was asked for last stays. Several apps of one `TestingModule` are
   * reloaded together.
   *
   * @param options whole: they replace the present ones, and are not merged over them
   * @throws a {@link CorsConfigurationError} with every problem of the options: nothing has changed then
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * await app.get(CorsService).reload({ origin: await loadOrigins() });
   * ```
   */
  async reload<const Written>(options: CheckedModuleOptions<Written>): Promise<void> {
    await this.loader.reload(options);
  }

  /**
   * Explains what a request and its preflight are answered, and why.
   *
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * await app.get(CorsService).explain({ method: 'PUT', url: '/cats/1', origin: 'https://app.example.com' });
   * ```
   */
  async explain(query: CorsQuery): Promise<CorsExplanation> {
    const request = makeRequest(query);
    const announced = Object.entries(query.headers ?? {}).flatMap(([name, value]) =>
      isAnnounced(name, value) ? name.toLowerCase() : [],
    );
    const preflightRequest = {
      ...corsRequestOf('OPTIONS', {}),
      origin: query.origin,
      requestMethod: query.method,
      requestHeaders: announced.length === 0 ? undefined : announced.join(', '),
    };
    const policies = this.registry.table;
    const asked = () => ({ url: query.url, host: query.host ?? '', headers: request.headers });
    const target = policies.ofPreflight(request, query.method, preflightRequest.requestHeaders ?? '');
    const answerOf = await promiseOf<AnswerOf>(done =>
      askForPreflight(preflightRequest, policies, target, asked, done),
    );
    const outcome = judgeTarget(preflightRequest, target, answerOf);
    const { route, ruling, policy, servers } = policies.ofRequest(request);
    // What a controller's route serves has the policy of its handler, whatever a rule says about the path.
    const server = route && servers.find(each => each.route === route);
    // In doubt, the first of the policies that may be meant is shown.
    const shown = server?.policy ?? policy ?? ruling?.policies[0] ?? (servers[0] as Server).policy;
    const isInDoubt = server === undefined && policy === undefined;
    const actualRequest = { ...preflightRequest, method: query.method };
    const exchange: Parameters<typeof askForActual>[0] = { ...actualRequest, answers: undefined };
    const answer = await promiseOf<ResolverAnswer | undefined>(done =>
      askForActual(exchange, policies, shown, route, asked, done),
    );
    const decision: Decision = isInDoubt
      ? { allowed: false, reason: 'path-ambiguous' }
      : judgeActual(actualRequest, shown, answer);
    // Of several candidates, the one that is meant is the one to change.
    const candidates = methodIn(target, query.method)?.candidates ?? [];
    const meant = refusalOfServer(preflightRequest, candidates, route, answerOf);
    const routed = target.methods.flatMap(each => (each.isKnown ? [each.method] : []));
    const refused = outcome.allowed ? undefined : refusalOf(preflightRequest, target, answerOf);
    const refusal = meant ?? refused ?? refusalIn(decision);
    const response = isInDoubt ? IN_DOUBT : respondToActual(actualRequest, shown, answer);
    return {
      ...(route && { route: describeRoute(route) }),
      candidates: candidates.flatMap(({ servers: each }) =>
        each.flatMap(server => (server.route === undefined ? [] : [describeRoute(server.route)])),
      ),
      policy: effective(shown, routed),
      provenance: shown.provenance,
      preflight: verdict(refused, outcome.response, query.origin),
      actual: verdict(refusalIn(decision), response, query.origin),
      ...(refusal && { hint: remedyOf(refusal.reason, refusal.detail ?? '', whereToChange(refusal, shown, route)) }),
    };
  }
}

/** Why the route that serves a request refuses its preflight, if it does. */
function refusalOfServer(
  request: CorsRequest,
  candidates: readonly ServingCandidate[],
  route: RouteRegistration | undefined,
  answerOf: AnswerOf,
): Refusal | undefined {
  if (route === undefined) return undefined;
  for (const [candidate, { servers }] of candidates.entries()) {
    const member = servers.findIndex(each => each.route === route);
    const policy = servers[member]?.policy;
    if (policy === undefined) continue;
    return refusalIn(judgePreflight(request, policy, answerOf(policy, request.requestMethod ?? '', candidate, member)));
  }
  return undefined;
}

/** The field of a policy that each refusal comes from. */
const FIELDS = {
  'no-cross-origin-access': 'origin',
  'origin-not-allowed': 'origin',
  'resolver-denied': 'origin',
  'resolver-failed': 'origin',
  'method-not-allowed': 'methods',
  'header-not-allowed': 'allowedHeaders',
} as const satisfies Partial<Record<CorsReason, keyof EffectiveCorsPolicy>>;

/** The place where the field that refuses was stated, in words. */
function whereToChange(
  { reason }: Refusal,
  { provenance }: CompiledPolicy,
  route: RouteRegistration | undefined,
): string | undefined {
  if (!(reason in FIELDS)) return undefined;
  const source = provenance[FIELDS[reason as keyof typeof FIELDS]];
  if (source === 'route') return 'the rule for this path';
  return locationLabel(locationOfLevel(source, route));
}

function refusalIn(judged: Decision | undefined): Refusal | undefined {
  return judged === undefined || judged.allowed ? undefined : judged;
}

function effective(policy: CompiledPolicy, routed: readonly string[]): EffectiveCorsPolicy {
  const { methods } = policy.stated;
  return { ...policy.stated, methods: methods?.filter(method => routed.includes(method)) ?? routed };
}

function verdict(refusal: Refusal | undefined, response: CorsResponse, origin: string | undefined): CorsVerdict {
  const headers = headersFor(response, origin);
  const all = response.vary === '' ? headers : [...headers, ['Vary', response.vary] as const];
  return { allowed: refusal === undefined, reason: refusal?.reason ?? 'allowed', headers: Object.fromEntries(all) };
}

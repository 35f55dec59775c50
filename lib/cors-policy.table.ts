import type { CorsIssue } from './cors-issue.js';
import type { PolicySet, RoutePolicy } from './cors-policy.set.js';
import type { BoundResolvers } from './cors-origin-resolvers.js';
import type { AppPolicies, AskedRequest, RequestTarget, ResolverQuestion, RoutedTarget } from './platform/exchange.js';
import type { CompiledPolicy } from './policy/compile.js';
import type { ResolverAnswer } from './protocol/decision.js';
import { methodIn } from './protocol/preflight.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import type { Candidates, RoutedRequest, RouteMatcher } from './routing/route-matcher.js';

/** One configuration in force: its policies, the routes they are for, and the resolvers they ask. Immutable. */
export class PolicyTable implements AppPolicies {
  /** What a route alone serves: nearly always there is one candidate, and no list is made for it. */
  readonly #alone = new Map<RouteRegistration, readonly CompiledPolicy[]>();

  constructor(
    private readonly set: PolicySet,
    private readonly matcher: RouteMatcher,
    private readonly resolvers: BoundResolvers,
  ) {}

  get debug(): boolean {
    return this.set.debug;
  }

  get rejectsUnrouted(): boolean {
    return this.set.rejectsUnrouted;
  }

  get asksResolvers(): boolean {
    return this.resolvers.size > 0;
  }

  get warnings(): readonly CorsIssue[] {
    return this.set.warnings;
  }

  get routes(): readonly RoutePolicy[] {
    return this.set.routes;
  }

  get rules(): PolicySet['rules'] {
    return this.set.rules;
  }

  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy {
    return this.set.of(controller, handler) ?? this.ofRequest(request).policy;
  }

  ofRequest(request: RoutedRequest): RequestTarget {
    const route = this.matcher.match(request);
    const policy = route === undefined ? (this.#ruleOf(request) ?? this.set.module) : this.#ofRoute(route);
    return { route, policy };
  }

  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): readonly RoutedTarget[] {
    const rule = this.#ruleOf(request);
    const ofPath = [rule ?? this.set.module];
    const target = this.matcher
      .matchPreflight(request, requestMethod, requestHeaders)
      .map(({ method, routes }): RoutedTarget => ({
        method,
        routes,
        policies: routes.length === 0 ? ofPath : this.#ofRoutes(routes),
      }));
    // An unknown path has a policy as well, so that a front end can read the 404. Beside a controller's catch-all, a
    // rule may be for a middleware, which nobody can ask for its methods.
    const isMiddlewares = rule !== undefined && target.every(({ routes }) => routes?.length !== 0);
    if (target.length === 0 || (isMiddlewares && methodIn(target, requestMethod) === undefined)) {
      target.push({ method: requestMethod, routes: undefined, policies: ofPath });
    }
    return target;
  }

  ask(
    { policy, origin, ...question }: ResolverQuestion,
    request: AskedRequest,
  ): ResolverAnswer | Promise<ResolverAnswer> {
    const ask = policy.resolver && this.resolvers.get(policy.resolver);
    return ask === undefined ? 'failed' : ask(origin, { ...request, ...question });
  }

  /** The same with another matcher: the platform went on registering. */
  withMatcher(matcher: RouteMatcher): PolicyTable {
    return new PolicyTable(this.set, matcher, this.resolvers);
  }

  /** The policy of the first rule for a request's path. */
  #ruleOf(request: RoutedRequest): CompiledPolicy | undefined {
    const { rules } = this.set;
    const path = rules.length === 0 ? undefined : this.matcher.pathOf(request);
    return path === undefined ? undefined : rules.find(({ matches }) => matches(path))?.policy;
  }

  #ofRoutes(routes: Candidates): readonly CompiledPolicy[] {
    const [first] = routes;
    if (first === undefined || routes.length > 1) return routes.map(route => this.#ofRoute(route));
    const known = this.#alone.get(first);
    if (known !== undefined) return known;
    const policies = [this.#ofRoute(first)];
    this.#alone.set(first, policies);
    return policies;
  }

  #ofRoute({ controller, handler }: RouteRegistration): CompiledPolicy {
    const policy = this.set.of(controller, handler);
    if (policy === undefined) throw new Error(`No policy was built for ${controller.name}.${handler.name}`);
    return policy;
  }
}

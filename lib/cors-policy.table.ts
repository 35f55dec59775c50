import type { CorsIssue } from './cors-issue.js';
import type { PolicySet, RoutePolicy } from './cors-policy.set.js';
import type { BoundResolvers } from './cors-origin-resolvers.js';
import type { AppPolicies, AskedRequest, RequestTarget, ResolverQuestion, ServedMethod } from './platform/exchange.js';
import type { CompiledPolicy } from './policy/compile.js';
import type { ResolverAnswer } from './protocol/decision.js';
import { createTarget, type Target } from './protocol/preflight.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import type { RoutedMethods, RoutedRequest, RouteMatcher } from './routing/route-matcher.js';

/** One configuration in force: its policies, the routes they are for, and the resolvers they ask. Immutable. */
export class PolicyTable implements AppPolicies {
  /** The targets of paths without a rule: matchers hand out the same object for what the same routes serve. */
  readonly #targets = new WeakMap<RoutedMethods, Target<ServedMethod>>();

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

  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): Target<ServedMethod> {
    const rule = this.#ruleOf(request);
    const routed = this.matcher.matchPreflight(request, requestMethod, requestHeaders);
    if (rule !== undefined) return this.#targetUnder(rule, routed, requestMethod);
    // An unknown path has a policy as well, so that a front end can read the 404.
    if (routed.length === 0) return createTarget([this.#unknown(requestMethod, this.set.module)]);
    const known = this.#targets.get(routed);
    if (known !== undefined) return known;
    const target = createTarget(this.#servedMethods(routed, this.set.module));
    this.#targets.set(routed, target);
    return target;
  }

  ask(
    { policy, origin, method, preflight, server }: ResolverQuestion,
    { url, host, headers }: AskedRequest,
    done: (answer: ResolverAnswer) => void,
  ): void {
    const ask = policy.resolver && this.resolvers.get(policy.resolver);
    if (ask === undefined) done('failed');
    // Written out: to spread three small objects takes longer than all that is done with them.
    else if (server === undefined) ask(origin, { method, url, host, headers, preflight }, done);
    else {
      const { controller, handler } = server;
      ask(origin, { method, url, host, headers, preflight, controller, handler }, done);
    }
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

  #targetUnder(rule: CompiledPolicy, routed: RoutedMethods, requestMethod: string): Target<ServedMethod> {
    const methods = this.#servedMethods(routed, rule);
    // Beside a controller's catch-all, a rule may be for a middleware, which nobody can ask for its methods.
    const isMiddlewares = methods.every(({ routes }) => routes?.length !== 0);
    const isKnown = methods.some(({ method }) => method === requestMethod);
    return createTarget(isMiddlewares && !isKnown ? [...methods, this.#unknown(requestMethod, rule)] : methods);
  }

  /** @param ofPath the policy of what is not of a controller */
  #servedMethods(routed: RoutedMethods, ofPath: CompiledPolicy): readonly ServedMethod[] {
    return routed.map(({ method, routes }) => ({
      method,
      routes,
      policies: routes.length === 0 ? [ofPath] : routes.map(route => this.#ofRoute(route)),
    }));
  }

  #unknown(method: string, policy: CompiledPolicy): ServedMethod {
    return { method, routes: undefined, policies: [policy] };
  }

  #ofRoute({ controller, handler }: RouteRegistration): CompiledPolicy {
    const policy = this.set.of(controller, handler);
    if (policy === undefined) throw new Error(`No policy was built for ${controller.name}.${handler.name}`);
    return policy;
  }
}

import type { CorsIssue } from '../issues/issue.js';
import type { PolicySet } from './table-rows.js';
import type { RoutePolicy } from './table-rows.js';
import type { BoundResolvers } from '../resolvers/bind.js';
import type {
  AppPolicies,
  AskedRequest,
  RequestTarget,
  ResolverQuestion,
  ServedMethod,
  Server,
  ServingCandidate,
} from '../request/exchange.js';
import type { CompiledPolicy } from '../policy/compile.js';
import { samePolicy } from '../policy/same-policy.js';
import { rejects, type ResolverAnswer } from '../decision/reason.js';
import { createCandidate, createTarget, type Target } from '../decision/preflight.js';
import type { CorsRequest } from '../decision/request.js';
import type { SelfOrigins } from '../decision/same-origin.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import { sampleOf } from '../routing/path-rules.js';
import type { Chain, RoutedMethods, RoutedRequest, RouteMatcher } from '../routing/route-matcher.js';
import type { Ruling } from './rule-book.js';

/** One configuration in force: its policies, the routes they are for, and the resolvers they ask. Immutable. */
export class PolicyTable implements AppPolicies {
  /**
   * Matchers hand out the same object for what the same routes serve. For each, the targets by the policy of what no
   * controller serves there: as many as there are rules, at most.
   */
  readonly #targets = new WeakMap<RoutedMethods, Map<CompiledPolicy | undefined, Target<ServedMethod>>>();

  constructor(
    private readonly set: PolicySet,
    private readonly matcher: RouteMatcher,
    private readonly resolvers: BoundResolvers,
  ) {}

  get debug(): boolean {
    return this.set.debug;
  }

  get self(): SelfOrigins | undefined {
    return this.set.self;
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

  get module(): CompiledPolicy {
    return this.set.module;
  }

  get rules(): PolicySet['rules'] {
    return this.set.rules;
  }

  mayReject(request: CorsRequest): boolean {
    const { rejecting } = this.set;
    for (let index = 0; index < rejecting.length; index++) {
      // The last of many stands for those that are not looked at.
      if (index === MOST_COMPARED || rejects(request, rejecting[index] as CompiledPolicy)) return true;
    }
    return false;
  }

  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy | undefined {
    return this.set.of(controller, handler) ?? this.ofRequest(request).policy;
  }

  ofRequest(request: RoutedRequest, isEarly = false): RequestTarget {
    const ruling = this.set.rules.ruleOn(request.url);
    const chains = this.matcher.match(request, isEarly);
    const route = chains[0]?.[0];
    const servers = chains.flatMap(chain => this.#serversOf(chain, ruling));
    if (ruling !== undefined) return { route, ruling, servers, policy: policyUnder(ruling) };
    // Nothing is routed: the app answers 404.
    if (servers.length === 0) servers.push({ route: undefined, policy: this.set.module });
    const [first] = servers as [Server];
    const isKnown =
      chains.length < 2 ||
      servers.every(({ policy }) => samePolicy(policy, first.policy) && policy.resolver === undefined);
    return { route, ruling, servers, policy: isKnown ? first.policy : undefined };
  }

  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): Target<ServedMethod> {
    const ruling = this.set.rules.ruleOn(request.url);
    const routed = this.matcher.matchPreflight(request, requestMethod, requestHeaders);
    const policy = ruling === undefined ? this.set.module : policyUnder(ruling);
    if (policy !== undefined && this.#isUnknown(request, routed, requestMethod, ruling)) {
      return createTarget([...this.#servedMethods(routed, ruling), unknown(requestMethod, policy)]);
    }
    const ofRoutes = this.#targets.get(routed) ?? new Map<CompiledPolicy | undefined, Target<ServedMethod>>();
    this.#targets.set(routed, ofRoutes);
    const known = ofRoutes.get(policy);
    if (known !== undefined) return known;
    const target = createTarget(this.#servedMethods(routed, ruling), { isInDoubt: policy === undefined });
    ofRoutes.set(policy, target);
    return target;
  }

  isContested(request: RoutedRequest, policy: CompiledPolicy, handler: unknown): boolean {
    const ruling = this.set.rules.ruleOn(request.url);
    const routes = this.matcher.rivals(request).flat();
    // Of an unknown path, the policy that a preflight for it is judged by.
    const rivals = routes.length === 0 ? [undefined] : routes;
    return rivals.some(route => {
      // A resolver knows the handler, and may answer otherwise for another one.
      const mayDiffer = policy.resolver !== undefined && route?.handler !== handler;
      return mayDiffer || !samePolicy(this.#policyOf(route, ruling), policy);
    });
  }

  selectingHeaders(request: RoutedRequest): readonly string[] {
    return this.matcher.selectingHeaders(request);
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
  withMatcher(matcher: RouteMatcher = this.matcher): PolicyTable {
    return new PolicyTable(this.set, matcher, this.resolvers);
  }

  /**
   * Whether nothing is known to serve a method, and something may: a path that is unknown has a policy, so that a front
   * end can read the 404. Under a rule a middleware may serve it, which nobody can ask for its methods; but where a raw
   * route is what the rule is for, its methods are known.
   */
  #isUnknown(
    request: RoutedRequest,
    routed: RoutedMethods,
    requestMethod: string,
    ruling: Ruling | undefined,
  ): boolean {
    if (routed.length === 0) return true;
    if (ruling === undefined || routed.some(({ method }) => method === requestMethod)) return false;
    const paths = this.matcher.rawPaths(request).map(sampleOf);
    return !paths.some(path => this.set.rules.ruleOn(path)?.policies[0] === ruling.policies[0]);
  }

  #servedMethods(routed: RoutedMethods, ruling: Ruling | undefined): readonly ServedMethod[] {
    return routed.map(({ method, candidates }) => ({
      method,
      isKnown: true,
      candidates: candidates.flatMap(chain => this.#candidateOf(chain, ruling) ?? []),
    }));
  }

  /** @returns `undefined` where it is in doubt which rule what is raw in the chain is under */
  #candidateOf(chain: Chain, ruling: Ruling | undefined): ServingCandidate | undefined {
    if (ruling?.isInDoubt === true && chain.includes(undefined)) return undefined;
    const servers = chain.map(route => ({ route, policy: this.#policyOf(route, ruling) }));
    // Members with one policy agree, unless a resolver decides by handler.
    const distinct = servers.filter(
      ({ policy }, index) =>
        policy.resolver !== undefined || servers.findIndex(each => each.policy === policy) === index,
    ) as [Server, ...Server[]];
    const [first, ...others] = distinct;
    return { ...createCandidate([first.policy, ...others.map(({ policy }) => policy)]), servers: distinct };
  }

  /** Those of a chain who are not under a rule: of whom that is in doubt is under none. */
  #serversOf(chain: Chain, ruling: Ruling | undefined): readonly Server[] {
    return chain
      .filter(route => route !== undefined || ruling === undefined)
      .map(route => ({ route, policy: this.#policyOf(route, ruling) }));
  }

  #policyOf(route: RouteRegistration | undefined, ruling: Ruling | undefined): CompiledPolicy {
    if (route === undefined) return ruling?.policies[0] ?? this.set.module;
    const { controller, handler } = route;
    const policy = this.set.of(controller, handler);
    if (policy === undefined) throw new Error(`No policy was built for ${controller.name}.${handler.name}`);
    return policy;
  }
}

/** How many policies are compared with each request before its path is matched to tell which of them it is. */
const MOST_COMPARED = 8;

/** The policy of what no controller serves at a path; `undefined` where that is in doubt. */
function policyUnder({ policies, isInDoubt }: Ruling): CompiledPolicy | undefined {
  return isInDoubt ? undefined : policies[0];
}

/** A method that nothing is known to serve at a path. */
function unknown(method: string, policy: CompiledPolicy): ServedMethod {
  const candidate = { ...createCandidate([policy]), servers: [{ route: undefined, policy }] };
  return { method, isKnown: false, candidates: [candidate] };
}

import { createCandidate, createResource } from '../decision/resource.js';
import { rejects, type ResolverAnswer } from '../decision/reason.js';
import type { CorsRequest } from '../decision/request.js';
import { selfOriginsOf, type SelfOrigins } from '../decision/same-origin.js';
import type { CorsIssue } from '../issues/issue.js';
import type { Policy } from '../policy/compile.js';
import { sameAccess } from '../policy/same-policy.js';
import type { BoundResolvers } from '../resolvers/bind.js';
import { LastOf } from '../routing/last-of.js';
import type { Route } from '../routing/route.js';
import { sampleOf } from '../routing/path-rules.js';
import type { Chain, MatchedMethods, PreflightMatch, RoutedRequest, RouteMatcher } from '../routing/route-matcher.js';
import type { HandshakeBook, HandshakeJudge } from './handshake-book.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Ruling } from './rule-book.js';
import type { RoutePolicy, TableRows } from './table-rows.js';
import type {
  AskedRequest,
  ResolverCall,
  ServedRequest,
  ServedResource,
  ServedResourceMethod,
  Server,
  ServerCandidate,
} from './served.js';

/** A path, as preflights meet it. */
interface KnownPath {
  readonly methods: MatchedMethods;
  /** By the policy of what no controller serves there: as many as there are rules, at most. */
  readonly resources: Map<Policy | undefined, ServedResource>;
}

/** The policies of one configuration, by handler, by request and by preflight. Immutable. */
export class PolicyTable {
  /** The app's own origins, where the options list them. */
  readonly self: SelfOrigins | undefined;
  /** The one cache for preflights: what matches alike is made once. */
  readonly #paths = new LastOf<unknown, KnownPath>();

  constructor(
    private readonly rows: TableRows,
    private readonly matcher: RouteMatcher,
    private readonly resolvers: BoundResolvers,
  ) {
    const { self } = rows.options;
    this.self = self && selfOriginsOf(self);
  }

  get handshakes(): HandshakeBook {
    return this.rows.handshakes;
  }

  get handshakeMode(): TableRows['options']['handshakes'] {
    return this.rows.options.handshakes;
  }

  /** A policy of the option `policies`. */
  policyNamed(name: string): Policy | undefined {
    return this.rows.named.get(name);
  }

  get debug(): boolean {
    return this.rows.options.debug;
  }

  get hasResolvers(): boolean {
    return this.resolvers.size > 0;
  }

  get warnings(): readonly CorsIssue[] {
    return this.rows.warnings;
  }

  get routes(): readonly RoutePolicy[] {
    return this.rows.routes;
  }

  /** The route of a handler: the first one, where it has several paths. */
  routeOf(controller: unknown, handler: unknown): Route | undefined {
    return this.routes.find(({ route }) => route.controller === controller && route.handler === handler)?.route;
  }

  get module(): Policy {
    return this.rows.module;
  }

  get rules(): TableRows['rules'] {
    return this.rows.rules;
  }

  /** Whether some policy rejects this request, if it comes from elsewhere: matches no path, and may err to `true`. */
  mayReject(request: CorsRequest): boolean {
    const { rejecting } = this.rows;
    for (let index = 0; index < rejecting.length; index++) {
      // The last of many stands for those that are not looked at.
      if (index === MOST_COMPARED || rejects(request, rejecting[index] as Policy)) return true;
    }
    return false;
  }

  /** The policy of the handler that runs: no path is matched, unless the handler is not the function that was routed. */
  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): Policy | undefined {
    return this.rows.of(controller, handler) ?? this.ofRequest(request).policy;
  }

  /**
   * Who may serve a request.
   *
   * @param isEarly whether no middleware of the app has seen it: see {@link RouteMatcher.match}
   */
  ofRequest(request: RoutedRequest, isEarly = false): ServedRequest {
    const ruling = this.rows.rules.ruleOn(request.url);
    const chains = this.matcher.match(request, isEarly);
    const route = chains[0]?.[0];
    const servers = chains.flatMap(chain => this.#serversOf(chain, ruling));
    if (ruling !== undefined) {
      return { route, ruling, servers, policy: policyUnder(ruling), policies: ruling.policies };
    }
    // Nothing is routed: the app answers 404.
    if (servers.length === 0) servers.push({ route: undefined, policy: this.rows.module });
    const [first] = servers as [Server];
    if (chains.length < 2) return { route, ruling, servers, policy: first.policy, policies: [first.policy] };
    const policies = servers.map(({ policy }) => policy);
    const isKnown = policies.every(policy => sameAccess(policy, first.policy) && policy.resolver === undefined);
    return { route, ruling, servers, policy: isKnown ? first.policy : undefined, policies };
  }

  /** The routes that a preflight may be about. */
  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): ServedResource {
    const ruling = this.rows.rules.ruleOn(request.url);
    const path = this.#pathOf(this.matcher.matchPreflight(request, requestMethod, requestHeaders));
    const policy = ruling === undefined ? this.rows.module : policyUnder(ruling);
    if (policy !== undefined && this.#isUnknown(request, path.methods, requestMethod, ruling)) {
      return createResource([...this.#servedMethods(path.methods, ruling), unknown(requestMethod, policy)]);
    }
    const known = path.resources.get(policy);
    if (known !== undefined) return known;
    const resource = createResource(this.#servedMethods(path.methods, ruling), { isInDoubt: policy === undefined });
    path.resources.set(policy, resource);
    return resource;
  }

  #pathOf(match: PreflightMatch | undefined): KnownPath {
    const make = (): KnownPath => ({ methods: match?.methods() ?? [], resources: new Map() });
    return match?.key === undefined ? make() : this.#paths.get(match.key, make);
  }

  /** Whether the preflight of an actual request may have been judged by another policy than this one. */
  isContested(request: RoutedRequest, policy: Policy, handler: unknown): boolean {
    const ruling = this.rows.rules.ruleOn(request.url);
    const routes = this.matcher.rivals(request).flat();
    // Of an unknown path, the policy that a preflight for it is judged by.
    const rivals = routes.length === 0 ? [undefined] : routes;
    return rivals.some(route => {
      // A resolver knows the handler, and may answer otherwise for another one.
      const mayDiffer = policy.resolver !== undefined && route?.handler !== handler;
      return mayDiffer || !sameAccess(this.#policyOf(route, ruling), policy);
    });
  }

  /** The request headers that its route is chosen by: see {@link RouteMatcher.selectingHeaders}. */
  selectingHeaders(request: RoutedRequest): readonly string[] {
    return this.matcher.selectingHeaders(request);
  }

  /** Calls a policy's resolver. Never throws or rejects. */
  ask(
    { policy, origin, method, preflight, server }: ResolverCall,
    { url, host, headers }: AskedRequest,
  ): MaybePromise<ResolverAnswer> {
    const ask = policy.resolver && this.resolvers.get(policy.resolver);
    if (ask === undefined) return 'failed';
    // Written out: to spread three small objects takes longer than all that is done with them.
    if (server === undefined) return ask(origin, { method, url, host, headers, preflight });
    const { controller, handler } = server;
    return ask(origin, { method, url, host, headers, preflight, controller, handler });
  }

  /** The same about a WebSocket handshake. Never throws or rejects. */
  askAboutHandshake(
    { policy, gateway }: HandshakeJudge,
    origin: string,
    { method, url, host, headers }: AskedRequest & { readonly method: string },
  ): MaybePromise<ResolverAnswer> {
    const ask = policy.resolver && this.resolvers.get(policy.resolver);
    if (ask === undefined) return 'failed';
    const context = { method, url, host, headers, preflight: false, handshake: true } as const;
    return ask(origin, gateway === undefined ? context : { ...context, controller: gateway.controller });
  }

  /** The same with another matcher: the platform went on registering. */
  withMatcher(matcher: RouteMatcher = this.matcher): PolicyTable {
    return new PolicyTable(this.rows, matcher, this.resolvers);
  }

  /**
   * Whether nothing is known to serve a method, and something may: a path that is unknown has a policy, so that a front
   * end can read the 404. Under a rule a middleware may serve it, which nobody can ask for its methods; but where a raw
   * route is what the rule is for, its methods are known.
   */
  #isUnknown(
    request: RoutedRequest,
    methods: MatchedMethods,
    requestMethod: string,
    ruling: Ruling | undefined,
  ): boolean {
    if (methods.length === 0) return true;
    if (ruling === undefined || methods.some(({ method }) => method === requestMethod)) return false;
    const paths = this.matcher.rawPaths(request).map(sampleOf);
    return !paths.some(path => this.rows.rules.ruleOn(path)?.policies[0] === ruling.policies[0]);
  }

  #servedMethods(methods: MatchedMethods, ruling: Ruling | undefined): readonly ServedResourceMethod[] {
    return methods.map(({ method, candidates }) => ({
      method,
      isKnown: true,
      candidates: candidates.flatMap(chain => this.#candidateOf(chain, ruling) ?? []),
    }));
  }

  /** @returns `undefined` where it is in doubt which rule what is raw in the chain is under */
  #candidateOf(chain: Chain, ruling: Ruling | undefined): ServerCandidate | undefined {
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

  #policyOf(route: Route | undefined, ruling: Ruling | undefined): Policy {
    if (route === undefined) return ruling?.policies[0] ?? this.rows.module;
    const policy = this.rows.ofRoute(route) ?? this.rows.of(route.controller, route.handler);
    if (policy === undefined) throw new Error(`No policy was built for ${route.controller.name}.${route.handlerName}`);
    return policy;
  }
}

/** How many policies are compared with each request before its path is matched to find its own. */
const MOST_COMPARED = 8;

/** The policy of what no controller serves at a path; `undefined` where that is in doubt. */
function policyUnder({ policies, isInDoubt }: Ruling): Policy | undefined {
  return isInDoubt ? undefined : policies[0];
}

/** A method that nothing is known to serve at a path. */
function unknown(method: string, policy: Policy): ServedResourceMethod {
  const candidate = { ...createCandidate([policy]), servers: [{ route: undefined, policy }] };
  return { method, isKnown: false, candidates: [candidate] };
}

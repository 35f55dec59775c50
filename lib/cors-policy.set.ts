import type { CorsIssue, CorsIssueLocation } from './cors-issue.js';
import type { Bounds } from './policy/bounds.js';
import { createPolicyCompiler, type CompiledPolicy } from './policy/compile.js';
import type { MergedPolicy } from './policy/merge.js';
import type { ResolverLimits } from './policy/module-options.js';
import type { CorsOriginResolverRef } from './policy/options.js';
import type { SelfOrigins } from './protocol/same-origin.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import type { PathPattern } from './routing/path-rules.js';
import { RuleBook } from './rule-book.js';

/** A route and the policy in force on it. */
export interface RoutePolicy {
  readonly route: RouteRegistration;
  readonly policy: CompiledPolicy;
}

/** The policies of one configuration: immutable, so that it can be replaced as a whole. */
export interface PolicySet {
  /** Of what is neither a controller's route nor under a rule. */
  readonly module: CompiledPolicy;
  /** Of what is not a controller's route, by path. */
  readonly rules: RuleBook;
  readonly routes: readonly RoutePolicy[];
  /** Policies with `rejectDisallowed`: one of all that reject the same. */
  readonly rejecting: readonly CompiledPolicy[];
  /** The app's own origins, where the options list them. */
  readonly self: SelfOrigins | undefined;
  readonly debug: boolean;
  readonly resolverLimits: ResolverLimits;
  /** The resolvers that policies ask, each with the place that names it first. */
  readonly resolvers: ReadonlyMap<CorsOriginResolverRef, CorsIssueLocation>;
  readonly warnings: readonly CorsIssue[];
  /** The policy of a handler, or `undefined` for one that is not routed. */
  of(controller: unknown, handler: unknown): CompiledPolicy | undefined;
}

/** A rule of `routes`, before it is compiled. */
export interface MergedRule {
  readonly path: string;
  readonly pattern: PathPattern;
  readonly merged: MergedPolicy;
}

/** A route, and its policy before it is compiled. */
export interface MergedRoute {
  readonly route: RouteRegistration;
  readonly merged: MergedPolicy;
}

/** The policies themselves, without what is told of them. */
export type CompiledSet = Pick<PolicySet, 'module' | 'rules' | 'rejecting' | 'routes' | 'of'>;

export function compileSet(
  module: MergedPolicy,
  rules: readonly MergedRule[],
  routes: readonly MergedRoute[],
  bounds: Bounds | undefined,
): CompiledSet {
  const compileAnew = createPolicyCompiler(bounds);
  const compiled = new Map<MergedPolicy, CompiledPolicy>();
  const compile = (merged: MergedPolicy) => {
    const policy = compiled.get(merged) ?? compileAnew(merged);
    compiled.set(merged, policy);
    return policy;
  };
  const handlers = new Map<unknown, Map<unknown, CompiledPolicy>>();
  const routePolicies: RoutePolicy[] = [];
  for (const { route, merged } of routes) {
    const ofController = handlers.get(route.controller) ?? new Map<unknown, CompiledPolicy>();
    handlers.set(route.controller, ofController);
    const policy = ofController.get(route.handler) ?? compile(merged);
    ofController.set(route.handler, policy);
    routePolicies.push({ route, policy });
  }
  const modulePolicy = compile(module);
  const pathRules = rules.map(({ merged, ...rule }) => ({ ...rule, policy: compile(merged) }));
  return {
    module: modulePolicy,
    rules: new RuleBook(pathRules, modulePolicy),
    rejecting: rejectingOf(compiled.values()),
    routes: Object.freeze(routePolicies),
    of: (controller, handler) => handlers.get(controller)?.get(handler),
  };
}

/** Policies reject by origin and by method, and lists of origins are shared by what inherits them. */
function rejectingOf(policies: Iterable<CompiledPolicy>): readonly CompiledPolicy[] {
  const byOrigin = new Map<unknown, Map<string, CompiledPolicy>>();
  for (const policy of policies) {
    if (!policy.rejectDisallowed) continue;
    const ofOrigin = byOrigin.get(policy.origin) ?? new Map<string, CompiledPolicy>();
    byOrigin.set(policy.origin, ofOrigin);
    const key = [...(policy.methods ?? ['*'])].sort().join();
    if (!ofOrigin.has(key)) ofOrigin.set(key, policy);
  }
  return [...byOrigin.values()].flatMap(ofOrigin => [...ofOrigin.values()]);
}

import type { CorsIssue, CorsIssueLocation } from './cors-issue.js';
import type { Bounds } from './policy/bounds.js';
import { createPolicyCompiler, type CompiledPolicy } from './policy/compile.js';
import type { MergedPolicy } from './policy/merge.js';
import type { ResolverLimits } from './policy/module-options.js';
import type { CorsOriginResolverRef } from './policy/options.js';
import type { RouteRegistration } from './routing/nest-internals.js';

/** A route and the policy in force on it. */
export interface RoutePolicy {
  readonly route: RouteRegistration;
  readonly policy: CompiledPolicy;
}

/** A rule of `routes`, and its policy. */
export interface PathRule {
  readonly path: string;
  readonly matches: (path: string) => boolean;
  readonly policy: CompiledPolicy;
}

/** The policies of one configuration: immutable, so that it can be replaced as a whole. */
export interface PolicySet {
  /** Of what is neither a controller's route nor under a rule. */
  readonly module: CompiledPolicy;
  /** Of what is not a controller's route, by path; the first that matches applies. */
  readonly rules: readonly PathRule[];
  readonly routes: readonly RoutePolicy[];
  /** Whether `rejectDisallowed` is on for anything but controllers' routes. */
  readonly rejectsUnrouted: boolean;
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
  readonly matches: (path: string) => boolean;
  readonly merged: MergedPolicy;
}

/** A route, and its policy before it is compiled. */
export interface MergedRoute {
  readonly route: RouteRegistration;
  readonly merged: MergedPolicy;
}

/** The policies themselves, without what is told of them. */
export type CompiledSet = Pick<PolicySet, 'module' | 'rules' | 'rejectsUnrouted' | 'routes' | 'of'>;

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
    rules: Object.freeze(pathRules),
    rejectsUnrouted: [modulePolicy, ...pathRules.map(({ policy }) => policy)].some(each => each.rejectDisallowed),
    routes: Object.freeze(routePolicies),
    of: (controller, handler) => handlers.get(controller)?.get(handler),
  };
}

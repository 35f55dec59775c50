import type { Bounds } from '../policy/bounds.js';
import { createPolicyCompiler, type CompiledPolicy } from '../policy/compile.js';
import type { MergedPolicy } from '../policy/merge.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { PathPattern } from '../routing/path-rules.js';
import { RuleBook } from '../registry/rule-book.js';
import type { PolicySet, RoutePolicy } from '../registry/table-rows.js';

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

import type { Bounds } from '../policy/bounds.js';
import { createPolicyCompiler, type Policy } from '../policy/compile.js';
import type { MergedPolicy } from '../policy/merge.js';
import type { Route } from '../routing/route.js';
import type { PathPattern } from '../routing/path-rules.js';
import { RuleBook } from '../registry/rule-book.js';
import type { TableRows, RoutePolicy } from '../registry/table-rows.js';

/** A rule of `routes`, before it is compiled. */
export interface MergedRule {
  /** `routes[0]` */
  readonly at: string;
  readonly path: string;
  readonly pattern: PathPattern;
  readonly merged: MergedPolicy;
}

/** A route, and its policy before it is compiled. */
export interface MergedRoute {
  readonly route: Route;
  readonly merged: MergedPolicy;
}

/** The rows of a table that follow from merged policies. */
export type CompiledRows = Pick<TableRows, 'module' | 'rules' | 'rejecting' | 'routes' | 'of'>;

export function compileRows(
  module: MergedPolicy,
  rules: readonly MergedRule[],
  routes: readonly MergedRoute[],
  bounds: Bounds | undefined,
): CompiledRows {
  const compileAnew = createPolicyCompiler(bounds);
  const compiled = new Map<MergedPolicy, Policy>();
  const compile = (merged: MergedPolicy) => {
    const policy = compiled.get(merged) ?? compileAnew(merged);
    compiled.set(merged, policy);
    return policy;
  };
  const handlers = new Map<unknown, Map<unknown, Policy>>();
  const routePolicies: RoutePolicy[] = [];
  for (const { route, merged } of routes) {
    const ofController = handlers.get(route.controller) ?? new Map<unknown, Policy>();
    handlers.set(route.controller, ofController);
    const policy = ofController.get(route.handler) ?? compile(merged);
    ofController.set(route.handler, policy);
    routePolicies.push({ route, policy });
  }
  const modulePolicy = compile(module);
  const pathRules = rules.map(({ path, pattern, merged }) => ({ path, pattern, policy: compile(merged) }));
  return {
    module: modulePolicy,
    rules: new RuleBook(pathRules, modulePolicy),
    rejecting: rejectingOf(compiled.values()),
    routes: Object.freeze(routePolicies),
    of: (controller, handler) => handlers.get(controller)?.get(handler),
  };
}

/** Policies reject by origin and by method, and lists of origins are shared by what inherits them. */
function rejectingOf(policies: Iterable<Policy>): readonly Policy[] {
  const byOrigin = new Map<unknown, Map<string, Policy>>();
  for (const policy of policies) {
    if (!policy.rejectDisallowed) continue;
    const ofOrigin = byOrigin.get(policy.origin) ?? new Map<string, Policy>();
    byOrigin.set(policy.origin, ofOrigin);
    const key = [...(policy.methods ?? ['*'])].sort().join();
    if (!ofOrigin.has(key)) ofOrigin.set(key, policy);
  }
  return [...byOrigin.values()].flatMap(ofOrigin => [...ofOrigin.values()]);
}

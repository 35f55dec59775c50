import type { Bounds } from '../policy/bounds.js';
import { createPolicyCompiler, type Policy } from '../policy/compile.js';
import type { MergedPolicy } from '../policy/merge.js';
import type { MergedOthers } from '../policy/others.js';
import type { Route } from '../routing/route.js';
import { ReadHeaders, versionNamesOf } from './read-headers.js';
import type { MergedGateway, MergedRoute, MergedRule } from './merged.js';
import { HandshakeBook } from '../registry/handshake-book.js';
import { RuleBook } from '../registry/rule-book.js';
import type { TableRows, RoutePolicy } from '../registry/table-rows.js';

/** The rows of a table that follow from merged policies. */
export type CompiledRows = Pick<
  TableRows,
  'module' | 'rules' | 'rejecting' | 'routes' | 'handshakes' | 'named' | 'of' | 'ofRoute'
>;

/** Merged policies, by what they are for. */
export interface MergedRows {
  readonly module: MergedPolicy;
  readonly rules: readonly MergedRule[];
  readonly routes: readonly MergedRoute[];
  readonly gateways: readonly MergedGateway[];
  /** By name. */
  readonly named: ReadonlyMap<string, MergedPolicy>;
}

/** @param versionHeader the request header that holds a route's version; `''` where none does */
export function compileRows(
  { module, rules, routes, gateways, named }: MergedRows,
  bounds: Bounds | undefined,
  versionHeader: string,
  othersOf: (merged: MergedPolicy) => MergedOthers | undefined,
): CompiledRows {
  const compileAnew = createPolicyCompiler(bounds);
  const compiled = new Map<MergedPolicy, Map<string, Policy>>();
  const versioned = versionNamesOf(versionHeader);
  const read = new ReadHeaders(routes);
  const compile = (merged: MergedPolicy, names: readonly string[] = []) => {
    const variants = compiled.get(merged) ?? new Map<string, Policy>();
    compiled.set(merged, variants);
    const key = names.join();
    const policy = variants.get(key) ?? compileAnew(merged, [...versioned, ...names], othersOf(merged));
    variants.set(key, policy);
    return policy;
  };
  const handlers = new Map<unknown, Map<unknown, Policy>>();
  const byRoute = new Map<Route, Policy>();
  const routePolicies: RoutePolicy[] = [];
  for (const { route, merged } of routes) {
    const ofController = handlers.get(route.controller) ?? new Map<unknown, Policy>();
    handlers.set(route.controller, ofController);
    const policy = compile(merged, read.at(route));
    // One of a handler's paths speaks for it when it runs: request headers are a matter of preflights.
    if (!ofController.has(route.handler)) ofController.set(route.handler, policy);
    byRoute.set(route, policy);
    routePolicies.push({ route, policy });
  }
  const modulePolicy = compile(module);
  const pathRules = rules.map(({ path, pattern, merged }) => ({ path, pattern, policy: compile(merged) }));
  const ruleBook = new RuleBook(pathRules, modulePolicy);
  const gatewayPolicies = gateways.map(({ gateway, merged }) => ({ gateway, policy: compile(merged) }));
  return {
    module: modulePolicy,
    rules: ruleBook,
    handshakes: new HandshakeBook(gatewayPolicies, ruleBook, modulePolicy),
    named: new Map([...named].map(([name, merged]) => [name, compileAnew(merged)])),
    rejecting: rejectingOf([...compiled.values()].flatMap(variants => [...variants.values()])),
    routes: Object.freeze(routePolicies),
    of: (controller, handler) => handlers.get(controller)?.get(handler),
    ofRoute: route => byRoute.get(route),
  };
}

/** Policies reject by origin, method and `others`, and lists of origins are shared by what inherits them. */
function rejectingOf(policies: Iterable<Policy>): readonly Policy[] {
  const byOrigin = new Map<unknown, Map<string, Policy>>();
  // Their lists are shared as well.
  const lists = new Map<unknown, number>();
  const sidesKeyOf = ({ others }: Policy): string => {
    if (others === undefined) return '';
    const list = lists.get(others.origin) ?? lists.size;
    lists.set(others.origin, list);
    return `${String(list)} ${others.methods?.join() ?? '*'}`;
  };
  for (const policy of policies) {
    if (!policy.rejectDisallowed) continue;
    const ofOrigin = byOrigin.get(policy.origin) ?? new Map<string, Policy>();
    byOrigin.set(policy.origin, ofOrigin);
    const methods = [...(policy.methods ?? ['*'])].sort().join();
    const key = `${methods} ${sidesKeyOf(policy)}`;
    if (!ofOrigin.has(key)) ofOrigin.set(key, policy);
  }
  return [...byOrigin.values()].flatMap(ofOrigin => [...ofOrigin.values()]);
}

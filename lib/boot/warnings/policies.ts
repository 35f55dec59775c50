import { METHODS } from 'node:http';
import { problem } from '../../issues/problem.js';
import { itemsOf, type Level } from '../../policy/merge.js';
import { policyPath } from '../../policy/read-module.js';
import { issueRouteOf } from '../../registry/route.js';
import { methodOf, servedMethods, USUAL_METHODS } from '../../routing/methods.js';
import { namedByGateway } from '../gateway-names.js';
import { sidesOf, type Side, type Warning } from './warning.js';

/** A named policy that nothing names. */
const unused: Warning = ({ app, options, module, routes, rules, gateways, othersOf, report }) => {
  const named = new Set(app.gateways.map(namedByGateway));
  const used = new Set<Level>([...routes, ...rules, ...gateways].flatMap(({ levels }) => levels));
  for (const merged of [module, ...[...routes, ...rules].map(each => each.merged)]) {
    for (const level of othersOf(merged)?.levels ?? []) used.add(level);
  }
  for (const [policy, level] of options.policies) {
    if (!used.has(level) && !named.has(policy))
      report({ level: 'module' }, problem('policy_unused', policyPath(policy), undefined, policy));
  }
};

/** A list of methods with one that no route under it serves. */
const unserved: Warning = checked => {
  const { routes, rules } = checked;
  const lists = new Map<
    string,
    {
      readonly levels: Set<Level>;
      readonly listed: Set<string>;
      readonly methods: Set<string>;
      readonly reportAt: Side['reportAt'];
    }
  >();
  for (const { route, merged, isOthers, reportAt } of routes.flatMap(each => sidesOf(each, checked))) {
    const { value } = merged.methods;
    if (typeof value !== 'object') continue;
    for (const { level, items } of value) {
      if (level === undefined) continue;
      // Controllers inherit the list of a base class: it is for the routes of all of them.
      const key = `${level.source} ${String(isOthers)} ${items.join()}`;
      const entry = lists.get(key) ?? { levels: new Set(), listed: new Set(items), methods: new Set(), reportAt };
      lists.set(key, entry);
      entry.levels.add(level);
      for (const method of servedMethods(methodOf(route.verb))) entry.methods.add(method);
    }
  }
  // What is served under a rule is not known.
  const ruled = new Set<Level>(rules.flatMap(({ levels }) => levels));
  for (const { levels, listed, methods, reportAt } of lists.values()) {
    const [level] = levels;
    if (level === undefined || [...levels].some(each => ruled.has(each))) continue;
    // A policy for many routes may list what any of them could serve one day.
    const isShared = level.source === 'module' || level.source.startsWith('policy:');
    for (const method of listed) {
      // What Node cannot parse, and OPTIONS, are warned of wherever they are listed.
      if (methods.has(method) || method === 'OPTIONS' || !METHODS.includes(method)) continue;
      if (isShared && USUAL_METHODS.includes(method)) continue;
      reportAt(level, problem('method_unserved', 'methods', method));
    }
  }
};

/** A list of methods without GET, for a route that serves it. */
const withoutGet: Warning = checked => {
  for (const { route, merged, reportAt } of checked.routes.flatMap(each => sidesOf(each, checked))) {
    const { value, level } = merged.methods;
    if (route.verb !== 'get' || merged.origin.value === false || typeof value !== 'object') continue;
    const listed = itemsOf(value);
    if (!listed.includes('GET'))
      reportAt(level, problem('methods_without_get', 'methods', listed), issueRouteOf(route));
  }
};

export const POLICY_WARNINGS = [unused, unserved, withoutGet];

import type { Type } from '@nestjs/common';
import type { CorsIssueLocation, CorsIssueRoute } from '../../issues/location.js';
import { problem } from '../../issues/problem.js';
import type { Level } from '../../policy/merge.js';
import { issueRouteOf } from '../../registry/route.js';
import { PATH_METADATA } from '../../routing/nest-internals.js';
import { controllerPolicyOf, definerOf, memberPoliciesOf, overriddenOwnersOf } from '../metadata.js';
import type { Warning } from './warning.js';

/** `@Cors()` on what is not a route is legal TypeScript, and has no effect. */
const misplaced: Warning = ({ app: { routes, classes }, gateways, report: reportIssue }) => {
  const routed = new Set<unknown>(routes.map(({ controller }) => controller));
  const judging = new Set<unknown>(gateways.map(({ gateway }) => gateway.controller));
  const report = (location: CorsIssueLocation) =>
    reportIssue(location, problem('decorator_without_effect', '@Cors()', '@Cors()'));
  for (const each of classes) {
    const isRouted = routed.has(each);
    if (!isRouted && !judging.has(each) && controllerPolicyOf(each) !== undefined) {
      report({ level: 'controller', controller: each.name });
    }
    for (const key of misplacedMembers(each, isRouted)) {
      report({ level: 'handler', controller: each.name, handler: String(key) });
    }
  }
};

function misplacedMembers(each: Type, isRouted: boolean): readonly (string | symbol)[] {
  const prototype = each.prototype as object;
  const members = [...memberPoliciesOf(prototype).keys()].filter(key => {
    const definer = definerOf(prototype, key);
    const method: unknown = definer && Object.getOwnPropertyDescriptor(definer, key)?.value;
    // Nest routes methods by their names: neither accessors nor what a symbol names.
    const isRoute = typeof method === 'function' && Reflect.hasMetadata(PATH_METADATA, method);
    return !isRouted || typeof key === 'symbol' || !isRoute;
  });
  return [...members, ...memberPoliciesOf(each).keys()];
}

/** `@Cors()`, or a feature, that leaves out the origin where the inherited one is `false`: everything stays closed. */
const closed: Warning = ({ routes, rules, reportAt }) => {
  const open = new Set<Level>();
  const ineffective = new Map<Level, CorsIssueRoute[]>();
  for (const { route, merged, levels } of [...routes, ...rules.map(rule => ({ ...rule, route: undefined }))]) {
    const { value, level } = merged.origin;
    if (value !== false) levels.forEach(each => open.add(each));
    const closedBy = value === false ? levels.findLastIndex(each => each === level) : levels.length;
    for (const each of levels.slice(closedBy + 1)) {
      const affected = ineffective.get(each) ?? [];
      ineffective.set(each, affected);
      if (route !== undefined) affected.push(issueRouteOf(route));
    }
  }
  for (const [level, affected] of ineffective) {
    // To reject is an effect, a 403 before the handler runs; and a page needs no origin to embed what it may embed.
    const { rejectDisallowed, resourcePolicy } = level.options;
    if (open.has(level) || rejectDisallowed !== undefined || resourcePolicy !== undefined) continue;
    const { name, value } = labelOf(level);
    const each = problem('origin_stays_closed', name, value);
    if (affected.length === 0) reportAt(level, each);
    for (const route of affected) reportAt(level, each, route);
  }
};

/** What a level is called where it is written. */
function labelOf({ source }: Level): { readonly name: string; readonly value: string | undefined } {
  if (source === 'route') return { name: 'policy', value: undefined };
  const name = source === 'feature' ? 'CorsModule.forFeature()' : '@Cors()';
  return { name, value: name };
}

/** `@Cors()` on a method of a base class that a controller overrides without one. */
const overridden: Warning = ({ app: { routes }, report }) => {
  for (const route of routes) {
    for (const base of overriddenOwnersOf(route.controller.prototype as object, route.handlerName)) {
      const location = { level: 'handler', controller: base, handler: route.handlerName } as const;
      report(
        location,
        problem('decorator_overridden', '@Cors()', '@Cors()', route.controller.name),
        issueRouteOf(route),
      );
    }
  }
};

export const DECORATOR_WARNINGS = [misplaced, closed, overridden];

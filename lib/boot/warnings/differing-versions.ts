import { type IssueCollector } from '../../issues/issue.js';
import { issueRouteOf } from '../../registry/route.js';
import type { PolicySet } from '../../registry/table-rows.js';
import type { ExploredApp } from '../explorer.js';
import { problem } from '../../issues/problem.js';
import { samePolicy } from '../../policy/same-policy.js';
import { routeConstraintsOf } from '../../platforms/fastify/internals.js';
import { hostOf, type RouteRegistration } from '../../routing/nest-internals.js';
import { sampleOf } from '../../routing/path-rules.js';
import { makeRequest, methodOf } from '../../routing/route-matcher.js';

/**
 * A preflight carries no version header and nothing else that constraints of Fastify may read: where the policies of
 * the routes they tell apart differ, it matters which one answers.
 */
export function reportDifferingCandidates(
  set: Pick<PolicySet, 'of'>,
  { routes, matcher, versionHeader }: Pick<ExploredApp, 'routes' | 'matcher' | 'versionHeader'>,
  issues: IssueCollector,
): void {
  const told = new Set<string>();
  for (const route of routes) {
    // Only versions and constraints make more than one candidate, and each of those finds the others.
    const constraints = routeConstraintsOf(route.handler);
    if ((route.version === undefined && constraints === undefined) || matcher === undefined) continue;
    const method = route.verb === 'all' ? 'GET' : methodOf(route.verb);
    // Some request that the route serves, if its version and its constraints are the ones.
    const host = typeof constraints?.['host'] === 'string' ? constraints['host'] : sampleOf(hostOf(route.controller));
    const request = makeRequest({ method, url: sampleOf(route.path), host });
    const methods = matcher.matchPreflight(request, method, versionHeader);
    const chains = methods.find(each => each.method === method)?.candidates ?? [];
    const candidates = chains.flat().filter(each => each !== undefined);
    const [first, ...others] = candidates.flatMap(each => set.of(each.controller, each.handler) ?? []);
    if (first === undefined || others.every(policy => samePolicy(policy, first))) continue;
    const target = `${method} ${route.path}`;
    const key = candidates
      .map(each => routeKey(each))
      .sort()
      .join();
    if (told.has(key)) continue;
    told.add(key);
    for (const candidate of candidates) {
      issues.add({ level: 'app' }, problem('candidates_differ', target, target), issueRouteOf(candidate));
    }
  }
}

function routeKey({ controller, handlerName, path }: RouteRegistration): string {
  return `${controller.name}.${handlerName} ${path}`;
}

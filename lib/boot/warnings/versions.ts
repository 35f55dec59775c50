import { problem } from '../../issues/problem.js';
import { routeConstraintsOf } from '../../platforms/fastify/internals.js';
import { sameAccess } from '../../policy/same-policy.js';
import { issueRouteOf } from '../../registry/route.js';
import { hostOf } from '../../routing/nest-internals.js';
import { type Route } from '../../routing/route.js';
import { sampleOf } from '../../routing/path-rules.js';
import { makeRequest } from '../../routing/route-matcher.js';
import { methodOf } from '../../routing/methods.js';
import type { Warning } from './warning.js';

/**
 * A preflight may not carry what decides between routes with different policies: a version header, or what a
 * constraint of Fastify reads.
 */
const differing: Warning = ({ app: { routes, matcher, versionHeader }, rows, report }) => {
  const reported = new Set<string>();
  for (const route of routes) {
    // Only versions and constraints make more than one candidate, and each of those finds the others.
    const constraints = routeConstraintsOf(route.handler);
    if ((route.version === undefined && constraints === undefined) || matcher === undefined) continue;
    const method = route.verb === 'all' ? 'GET' : methodOf(route.verb);
    // Some request that the route serves, if its version and its constraints are the ones.
    const host = typeof constraints?.['host'] === 'string' ? constraints['host'] : sampleOf(hostOf(route.controller));
    const request = makeRequest({ method, url: sampleOf(route.path), host });
    const methods = matcher.matchPreflight(request, method, versionHeader)?.methods();
    const chains = methods?.find(each => each.method === method)?.candidates ?? [];
    const candidates = chains.flat().filter(each => each !== undefined);
    const [first, ...others] = candidates.flatMap(each => rows.of(each.controller, each.handler) ?? []);
    if (first === undefined || others.every(policy => sameAccess(policy, first))) continue;
    const target = `${method} ${route.path}`;
    const key = candidates
      .map(each => routeKey(each))
      .sort()
      .join();
    if (reported.has(key)) continue;
    reported.add(key);
    for (const candidate of candidates) {
      report({ level: 'app' }, problem('candidates_differ', target, target), issueRouteOf(candidate));
    }
  }
};

function routeKey({ controller, handlerName, path }: Route): string {
  return `${controller.name}.${handlerName} ${path}`;
}

export const VERSION_WARNINGS = [differing];

import { issueRouteOf, type IssueCollector } from './cors-issue.js';
import type { PolicySet } from './cors-policy.set.js';
import type { ExploredApp } from './cors.explorer.js';
import type { CompiledPolicy } from './policy/compile.js';
import { problem } from './policy/issue.js';
import { hostOf, type RouteRegistration } from './routing/nest-internals.js';
import { sampleOf } from './routing/path-rules.js';
import { makeRequest, methodOf } from './routing/route-matcher.js';

/** A preflight cannot tell versions in a header apart: where their policies differ, it matters which one answers. */
export function reportDifferingCandidates(
  set: Pick<PolicySet, 'of'>,
  { routes, matcher, versionHeader }: Pick<ExploredApp, 'routes' | 'matcher' | 'versionHeader'>,
  issues: IssueCollector,
): void {
  const told = new Set<string>();
  for (const route of routes) {
    // Only a version makes more than one candidate, and each of those finds the others.
    if (route.version === undefined || matcher === undefined) continue;
    const method = route.verb === 'all' ? 'GET' : methodOf(route.verb);
    // Some request that the route serves, if its version is the one.
    const request = makeRequest({ method, url: sampleOf(route.path), host: sampleOf(hostOf(route.controller)) });
    const methods = matcher.matchPreflight(request, method, versionHeader);
    const candidates = methods.find(each => each.method === method)?.routes ?? [];
    const [first, ...others] = candidates.flatMap(each => set.of(each.controller, each.handler) ?? []);
    if (others.every(policy => samePolicy(policy, first))) continue;
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

/** Two policies that answer alike. Lists are shared by what inherits them: identity spares comparing long ones. */
function samePolicy(one: CompiledPolicy, other: CompiledPolicy | undefined): boolean {
  if (other === undefined || one === other) return true;
  const { origin, ...rest } = one.stated;
  const { origin: otherOrigin, ...otherRest } = other.stated;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && JSON.stringify(rest) === JSON.stringify(otherRest);
}

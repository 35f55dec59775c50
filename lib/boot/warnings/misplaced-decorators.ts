import type { Type } from '@nestjs/common';
import type { IssueCollector } from '../../issues/issue.js';
import type { CorsIssueLocation } from '../../issues/location.js';
import { problem } from '../../issues/problem.js';
import { PATH_METADATA } from '../../routing/nest-internals.js';
import type { ExploredApp } from '../explorer.js';
import { controllerPolicyOf, definerOf, memberPoliciesOf } from '../metadata.js';

/** Warns of `@Cors()` on what is not a route: it is legal TypeScript and has no effect. */
export function reportMisplacedDecorators(
  { routes, classes }: Pick<ExploredApp, 'routes' | 'classes'>,
  issues: IssueCollector,
): void {
  const routed = new Set<unknown>(routes.map(({ controller }) => controller));
  const report = (location: CorsIssueLocation) =>
    issues.add(location, problem('decorator_without_effect', '@Cors()', '@Cors()'));
  for (const each of classes) {
    const isRouted = routed.has(each);
    if (!isRouted && controllerPolicyOf(each) !== undefined) report({ level: 'controller', controller: each.name });
    for (const key of misplacedMembers(each, isRouted)) {
      report({ level: 'handler', controller: each.name, handler: String(key) });
    }
  }
}

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

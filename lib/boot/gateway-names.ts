import { GATEWAY_POLICY_NAME } from '../cors.constants.js';
import type { IssueCollector } from '../issues/issue.js';
import { problem } from '../issues/problem.js';
import type { NamedPolicies } from '../policy/named-policy.js';
import { closestName } from '../policy/read.js';
import { issueRouteOf } from '../registry/route.js';
import type { Gateway } from '../routing/gateway.js';

/** The policy that a gateway names in `gatewayCors('name')`. */
export function namedByGateway({ cors }: Gateway): string | undefined {
  return typeof cors === 'function' ? (cors as { [GATEWAY_POLICY_NAME]?: string })[GATEWAY_POLICY_NAME] : undefined;
}

/** Reports names that there is no policy of, and names where there is no app to look them up in. */
export function checkGatewayNames(gateways: readonly Gateway[], policies: NamedPolicies, issues: IssueCollector): void {
  for (const gateway of gateways) {
    const name = namedByGateway(gateway);
    if (name === undefined) continue;
    const report = (each: ReturnType<typeof problem>) => issues.add({ level: 'gateway' }, each, issueRouteOf(gateway));
    if (!policies.has(name)) report(problem('policy_unknown', '', name, closestName(name, [...policies.keys()])));
    else if (gateway.port !== undefined) report(problem('gateway_name_elsewhere', '', name));
  }
}

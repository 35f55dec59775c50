import { namesText } from '../issues/text.js';
import type { Policy, PolicyValues } from '../policy/compile.js';
import type { PolicyTable } from '../registry/policy-table.js';
import { describeRoute } from '../registry/route.js';

/** What one line of the summary is about. */
interface Group {
  readonly routes: string[];
  readonly rules: string[];
  isModules: boolean;
}

/** The start-up summary: a line for each policy, with who may call what. */
export function startupLines({
  routes,
  rules,
  module,
}: Pick<PolicyTable, 'routes' | 'rules' | 'module'>): readonly string[] {
  const groups = new Map<string, Group>();
  const texts = new Map<Policy, string>();
  const groupOf = (policy: Policy): Group => {
    const text = texts.get(policy) ?? policyText(policy.values);
    texts.set(policy, text);
    const group = groups.get(text) ?? { routes: [], rules: [], isModules: false };
    groups.set(text, group);
    return group;
  };
  for (const { route, policy } of routes) groupOf(policy).routes.push(routeText(describeRoute(route)));
  for (const { path, policy } of rules.entries) groupOf(policy).rules.push(path);
  groupOf(module).isModules = true;
  return [...groups].map(([text, group]) => `${text}: ${coverageText(group)}`);
}

function routeText({ method, path, version }: ReturnType<typeof describeRoute>): string {
  return `${method} ${path}${version === undefined ? '' : ` (version ${version})`}`;
}

function coverageText({ routes, rules, isModules }: Group): string {
  const parts = [
    ...(routes.length === 0 ? [] : [`${counted(routes.length, 'route')} (${namesText(routes)})`]),
    ...(rules.length === 0 ? [] : [`${counted(rules.length, 'rule')} (${namesText(rules)})`]),
    ...(isModules ? ['all other paths'] : []),
  ];
  return parts.join(', ');
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Who may do what. */
function policyText({ origin, credentials, methods, rejectDisallowed, others }: PolicyValues): string {
  if (origin === false) return rejectDisallowed ? 'no cross-origin access, others rejected' : 'no cross-origin access';
  return [
    origin === '*' ? 'any origin' : namesText(origin),
    ...(credentials ? ['with credentials'] : []),
    ...(methods === undefined ? [] : [`only ${methods.join(', ')}`]),
    ...(others === undefined ? [] : [`others as ${policyText(others)}`]),
    ...(rejectDisallowed ? [others === undefined ? 'others rejected' : 'the rest rejected'] : []),
  ].join(', ');
}

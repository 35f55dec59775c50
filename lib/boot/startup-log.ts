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
  handshakes,
  handshakeMode,
}: Pick<PolicyTable, 'routes' | 'rules' | 'module' | 'handshakes' | 'handshakeMode'>): readonly string[] {
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
  return [
    ...[...groups].map(([text, group]) => `${text}: ${coverageText(group)}`),
    ...handshakeLines(handshakes.gateways, handshakeMode),
  ];
}

/** A line for each list of origins that may open WebSockets to gateways. */
function handshakeLines(
  gateways: PolicyTable['handshakes']['gateways'],
  mode: PolicyTable['handshakeMode'],
): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { gateway, policy } of gateways) {
    const { origin } = policy.values;
    const who = origin === false ? 'no other origin' : origin === '*' ? 'any origin' : namesText(origin);
    const of = names.get(who) ?? [];
    names.set(who, of);
    of.push(`${gateway.controller.name} ${gateway.path}`);
  }
  const what = mode === 'report' ? 'WebSockets (report only)' : 'WebSockets';
  return [...names].map(([who, of]) => `${what} from ${who}: ${counted(of.length, 'gateway')} (${namesText(of)})`);
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

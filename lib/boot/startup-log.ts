import type { Policy } from '../policy/compile.js';
import type { EffectiveCorsPolicy } from '../policy/options.js';
import type { PolicyTable } from '../registry/policy-table.js';
import { describeRoute } from '../registry/route.js';

/** The start-up summary: a line for each route, with the origins that may call it. */
export function startupLines({ routes }: Pick<PolicyTable, 'routes'>): readonly string[] {
  const callers = new Map<Policy, string>();
  return routes.map(({ route, policy }) => {
    const text = callers.get(policy) ?? callersOf(policy.values);
    callers.set(policy, text);
    return routeLine(describeRoute(route), text);
  });
}

function routeLine(
  { method, path, version }: { readonly method: string; readonly path: string; readonly version?: string },
  callers: string,
): string {
  return `{${path}, ${method}}${version === undefined ? '' : ` (version ${version})`} ${callers}`;
}

/** Who may call a route. */
function callersOf({ origin, credentials }: Pick<EffectiveCorsPolicy, 'origin' | 'credentials'>): string {
  const origins = origin === false ? 'no cross-origin access' : origin === '*' ? 'any origin' : shownOrigins(origin);
  return `${origins}${credentials ? ', with credentials' : ''}`;
}

function shownOrigins(origins: readonly string[], most = 3): string {
  const rest = origins.length - most;
  return `${origins.slice(0, most).join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}

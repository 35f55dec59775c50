import type { EffectiveCorsPolicy } from '../policy/options.js';

function shownOrigins(origins: readonly string[], most = 3): string {
  const rest = origins.length - most;
  return `${origins.slice(0, most).join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}

/** Who may call a route. */
export function callersOf({ origin, credentials }: Pick<EffectiveCorsPolicy, 'origin' | 'credentials'>): string {
  const origins = origin === false ? 'no cross-origin access' : origin === '*' ? 'any origin' : shownOrigins(origin);
  return `${origins}${credentials ? ', with credentials' : ''}`;
}

/** One line of the start-up summary: a route, and who may call it. */
export function routeLine(
  { method, path, version }: { readonly method: string; readonly path: string; readonly version?: string },
  callers: string,
): string {
  return `{${path}, ${method}}${version === undefined ? '' : ` (version ${version})`} ${callers}`;
}

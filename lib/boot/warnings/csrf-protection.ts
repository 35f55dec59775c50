import type { CorsIssueLocation, CorsIssueRoute } from '../../issues/location.js';
import { problem } from '../../issues/problem.js';
import type { SecurityHook } from '../../platforms/security-hook.js';
import type { Policy } from '../../policy/compile.js';
import { issueRouteOf, locationOfLevel } from '../../registry/route.js';
import type { TableRows } from '../../registry/table-rows.js';
import { sampleOf } from '../../routing/path-rules.js';
import { makeRequest } from '../../routing/route-matcher.js';
import { methodOf, USUAL_METHODS } from '../../routing/methods.js';
import type { Warning } from './warning.js';

/**
 * Nest's `enableCsrfProtection()` knows nothing of CORS: it refuses state-changing requests of every other origin that
 * is not in its `trustedOrigins`, after their preflight was allowed here.
 */

/** What other origins may send state-changing requests to. */
interface StateChange {
  readonly method: string;
  readonly path: string;
  readonly policy: Policy;
  readonly location: CorsIssueLocation;
  readonly route?: CorsIssueRoute;
}

/** Methods that CSRF protection lets pass: they must not change state. */
const CSRF_EXEMPT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** An origin that no app trusts (RFC 6761 §6.4). */
const STRANGER = 'https://stranger.invalid';
const NO_RESPONSE = { setHeader() {}, removeHeader() {} };

type Rows = Pick<TableRows, 'routes' | 'rules'>;

/** The exact origins that may send state-changing requests somewhere, each once. */
export function stateChangingOrigins(rows: Rows): string[] {
  const lists = new Set(stateChangesOf(rows).map(({ policy }) => policy.values.origin));
  const exact = [...lists].flatMap(origins =>
    typeof origins === 'object' ? origins.filter(isOrigin).filter(isExact) : [],
  );
  return [...new Set(exact)];
}

/** Allowed origins whose state-changing requests the app's CSRF protection refuses. */
const untrustedOrigins: Warning = ({ app: { securityHook: hook }, rows, report }) => {
  if (hook === undefined) return;
  const untrusted = new Map<readonly unknown[], readonly string[]>();
  for (const change of stateChangesOf(rows)) {
    const origins = change.policy.values.origin;
    // A route that is excluded from the protection takes requests of anyone.
    if (origins === false || !refuses(hook, change, STRANGER)) continue;
    if (origins === '*') {
      report(change.location, problem('csrf_untrusted', optionOf(change), '*'), change.route);
      continue;
    }
    const refused =
      untrusted.get(origins) ?? origins.filter(isOrigin).filter(origin => refuses(hook, change, sampleOrigin(origin)));
    untrusted.set(origins, refused);
    if (refused.length === 0) continue;
    const exact = refused.filter(isExact);
    const fix = exact.length === 0 ? undefined : listed(exact);
    report(change.location, problem('csrf_untrusted', optionOf(change), listed(refused), fix), change.route);
  }
};

export const CSRF_WARNINGS = [untrustedOrigins];

function stateChangesOf({ routes, rules }: Rows): readonly StateChange[] {
  const ofRoutes = routes.flatMap(withOthers).flatMap(({ route, policy }): readonly StateChange[] => {
    const method = unsafeMethod(route.verb === 'all' ? USUAL_METHODS : [methodOf(route.verb)], policy);
    if (method === undefined) return [];
    const location = locationOfLevel(policy.provenance.origin, route);
    return [{ method, path: route.path, policy, location, route: issueRouteOf(route) }];
  });
  const ofRules = rules.entries.flatMap(withOthers).flatMap(({ path, policy }): readonly StateChange[] => {
    const method = unsafeMethod(USUAL_METHODS, policy);
    // Whether anything at a public path takes more than GET is not known.
    if (method === undefined || policy.origin === 'any') return [];
    return [{ method, path, policy, location: { level: 'route', rule: path } }];
  });
  return [...ofRoutes, ...ofRules];
}

/** A named policy has a place of its own. */
function optionOf({ policy: { isOthers, provenance } }: StateChange): string {
  return isOthers && !provenance.origin.startsWith('policy:') ? 'others.origin' : 'origin';
}

/** A policy, and what applies to origins that it does not allow. */
function withOthers<Row extends { readonly policy: Policy }>(row: Row): readonly Row[] {
  const { others } = row.policy;
  return others === undefined ? [row] : [row, { ...row, policy: others }];
}

function unsafeMethod(methods: readonly string[], { methods: allowed }: Policy): string | undefined {
  return methods.find(method => !CSRF_EXEMPT_METHODS.has(method) && (allowed?.includes(method) ?? true));
}

/** Calls the hook with a request that nobody sent: what it trusts can be read nowhere else. */
function refuses(hook: SecurityHook, { method, path }: StateChange, origin: string): boolean {
  const url = sampleOf(path);
  const request = makeRequest({ method, url, headers: { origin, 'sec-fetch-site': 'cross-site' } });
  try {
    return hook(Object.assign(request, { originalUrl: url }), NO_RESPONSE) instanceof Error;
  } catch {
    // The app's own `exclude` may read more of a request than this one has: then nothing is known.
    return false;
  }
}

/** What a resolver will allow is not known. */
function isOrigin(entry: string): boolean {
  return !entry.startsWith('[');
}

/** `trustedOrigins` takes no patterns. */
function isExact(origin: string): boolean {
  return !origin.includes('*');
}

function sampleOrigin(pattern: string): string {
  return pattern.replace(/:\*$/, '').replace('*', 'x');
}

function listed(origins: readonly string[], most = 5): string {
  const shown = origins.slice(0, most).map(origin => `'${origin}'`);
  return `${shown.join(', ')}${origins.length > most ? `, and ${String(origins.length - most)} more` : ''}`;
}

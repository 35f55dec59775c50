import { type IssueCollector } from '../../issues/issue.js';
import { issueRouteOf } from '../../registry/route.js';
import {} from '../../issues/location.js';
import { type CorsIssueLocation } from '../../issues/location.js';
import { type CorsIssueRoute } from '../../issues/location.js';
import { locationOfLevel } from '../../registry/route.js';
import type { PolicySet } from '../../registry/table-rows.js';
import type { SecurityHook } from '../../platforms/security-hook.js';
import type { CompiledPolicy } from '../../policy/compile.js';
import { problem } from '../../issues/problem.js';
import { sampleOf } from '../../routing/path-rules.js';
import { makeRequest, methodOf, USUAL_METHODS } from '../../routing/route-matcher.js';

/**
 * Nest's `enableCsrfProtection()` knows nothing of CORS: it refuses state-changing requests of every other origin that
 * is not in its `trustedOrigins`, after their preflight was allowed here.
 */

/** What other origins may send state-changing requests to. */
interface Target {
  readonly method: string;
  readonly path: string;
  readonly policy: CompiledPolicy;
  readonly location: CorsIssueLocation;
  readonly route?: CorsIssueRoute;
}

/** Methods that CSRF protection lets pass: they must not change state. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** An origin that no app trusts (RFC 6761 §6.4). */
const STRANGER = 'https://stranger.invalid';
const NO_RESPONSE = { setHeader() {}, removeHeader() {} };

type Policies = Pick<PolicySet, 'routes' | 'rules'>;

/** The exact origins that may send state-changing requests somewhere, each once. */
export function stateChangingOrigins(policies: Policies): string[] {
  const lists = new Set(targetsOf(policies).map(({ policy }) => policy.stated.origin));
  const exact = [...lists].flatMap(origins =>
    typeof origins === 'object' ? origins.filter(isListed).filter(isExact) : [],
  );
  return [...new Set(exact)];
}

/** Warns of allowed origins whose state-changing requests the app's CSRF protection refuses. */
export function reportUntrustedOrigins(policies: Policies, hook: SecurityHook, issues: IssueCollector): void {
  const untrusted = new Map<readonly unknown[], readonly string[]>();
  for (const target of targetsOf(policies)) {
    const origins = target.policy.stated.origin;
    // A target that is excluded from the protection takes requests of anyone.
    if (origins === false || !refuses(hook, target, STRANGER)) continue;
    if (origins === '*') {
      issues.add(target.location, problem('csrf_untrusted', 'origin', '*'), target.route);
      continue;
    }
    const found =
      untrusted.get(origins) ?? origins.filter(isListed).filter(origin => refuses(hook, target, sampleOrigin(origin)));
    untrusted.set(origins, found);
    if (found.length === 0) continue;
    const exact = found.filter(isExact);
    const fix = exact.length === 0 ? undefined : listed(exact);
    issues.add(target.location, problem('csrf_untrusted', 'origin', listed(found), fix), target.route);
  }
}

function targetsOf({ routes, rules }: Policies): readonly Target[] {
  const ofRoutes = routes.flatMap(({ route, policy }): readonly Target[] => {
    const method = unsafeMethod(route.verb === 'all' ? USUAL_METHODS : [methodOf(route.verb)], policy);
    if (method === undefined) return [];
    const location = locationOfLevel(policy.provenance.origin, route);
    return [{ method, path: route.path, policy, location, route: issueRouteOf(route) }];
  });
  const ofRules = rules.entries.flatMap(({ path, policy }): readonly Target[] => {
    const method = unsafeMethod(USUAL_METHODS, policy);
    // Whether anything at a public path takes more than GET is not known.
    if (method === undefined || policy.origin === 'any') return [];
    return [{ method, path, policy, location: { level: 'route', rule: path } }];
  });
  return [...ofRoutes, ...ofRules];
}

function unsafeMethod(methods: readonly string[], { methods: allowed }: CompiledPolicy): string | undefined {
  return methods.find(method => !SAFE_METHODS.has(method) && (allowed?.includes(method) ?? true));
}

/** Asks with a request that nobody sent: what the protection trusts is nowhere else to be read. */
function refuses(hook: SecurityHook, { method, path }: Target, origin: string): boolean {
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
function isListed(entry: string): boolean {
  return !entry.startsWith('[');
}

/** `trustedOrigins` takes no patterns. */
function isExact(origin: string): boolean {
  return !origin.includes('*');
}

function sampleOrigin(pattern: string): string {
  return pattern.replace('//*.', '//x.').replace(/:\*$/, '');
}

function listed(origins: readonly string[], most = 5): string {
  const shown = origins.slice(0, most).map(origin => `'${origin}'`);
  return `${shown.join(', ')}${origins.length > most ? `, and ${String(origins.length - most)} more` : ''}`;
}

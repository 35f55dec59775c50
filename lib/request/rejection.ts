import { needsPreflight } from '../decision/needs-preflight.js';
import { judgeActual, PATH_AMBIGUOUS, refine, rejects, sideOf, type DetailedReason } from '../decision/reason.js';
import { isFromElsewhere } from '../decision/same-origin.js';
import type { Policy } from '../policy/compile.js';
import { siteOf, type PlatformRequest } from '../platforms/site.js';
import { askForActual } from '../registry/answers.js';
import { whenKnown, type MaybePromise } from '../registry/maybe-promise.js';
import type { PolicyTable } from '../registry/policy-table.js';
import type { AskedRequest, AskedHandler, ServedRequest, Server } from '../registry/served.js';
import { asArrived, type CorsExchange } from './exchange.js';

const ORIGIN_MISSING: DetailedReason = Object.freeze({ reason: 'origin-missing', parts: [] });
const STRIPPED: DetailedReason = Object.freeze({ ...ORIGIN_MISSING, isStripped: true });

/**
 * Whether something on the way took the `Origin` header away: the browser says that it sent the request in mode `cors` to
 * another origin, and then it adds the header (Fetch §3.2, "append a request Origin header").
 */
export function isOriginStripped({ origin, raw: { headers } }: Pick<CorsExchange, 'origin' | 'raw'>): boolean {
  const site = headers['sec-fetch-site'];
  return (
    origin === undefined && headers['sec-fetch-mode'] === 'cors' && (site === 'cross-site' || site === 'same-site')
  );
}

/** Whether a request may be rejected, decided without matching a path for nearly every request. */
export function mayBeRejected(exchange: CorsExchange, table: PolicyTable): boolean {
  if (exchange.origin === undefined && exchange.raw.headers['sec-fetch-site'] === undefined) return false;
  return table.mayReject(exchange);
}

/** Whether a request comes from a page of another origin. */
export function comesFromElsewhere({ origin, method, table }: CorsExchange, request: PlatformRequest): boolean {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const site = {
    method,
    origin,
    secFetchSite: header('sec-fetch-site'),
    secFetchMode: header('sec-fetch-mode'),
    secFetchStorageAccess: header('sec-fetch-storage-access'),
    ...siteOf(request),
  };
  return isFromElsewhere(site, table?.self);
}

/**
 * Why everyone who may serve a request of another origin rejects it; `undefined` where somebody does not. Decided at the
 * edge: where no controller serves the request, no guard sees it (raw routes, static files, GraphQL).
 */
export function rejectionAtEdge(
  exchange: CorsExchange,
  { ruling, servers }: ServedRequest,
): DetailedReason | undefined {
  const answerOf = (policy: Policy, route?: AskedHandler) => exchange.answers?.find(policy, route);
  if (!servers.every(({ policy, route }) => rejects(exchange, policy, answerOf(policy, route)))) return undefined;
  const byRule = (ruling?.policies ?? []).map(policy => rejects(exchange, policy, answerOf(policy)));
  const isByRule = ruling?.isInDoubt === true ? byRule.includes(true) : !byRule.includes(false);
  if (!isByRule) return undefined;
  if (ruling?.isInDoubt === true && servers.length === 0) return PATH_AMBIGUOUS;
  const server = serverOf({ servers, ruling });
  return server && detailedReason(exchange, server.policy, answerOf(server.policy, server.route));
}

/** Whose policy counts for a request, as far as its path says: the first route's, or the rule's. */
function serverOf({ servers, ruling }: Pick<ServedRequest, 'servers' | 'ruling'>): Server | undefined {
  const policy = ruling?.policies[0];
  return servers[0] ?? (policy && { policy, route: undefined });
}

/** Who rejects a request at the edge, for a person to read. */
export function rejecterOf({ origin, answers }: CorsExchange, served: ServedRequest): Server | undefined {
  const server = serverOf(served);
  if (server === undefined) return undefined;
  const { policy, route } = server;
  return { policy: sideOf(origin, policy, answers?.find(policy, route)), route };
}

/** Calls the resolvers of everyone who may serve a request, one after another. */
export function askEveryone(
  exchange: CorsExchange,
  table: PolicyTable,
  { ruling, servers }: ServedRequest,
  request: AskedRequest,
): MaybePromise<unknown> {
  const everyone: readonly { readonly policy: Policy; readonly route?: AskedHandler | undefined }[] = [
    ...(ruling?.policies ?? []).map(policy => ({ policy })),
    ...servers,
  ];
  return everyone.reduce<MaybePromise<unknown>>(
    (before, { policy, route }) => whenKnown(before, () => askForActual(exchange, table, policy, route, () => request)),
    undefined,
  );
}

/**
 * Why the policy of the handler that runs rejects an actual request of another origin: because it has `rejectDisallowed`,
 * or because a preflight may have been answered by the policy of another handler (versions, constraints, routes that pass
 * on, rewritten targets).
 */
export function rejectionByHandler(
  exchange: CorsExchange,
  policy: Policy,
  handler: object,
  request: PlatformRequest,
): (DetailedReason & { readonly isContested?: true }) | undefined {
  const { answer } = exchange;
  if (policy.rejectDisallowed) {
    if (!rejects(exchange, policy, answer) || !comesFromElsewhere(exchange, request)) return undefined;
    return detailedReason(exchange, policy, answer);
  }
  const { origin, headers } = exchange;
  if (origin === undefined || headers === policy.allowed || headers === policy.others?.allowed) return undefined;
  // What a browser sends without a preflight is let through, as everywhere.
  if (!isContested(exchange, policy, handler) || !comesFromElsewhere(exchange, request)) return undefined;
  return { ...detailedReason(exchange, policy, answer), isContested: true };
}

function isContested(exchange: CorsExchange, policy: Policy, handler: object): boolean {
  const { table, method, raw } = exchange;
  if (table === undefined) return false;
  const request = asArrived(exchange);
  return (
    needsPreflight(method, raw.headers, () => table.selectingHeaders(request)) &&
    table.isContested(request, policy, handler)
  );
}

function detailedReason(exchange: CorsExchange, policy: Policy, answer: CorsExchange['answer']): DetailedReason {
  const reason = judgeActual(exchange, policy, answer);
  // A policy for any origin has nothing against the request, but its missing origin.
  if (reason !== 'allowed' && exchange.origin !== undefined) return refine(reason, exchange, policy, answer);
  return isOriginStripped(exchange) ? STRIPPED : ORIGIN_MISSING;
}

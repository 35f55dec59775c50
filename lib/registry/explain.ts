import { headersInDoubt, withStrictest } from '../decision/cors-headers.js';
import { judgeResource, refineVerdict, type AnswerOf } from '../decision/preflight.js';
import { methodIn } from '../decision/resource.js';
import {
  headersOfActual,
  judgeActual,
  reasonOfPreflight,
  PATH_AMBIGUOUS,
  refine,
  sideOf,
  type DetailedReason,
  type ResolverAnswer,
} from '../decision/reason.js';
import { corsRequestOf, type CorsRequest } from '../decision/request.js';
import type { Policy } from '../policy/compile.js';
import { isAnnounced } from '../policy/names/headers.js';
import { headerList, type CorsHeaders } from '../policy/response.js';
import type { Route } from '../routing/route.js';
import { makeRequest } from '../routing/route-matcher.js';
import { methodsByPath } from '../routing/methods.js';
import {
  effective,
  type CorsExplanation,
  type CorsQuery,
  type CorsRoutePolicy,
  type CorsVerdict,
} from './explanation.js';
import { explainHandshake, gatewayPolicyOf } from './explain-handshake.js';
import { remedyFor } from './remedy.js';
import { askForActual, askForPreflight } from './answers.js';
import type { PolicyTable } from './policy-table.js';
import type { ServerCandidate, Server } from './served.js';
import { viewOf } from './sides.js';
import { describeRoute } from './route.js';

/** Every route of the app with its policy, in the order in which Nest registers them, and then its gateways. */
export function routePoliciesOf({
  routes,
  handshakes,
}: Pick<PolicyTable, 'routes' | 'handshakes'>): readonly CorsRoutePolicy[] {
  const methods = methodsByPath(routes.map(({ route }) => route));
  return [
    ...routes.map(({ route, policy }) => ({
      route: describeRoute(route),
      policy: effective(policy, methods.get(route.path) ?? []),
      provenance: policy.provenance,
    })),
    ...handshakes.gateways.map(gatewayPolicyOf),
  ];
}

/** Judges a request that nobody sent, and its preflight. */
export async function explainRequest(query: CorsQuery, table: PolicyTable): Promise<CorsExplanation> {
  if (query.handshake === true) return explainHandshake(query, table);
  const { method, url, host = '', origin, headers = {} } = query;
  const request = makeRequest(query);
  const announced = Object.entries(headers).flatMap(([name, value]) =>
    isAnnounced(name, value) ? name.toLowerCase() : [],
  );
  const preflight: CorsRequest = {
    method: 'OPTIONS',
    origin,
    requestMethod: method,
    requestHeaders: announced.length === 0 ? undefined : announced.join(', '),
  };
  const actual = { ...corsRequestOf(method, {}), origin, answers: undefined };
  const asked = () => ({ url, host, headers: request.headers });

  const served = table.ofPreflight(request, method, preflight.requestHeaders ?? '');
  const answerOf = await askForPreflight(preflight, table, served, asked);
  const resource = viewOf(served, origin, answerOf);
  const verdict = judgeResource(preflight, resource, answerOf);
  const refusedPreflight = refineVerdict(verdict, preflight);

  const { route, ruling, policy, policies, servers } = table.ofRequest(request);
  // What a controller's route serves has the policy of its handler, also where a rule covers the path.
  const server = route && servers.find(each => each.route === route);
  // In doubt, the first of the policies that may be meant is shown.
  const shown = server?.policy ?? policy ?? ruling?.policies[0] ?? (servers[0] as Server).policy;
  const isInDoubt = server === undefined && policy === undefined;
  const answer = await askForActual(actual, table, shown, route, asked);
  const decided = sideOf(origin, shown, answer);
  const refusedActual = isInDoubt ? PATH_AMBIGUOUS : refusalOf(actual, shown, answer);
  const known = headersOfActual(actual, shown, answer);
  // The guard knows the handler's policy.
  const sides = policies.map(each => sideOf(origin, each, answer));
  const ofPath = () => (isInDoubt ? headersInDoubt(policies) : withStrictest(known, sides));
  const ofResponse = server === undefined ? ofPath() : known;

  const candidates = methodIn(resource, method)?.candidates ?? [];
  // Of several candidates, the one that is meant is the one to change.
  const refused = refusalOfServer(preflight, candidates, route, answerOf) ?? refusedPreflight ?? refusedActual;
  return {
    ...(route && { route: describeRoute(route) }),
    candidates: candidates.flatMap(candidate =>
      candidate.servers.flatMap(each => (each.route === undefined ? [] : [describeRoute(each.route)])),
    ),
    policy: effective(
      shown,
      resource.methods.flatMap(each => (each.isKnown ? [each.method] : [])),
    ),
    provenance: shown.provenance,
    preflight: corsVerdict(refusedPreflight, verdict.headers, origin),
    actual: corsVerdict(refusedActual, ofResponse, origin),
    ...(decided.isOthers && { others: true as const }),
    ...(refused && { hint: remedyFor(refused, decided, route) }),
  };
}

function refusalOf(request: CorsRequest, policy: Policy, answer?: ResolverAnswer): DetailedReason | undefined {
  const reason = judgeActual(request, policy, answer);
  return reason === 'allowed' ? undefined : refine(reason, request, policy, answer);
}

/** Why the route that serves a request refuses its preflight, if it does. */
function refusalOfServer(
  request: CorsRequest,
  candidates: readonly ServerCandidate[],
  route: Route | undefined,
  answerOf: AnswerOf,
): DetailedReason | undefined {
  if (route === undefined) return undefined;
  for (const [candidate, { servers }] of candidates.entries()) {
    const member = servers.findIndex(each => each.route === route);
    const policy = servers[member]?.policy;
    if (policy === undefined) continue;
    const answer = answerOf(policy, request.requestMethod ?? '', candidate, member);
    const reason = reasonOfPreflight(request, policy, answer);
    return reason === 'allowed' ? undefined : refine(reason, request, policy, answer);
  }
  return undefined;
}

function corsVerdict(
  refused: DetailedReason | undefined,
  headers: CorsHeaders,
  origin: string | undefined,
): CorsVerdict {
  const list = headerList(headers, origin);
  const all = headers.vary === '' ? list : [...list, ['Vary', headers.vary] as const];
  return { allowed: refused === undefined, reason: refused?.reason ?? 'allowed', headers: Object.fromEntries(all) };
}

import { makeRequest } from '../routing/route-matcher.js';
import {
  effective,
  type CorsExplanation,
  type CorsQuery,
  type CorsRoutePolicy,
  type CorsVerdict,
} from './explanation.js';
import type { GatewayPolicy, HandshakeJudge } from './handshake-book.js';
import { judgeHandshake } from './judge-handshake.js';
import type { PolicyTable } from './policy-table.js';
import { handshakeRemedy } from './remedy.js';
import { issueRouteOf } from './route.js';

/** A handshake is a GET. */
const METHODS = ['GET'];

/** A gateway as a row beside the routes. */
export function gatewayPolicyOf({ gateway, policy }: GatewayPolicy): CorsRoutePolicy {
  const { namespace } = gateway;
  return {
    route: issueRouteOf(gateway),
    handshake: true,
    ...(namespace !== undefined && { namespace }),
    policy: effective(policy, METHODS),
    provenance: policy.provenance,
  };
}

/** Judges a WebSocket handshake that nobody sent. */
export async function explainHandshake(query: CorsQuery, table: PolicyTable): Promise<CorsExplanation> {
  const { url, host = '', origin } = query;
  const { headers } = makeRequest(query);
  const { judges, refusal } = await judgeHandshake({ method: 'GET', url, host, headers, origin }, table);
  // Of those who allow it, the first is shown.
  const { gateway, policy } = refusal ?? (judges[0] as HandshakeJudge);
  const verdict: CorsVerdict = {
    allowed: refusal === undefined,
    reason: refusal?.refused.reason ?? 'allowed',
    headers: {},
  };
  return {
    ...(gateway && { route: issueRouteOf(gateway) }),
    candidates: judges.flatMap(each => (each.gateway === undefined ? [] : [issueRouteOf(each.gateway)])),
    policy: effective(policy, METHODS),
    provenance: policy.provenance,
    preflight: verdict,
    actual: verdict,
    ...(refusal && { hint: handshakeRemedy(refusal) }),
  };
}

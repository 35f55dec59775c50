import type { CorsReason } from '../decision/reason.js';
import type { Policy, PolicyProvenance, PolicyValues } from '../policy/compile.js';
import type { EffectiveCorsPolicy } from '../policy/options.js';
import type { CorsRoute } from './route.js';

/**
 * A request to explain: what a browser would announce and then send.
 *
 * @publicApi
 */
export interface CorsQuery {
  /** The method of the actual request. */
  readonly method: string;
  /** The path, with the query if there is one. */
  readonly url: string;
  /** The `Origin` header; leave it out for a request that is not cross-origin. */
  readonly origin?: string;
  /** The `Host` header, for controllers that are bound to hosts, and for WebSockets of the app's own pages. */
  readonly host?: string;
  /** Whether it opens a WebSocket. */
  readonly handshake?: boolean;
  /** The headers that the script sets, for `Access-Control-Request-Headers` and for versions. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a request would be answered.
 *
 * @publicApi
 */
export interface CorsVerdict {
  /** Whether the policy allows it. */
  readonly allowed: boolean;
  /** `'allowed'`, or why not. */
  readonly reason: CorsReason;
  /** The response headers that the policy adds. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Why a request is allowed or refused.
 *
 * @publicApi
 */
export interface CorsExplanation {
  /** The handler that serves the request, or the gateway; absent where it is neither of a controller nor of a gateway. */
  readonly route?: CorsRoute;
  /** The handlers that its preflight may be meant for: more than one only where a preflight does not say. */
  readonly candidates: readonly CorsRoute[];
  /** The policy that the actual request is judged by. */
  readonly policy: EffectiveCorsPolicy;
  /** For each option of the policy, the level that sets it. */
  readonly provenance: PolicyProvenance;
  /** What its preflight is answered; also for a request that needs none. A WebSocket has none: the same as `actual`. */
  readonly preflight: CorsVerdict;
  /** What its response carries. */
  readonly actual: CorsVerdict;
  /** The policy does not allow the origin, so that its `others` decide; absent where the policy itself does. */
  readonly others?: true;
  /** The smallest change that would allow what is refused. */
  readonly hint?: string;
}

/**
 * A route and its policy.
 *
 * @publicApi
 */
export interface CorsRoutePolicy {
  /** The route of a controller. For a gateway: its class, its path, and `handleConnection`, which Nest calls. */
  readonly route: CorsRoute;
  /** Set for a gateway: the policy is for its handshakes, and only its `origin` counts. */
  readonly handshake?: true;
  /** The namespace of a gateway of socket.io, if it has one. */
  readonly namespace?: string;
  /** Every option, resolved. */
  readonly policy: EffectiveCorsPolicy;
  /** For each option of the policy, the level that sets it. */
  readonly provenance: PolicyProvenance;
}

/** @param routed the methods that are routed at its path */
export function effective({ values, others }: Policy, routed: readonly string[]): EffectiveCorsPolicy {
  const methods = values.methods?.filter(method => routed.includes(method)) ?? routed;
  const own: Omit<PolicyValues, 'others'> = values;
  return { ...own, methods, ...(others && { others: effective(others, routed) }) };
}

import type { CompiledPolicy } from '../../lib/policy/compile.js';
import { headersFor, type CorsResponse, type Header } from '../../lib/policy/cors-response.js';
import type { PreflightOutcome, Target } from '../../lib/protocol/preflight.js';

/** What is routed at a path: the policies of the handlers that may serve each method. */
export function targetOf(policies: Readonly<Record<string, readonly CompiledPolicy[]>>): Target {
  return Object.entries(policies).map(([method, list]) => ({ method, policies: list }));
}

/** The headers that a response is sent with. */
export interface SentResponse {
  readonly headers: readonly Header[];
  readonly vary: readonly string[];
}

export function sent(response: CorsResponse, origin: string | undefined): SentResponse {
  return { headers: headersFor(response, origin), vary: response.vary.split(', ').filter(name => name !== '') };
}

/** An outcome with the headers that it is sent with. */
export function sentOutcome(outcome: PreflightOutcome, origin: string | undefined) {
  return { ...outcome, response: sent(outcome.response, origin) };
}

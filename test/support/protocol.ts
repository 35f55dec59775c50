import type { CompiledPolicy } from '../../lib/policy/compile.js';
import { headersFor, type CorsResponse, type Header } from '../../lib/policy/response.js';
import {
  createCandidate,
  createTarget,
  judgeTarget,
  refusalOf,
  type AnswerOf,
  type Target,
  type TargetMethod,
} from '../../lib/decision/preflight.js';
import type { CorsRequest } from '../../lib/decision/request.js';

/** What is routed at a path: the policies of the handlers that may serve each method. */
export function targetOf(policies: Readonly<Record<string, readonly CompiledPolicy[]>>): Target {
  return createTarget(Object.entries(policies).map(([method, list]) => methodOf(method, list)));
}

/** A method, and the policies of the handlers that may serve it: each is a candidate of its own. */
export function methodOf(method: string, policies: readonly CompiledPolicy[]): TargetMethod {
  return { method, candidates: policies.map(policy => createCandidate([policy])) };
}

/** The headers that a response is sent with. */
export interface SentResponse {
  readonly headers: readonly Header[];
  readonly vary: readonly string[];
}

export function sent(response: CorsResponse, origin: string | undefined): SentResponse {
  return { headers: headersFor(response, origin), vary: response.vary.split(', ').filter(name => name !== '') };
}

/** What a preflight is answered, with the headers that are sent, and why it is refused, if it is. */
export function judged(request: CorsRequest, target: Target, answerOf?: AnswerOf) {
  const outcome = judgeTarget(request, target, answerOf);
  return {
    ...outcome,
    ...(!outcome.allowed && { refusal: refusalOf(request, target, answerOf) }),
    response: sent(outcome.response, request.origin),
  };
}

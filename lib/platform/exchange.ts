import type { CompiledPolicy } from '../policy/compile.js';
import type { PreflightOutcome } from '../protocol/preflight.js';
import type { CorsRequest } from '../protocol/request.js';
import type { CorsResponse } from '../protocol/response-headers.js';

/** One request and what has been decided about it so far. */
export interface CorsExchange {
  readonly request: CorsRequest;
  readonly preflight: boolean;
  /** The request target as the app's router sees it first: middleware and nested routers rewrite `req.url`. */
  url: string;
  /** What a preflight is answered, once its target is known. */
  outcome?: PreflightOutcome;
  /** The policy of the handler that runs, once a guard knows it. */
  policy?: CompiledPolicy;
  /** What to add to the response, once it is known. */
  response?: CorsResponse;
}

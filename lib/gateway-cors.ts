import { Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from './cors.constants.js';
import { throwErrors } from './issues/configuration-error.js';
import { IssueCollector } from './issues/issue.js';
import { type CorsIssueLocation } from './issues/location.js';
import { createMergedPolicyCheck } from './policy/check.js';
import { createPolicyCompiler, type CompiledPolicy } from './policy/compile.js';
import { problem } from './issues/problem.js';
import { mergeLevels, type PolicyLevel } from './policy/merge.js';
import type { CorsPolicyOptions } from './policy/options.js';
import type { CheckedPolicy } from './policy/compile-time.js';
import { readPolicy } from './policy/read.js';
import { judgeOrigin } from './decision/reason.js';

/**
 * CORS options as socket.io takes them.
 *
 * @publicApi
 */
export interface GatewayCorsOptions {
  /** `'*'`, or a function that socket.io calls with the `Origin` of each request. */
  readonly origin:
    '*' | ((origin: string | undefined, callback: (error: Error | null, allow: boolean) => void) => void);
  /** What long-polling may use. */
  readonly methods: string[];
  /** The request headers that scripts may send. */
  readonly allowedHeaders: string[] | '*';
  /** The response headers that scripts may read. */
  readonly exposedHeaders: string[] | '*';
  /** Whether long-polling may carry credentials. */
  readonly credentials: boolean;
  /** In seconds. */
  readonly maxAge: number;
  /** The status of an allowed preflight. */
  readonly optionsSuccessStatus: number;
}

const LOCATION: CorsIssueLocation = Object.freeze({ level: 'gateway' });
/** What long-polling uses. */
const POLLING_METHODS = ['GET', 'POST'];

/**
 * Turns a policy into the `cors` options of a socket.io gateway. socket.io answers the requests of its own path by
 * itself, before the app sees them, so that {@link CorsModule} has no part in them: this gives them a policy with the
 * same checks and the same matching of origins.
 *
 * It concerns HTTP long-polling alone. Browsers apply no CORS to WebSocket connections: check the `Origin` of the
 * handshake where it matters (`allowRequest`).
 *
 * @param policy every field as in `CorsModule.forRoot()`; `methods` defaults to what long-polling uses
 * @throws {@link CorsConfigurationError} with every error of the policy
 * @example
 * ```ts
 * @WebSocketGateway({ cors: gatewayCors({ origin: ['https://app.example.com'], credentials: true }) })
 * export class EventsGateway {}
 * ```
 * @publicApi
 */
export function gatewayCors<const Written>(policy: CheckedPolicy<Written>): GatewayCorsOptions {
  const compiled = compile(policy);
  const { methods = POLLING_METHODS, allowedHeaders, exposedHeaders } = compiled.stated;
  return {
    origin:
      compiled.origin === 'any' ? '*' : (origin, callback) => callback(null, judgeOrigin(origin, compiled).allowed),
    methods: [...methods],
    allowedHeaders: mutable(allowedHeaders),
    exposedHeaders: mutable(exposedHeaders),
    credentials: compiled.credentials,
    maxAge: compiled.maxAge,
    optionsSuccessStatus: compiled.status,
  };
}

function compile(policy: CorsPolicyOptions): CompiledPolicy {
  const issues = new IssueCollector();
  const level: PolicyLevel = { source: 'module', stated: readPolicy(policy, found => issues.add(LOCATION, found)) };
  const merged = mergeLevels([level], (_level, found) => issues.add(LOCATION, found));
  const check = createMergedPolicyCheck({ production: process.env['NODE_ENV'] === 'production' });
  check(merged, [level], (_level, found) => issues.add(LOCATION, found));
  const { origin } = level.stated;
  if (typeof origin === 'object' && origin.resolver !== undefined) {
    issues.add(LOCATION, problem('gateway_resolver', 'origin', origin.resolver));
  }
  throwErrors(issues);
  const logger = new Logger(LOGGER_CONTEXT);
  for (const { message, hint } of issues.warnings()) logger.warn(`${message} ${hint}`);
  return createPolicyCompiler()(merged);
}

function mutable(names: '*' | readonly string[]): '*' | string[] {
  return names === '*' ? names : [...names];
}

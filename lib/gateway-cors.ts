import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { GATEWAY_POLICY, GATEWAY_POLICY_NAME, LOGGER_CONTEXT } from './cors.constants.js';
import { throwErrors } from './issues/configuration-error.js';
import { IssueCollector } from './issues/issue.js';
import { type CorsIssueLocation } from './issues/location.js';
import { createMergedPolicyCheck } from './policy/check.js';
import { createPolicyCompiler, type Policy } from './policy/compile.js';
import { problem, withoutResolver } from './issues/problem.js';
import { mergeLevels, type Level } from './policy/merge.js';
import type { CorsPolicyName, CorsPolicyOptions } from './policy/options.js';
import type { CheckedPolicy } from './policy/compile-time.js';
import { INVALID } from './policy/fields.js';
import { readPolicy } from './policy/read.js';
import { judgeOrigin, needsResolver, type ResolverAnswer } from './decision/reason.js';
import { appOfRequest } from './registry/app.js';
import { whenKnown } from './registry/maybe-promise.js';
import type { PolicyTable } from './registry/policy-table.js';

/**
 * The CORS options of socket.io.
 *
 * @publicApi
 */
export interface GatewayCorsOptions {
  /** `'*'`, or a function that socket.io calls with the `Origin` of each request. */
  readonly origin:
    '*' | ((origin: string | undefined, callback: (error: Error | null, allow: boolean) => void) => void);
  /** The methods that long-polling may use. */
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

type IsOriginAllowed = Exclude<GatewayCorsOptions['origin'], '*'>;

/**
 * What socket.io calls for the CORS options of each request.
 *
 * @publicApi
 */
export type GatewayCorsDelegate = ((
  request: IncomingMessage,
  callback: (error: Error | null, options: GatewayCorsOptions | { readonly origin: false }) => void,
) => void) & {
  // Nest's type of `cors` has no functions, and refuses what has none of its options. socket.io takes functions.
  readonly origin?: never;
};

const LOCATION: CorsIssueLocation = Object.freeze({ level: 'gateway' });
/** The methods that long-polling uses. */
const POLLING_METHODS = ['GET', 'POST'];

/**
 * Turns a policy into the `cors` options of a socket.io gateway. socket.io answers the requests to its path itself,
 * before the app sees them, so {@link CorsModule} cannot handle them. This gives them a policy with the same checks and
 * the same origin matching.
 *
 * It only sets the headers of HTTP long-polling. Who may connect, by either transport, is up to the policy of the gateway
 * itself (`@Cors()` on its class): see the option `handshakes`.
 *
 * The name of a policy of `CorsModule.forRoot({ policies })` gives a function that socket.io calls with each request: the
 * options are not known yet when the decorator runs. It looks the policy up in the app whose server the request came to, so
 * a `reload()` counts, and the policy may have a resolver. Before the app is initialized no origin is allowed. An unknown
 * name is an error when the app boots, and so is a name on a gateway on a server of its own.
 *
 * @param policy the options are those of `CorsModule.forRoot()`; `methods` defaults to those of long-polling
 * @throws {@link CorsConfigurationError} with every error of the policy
 * @example
 * ```ts
 * @WebSocketGateway({ cors: gatewayCors({ origin: ['https://app.example.com'], credentials: true }) })
 * export class EventsGateway {}
 * ```
 * @publicApi
 */
export function gatewayCors<const Written>(
  policy: CheckedPolicy<Written> | CorsPolicyName,
): Written extends string ? GatewayCorsDelegate : GatewayCorsOptions;
export function gatewayCors(policy: CorsPolicyOptions | string): GatewayCorsOptions | GatewayCorsDelegate {
  if (typeof policy === 'string') return namedGatewayCors(policy);
  const compiled = compile(policy);
  const options = gatewayOptionsOf(compiled, (origin, callback) =>
    callback(null, judgeOrigin(origin, compiled) === 'allowed'),
  );
  // For the warning where it allows more than the gateway.
  return Object.defineProperty(options, GATEWAY_POLICY, { value: compiled });
}

function namedGatewayCors(name: string): GatewayCorsDelegate {
  const delegate: GatewayCorsDelegate = (request, callback) => {
    const table = appOfRequest(request)?.table;
    const policy = table?.policyNamed(name);
    // Fails closed.
    if (table === undefined || policy === undefined) callback(null, { origin: false });
    else callback(null, gatewayOptionsOf(policy, asking(policy, table, request)));
  };
  return Object.defineProperty(delegate, GATEWAY_POLICY_NAME, { value: name });
}

/** Judges an origin, with the policy's resolver where it has one. */
function asking(
  policy: Policy,
  table: PolicyTable,
  { method = 'GET', url = '/', headers }: IncomingMessage,
): IsOriginAllowed {
  return (origin, callback) => {
    const asked = { method, url, headers, host: headers.host ?? '' };
    const answer =
      origin !== undefined && needsResolver(origin, policy)
        ? table.askAboutHandshake({ policy, gateway: undefined }, origin, asked)
        : undefined;
    void whenKnown<ResolverAnswer | undefined, unknown>(answer, known => {
      callback(null, judgeOrigin(origin, policy, known) === 'allowed');
      return undefined;
    });
  };
}

function gatewayOptionsOf(compiled: Policy, isAllowed: IsOriginAllowed): GatewayCorsOptions {
  const { methods = POLLING_METHODS, allowedHeaders, exposedHeaders } = compiled.values;
  return {
    origin: compiled.origin === 'any' ? '*' : isAllowed,
    methods: [...methods],
    allowedHeaders: mutable(allowedHeaders),
    exposedHeaders: mutable(exposedHeaders),
    credentials: compiled.credentials,
    maxAge: compiled.maxAge,
    optionsSuccessStatus: compiled.status,
  };
}

function compile(policy: CorsPolicyOptions): Policy {
  const issues = new IssueCollector();
  const level: Level = {
    source: 'module',
    options: readPolicy(policy, each => issues.add(LOCATION, withoutResolver(each))),
  };
  const merged = mergeLevels([level], (_level, each) => issues.add(LOCATION, each));
  const check = createMergedPolicyCheck({ production: process.env['NODE_ENV'] === 'production' });
  check(merged, [level], (_level, each) => issues.add(LOCATION, withoutResolver(each)));
  const { origin } = level.options;
  if (typeof origin === 'object' && origin.resolver !== undefined) {
    issues.add(LOCATION, problem('gateway_resolver', 'origin', origin.resolver));
  }
  const { others } = level.options;
  if (others !== undefined && others !== INVALID) issues.add(LOCATION, problem('gateway_others', 'others', undefined));
  throwErrors(issues);
  const logger = new Logger(LOGGER_CONTEXT);
  for (const { message, hint } of issues.warnings()) logger.warn(`${message} ${hint}`);
  return createPolicyCompiler()(merged);
}

function mutable(names: '*' | readonly string[]): '*' | string[] {
  return names === '*' ? names : [...names];
}

import { readBounds, type Bounds } from './bounds.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import type { Level } from './merge.js';
import type { CorsResolverOptions } from './options.js';
import { readLevels, type NamedPolicies } from './named-policy.js';
import { readHandshakes, type HandshakeMode } from './handshakes.js';
import { readSelf } from './self.js';
import { isOptions } from './snapshot.js';
import { INVALID, POLICY_OPTIONS } from './fields.js';
import { MODULE_OPTIONS, readKey, readOption, readPolicy, reportUnknownKeys } from './read.js';
import { readBoolean } from './scalars.js';

/** The options of `CorsModule.forRoot()`, parsed. */
export interface ModuleOptions {
  readonly level: Level;
  readonly policies: NamedPolicies;
  readonly rules: readonly RuleLevels[];
  readonly bounds: Bounds | undefined;
  readonly app: AppOptions;
}

/** The options for the whole app. */
export interface AppOptions {
  readonly debug: boolean;
  /** Whether the interceptor is registered. */
  readonly interceptor: boolean;
  /** The app's own origins; `undefined` if none are listed. */
  readonly self: readonly string[] | undefined;
  readonly handshakes: HandshakeMode;
  readonly resolverLimits: ResolverLimits;
}

/** The option `resolver`, with its defaults. */
export type ResolverLimits = Readonly<Required<CorsResolverOptions>>;

/** One entry of `routes`: a path, not yet parsed, and the levels that its policy adds to the module's. */
export interface RuleLevels {
  /** `routes[0]` */
  readonly at: string;
  readonly path: string;
  readonly levels: readonly Level[];
}

/** The part of the module's options that has a problem; absent for the module's own policy. */
export type ModulePart = { readonly policy: string } | { readonly rule: string };

/** Reports a problem of the module's options. `at` is the path of the part: `policies.public`. */
export type ReportModule = (issue: Problem, part?: ModulePart, at?: string) => void;

const RESOLVER_LIMITS = {
  timeoutMs: { standard: 1000, most: 60_000, code: 'resolver_timeout' },
  maxOpen: { standard: 1000, most: 100_000, code: 'resolver_max_open' },
} as const;

/** Reads the module's options, of any type. Every problem is reported, none is thrown. */
export function readModuleOptions(options: unknown, production: boolean, report: ReportModule): ModuleOptions {
  const values = readPolicy(options, report, MODULE_OPTIONS);
  // If this is not an options object, the line above has reported it.
  const readable = isOptions(options) ? options : {};
  const policies = readPolicies(readOption(readable, 'policies', report), report);
  return {
    // Not an options object: one error is enough, so do not report the missing origin as well.
    level: { source: 'module', options: isOptions(options) ? values : { origin: INVALID } },
    policies,
    rules: readRules(readOption(readable, 'routes', report), policies, report),
    bounds: readBounds(readOption(readable, 'bounds', report), report),
    app: {
      self: readSelf(readOption(readable, 'self', report), report),
      handshakes: readHandshakes(readOption(readable, 'handshakes', report), report),
      resolverLimits: readResolverLimits(readOption(readable, 'resolver', report), report),
      debug: readDebug(readOption(readable, 'debug', report), production, report),
      interceptor: readInterceptor(options, report) ?? true,
    },
  };
}

function readDebug(value: unknown, production: boolean, report: ReportModule): boolean {
  if (value === undefined || value === INVALID) return false;
  if (typeof value !== 'boolean') readBoolean(value, report, 'debug');
  if (value === true && production) report(problem('debug_in_production', 'debug', true));
  return value === true;
}

/** The option `interceptor`, if it is set. Nest needs it before the other options are read. */
export function readInterceptor(options: unknown, report: ReportModule = () => undefined): boolean | undefined {
  const value = isOptions(options) ? readOption(options, 'interceptor', report) : undefined;
  if (value === undefined || value === INVALID) return undefined;
  return readBoolean(value, report, 'interceptor');
}

function readResolverLimits(value: unknown, report: ReportModule): ResolverLimits {
  const options = value === undefined || value === INVALID ? {} : value;
  if (!isOptions(options)) report(problem('resolver_options_type', 'resolver', value));
  const readable = isOptions(options) ? options : {};
  const reportHere = (each: Problem) => report({ ...each, path: `resolver.${each.path}` });
  reportUnknownKeys(readable, Object.keys(RESOLVER_LIMITS), reportHere);
  return {
    timeoutMs: readResolverLimit(readable, 'timeoutMs', reportHere),
    maxOpen: readResolverLimit(readable, 'maxOpen', reportHere),
  };
}

function readResolverLimit(options: object, key: keyof ResolverLimits, report: Report): number {
  const { standard, most, code } = RESOLVER_LIMITS[key];
  const value = readOption(options, key, report);
  if (value === undefined || value === INVALID) return standard;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
  report(problem(code, key, value));
  return standard;
}

function readPolicies(value: unknown, report: ReportModule): NamedPolicies {
  const policies = new Map<string, Level>();
  if (value === undefined || value === INVALID) return policies;
  if (!isOptions(value)) {
    report(problem('policies_type', 'policies', value));
    return policies;
  }
  const names = Object.keys(value);
  const reportHere = (each: Problem) => report({ ...each, path: `policies.${each.path}` });
  // Every string is a valid name, but a symbol is not.
  reportUnknownKeys(value, names, reportHere);
  for (const policy of names) {
    const options: unknown = readKey(value, policy, reportHere);
    if (options === INVALID) continue;
    const level = readPolicy(options, each => report(each, { policy }, policyPath(policy)));
    policies.set(policy, { source: `policy:${policy}`, options: level, replaces: true });
  }
  return policies;
}

/** The path of a named policy in the options. */
export function policyPath(policy: string): string {
  return `policies.${policy}`;
}

function readRules(value: unknown, policies: NamedPolicies, report: ReportModule): readonly RuleLevels[] {
  if (value === undefined || value === INVALID) return [];
  if (!Array.isArray(value)) {
    report(problem('routes_type', 'routes', value));
    return [];
  }
  return Array.from(value as readonly unknown[], (rule, index) => readRule(rule, index, policies, report)).flatMap(
    rule => rule ?? [],
  );
}

function readRule(
  value: unknown,
  index: number,
  policies: NamedPolicies,
  report: ReportModule,
): RuleLevels | undefined {
  const at = `routes[${String(index)}]`;
  const reportHere = (each: Problem) => report({ ...each, path: `${at}.${each.path}` });
  if (!isOptions(value)) {
    return void report(problem('routes_type', at, value));
  }
  reportUnknownKeys(value, ['path', 'policy'], reportHere, { option_of_rule: POLICY_OPTIONS });
  const path = readKey(value, 'path', reportHere);
  const policy = readKey(value, 'policy', reportHere);
  if (typeof path !== 'string' || path === '') {
    if (path !== INVALID) reportHere(problem('rule_path', 'path', path));
    return undefined;
  }
  if (policy === INVALID) return undefined;
  if (policy === undefined) {
    // Options of a policy beside the path are an error that says where they belong.
    const isMisplaced = POLICY_OPTIONS.some(option => Object.hasOwn(value, option));
    return isMisplaced
      ? undefined
      : void report(problem('rule_without_policy', at, value, `'${path}'`), { rule: path });
  }
  const levels = readLevels([policy], 'route', policies, each => report(each, { rule: path }, `${at}.policy`));
  return { at, path, levels };
}

import { problem, type Report } from '../issues/problem.js';
import type { CorsResourcePolicy } from './options.js';
import { readBoolean } from './scalars.js';

/** The headers of a response that are not of the CORS protocol, but belong to the same policy. */
export interface Companions {
  /** `Cross-Origin-Resource-Policy`; `undefined`: what the app sets stays. */
  readonly resourcePolicy: CorsResourcePolicy | undefined;
  /**
   * Whether `Timing-Allow-Origin` has the value of `Access-Control-Allow-Origin`, and is not sent without it; `false`:
   * what the app sets stays.
   */
  readonly timing: boolean;
}

/** The values of `Cross-Origin-Resource-Policy` as they are sent (Fetch §3.7), the strictest first. */
const RESOURCE_POLICIES: readonly CorsResourcePolicy[] = ['same-origin', 'same-site', 'cross-origin'];

export const RESOURCE_POLICY_HEADER = 'Cross-Origin-Resource-Policy';
export const TIMING_HEADER = 'Timing-Allow-Origin';

/** The companions of a policy's responses; `undefined` where the policy says nothing about them. */
export function companionsOf({
  resourcePolicy,
  timing = false,
}: {
  readonly [Option in keyof Companions]?: Companions[Option] | undefined;
}): Companions | undefined {
  return resourcePolicy === undefined && !timing ? undefined : Object.freeze({ resourcePolicy, timing });
}

/**
 * The companions of a response that may be under any of several policies: never wider than those of one of them. Where
 * some of them leave `Cross-Origin-Resource-Policy` to the app, the app's may be stricter than `same-site`.
 */
export function strictestOf(all: readonly (Companions | undefined)[]): Companions | undefined {
  const strictest = RESOURCE_POLICIES.find(each => all.some(companions => companions?.resourcePolicy === each));
  const isLeftToApp = all.some(companions => companions?.resourcePolicy === undefined);
  const isRestricted = strictest !== undefined && strictest !== 'cross-origin';
  return companionsOf({
    resourcePolicy: isLeftToApp ? (isRestricted ? 'same-origin' : undefined) : strictest,
    timing: all.some(companions => companions?.timing === true),
  });
}

export function readResourcePolicy(value: unknown, report: Report, path: string): CorsResourcePolicy | undefined {
  const known = RESOURCE_POLICIES.find(each => each === value);
  if (known !== undefined) return known;
  const meant = meantResourcePolicy(value);
  return void report(problem('resource_policy', path, value, meant && `'${meant}'`));
}

/** The value in another spelling, in a list, or as helmet takes it. Browsers ignore it in capitals. */
function meantResourcePolicy(value: unknown): CorsResourcePolicy | undefined {
  const [only, ...others] = Array.isArray(value) ? (value as unknown[]) : [value];
  const text = isHelmets(only) ? only.policy : only;
  if (others.length > 0 || typeof text !== 'string') return undefined;
  const letters = text.toLowerCase().replace(/[^a-z]/g, '');
  return RESOURCE_POLICIES.find(each => each.replace('-', '') === letters);
}

function isHelmets(value: unknown): value is { readonly policy: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'policy');
}

/** `Timing-Allow-Origin` takes origins. Here, they are the policy's. */
export function readTiming(value: unknown, report: Report, path: string): boolean | undefined {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const areOrigins = entries.every(each => typeof each === 'string' && (each.trim() === '*' || each.includes('://')));
  if (entries.length === 0 || !areOrigins) return readBoolean(value, report, path);
  return void report(problem('timing_origins', path, value));
}

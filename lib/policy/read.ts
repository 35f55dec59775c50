import { PLACES } from '../cors.constants.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import { onDemand } from '../lazy/import.js';
import { FIELDS, INVALID, POLICY_OPTIONS, type LevelOptions } from './fields.js';
import { readBoolean } from './scalars.js';
import { isOptions, Unreadable } from './snapshot.js';

/** Options of Nest's `CorsOptions` that are known here but not supported: they are refused with a reason. */
const KNOWN_EXTRAS = ['preflightContinue'] as const;

/**
 * Reads the options of one level, and reports every problem in them.
 *
 * @param others the keys that the level accepts in addition to a policy's options
 */
export function readPolicy(options: unknown, report: Report, others: readonly string[] = []): LevelOptions {
  if (!isOptions(options)) {
    if (options instanceof Unreadable) report(unreadable('', options.cause));
    else report(problem('options_type', '', options));
    return {};
  }
  reportUnknownKeys(options, [...POLICY_OPTIONS, ...KNOWN_EXTRAS, ...others], report);
  const preflightContinue = readKey(options, 'preflightContinue', report);
  if (preflightContinue === true) {
    report(problem('preflight_continue', 'preflightContinue', true));
  } else if (preflightContinue !== undefined && preflightContinue !== INVALID) {
    readBoolean(preflightContinue, report, 'preflightContinue');
  }
  const level: Record<string, unknown> = {};
  for (const option of POLICY_OPTIONS) {
    if (!hasKey(options, option)) continue;
    const value = readKey(options, option, report);
    level[option] = value === INVALID ? INVALID : (FIELDS[option].read(value, report, option) ?? INVALID);
  }
  return level as LevelOptions;
}

/**
 * Reads one key of the options once: `undefined` if it is absent, {@link INVALID} if it is present but undefined or
 * cannot be read.
 */
export function readKey(options: object, key: string, report: Report): unknown {
  if (!hasKey(options, key)) return undefined;
  try {
    const value: unknown = Reflect.get(options, key);
    if (value instanceof Unreadable) report(unreadable(key, value.cause));
    else if (value === undefined) report(problem('option_undefined', key, undefined));
    else return value;
  } catch (error) {
    report(unreadable(key, error));
  }
  return INVALID;
}

/** The problem of a value that throws when it is read. */
export function unreadable(path: string, error: unknown): Problem {
  return problem('options_unreadable', path, error instanceof Error ? error.message : error);
}

/** Whether the options or their class have a key. Not `Object.prototype`: anything may be on it. */
function hasKey(options: object, key: string): boolean {
  for (let at: object | null = options; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return true;
  }
  return false;
}

export function reportUnknownKeys(options: object, known: readonly string[], report: Report): void {
  // Symbols as well: otherwise nobody would notice that they have no effect.
  for (const each of Reflect.ownKeys(options)) {
    if (each === PLACES) continue;
    const key = String(each);
    if (known.some(name => name === each) || !Object.prototype.propertyIsEnumerable.call(options, each)) continue;
    if (key === 'allowPrivateNetwork') report(problem('private_network', key, key));
    else report(problem('option_unknown', key, key, closestName(key, known)));
  }
}

/** The known name that was probably meant, if one is near. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lowerCase = known.map(each => each.toLowerCase());
  const { closest, distance } = onDemand.levenshtein();
  const candidate = closest(name.toLowerCase(), lowerCase);
  const near = distance(name.toLowerCase(), candidate) <= Math.max(2, candidate.length / 3);
  return near ? known[lowerCase.indexOf(candidate)] : undefined;
}

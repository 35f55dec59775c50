import { PLACES } from '../cors.constants.js';
import type { ProblemCode } from '../issues/catalog.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import { onDemand } from '../lazy/import.js';
import { FIELDS, INVALID, POLICY_OPTIONS, type LevelOptions } from './fields.js';
import { meaningOf } from './foreign-options.js';
import { originsText } from './origin/list.js';
import { meantBoolean } from './scalars.js';
import { isOptions, Unreadable } from './snapshot.js';

/** The options that only the module has. */
export const MODULE_OPTIONS = [
  'policies',
  'routes',
  'bounds',
  'self',
  'handshakes',
  'resolver',
  'debug',
  'interceptor',
] as const;

/** Options of Nest's `CorsOptions` that are known here but not supported: they are refused with a reason. */
const KNOWN_EXTRAS = ['preflightContinue'] as const;

/**
 * Reads the options of one level, and reports every problem in them.
 *
 * @param others the keys that the level accepts in addition to a policy's options
 * @param isNested whether it is the value of an option of another policy
 */
export function readPolicy(
  options: unknown,
  report: Report,
  others: readonly string[] = [],
  isNested = false,
): LevelOptions {
  if (!isOptions(options)) {
    if (options instanceof Unreadable) report(unreadable('', options.cause));
    else if (typeof options === 'function') report(problem('options_delegate', '', options));
    else report(problem('options_type', '', options, originsText(options)));
    return {};
  }
  const known = [...POLICY_OPTIONS, ...KNOWN_EXTRAS, ...others];
  // Only the module has others.
  const elsewhere = others.length === 0 ? { option_of_module: MODULE_OPTIONS } : {};
  reportUnknownKeys(options, known, report, elsewhere);
  const preflightContinue = readOption(options, 'preflightContinue', report);
  if (preflightContinue === true) {
    report(problem('preflight_continue', 'preflightContinue', true));
  } else if (preflightContinue !== undefined && preflightContinue !== false && preflightContinue !== INVALID) {
    report(problem('boolean_type', 'preflightContinue', preflightContinue, 'false'));
  }
  const level: Record<string, unknown> = {};
  for (const option of POLICY_OPTIONS) {
    if (!hasKey(options, option)) continue;
    // It is an error there, and may lead back to itself.
    if (isNested && option === 'others') {
      level[option] = INVALID;
      continue;
    }
    // The other options have a default.
    const value = readOption(options, option, report, option === 'origin' ? 'the origins' : undefined);
    level[option] = value === INVALID ? INVALID : (FIELDS[option].read(value, report, option, readNested) ?? INVALID);
  }
  return level as LevelOptions;
}

/** Reads a policy that is the value of an option. */
function readNested(options: unknown, report: Report): LevelOptions {
  return readPolicy(options, report, [], true);
}

/**
 * Reads one key of the options once: `undefined` if it is absent, {@link INVALID} if it is present but undefined or
 * cannot be read.
 *
 * @param instead what to write where it says nothing, if it cannot be left out
 */
export function readKey(options: object, key: string, report: Report, instead?: string): unknown {
  if (!hasKey(options, key)) return undefined;
  try {
    const value: unknown = Reflect.get(options, key);
    if (value instanceof Unreadable) report(unreadable(key, value.cause));
    else if (value === undefined) report(problem('option_undefined', key, undefined, instead));
    else return value;
  } catch (error) {
    report(unreadable(key, error));
  }
  return INVALID;
}

/** Like {@link readKey}; `null` is no value of an option. */
export function readOption(options: object, key: string, report: Report, instead?: string): unknown {
  const value = readKey(options, key, report, instead);
  if (value !== null) return value;
  report(problem('option_null', key, null, instead));
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

/** @param elsewhere the options of other places, by the code of the problem that says where they belong */
export function reportUnknownKeys(
  options: object,
  known: readonly string[],
  report: Report,
  elsewhere: Readonly<Partial<Record<ProblemCode, readonly string[]>>> = {},
): void {
  // Symbols as well: otherwise nobody would notice that they have no effect.
  for (const each of Reflect.ownKeys(options)) {
    if (each === PLACES) continue;
    const key = String(each);
    if (known.some(name => name === each) || !Object.prototype.propertyIsEnumerable.call(options, each)) continue;
    report(unknownKey(key, options, known, elsewhere));
  }
}

function unknownKey(
  key: string,
  options: object,
  known: readonly string[],
  elsewhere: Readonly<Partial<Record<ProblemCode, readonly string[]>>>,
): Problem {
  const [misplaced] = Object.entries(elsewhere).find(([, names]) => names?.includes(key)) ?? [];
  if (misplaced !== undefined) return problem(misplaced as ProblemCode, key, key);
  const meaning = meaningOf(key, known);
  if (meaning === undefined) return problem('option_unknown', key, key, closestName(key, known));
  if ('code' in meaning) return problem(meaning.code, key, key, fixOfOther(meaning.code, key, options));
  return problem(hasKey(options, meaning.option) ? 'option_synonym' : 'option_unknown', key, key, meaning.option);
}

/** What to write for an option of another library that has none here. */
function fixOfOther(code: ProblemCode, key: string, options: object): string | undefined {
  if (code !== 'option_switch') return undefined;
  const value = meantBoolean(readKey(options, key, () => undefined));
  // What nobody can read means off: it never opens anything.
  const isOn = value === !/disable/i.test(key);
  return isOn ? undefined : 'origin: false';
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

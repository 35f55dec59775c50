import { onDemand } from '../lazy/import.js';
import { readAllowedHeaders, readExposedHeaders, type StatedHeaders } from './names/headers.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import { readMethods } from './names/methods.js';
import type { StatedList } from './names/list.js';
import type { EffectiveCorsPolicy } from './options.js';
import { readOrigin, type StatedOrigin } from './origin/list.js';
import { PLACES } from '../cors.constants.js';
import { isOptions, Unreadable } from './snapshot.js';

/** Stands for a field that is stated with an error, so that no second problem is derived from it. */
export const INVALID: unique symbol = Symbol('invalid');

/** The fields that one level states, parsed. A field that is not stated is absent. */
export interface StatedPolicy {
  readonly origin?: StatedOrigin | typeof INVALID;
  readonly methods?: StatedList<string> | typeof INVALID;
  readonly allowedHeaders?: StatedHeaders | typeof INVALID;
  readonly exposedHeaders?: StatedHeaders | typeof INVALID;
  readonly credentials?: boolean | typeof INVALID;
  readonly maxAge?: number | typeof INVALID;
  readonly optionsSuccessStatus?: 200 | 204 | typeof INVALID;
  readonly rejectDisallowed?: boolean | typeof INVALID;
  readonly dangerouslyAllowInsecureOrigins?: boolean | typeof INVALID;
  readonly dangerouslyAllowPublicSuffixPatterns?: boolean | typeof INVALID;
}

export type PolicyField = keyof EffectiveCorsPolicy;

type Reader<T> = (value: unknown, report: Report, path: string) => T | undefined;

/** How each policy option is read. To add an option, start here: the types lead to the other places. */
const READERS: { readonly [Field in PolicyField]: Reader<Exclude<StatedPolicy[Field], typeof INVALID | undefined>> } = {
  origin: readOrigin,
  methods: readMethods,
  allowedHeaders: readAllowedHeaders,
  exposedHeaders: readExposedHeaders,
  credentials: readBoolean,
  maxAge: readMaxAge,
  optionsSuccessStatus: readStatus,
  rejectDisallowed: readBoolean,
  dangerouslyAllowInsecureOrigins: readBoolean,
  dangerouslyAllowPublicSuffixPatterns: readBoolean,
};

export const POLICY_FIELDS = Object.keys(READERS) as readonly PolicyField[];

/** Options of Nest's `CorsOptions` and of other libraries that are known, and refused with a reason. */
const KNOWN_EXTRAS = ['preflightContinue'] as const;

/**
 * Reads what one level states, reporting every problem of it. `others` are the keys that the level takes beside the
 * policy's own.
 */
export function readPolicy(options: unknown, report: Report, others: readonly string[] = []): StatedPolicy {
  if (!isOptions(options)) {
    if (options instanceof Unreadable) report(unreadable('', options.cause));
    else report(problem('options_type', '', options));
    return {};
  }
  reportUnknownKeys(options, [...POLICY_FIELDS, ...KNOWN_EXTRAS, ...others], report);
  const preflightContinue = readKey(options, 'preflightContinue', report);
  if (preflightContinue === true) {
    report(problem('preflight_continue', 'preflightContinue', true));
  } else if (preflightContinue !== undefined && preflightContinue !== INVALID) {
    readBoolean(preflightContinue, report, 'preflightContinue');
  }
  const stated: Record<string, unknown> = {};
  for (const field of POLICY_FIELDS) {
    if (!isStated(options, field)) continue;
    const value = readKey(options, field, report);
    stated[field] = value === INVALID ? INVALID : (READERS[field](value, report, field) ?? INVALID);
  }
  return stated as StatedPolicy;
}

/**
 * Reads one key of the options once: `undefined` where it is absent, {@link INVALID} where it is present but
 * undefined or cannot be read.
 */
export function readKey(options: object, key: string, report: Report): unknown {
  if (!isStated(options, key)) return undefined;
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

/** The problem of what throws as it is read. */
export function unreadable(path: string, error: unknown): Problem {
  return problem('options_unreadable', path, error instanceof Error ? error.message : error);
}

/** Own properties and those of the options' class; never what someone put on `Object.prototype`. */
function isStated(options: object, key: string): boolean {
  for (let at: object | null = options; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return true;
  }
  return false;
}

export function reportUnknownKeys(options: object, known: readonly string[], report: Report): void {
  // Symbols as well: nobody would see that they state nothing.
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

export function readBoolean(value: unknown, report: Report, path: string): boolean | undefined {
  return typeof value === 'boolean' ? value : void report(problem('boolean_type', path, value));
}

const MAX_AGE_LIMIT = 86_400;

export function readMaxAge(value: unknown, report: Report, path: string): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_AGE_LIMIT) return value;
  // Not every value converts to a number: a symbol or an object without a prototype throws.
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) / 1000 : NaN;
  const meant = Number.isInteger(seconds) && seconds > 0 && seconds <= MAX_AGE_LIMIT ? String(seconds) : undefined;
  return void report(problem('max_age', path, value, meant));
}

function readStatus(value: unknown, report: Report, path: string): 200 | 204 | undefined {
  return value === 200 || value === 204 ? value : void report(problem('options_status', path, value));
}

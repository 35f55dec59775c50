import { problem, type Report } from '../issues/problem.js';

/** What texts and numbers mean by a boolean: environment variables, and the `credentials` of `fetch()`. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on', 'y', 'include'].map(text => [text, true] as const),
  ...['false', '0', 'no', 'off', 'n', 'omit', 'same-origin'].map(text => [text, false] as const),
]);

export function readBoolean(value: unknown, report: Report, path: string): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const meant = meantBoolean(value);
  return void report(problem('boolean_type', path, value, meant === undefined ? undefined : String(meant)));
}

/** The boolean that a value stands for; `undefined` if nobody can know. */
export function meantBoolean(value: unknown): boolean | undefined {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isText ? BOOLEANS.get(String(value).trim().toLowerCase()) : undefined;
}

const MAX_AGE_LIMIT = 86_400;

/** Reads a time in whole seconds. */
export function readMaxAge(value: unknown, report: Report, path: string): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_AGE_LIMIT) return value;
  const meant = meantSeconds(value);
  return void report(problem('max_age', path, value, meant === undefined ? undefined : String(meant)));
}

const DAY = 86_400;
const MINUTE_IN_MS = 60_000;
const HOUR_IN_MS = 3_600_000;
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', DAY],
  ['w', 7 * DAY],
]);

/** The seconds that were probably meant, as an allowed value; `undefined` if nobody can know. */
function meantSeconds(value: unknown): number | undefined {
  // Not every value converts to a number: a symbol, or an object without a prototype, throws.
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : allowed(inSeconds(value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase().replaceAll('_', '');
  const [, amount = '', letters = ''] = /^(-?[0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/.exec(text) ?? [];
  const unit = /^m(?:s|illi)/.test(letters) ? 'ms' : letters.charAt(0);
  const factor = UNITS.get(unit);
  if (amount === '' || factor === undefined) return undefined;
  const number = Number(amount);
  return allowed(unit === '' ? inSeconds(number) : number * factor);
}

/** A negative value means no caching in other libraries. */
function allowed(seconds: number): number {
  return Math.floor(Math.min(Math.max(seconds, 0), MAX_AGE_LIMIT));
}

/**
 * A number without a unit. Above the limit it is in milliseconds if it is whole minutes in them, as 600000 is, unless it
 * is whole days in seconds, as 1728000 is, and not whole hours in milliseconds, as 86400000 is.
 */
function inSeconds(value: number): number {
  if (value <= MAX_AGE_LIMIT || value % MINUTE_IN_MS !== 0) return value;
  return value % DAY === 0 && value % HOUR_IN_MS !== 0 ? value : value / 1000;
}

export function readStatus(value: unknown, report: Report, path: string): 200 | 204 | undefined {
  if (value === 200 || value === 204) return value;
  const isText = value === '200' || value === '204';
  return void report(problem('options_status', path, value, isText ? value : undefined));
}

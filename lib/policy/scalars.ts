import { problem, type Report } from '../issues/problem.js';

export function readBoolean(value: unknown, report: Report, path: string): boolean | undefined {
  return typeof value === 'boolean' ? value : void report(problem('boolean_type', path, value));
}

const MAX_AGE_LIMIT = 86_400;

/** Reads a time in whole seconds. */
export function readMaxAge(value: unknown, report: Report, path: string): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_AGE_LIMIT) return value;
  // Not every value converts to a number: a symbol, or an object without a prototype, throws.
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) / 1000 : NaN;
  const meant = Number.isInteger(seconds) && seconds > 0 && seconds <= MAX_AGE_LIMIT ? String(seconds) : undefined;
  return void report(problem('max_age', path, value, meant));
}

export function readStatus(value: unknown, report: Report, path: string): 200 | 204 | undefined {
  return value === 200 || value === 204 ? value : void report(problem('options_status', path, value));
}

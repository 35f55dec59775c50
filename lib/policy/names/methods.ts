import { METHODS } from 'node:http';
import { problem, type Report } from '../../issues/problem.js';
import { isToken, readList, withoutRepeats, type Entry, type ListOption } from './list.js';

/** Fetch §2.2.1: methods that scripts can never send. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** Fetch §2.2.1, "forbidden method": compared case-insensitively. */
export function isForbiddenMethod(method: string): boolean {
  return FORBIDDEN.has(method.toUpperCase());
}

/** Reads the `methods` option; `undefined` if it has an error. */
export function readMethods(value: unknown, report: Report): ListOption<string> | undefined {
  const path = 'methods';
  if (value === '') return void report(problem('methods_empty', path, value));
  const list = readList(value, path);
  if (list === undefined) return void report(problem('methods_type', path, value));
  if (list.items.length === 0) return void report(problem('methods_empty', path, value));
  const valid = list.items.filter(entry => checkMethod(entry, report));
  if (valid.length < list.items.length) return undefined;
  return { mode: list.mode, items: withoutRepeats(valid, 'method_duplicate', method => method, report) };
}

function checkMethod({ path, value }: Entry, report: Report): boolean {
  if (typeof value !== 'string' || !isToken(value)) report(problem('method_invalid', path, value));
  else if (value === '*') report(problem('method_any', path, value));
  else if (isForbiddenMethod(value)) report(problem('method_forbidden', path, value));
  else if (value !== value.toUpperCase()) report(problem('method_case', path, value, value.toUpperCase()));
  else {
    if (!METHODS.includes(value)) report(problem('method_unparsable', path, value));
    if (value === 'OPTIONS') report(problem('method_options', path, value));
    return true;
  }
  return false;
}

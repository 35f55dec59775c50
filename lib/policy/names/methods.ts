import { METHODS } from 'node:http';
import { problem, type Report } from '../../issues/problem.js';
import { readList, reportListText, reportNoName, withoutRepeats, type Entry, type ListOption } from './list.js';

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
  if (reportListText(value, path, report)) return undefined;
  const list = readList(value, path);
  if (list === undefined) return void report(problem('methods_type', path, value));
  if (list.items.length === 0) return void report(problem('methods_empty', path, value));
  const valid = list.items.filter(entry => checkMethod(entry, report));
  if (valid.length < list.items.length) return undefined;
  return { mode: list.mode, items: withoutRepeats(valid, 'method_duplicate', method => method, report) };
}

/** The names of Nest's `RequestMethod`, which are numbers: `RequestMethod.GET` is 0. */
const REQUEST_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'ALL', 'OPTIONS', 'HEAD', 'SEARCH'] as const;

function checkMethod(entry: Entry, report: Report): boolean {
  const { path, value } = entry;
  const requestMethod = typeof value === 'number' ? REQUEST_METHODS[value] : undefined;
  if (requestMethod === 'ALL') return (report(problem('method_any', path, value)), false);
  if (requestMethod !== undefined) return (report(problem('method_invalid', path, value, `'${requestMethod}'`)), false);
  if (reportNoName(entry, 'method_invalid', report)) return false;
  const method = String(value);
  if (/^(?:\*|all|any)$/i.test(method)) report(problem('method_any', path, method));
  else if (isForbiddenMethod(method)) report(problem('method_forbidden', path, method));
  else if (method !== method.toUpperCase()) report(problem('method_case', path, method, method.toUpperCase()));
  else {
    if (!METHODS.includes(method)) report(problem('method_unparsable', path, method));
    if (method === 'OPTIONS') report(problem('method_options', path, method));
    return true;
  }
  return false;
}

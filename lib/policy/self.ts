import { problem, type Report } from '../issues/problem.js';
import { INVALID } from './fields.js';
import { fixText } from './origin/fix-text.js';
import { isExactOrigin, isOriginProblem, parseOriginPattern } from './origin/pattern.js';

/**
 * Reads the `self` option: the app's own origins, each exact.
 *
 * @returns `undefined` if nothing is listed
 */
export function readSelf(value: unknown, report: Report): readonly string[] | undefined {
  if (value === undefined || value === INVALID) return undefined;
  if (!Array.isArray(value)) {
    const isOrigin = typeof value === 'string' && !isOriginProblem(parseOriginPattern(value));
    return void report(problem('self_type', 'self', value, isOrigin ? value : undefined));
  }
  if (value.length === 0) return void report(problem('self_empty', 'self', value));
  // Array.from() visits holes: a hole is an undefined entry, which is an error.
  const origins = Array.from(value as readonly unknown[], (entry, index) =>
    readOwnOrigin(entry, `self[${String(index)}]`, report),
  );
  return origins.filter(origin => origin !== undefined);
}

function readOwnOrigin(value: unknown, path: string, report: Report): string | undefined {
  if (typeof value !== 'string') return void report(problem('self_entry', path, value));
  const parsed = parseOriginPattern(value);
  if (isOriginProblem(parsed)) {
    // Without a corrected form, the hint is about allowlists, not about the app's own origins.
    const { resolver, ...exact } = parsed;
    const fix = resolver === undefined ? fixText(exact, { inList: true }) : undefined;
    return void report(problem(fix === undefined ? 'self_entry' : parsed.code, path, value, fix));
  }
  if (!isExactOrigin(parsed)) return void report(problem('self_pattern', path, value));
  return parsed.text;
}

import { addedValues } from './add.js';
import { problem, type Report } from './issue.js';
import type { StatedList } from './names.js';
import { compileOrigins } from './origin-matcher.js';
import { isOriginProblem, parseOriginPattern, type OriginPattern } from './origin-pattern.js';

/** The `origin` option as one level states it. */
export type StatedOrigin = '*' | false | StatedList<OriginPattern>;

/** Reads the `origin` option; `undefined` where it has an error. */
export function readOrigin(value: unknown, report: Report): StatedOrigin | undefined {
  const path = 'origin';
  if (value === '*' || value === false) return value;
  const added = addedValues(value);
  if (added !== undefined) return readEntries('add', added, report);
  if (Array.isArray(value)) return readEntries('replace', value, report);
  if (typeof value !== 'string') return void reportType(value, path, report);
  const pattern = readEntry(value, path, report);
  return pattern && { mode: 'replace', items: [pattern] };
}

function readEntries(
  mode: 'replace' | 'add',
  values: readonly unknown[],
  report: Report,
): StatedList<OriginPattern> | undefined {
  if (values.length === 0) return void report(problem('origin_empty', 'origin', values));
  const items: OriginPattern[] = [];
  // An index loop visits holes: a hole is an undefined entry, and that is an error.
  for (let index = 0; index < values.length; index++) {
    const pattern = readEntry(values[index], originPath(index), report);
    if (pattern !== undefined) items.push(pattern);
  }
  if (items.length < values.length) return undefined;
  reportRepeats(items, report);
  return { mode, items };
}

export function originPath(index: number): string {
  return `origin[${String(index)}]`;
}

function readEntry(value: unknown, path: string, report: Report): OriginPattern | undefined {
  if (typeof value !== 'string') return void reportType(value, path, report);
  const result = parseOriginPattern(value);
  if (!isOriginProblem(result)) return result;
  return void report(problem(result.code, path, value, result.fix));
}

function reportType(value: unknown, path: string, report: Report): void {
  if (value === undefined) report(problem('option_undefined', path, value));
  else if (value === true) report(problem('origin_reflected', path, value));
  else if (value instanceof RegExp) report(problem('origin_regexp', path, value));
  else report(problem('origin_type', path, value));
}

/** Warns of entries that change nothing: listed twice, or covered by a pattern of the same list. */
function reportRepeats(items: readonly OriginPattern[], report: Report): void {
  const seen = new Set<string>();
  const wildcards = items.filter(({ subdomains, port }) => subdomains || port === '*');
  const coveredByAny = compileOrigins(wildcards);
  items.forEach((item, index) => {
    if (seen.has(item.text)) report(problem('origin_duplicate', originPath(index), item.text));
    else if (coveredByAny(sample(item))) {
      const cover = wildcards.find(wildcard => wildcard.text !== item.text && covers(wildcard, item));
      if (cover !== undefined) report(problem('origin_subsumed', originPath(index), item.text, cover.text));
    }
    seen.add(item.text);
  });
}

/** Some origin that the entry matches. */
function sample({ scheme, host, subdomains, port }: OriginPattern): string {
  return `${scheme}://${subdomains ? 'x.' : ''}${host}${port === '' || port === '*' ? '' : `:${port}`}`;
}

/** Whether every origin that `inner` matches is matched by `outer`. */
export function covers(outer: OriginPattern, inner: OriginPattern): boolean {
  if (outer.scheme !== inner.scheme) return false;
  if (outer.port !== '*' && outer.port !== inner.port) return false;
  if (!outer.subdomains) return !inner.subdomains && outer.host === inner.host;
  return inner.host.endsWith(`.${outer.host}`) || (inner.subdomains && inner.host === outer.host);
}

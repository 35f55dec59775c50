import { addedValues } from '../add.js';
import { problem, type Report } from '../../issues/problem.js';

/** RFC 9110 §5.6.2: the syntax of a method and of a header name. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Whether a short list contains a text. Hot path: `includes()` takes twice as long, and hashing the text even longer.
 */
export function isListed(list: readonly string[], text: string): boolean {
  for (let index = 0; index < list.length; index++) if (list[index] === text) return true;
  return false;
}

/** A list option: it replaces or extends the inherited list. */
export interface ListOption<T> {
  readonly mode: 'replace' | 'add';
  readonly items: readonly T[];
}

/** One entry of a list and its place. */
export interface Entry {
  readonly path: string;
  readonly value: unknown;
}

/**
 * Reads a list option: an array, `add(...)`, or a string, which is Nest's comma-separated form.
 * `undefined` if the value is none of these.
 */
export function readList(value: unknown, path: string): ListOption<Entry> | undefined {
  const added = addedValues(value);
  if (added !== undefined) return { mode: 'add', items: entries(added, path) };
  if (Array.isArray(value)) return { mode: 'replace', items: entries(value, path) };
  if (typeof value !== 'string') return undefined;
  return { mode: 'replace', items: value.split(',').map(item => ({ path, value: item.trim() })) };
}

function entries(values: readonly unknown[], path: string): readonly Entry[] {
  // Array.from() visits holes, map() would skip them: a hole is an undefined entry, which is an error.
  return Array.from(values, (value, index) => ({ path: `${path}[${String(index)}]`, value }));
}

/** Drops repeated entries, each with a warning. */
export function withoutRepeats(
  items: readonly Entry[],
  code: 'method_duplicate' | 'header_duplicate',
  key: (value: string) => string,
  report: Report,
): readonly string[] {
  const seen = new Map<string, string>();
  for (const { path, value } of items as readonly (Entry & { value: string })[]) {
    if (seen.has(key(value))) report(problem(code, path, value));
    else seen.set(key(value), value);
  }
  return [...seen.values()];
}

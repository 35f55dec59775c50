import { addedValues } from '../add.js';
import { problem, type Report } from '../../issues/problem.js';
import { bareParts, INVISIBLE, isValueName } from '../pieces.js';

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

/** The elements of a header that is a list, without white space around them (RFC 9110 §5.6.1): empty ones are none. */
export function elementsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map(element => element.trim())
    .filter(element => element !== '');
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

/**
 * Reports a text that is not a list of names separated by single commas, with the list that was meant.
 *
 * @returns whether it did
 */
export function reportListText(value: unknown, path: string, report: Report): boolean {
  if (typeof value !== 'string' || value === '' || value.split(',').every(item => isPlainName(item.trim())))
    return false;
  const names = namesIn(value, path.endsWith('Headers'));
  report(problem('names_text', path, value, names && `[${names}]`));
  return true;
}

/**
 * Reports an entry that is no name, whatever the list is about.
 *
 * @returns whether it did
 */
export function reportNoName(
  { path, value }: Entry,
  code: 'method_invalid' | 'header_invalid',
  report: Report,
): boolean {
  if (value === undefined) report(problem('option_undefined', path, value));
  else if (value === null) report(problem('option_null', path, value));
  else if (value === '') report(problem('name_empty', path, value));
  else if (typeof value !== 'string') report(problem(code, path, value));
  else if (isValueName(value)) report(problem('name_value', path, value));
  else if (!isPlainName(value)) report(problem(code, path, value, namesIn(value, code === 'header_invalid')));
  else return false;
  return true;
}

/** A bar and quotes may be in a token, but no name that anyone uses has them. */
function isPlainName(text: string): boolean {
  return isToken(text) && !/^['`].*['`]$|\w\|\w/.test(text);
}

/** Names of several words, each of which would be a name as well. */
const HYPHENATED = /^(?:content|cache|if|last|user|accept|x|access|request)[ _]\w+(?:[ _]\w+)*$/i;

/** The names in a text, as entries of a list; `undefined` if not all of them are names. */
function namesIn(text: string, areHeaders: boolean): string | undefined {
  const visible = text.replace(INVISIBLE, '');
  // `Content-Type: application/json`
  const headerLine = areHeaders ? /^\s*([\w-]+):\s*[^\s,;|]+\s*$/.exec(visible)?.[1] : undefined;
  const words =
    areHeaders && HYPHENATED.test(visible.trim()) ? [visible.trim().replace(/[ _]/g, '-')] : bareParts(visible);
  const names = headerLine === undefined ? words.map(word => word.replace(/:$/, '')) : [headerLine];
  if (names.length === 0 || !names.every(isPlainName)) return undefined;
  return names.map(name => `'${name}'`).join(', ');
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

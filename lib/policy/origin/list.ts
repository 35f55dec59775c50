import { addedValues } from '../add.js';
import { answeringFunction, callbackUse } from '../callback.js';
import { ownResolverHint, resolverFix, sharedResolverHint, spreadHint } from '../../issues/catalog.js';
import { problem, type Problem, type Report } from '../../issues/problem.js';
import type { ListOption } from '../names/list.js';
import type { CorsOriginResolverRef } from '../resolver.js';
import { LabelIndex } from './labels.js';
import { wildcardKey } from './matcher.js';
import { regExpProblem, type OriginProblem } from './diagnose.js';
import { fixText } from './fix-text.js';
import { isExactOrigin, isOriginProblem, parseOriginPattern, type OriginPattern } from './pattern.js';

/** A list of origins as one level sets it: patterns, and at most one resolver. */
export interface OriginList extends ListOption<OriginPattern> {
  /** Its entry in `items` is {@link PLACEHOLDER}. */
  readonly resolver?: CorsOriginResolverRef;
}

/** The `origin` option as one level sets it. */
export type OriginOption = '*' | false | OriginList;

/** Reads the `origin` option; `undefined` if none of it can be read. */
export function readOrigin(value: unknown, report: Report): OriginOption | undefined {
  if (value === '*' || value === false) return value;
  const added = addedValues(value);
  if (added !== undefined) return readEntries('add', added, report);
  if (Array.isArray(value)) return readEntries('replace', value, report);
  if (isResolver(value)) {
    reportCallback(value, 'origin', report);
    return { mode: 'replace', items: [PLACEHOLDER], resolver: value };
  }
  const result = parseEntry(value);
  if (result !== undefined && !isOriginProblem(result)) return { mode: 'replace', items: [result] };
  return void report(result === undefined ? typeProblem(value, 'origin') : entryProblem(result, value, 'origin'));
}

function readEntries(mode: 'replace' | 'add', values: readonly unknown[], report: Report): OriginList | undefined {
  if (values.length === 0) return void report(problem('origin_empty', 'origin', values));
  // Array.from() visits holes: a hole is an undefined entry, which is an error.
  const results = Array.from(values, parseEntry);
  const items = results.map(result => (result === undefined || isOriginProblem(result) ? PLACEHOLDER : result));
  const resolver = values.find(isResolver);
  const sharing = { hasResolver: resolver !== undefined, results };
  results.forEach((result, index) => {
    const value = values[index];
    const path = originPath(index);
    if (isResolver(value)) {
      if (value !== resolver) report(problem('resolver_twice', path, value));
      reportCallback(value, path, report);
    } else if (result === undefined) report(typeProblem(value, path));
    else if (isOriginProblem(result)) report(entryProblem(result, value, path, sharing));
  });
  if (resolver === undefined && items.every(item => item === PLACEHOLDER)) return undefined;
  reportRepeats(items, report);
  return { mode, items, ...(resolver && { resolver }) };
}

function reportCallback(resolver: CorsOriginResolverRef, path: string, report: Report): void {
  const isLikely = callbackUse(answeringFunction(resolver)) === 'likely';
  if (isLikely) report(problem('resolver_callback', path, resolver));
}

function isResolver(value: unknown): value is CorsOriginResolverRef {
  return typeof value === 'function';
}

/** Replaces an entry that is not a pattern (a resolver or an error), so that the others keep their indexes. */
export const PLACEHOLDER: OriginPattern = Object.freeze({
  text: '',
  scheme: '',
  host: '',
  subdomains: false,
  port: '',
});

export function originPath(index: number): string {
  return `origin[${String(index)}]`;
}

/** The pattern of an entry, or its problem; `undefined` if it is neither a text nor a RegExp. */
function parseEntry(value: unknown): OriginPattern | OriginProblem | undefined {
  if (value instanceof RegExp) return regExpProblem(value.source, parseOriginPattern);
  return typeof value === 'string' ? parseOriginPattern(value) : undefined;
}

/** What the other entries say of a list that may have one resolver. */
interface Sharing {
  readonly hasResolver: boolean;
  readonly results: readonly (OriginPattern | OriginProblem | undefined)[];
}

function entryProblem(result: OriginProblem, value: unknown, path: string, sharing?: Sharing): Problem {
  const { code, resolver } = result;
  if (code === 'origin_empty' && sharing !== undefined) return problem(code, path, value, 'the variable it comes from');
  if (resolver === undefined || sharing === undefined) {
    return problem(code, path, value, fixText(result, { inList: sharing !== undefined }));
  }
  // A list has one resolver, so the first such entry gets it for all of them.
  const needs = sharing.results.map(each => (each !== undefined && isOriginProblem(each) ? each.resolver : undefined));
  const first = needs.findIndex(each => each !== undefined);
  if (sharing.hasResolver) return { ...problem(code, path, value), hint: ownResolverHint(resolver) };
  if (path !== originPath(first)) return { ...problem(code, path, value), hint: sharedResolverHint(originPath(first)) };
  return problem(code, path, value, resolverFix([...new Set(needs.filter(each => each !== undefined))]));
}

function typeProblem(value: unknown, path: string): Problem {
  if (value === false && path !== 'origin') return problem('origin_false_in_list', path, value);
  if (value === undefined) return problem('option_undefined', path, value);
  if (value === true) return problem('origin_reflected', path, value);
  if (value === null) return problem('option_null', path, value);
  const text = listText(value);
  const mistake = problem('origin_type', path, value, text);
  return Array.isArray(value) && text !== undefined ? { ...mistake, hint: spreadHint(text) } : mistake;
}

/** What may have been meant by a collection, or by a `URL`; `undefined` if it does not hold origins. */
function listText(value: unknown): string | undefined {
  if (value instanceof URL) return `'${value.origin}'`;
  const entries: unknown[] = value instanceof Set || Array.isArray(value) ? [...(value as Iterable<unknown>)] : [];
  const texts = entries.filter(entry => typeof entry === 'string' && !isOriginProblem(parseOriginPattern(entry)));
  if (texts.length === 0 || texts.length < entries.length || texts.length > MOST_SHOWN) return undefined;
  return `[${texts.map(text => `'${String(text)}'`).join(', ')}]`;
}

const MOST_SHOWN = 8;

/** Origins that were written in the place of a policy, as code. */
export function originsText(options: unknown): string | undefined {
  if (options === '*') return "'*'";
  if (isOriginText(options)) return `'${options}'`;
  if (!Array.isArray(options) || options.length === 0 || !options.every(isOriginText)) return undefined;
  return `[${options.map(each => `'${each}'`).join(', ')}]`;
}

function isOriginText(value: unknown): value is string {
  return typeof value === 'string' && !isOriginProblem(parseOriginPattern(value));
}

/** Warns of entries that change nothing: listed twice, or covered by a pattern of the same list. */
function reportRepeats(items: readonly OriginPattern[], report: Report): void {
  const { coverOf } = indexOrigins(items);
  const texts = new Set<string>();
  items.forEach((item, index) => {
    const repetition = repetitionOf(item, index, { texts, coverOf });
    if (repetition !== undefined) report(repetition);
    texts.add(item.text);
  });
}

/** Shows whether an entry adds anything to a list. The cost does not depend on the list's length. */
export interface OriginIndex {
  readonly texts: ReadonlySet<string>;
  /** The text of another entry that matches every origin that this one does, if there is one. */
  readonly coverOf: (item: OriginPattern) => string | undefined;
}

export function indexOrigins(items: readonly OriginPattern[]): OriginIndex {
  const wildcards = new Map<string, string>();
  const labels = new LabelIndex();
  for (const item of items) {
    if (item.label !== undefined) labels.add(item, item.label);
    else if (!isExactOrigin(item)) wildcards.set(wildcardKey(item), item.text);
  }
  return {
    texts: new Set(items.map(({ text }) => text)),
    coverOf: item => {
      if (wildcards.size === 0 && labels.isEmpty) return undefined;
      const covers = coveringKeys(item).map(key => wildcards.get(key));
      return covers.find(cover => cover !== undefined) ?? coveringLabel(item, labels);
    },
  };
}

/** The warning for an entry that adds nothing to a list. The index is its place in its own list. */
export function repetitionOf(item: OriginPattern, index: number, { texts, coverOf }: OriginIndex): Problem | undefined {
  if (item === PLACEHOLDER) return undefined;
  if (texts.has(item.text)) return problem('origin_duplicate', originPath(index), item.text);
  const cover = coverOf(item);
  return cover === undefined ? undefined : problem('origin_subsumed', originPath(index), item.text, cover);
}

/**
 * The keys of all patterns over whole labels that would cover an entry: its own host and every parent, its own port and
 * any port.
 */
function coveringKeys({ scheme, host, subdomains, label, port }: OriginPattern): readonly string[] {
  const ports = new Set([port, '*']);
  const keys = port === '*' || label !== undefined ? [] : [wildcardKey({ scheme, host, subdomains, port: '*' })];
  // Of a `*` inside the leading label, the host is the first parent.
  const whole = label === undefined ? host : `.${host}`;
  for (let dot = whole.indexOf('.'); dot !== -1; dot = whole.indexOf('.', dot + 1)) {
    const parent = whole.slice(dot + 1);
    for (const each of ports) keys.push(wildcardKey({ scheme, host: parent, subdomains: true, port: each }));
  }
  return keys;
}

/** The text of a pattern with a `*` inside the leading label that covers an entry. */
function coveringLabel(
  { scheme, host, subdomains, label, port }: OriginPattern,
  labels: LabelIndex,
): string | undefined {
  const dot = host.indexOf('.');
  // It has one label before its host: no pattern for subdomains does.
  if (subdomains || (label === undefined && dot <= 0)) return undefined;
  const own = host.slice(0, dot);
  const { before, after } = label ?? { before: own, after: own };
  const rest = label === undefined ? host.slice(dot + 1) : host;
  const length = label === undefined ? own.length - 1 : before.length + after.length;
  for (const any of new Set([port, '*'])) {
    // With the same ends, it would be the entry itself.
    const most = label !== undefined && any === port ? length - 1 : length;
    const found = labels.find(scheme, rest, any, before, after, most);
    if (found !== undefined) return `${scheme}://${found}.${rest}${any === '' ? '' : ':'}${any}`;
  }
  return undefined;
}

import type { CST, ParsedNode } from 'yaml';
import type { ProblemCode } from '../issues/catalog.js';
import { onDemand } from '../lazy/import.js';
import { problem, type Problem } from '../issues/problem.js';
import { jsonErrorOffset } from './json-syntax.js';
import type { WrittenOption } from './option-places.js';

/** A problem of a file, and its place in the file: `3:5`. */
export interface DocumentProblem {
  readonly problem: Problem;
  readonly place: string;
}

/** The content of a file. If there is a problem, do not use the options. */
export interface OptionsDocument {
  readonly options: object;
  readonly written: readonly WrittenOption[];
  readonly problems: readonly DocumentProblem[];
}

/** Options are nested at most six levels deep. The parser is recursive, and must not exhaust the stack. */
const MAX_DEPTH = 16;

/** The reader below reports these better than the parser: aliases, keys that are not text, tags unknown to YAML. */
const READER_ERRORS: ReadonlySet<string> = new Set(['BAD_ALIAS', 'NON_STRING_KEY']);
const READER_WARNINGS: ReadonlySet<string> = new Set(['BAD_ALIAS', 'TAG_RESOLVE_FAILED']);

/** YAML 1.2 with the types of JSON, even if a directive sets another version: `yes` is text. */
const YAML = { schema: 'core', merge: false, stringKeys: true, uniqueKeys: false } as const;

/** Reads the text of a JSON or YAML file, each option with its place. Never throws. */
export function readDocument(text: string, format: 'json' | 'yaml'): OptionsDocument {
  const source = new SourceText(text);
  const refuse = (code: ProblemCode, offset: number, fix?: string): OptionsDocument => ({
    options: {},
    written: [],
    problems: [{ problem: problem(code, '', source.lineAt(offset), fix), place: source.placeAt(offset) }],
  });
  if (text.trim() === '') return refuse('file_empty', 0);
  const wrong = format === 'json' ? jsonErrorOffset(text) : undefined;
  if (wrong !== undefined) return refuse('file_json', wrong);
  const deep = source.tokens.map(tooDeep).find(token => token !== undefined);
  if (deep !== undefined) return refuse('file_nesting', deep.offset);

  const { Composer, isScalar } = onDemand.yaml();
  const [document, another] = [...new Composer(YAML).compose(source.tokens)];
  // Only comments.
  if (document === undefined) return refuse('file_empty', 0);
  const { errors, warnings } = document;
  const error =
    errors.find(({ code }) => !READER_ERRORS.has(code)) ?? warnings.find(({ code }) => !READER_WARNINGS.has(code));
  // One error causes others after it: the first is the one to correct.
  if (error !== undefined) return refuse('file_syntax', error.pos[0], firstLine(error.message));
  if (another !== undefined) return refuse('file_documents', another.range[0]);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return refuse('file_empty', 0);
  const reader = new DocumentReader(source);
  return { options: reader.readRoot(contents), written: reader.written, problems: reader.problems };
}

/** The text of a file, with the places in it. */
class SourceText {
  readonly #lines;
  /** Every JSON text is YAML as well (YAML 1.2.2, §1.2), so one parser finds the places in both. */
  readonly tokens: readonly CST.Token[];

  constructor(private readonly text: string) {
    const { LineCounter, Parser } = onDemand.yaml();
    this.#lines = new LineCounter();
    this.tokens = [...new Parser(this.#lines.addNewLine).parse(text)];
  }

  /** `3:5` */
  placeAt(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${String(line)}:${String(col)}`;
  }

  /** The line around an offset, without its indentation. */
  lineAt(offset: number): string {
    const start = this.text.slice(0, offset).lastIndexOf('\n') + 1;
    return firstLine(this.text.slice(start)).trim();
  }
}

/** Turns the nodes of a document into plain values. */
class DocumentReader {
  readonly written: WrittenOption[] = [];
  readonly problems: DocumentProblem[] = [];

  readonly #yaml = onDemand.yaml();

  constructor(private readonly source: SourceText) {}

  readRoot(root: ParsedNode): object {
    const [offset] = root.range;
    const value = this.#read(root, '', [], offset);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    // An alias has no value here, and has already been reported.
    if (value !== undefined) this.#report(problem('options_type', '', value), offset);
    return {};
  }

  #read(node: ParsedNode | null, path: string, keys: readonly string[], offset: number): unknown {
    const value = this.#valueOf(node, path, keys);
    this.written.push({ path, keys, value, place: this.source.placeAt(offset) });
    return value;
  }

  #valueOf(node: ParsedNode | null, path: string, keys: readonly string[]): unknown {
    // `key:` without a value in a flow mapping.
    if (node === null) return null;
    const [offset] = node.range;
    const { isAlias, isMap, isSeq } = this.#yaml;
    if (isAlias(node)) return void this.#report(problem('file_alias', path, `*${node.source}`), offset);
    if (node.tag !== undefined) this.#report(problem('file_tag', path, node.tag), offset);
    if (isMap(node)) return this.#readMap(node.items, path, keys);
    if (!isSeq(node)) return node.value;
    return node.items.map((item, index) => {
      const each = item as ParsedNode;
      return this.#read(each, `${path}[${String(index)}]`, [...keys, String(index)], each.range[0]);
    });
  }

  #readMap(
    pairs: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    path: string,
    keys: readonly string[],
  ): object {
    const entries = new Map<string, unknown>();
    const places = new Map<string, string>();
    for (const { key, value } of pairs) {
      const [offset] = key.range;
      if (!this.#yaml.isScalar(key) || typeof key.value !== 'string' || key.tag !== undefined) {
        this.#report(problem('file_key', path, this.source.lineAt(offset)), offset);
        continue;
      }
      const name = key.value;
      const at = path === '' ? name : `${path}.${name}`;
      const first = places.get(name);
      if (first !== undefined) this.#report(problem('file_key_repeated', at, undefined, first), offset);
      // `Object.assign()` would make it the prototype of the copy.
      else if (name === '__proto__') this.#report(problem('option_unknown', at, name), offset);
      else entries.set(name, this.#read(value, at, [...keys, name], offset));
      if (first === undefined) places.set(name, this.source.placeAt(offset));
    }
    return Object.fromEntries(entries);
  }

  #report(each: Problem, offset: number): void {
    this.problems.push({ problem: each, place: this.source.placeAt(offset) });
  }
}

/** The first token deeper than {@link MAX_DEPTH}. Not recursive. */
function tooDeep(root: CST.Token): CST.Token | undefined {
  const open: (readonly [token: CST.Token, depth: number])[] = [[root, 0]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [token, depth] = at;
    if (depth > MAX_DEPTH) return token;
    if ('value' in token && token.value) open.push([token.value, depth + 1]);
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

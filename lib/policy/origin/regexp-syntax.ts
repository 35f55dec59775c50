/**
 * The characters of a host as a browser sends it, which is all that a character class can mean in an `Origin`. Reading
 * a RegExp within this alphabet can only narrow it.
 */
export const HOST_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789_-.';

/** A character, or a choice of characters that repeats. */
export interface Atom {
  /** Sorted as in the host alphabet; one character for a literal. */
  readonly characters: string;
  readonly least: number;
  readonly most: number;
  /** It stands for whole labels: no part of one may be in front of it. */
  readonly isLabels?: true;
}

/** The marks of `^` and `$`. */
export const START: Atom = { characters: '^', least: 0, most: 0 };
export const END: Atom = { characters: '$', least: 0, most: 0 };

export type Sequence = readonly Atom[];

/** More alternatives than this are no allowlist that one would type. */
const MOST_SEQUENCES = 16;

/** Too complex, or beyond what is read here. */
class Unsupported extends Error {}

/**
 * Reads the source of a RegExp: its alternatives, each a sequence without groups. `undefined` if it has anything that
 * an origin cannot need, such as a look-ahead, a back-reference or a repeated group.
 */
export function readSequences(source: string): readonly Sequence[] | undefined {
  try {
    const reader = new SourceReader(source);
    const sequences = reader.readAlternatives();
    return reader.isAtEnd ? sequences : undefined;
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

/** A character class in the syntax of a RegExp: `[a-z0-9_-]`. */
export function classText(characters: string): string {
  if (characters.length === 1) return characters === '.' ? '\\.' : characters;
  // A hyphen at the end is no range.
  const others = characters.replace('-', '');
  const runs: string[] = [];
  for (const character of others) {
    const run = runs.at(-1);
    if (run !== undefined && run.charCodeAt(run.length - 1) + 1 === character.charCodeAt(0))
      runs.push(`${runs.pop() ?? ''}${character}`);
    else runs.push(character);
  }
  const text = runs.map(run => (run.length > 2 ? `${run.charAt(0)}-${run.slice(-1)}` : run)).join('');
  return `[${text}${others === characters ? '' : '-'}]`;
}

export function literal(character: string): Atom {
  return { characters: character.toLowerCase(), least: 1, most: 1 };
}

function choice(isIncluded: (character: string) => boolean): Atom {
  return { characters: [...HOST_CHARACTERS].filter(isIncluded).join(''), least: 1, most: 1 };
}

const ANY = choice(() => true);
const DIGIT = choice(character => /[0-9]/.test(character));
const WORD = choice(character => /\w/.test(character));

export function isLiteral({ characters, least, most }: Atom): boolean {
  return characters.length === 1 && least === 1 && most === 1;
}

class SourceReader {
  #at = 0;

  constructor(private readonly source: string) {}

  get isAtEnd(): boolean {
    return this.#at === this.source.length;
  }

  readAlternatives(): readonly Sequence[] {
    const alternatives = [...this.#readSequences()];
    while (this.#take('|')) alternatives.push(...this.#readSequences());
    return atMost(alternatives);
  }

  /** One alternative: several sequences if it has groups or optional parts. */
  #readSequences(): readonly Sequence[] {
    let sequences: readonly Sequence[] = [[]];
    while (!this.isAtEnd && !/[|)]/.test(this.#next)) {
      const parts = this.#readPart();
      sequences = atMost(sequences.flatMap(before => parts.map(part => [...before, ...part])));
    }
    return sequences;
  }

  #readPart(): readonly Sequence[] {
    if (this.#take('^')) return [[START]];
    if (this.#take('$')) return [[END]];
    const isGroup = this.#take('(');
    const content = isGroup ? this.#readGroup() : [[this.#readAtom()]];
    const [least, most] = this.#readQuantifier();
    if (least === 1 && most === 1) return content;
    if (least === 0 && most === 1) return [[], ...content];
    const [[atom, ...others] = []] = content;
    if (content.length > 1 || atom === undefined) throw new Unsupported();
    if (!isGroup) return [[{ ...atom, least, most }]];
    const labels = labelsOf([atom, ...others]);
    if (labels === undefined || least > 1 || most !== Infinity) throw new Unsupported();
    return least === 0 ? [[], labels] : [labels];
  }

  #readGroup(): readonly Sequence[] {
    if (this.#take('?') && !this.#take(':')) throw new Unsupported();
    const content = this.readAlternatives();
    if (!this.#take(')')) throw new Unsupported();
    return content;
  }

  #readAtom(): Atom {
    const character = this.#read();
    if (character === '.') return ANY;
    if (character === '[') return this.#readClass();
    if (character === '\\') return escaped(this.#read());
    if (!/[\w:/-]/.test(character)) throw new Unsupported();
    return literal(character);
  }

  #readClass(): Atom {
    const isNegated = this.#take('^');
    const included = new Set<string>();
    while (!this.#take(']')) {
      const first = this.#readClassMember();
      const isRange = first.length === 1 && this.#next === '-' && this.source[this.#at + 1] !== ']';
      if (isRange) this.#at++;
      const last = isRange ? this.#readClassMember() : '';
      if (isRange && last.length !== 1) throw new Unsupported();
      for (const each of isRange ? rangeOf(first, last) : first) included.add(each.toLowerCase());
    }
    return choice(character => included.has(character) !== isNegated);
  }

  #readClassMember(): string {
    const character = this.#read();
    return character === '\\' ? escaped(this.#read()).characters : character;
  }

  #readQuantifier(): readonly [least: number, most: number] {
    const [text = '', , least = '', range, most = ''] =
      /^(?:([*+?])|\{([0-9]{1,3})(,([0-9]{1,3})?)?\})\??/.exec(this.source.slice(this.#at)) ?? [];
    this.#at += text.length;
    if (text === '') return [1, 1];
    if (text.startsWith('*')) return [0, Infinity];
    if (text.startsWith('+')) return [1, Infinity];
    if (text.startsWith('?')) return [0, 1];
    return [Number(least), range === undefined ? Number(least) : most === '' ? Infinity : Number(most)];
  }

  get #next(): string {
    return this.source.charAt(this.#at);
  }

  #read(): string {
    if (this.isAtEnd) throw new Unsupported();
    return this.source.charAt(this.#at++);
  }

  #take(character: string): boolean {
    if (this.isAtEnd || this.#next !== character) return false;
    this.#at++;
    return true;
  }
}

function escaped(character: string): Atom {
  if (character === 'd') return DIGIT;
  if (character === 'w') return WORD;
  // `\b`, `\1`, `\u…`: letters and digits have a meaning of their own.
  if (/[a-z0-9]/i.test(character)) throw new Unsupported();
  return literal(character);
}

function rangeOf(first: string, last: string): readonly string[] {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
  if (to - from > 127) throw new Unsupported();
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => String.fromCharCode(from + index));
}

/** `([a-z0-9-]+\.)+` as one repeated choice and a dot. The same for hosts: none has an empty label. */
function labelsOf([label, dot, ...others]: Sequence): Sequence | undefined {
  if (label === undefined || dot === undefined || others.length > 0) return undefined;
  if (!isLiteral(dot) || dot.characters !== '.' || label.most !== Infinity) return undefined;
  const characters = [...HOST_CHARACTERS].filter(each => each === '.' || label.characters.includes(each)).join('');
  return [{ characters, least: 1, most: Infinity, isLabels: true }, dot];
}

function atMost(sequences: readonly Sequence[]): readonly Sequence[] {
  if (sequences.length > MOST_SEQUENCES) throw new Unsupported();
  return sequences;
}

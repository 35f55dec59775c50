import { isLoopback } from './hosts.js';
import { isPublicSuffix } from './public-suffix.js';
import {
  classText,
  END,
  HOST_CHARACTERS,
  isLiteral,
  literal,
  readSequences,
  START,
  type Atom,
  type Sequence,
} from './regexp-syntax.js';

/** What to write for a RegExp or a wildcard: entries of a list, or a resolver. */
export type OriginForms = { readonly entries: readonly string[] } | { readonly resolver: string };

/**
 * What to write for a RegExp, or for the text of one: exact origins and patterns that match no more than it was meant
 * to, or else a resolver with an anchored RegExp. `undefined` if there is neither: it is too complex, or anyone could
 * register a host that it matches.
 */
export function formsOfRegExp(source: string): OriginForms | undefined {
  if (source.length > MAX_LENGTH) return undefined;
  const shapes = readSequences(source)?.map(sequence => {
    const opens = sequence[0] !== START;
    const ends = sequence.at(-1) !== END;
    return shapeOf(sequence.slice(opens ? 0 : 1, ends ? undefined : -1), opens, ends);
  });
  return shapes && formsOf(shapes);
}

/** What to write for a text with wildcards that no pattern has: `https://app-*.example.com`. */
export function formsOfGlob(text: string): OriginForms | undefined {
  if (text.length > MAX_LENGTH || !/^[\w.:/*-]+$/.test(text)) return undefined;
  const [written, authority] = text.includes('://') ? text.toLowerCase().split('://') : ['*', text.toLowerCase()];
  if (authority === undefined) return undefined;
  // Any scheme, or none: `https`, but on loopback.
  const anyScheme = authority.startsWith('localhost') ? '' : 'https://';
  const before = written === 'http' || written === 'https' ? `${written}://` : anyScheme;
  const read = (first: Atom) =>
    formsOf([
      shapeOf(
        [...[...before].map(literal), ...[...authority.matchAll(/\*+(\.)?|[^]/g)].flatMap(globAtoms(first))],
        false,
        false,
      ),
    ]);
  // `*example.com`: a part of the label lets in hosts that anyone can register; the apex and its subdomains do not.
  return read(PART) ?? read({ ...SOME, least: 0 });
}

function globAtoms(first: Atom): (match: RegExpMatchArray) => Sequence {
  return ({ 0: part, 1: dot, index }) => {
    if (!part.startsWith('*')) return [literal(part)];
    const atom = index === 0 && dot !== undefined ? SOME : index === 0 ? first : PART;
    return dot === undefined ? [atom] : [atom, literal(dot)];
  };
}

const MAX_LENGTH = 400;
const SOME: Atom = { characters: HOST_CHARACTERS, least: 1, most: Infinity };
const PART: Atom = { ...SOME, characters: HOST_CHARACTERS.replace('.', '') };
const DIGITS: Atom = { ...SOME, characters: '0123456789' };

/** One alternative of a RegExp, in the parts of an origin. */
interface Shape {
  readonly scheme: string;
  readonly host: Sequence;
  /** Empty for the scheme's default, {@link ANY_PORT} for any. */
  readonly port: Sequence;
}

const ANY_PORT: Sequence = [literal('*')];

/**
 * Splits a sequence into the parts of an origin. Where it says less than an origin has, the narrower reading counts:
 * `https` without a scheme, the end of the host without an anchor.
 */
function shapeOf(atoms: Sequence, opens: boolean, ends: boolean): Shape | undefined {
  const slashes = atoms.findIndex((_, at) => textOf(atoms.slice(at, at + 3)) === '://');
  const written = slashes === -1 ? '' : textOf(atoms.slice(0, slashes));
  const rest = atoms.slice(slashes === -1 ? 0 : slashes + 3);
  const path = rest.findIndex(({ characters }) => characters === '/');
  const authority = path === -1 ? rest : rest.slice(0, path);
  const colon = authority.findIndex(({ characters }) => characters === ':');
  const port = colon === -1 ? [] : authority.slice(colon + 1).map(digitsOf);
  const host = withoutOptionalEnd(colon === -1 ? authority : authority.slice(0, colon)).map(atom =>
    // A dot that was meant as one.
    isWide(atom) && atom.most === 1 ? literal('.') : atom,
  );
  const [first] = host;
  if (first === undefined || (colon !== -1 && port.length === 0)) return undefined;
  if (port.some(({ characters }) => characters === '')) return undefined;
  if (host.some(({ isLabels }, at) => isLabels === true && at > 0 && host[at - 1]?.characters !== '.'))
    return undefined;
  const loopback = isLoopback(textOf(host) ?? '');
  const isOpen = opens && slashes === -1 && !loopback && !isWide(first);
  return {
    scheme: schemeOf(written, opens, loopback),
    host: isOpen ? [{ ...SOME, least: first.characters === '.' ? 1 : 0 }, ...host] : host,
    port: loopback && ends && colon === -1 && path === -1 ? ANY_PORT : port,
  };
}

/** A port has nothing else. */
function digitsOf(atom: Atom): Atom {
  return { ...atom, characters: [...atom.characters].filter(each => DIGITS.characters.includes(each)).join('') };
}

function schemeOf(written: string | undefined, opens: boolean, loopback: boolean): string {
  if (written === undefined || written === '') return loopback ? 'http' : 'https';
  // Without an anchor it may be the end of one.
  return opens && written !== 'http' ? 'https' : written;
}

/** `.*` at the end lets in look-alike hosts. */
function withoutOptionalEnd(host: Sequence): Sequence {
  const last = host.at(-1);
  return last?.least === 0 ? withoutOptionalEnd(host.slice(0, -1)) : host;
}

/** The text of literals; `undefined` if there is a choice among them. */
function textOf(atoms: Sequence): string | undefined {
  return atoms.every(isLiteral) ? atoms.map(({ characters }) => characters).join('') : undefined;
}

function isWide({ characters }: Atom): boolean {
  return characters === HOST_CHARACTERS;
}

function formsOf(all: readonly (Shape | undefined)[]): OriginForms | undefined {
  const read = all.filter(shape => shape !== undefined);
  if (read.length === 0 || read.length < all.length) return undefined;
  const shapes = withAnyPort(withoutInsecureTwins(read));
  const entries = shapes.map(entriesOf);
  if (entries.every(each => each !== undefined)) return { entries: [...new Set(entries.flat())] };
  const sources = shapes.map(sourceOf);
  if (!sources.every(each => each !== undefined)) return undefined;
  const [first = '', ...others] = new Set(sources);
  return { resolver: others.length === 0 ? `/^${first}$/` : `/^(?:${[first, ...others].join('|')})$/` };
}

/** `https?:` in a RegExp: the unencrypted half would not boot, except on loopback. */
function withoutInsecureTwins(shapes: readonly Shape[]): readonly Shape[] {
  const secure = new Set(shapes.filter(({ scheme }) => scheme === 'https').map(shapeKey));
  return shapes.filter(shape => shape.scheme !== 'http' || isOnLoopback(shape) || !secure.has(shapeKey(shape)));
}

/** `(:\d+)?` is `:*`: with a port and without. */
function withAnyPort(shapes: readonly Shape[]): readonly Shape[] {
  const of = ({ scheme, host }: Shape) => `${scheme}://${hostKey(host)}`;
  const bare = new Set(shapes.filter(({ port }) => port.length === 0).map(of));
  const open = new Set(shapes.filter(({ port }) => isAnyNumber(port)).map(of));
  return shapes.flatMap(shape => {
    if (!bare.has(of(shape)) || !open.has(of(shape))) return [shape];
    return shape.port.length === 0 ? [{ ...shape, port: ANY_PORT }] : isAnyNumber(shape.port) ? [] : [shape];
  });
}

function isAnyNumber([digits, ...others]: Sequence): boolean {
  return others.length === 0 && digits?.characters === DIGITS.characters && digits.least <= 1 && digits.most >= 5;
}

function shapeKey({ host, port }: Shape): string {
  return `${hostKey(host)}:${hostKey(port)}`;
}

function hostKey(atoms: Sequence): string {
  return atoms.map(({ characters, least, most }) => `${characters}{${String(least)},${String(most)}}`).join('');
}

function isOnLoopback({ host }: Shape): boolean {
  return isLoopback(textOf(host) ?? textOf(host.slice(2)) ?? '');
}

/** The entries of a list that match exactly this, or less; `undefined` if a pattern would match more. */
function entriesOf({ scheme, host, port }: Shape): readonly string[] | undefined {
  const portText = port.length === 0 ? '' : textOf(port);
  if (portText === undefined) return undefined;
  const entry = (text: string) => `${scheme}://${text}${port.length === 0 ? '' : `:${portText}`}`;
  const exact = textOf(host);
  if (exact !== undefined) return isLoopback(exact) || exact.includes('.') ? [entry(exact)] : undefined;
  const labelled = inLabelText(host);
  if (labelled !== undefined) return [entry(labelled)];
  const [first, ...rest] = host;
  const text = textOf(rest);
  if (first === undefined || text === undefined || !isWide(first) || first.most !== Infinity || first.least > 1)
    return undefined;
  const apex = text.replace(/^\./, '');
  if (!isLoopback(apex) && isPublicSuffix(apex)) return undefined;
  return text.startsWith('.') || first.least > 0 ? [entry(`*.${apex}`)] : [entry(apex), entry(`*.${apex}`)];
}

/**
 * A host with one `*` inside its leading label; `undefined` if the sequence is none, or if `*` would match more than it.
 * At the beginning, `.*example.com` may stand for whole labels: only a hyphen shows that it does not.
 */
function inLabelText(host: Sequence): string | undefined {
  const at = host.findIndex(atom => !isLiteral(atom));
  const some = host[at];
  const before = textOf(host.slice(0, at)) ?? '';
  const rest = textOf(host.slice(at + 1)) ?? '';
  const dot = rest.indexOf('.');
  if (some === undefined || before.includes('.') || dot === -1) return undefined;
  const isAny = some.isLabels !== true && some.least <= 1 && some.most === Infinity;
  if (!isAny || [...PART.characters].some(each => !some.characters.includes(each))) return undefined;
  if (before === '' && isWide(some) && !rest.startsWith('-')) return undefined;
  const parent = rest.slice(dot + 1);
  const isOpen = !isLoopback(parent) && isPublicSuffix(parent);
  return (before === '' && dot === 0) || isOpen ? undefined : `${before}*${rest}`;
}

/** The source of a RegExp for an origin; `undefined` if it would let in unencrypted origins, or hosts of anyone. */
function sourceOf(shape: Shape): string | undefined {
  const { scheme, host, port } = shape;
  if (scheme !== 'https' && !(scheme === 'http' && isOnLoopback(shape))) return undefined;
  if (textOf(host) === undefined && !isOnLoopback(shape) && !isOwned(host)) return undefined;
  if (host.filter(({ least, most }) => most - least > FEW_CHARACTERS).length > MOST_REPEATS) return undefined;
  const portText = port === ANY_PORT ? '(?::[0-9]+)?' : port.length === 0 ? '' : `:${port.map(atomText).join('')}`;
  return `${scheme}:\\/\\/${host.map(atomText).join('')}${portText}`;
}

/**
 * Each costs up to a factor of an origin's length when it fails to match. The length is bounded, and two of them take
 * less than a millisecond.
 */
const MOST_REPEATS = 2;
const FEW_CHARACTERS = 8;

/** Whether the host ends in a whole domain, which no public suffix is: what stands before it is its owner's. */
function isOwned(host: Sequence): boolean {
  const literals = host.length - 1 - host.findLastIndex(atom => !isLiteral(atom));
  const tail = textOf(host.slice(host.length - literals)) ?? '';
  const domain = tail.slice(tail.indexOf('.') + 1);
  return tail.includes('.') && domain !== '' && !isPublicSuffix(domain);
}

function atomText({ characters, least, most }: Atom): string {
  const text = classText(characters);
  if (least === 1 && most === 1) return text;
  if (most === Infinity && least <= 1) return `${text}${least === 0 ? '*' : '+'}`;
  return `${text}{${String(least)}${least === most ? '' : `,${most === Infinity ? '' : String(most)}`}}`;
}

import { isUtf8 } from 'node:buffer';
import { isRoutable } from './route-matcher.js';

/** The ways in which routers, file servers and proxies may read a path. */
export interface PathReadings {
  /** Distinct, decoded, in NFC. */
  readonly readings: readonly string[];
  /** Whether another round of decoding would change nothing. */
  readonly isStable: boolean;
  /** Whether every escape is valid UTF-8: decoders disagree about others. */
  readonly isWellFormed: boolean;
  /** `false` for a path that is too long, or has too many readings, to list them all. */
  readonly isComplete: boolean;
}

/**
 * The path of a request target as it was sent: without the query, still escaped. `undefined` if there is no path.
 */
export function pathOf(url: string | undefined): string | undefined {
  if (url === undefined || !isRoutable(url)) return undefined;
  const target = url.startsWith('/') ? url : afterAuthority(url);
  const end = target.search(/[?#]/);
  if (end === -1) return target;
  return end === 0 ? '/' : target.slice(0, end);
}

/** What follows the host of a target in absolute form: a path, or a query without one. */
function afterAuthority(url: string): string {
  const start = url.slice(url.indexOf('://') + '://'.length);
  const end = start.search(/[/\\?#]/);
  return end === -1 ? '/' : start.slice(end);
}

/**
 * Reads a path as routers, file servers, proxies and mounted apps do.
 *
 * A plain path has one reading. How any other path is read depends on how often it is decoded, what is normalized, and
 * in which order: `/a%2fb/../c` is `/c` if dot segments go first, and `/a/c` if escapes do. So each reading is
 * normalized in every way and decoded again, for at most three rounds, until nothing new turns up.
 */
export function readPath(path: string): PathReadings {
  const plain = plainReading(path);
  if (plain !== undefined) return { readings: [plain], isStable: true, isWellFormed: true, isComplete: true };
  if (path.length > MOST_LENGTH) return { readings: [], isStable: false, isWellFormed: true, isComplete: false };
  const known = new Set<string>();
  const readings: string[] = [];
  let room = MOST_TEXT;
  let isStable = true;
  let isWellFormed = true;
  let isComplete = true;
  const add = (text: string) => {
    if (known.has(text)) return;
    room -= text.length;
    if (room < 0 || readings.length === MOST_READINGS) isComplete = false;
    else {
      known.add(text);
      readings.push(text);
    }
  };

  let found: readonly string[] = [path, ...fromBytes(path)];
  for (let round = 0; isComplete && found.length > 0; round++) {
    if (round > MOST_ROUNDS) {
      isStable = false;
      break;
    }
    const start = readings.length;
    found.forEach(add);
    for (let index = start; isComplete && index < readings.length; index++) {
      for (const normalize of NORMALIZATIONS) {
        const normalized = normalize(readings[index] as string);
        // Usually the same string: no need to hash it.
        if (normalized !== readings[index]) add(normalized);
      }
    }
    const decoded: string[] = [];
    for (const text of readings.slice(start)) {
      if (!text.includes('%')) continue;
      isWellFormed &&= !hasStrangeEscape(text);
      for (const next of decodings(text)) if (!known.has(next)) decoded.push(next);
    }
    found = decoded;
  }
  return { readings: [...new Set(readings.map(composed))], isStable: isStable && isComplete, isWellFormed, isComplete };
}

const MOST_ROUNDS = 3;

/** A longer path that is not plain is only scanned. */
const MOST_LENGTH = 4096;
/** Limits for the readings of one path: their number, and the sum of their lengths. */
const MOST_READINGS = 64;
const MOST_TEXT = 4 * MOST_LENGTH;

/**
 * The one reading of a plain path.
 *
 * @returns `undefined` if the path is not plain
 */
export function plainReading(path: string): string | undefined {
  if (!UNUSUAL.test(path)) return path;
  if (/%2[5f]/i.test(path) || NOT_PLAIN.test(path) || fromBytes(path).length > 0) return undefined;
  const reading = decodeOnce(path);
  return reading.includes('%') || NOT_PLAIN.test(reading) ? undefined : composed(reading);
}

/** What needs a closer look: escapes, separators, anything beyond ASCII, possible dot or empty segments. */
const UNUSUAL = /[^!-$&-:<-[\]-~]|\/[./]/;

/** No plain path contains any of these, before or after decoding. */
// eslint-disable-next-line no-control-regex -- escapes may contain them
const NOT_PLAIN = /[\\;\0-\x1f\x7f-\x9f]|\/\/|\/\.{1,2}(?:\/|$)/;

/** The reading of a rule's own path, which may be written escaped or not. */
export function readWritten(path: string): string {
  return composed(decodeOnce(path));
}

/** Decodes each escape once. Invalid UTF-8 stays escaped. */
function decodeOnce(text: string): string {
  return decodeURIComponentOf(text) ?? text.replace(ESCAPES, decodeURIComponent);
}

/** One more round of decoding. */
function decodings(text: string): readonly string[] {
  // `decodeURI()` and Fastify's router keep `/` and `;` escaped.
  return KEPT_ESCAPE.test(text)
    ? [decodeOnce(text), decodeOnce(text.replace(KEPT_ESCAPES, '%25'))]
    : [decodeOnce(text)];
}

const KEPT_ESCAPE = /%(?:2f|3b)/i;
const KEPT_ESCAPES = /%(?=2f|3b)/gi;

function decodeURIComponentOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // One invalid escape and nothing is decoded. Other decoders are not as strict.
    return undefined;
  }
}

const CONTINUED = '%[89ab][0-9a-f]';
/** One escaped character in valid UTF-8: not overlong, no surrogate, not beyond U+10FFFF. */
const ESCAPED_CHARACTER = [
  '%[0-7][0-9a-f]',
  `%(?:c[2-9a-f]|d[0-9a-f])${CONTINUED}`,
  `%e0%[ab][0-9a-f]${CONTINUED}`,
  `%e[1-9abcef](?:${CONTINUED}){2}`,
  `%ed%[89][0-9a-f]${CONTINUED}`,
  `%f0%[9ab][0-9a-f](?:${CONTINUED}){2}`,
  `%f[1-3](?:${CONTINUED}){3}`,
  `%f4%8[0-9a-f](?:${CONTINUED}){2}`,
].join('|');
const ESCAPES = new RegExp(`(?:${ESCAPED_CHARACTER})+`, 'gi');

/**
 * Whether decoders disagree about an escape: invalid UTF-8 (old decoders read overlong bytes as slashes and dots), and
 * `%u002f`, which only `unescape()` knows.
 */
function hasStrangeEscape(text: string): boolean {
  if (!/%[89a-fu]/i.test(text)) return false;
  return /%(?:[89a-f][0-9a-f]|u[0-9a-f]{4})/i.test(text.replace(ESCAPES, '/'));
}

type Rewrite = (text: string) => string;

/** The normalizations in use. Each returns its argument if there is nothing to do. */
const NORMALIZATIONS: readonly Rewrite[] = [
  text => (text.includes('\\') ? text.replaceAll('\\', '/') : text),
  // Java servers cut parameters off each segment.
  text => (text.includes(';') ? text.replace(/;[^/]*/g, '') : text),
  text => (text.includes('//') ? text.replace(/\/{2,}/g, '/') : text),
  resolveDots,
  // `new URL(request.url, base)` takes what follows two slashes for a host.
  text => (text.startsWith('//') ? pathAfterHost(text) : text),
  // `new URL()` drops tabs and line breaks.
  // eslint-disable-next-line no-control-regex -- control characters are what it removes
  text => text.replace(/[\0-\x1f\x7f]+/g, ''),
];

function pathAfterHost(text: string): string {
  const end = text.indexOf('/', 2);
  return end === -1 ? '/' : text.slice(end);
}

/** RFC 3986 §5.2.4: `..` removes an empty segment, too. */
function resolveDots(text: string): string {
  if (!/(?:^|\/)\.{1,2}(?:\/|$)/.test(text)) return text;
  const segments = text.split('/');
  const kept: string[] = [];
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index] as string;
    if (segment === '..' && kept.length > 1) kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    // A path that ends in dots ends in a slash.
    else if (index === segments.length - 1) kept.push('');
  }
  return kept.join('/');
}

/** File systems differ in which form of `é` they keep, and URLs carry both. */
function composed(text: string): string {
  return NOT_ASCII.test(text) ? text.normalize('NFC') : text;
}

/** Node decodes targets as Latin-1. If the bytes are UTF-8, that is a reading as well. */
function fromBytes(text: string): readonly string[] {
  if (!NOT_ASCII.test(text) || /[^\0-\xff]/.test(text)) return [];
  const bytes = Buffer.from(text, 'latin1');
  return isUtf8(bytes) ? [bytes.toString('utf8')] : [];
}

const NOT_ASCII = /[^\0-\x7f]/;

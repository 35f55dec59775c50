/**
 * What a path may be read as, said once more for the property tests: slowly, without regular expressions, and without a
 * line of the library's own.
 */

/** How many times what serves a path may decode it. */
const ROUNDS = 3;

/** The readings that the contract lists: after each round, in each spelling, with dot segments resolved. */
export function contractReadings(path: string): readonly string[] {
  if (isPlain(path)) return [decodeEach(path).normalize('NFC')];
  const readings = new Set<string>();
  let decoded = path;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const cut of [decoded, cutParameters(decoded)]) {
      for (const slashed of [cut, cut.split('\\').join('/')]) {
        for (const folded of [slashed, fold(slashed)]) readings.add(resolve(folded).normalize('NFC'));
      }
    }
    decoded = decodeEach(decoded);
  }
  return [...readings];
}

/** Every reading: decoded and normalized in every order. */
export function everyReading(path: string): ReadonlySet<string> {
  if (isPlain(path)) return new Set([decodeEach(path).normalize('NFC')]);
  let round = [path];
  const known = new Set(round);
  for (let rounds = 0; rounds <= ROUNDS; rounds++) {
    for (const text of round) {
      known.add(text);
      const normalized = [
        text.split('\\').join('/'),
        cutParameters(text),
        fold(text),
        resolve(text),
        withoutHost(text),
        [...text].filter(character => character > '\u001f' && character !== '\u007f').join(''),
      ];
      for (const each of normalized) if (!round.includes(each)) round.push(each);
    }
    const next = round.flatMap(text => [decodeEach(text), decodeEach(text, ['%2f', '%3b'])]);
    round = [...new Set(next)].filter(text => !known.has(text));
  }
  return new Set([...known].map(text => text.normalize('NFC')));
}

/** Whether everything that serves a path reads it alike. */
export function isPlain(path: string): boolean {
  const decoded = decodeEach(path);
  const isBad = (character: string) => ['\\', ';', '%'].includes(character) || isControl(character);
  const segments = decoded.split('/');
  return (
    segments.length === path.split('/').length &&
    ![...decoded].some(isBad) &&
    !segments.includes('.') &&
    !segments.includes('..') &&
    !segments.slice(1, -1).includes('')
  );
}

/** Decodes the escapes of characters, one by one, and leaves all that is none. */
export function decodeEach(text: string, kept: readonly string[] = []): string {
  let decoded = '';
  for (let at = 0; at < text.length;) {
    const length = escapeAt(text, at);
    const escape = text.slice(at, at + length);
    decoded +=
      length === 0 ? text.charAt(at) : kept.includes(escape.toLowerCase()) ? escape : decodeURIComponent(escape);
    at += Math.max(1, length);
  }
  return decoded;
}

/** The length of the escaped character that begins there, 0 for none. */
function escapeAt(text: string, at: number): number {
  if (text.charAt(at) !== '%') return 0;
  for (const length of [3, 6, 9, 12]) {
    const escape = text.slice(at, at + length);
    if (escape.length !== length) return 0;
    try {
      if ([...decodeURIComponent(escape)].length === 1) return length;
    } catch {
      // Not one character yet, or never.
    }
  }
  return 0;
}

function cutParameters(text: string): string {
  return text
    .split('/')
    .map(segment => segment.split(';', 1)[0])
    .join('/');
}

function fold(text: string): string {
  const [first = '', ...others] = text.split('/');
  const last = others.pop();
  return [first, ...others.filter(segment => segment !== ''), ...(last === undefined ? [] : [last])].join('/');
}

export function resolve(text: string): string {
  const [first = '', ...segments] = text.split('/');
  let kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept = kept.slice(0, -1);
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (isLast) kept.push('');
  }
  return [first, ...kept].join('/');
}

function withoutHost(text: string): string {
  if (!text.startsWith('//')) return text;
  const [, , , ...path] = text.split('/');
  return `/${path.join('/')}`;
}

function isControl(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 0x20 || code === 0x7f || (code > 0x7f && code < 0xa0);
}

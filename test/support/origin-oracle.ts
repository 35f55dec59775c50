/**
 * What an allowlist allows, said once more for the property tests: slowly, without regular expressions, and without a
 * line of the library's own.
 */
export function allowsByTheBook(entries: readonly string[], origin: string): boolean {
  return entries.some(entry => (entry.includes('*') ? matchesPattern(entry, origin) : entry === origin));
}

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

function matchesPattern(entry: string, origin: string): boolean {
  const parts = splitOrigin(origin);
  if (parts === undefined) return false;
  const [scheme = '', authority = ''] = entry.split('://');
  const anyPort = authority.endsWith(':*');
  const [hostPattern, port] = splitPort(anyPort ? authority.slice(0, -2) : authority);
  if (parts.scheme !== scheme || (!anyPort && parts.port !== port)) return false;
  if (!hostPattern.includes('*')) return parts.host === hostPattern;
  if (!hostPattern.startsWith('*.')) return hasLeadingLabel(parts.host, hostPattern);
  const labels = parts.host.split('.');
  const wanted = hostPattern.split('.').slice(1);
  return labels.length > wanted.length && labels.slice(-wanted.length).join() === wanted.join();
}

/** `app-*.example.com`: one label that begins and ends as written, with something between, and then the same host. */
function hasLeadingLabel(host: string, pattern: string): boolean {
  const [label = '', ...rest] = host.split('.');
  const [wanted = '', ...wantedRest] = pattern.split('.');
  const [before = '', after = ''] = wanted.split('*');
  if (rest.join('.') !== wantedRest.join('.')) return false;
  for (let length = 1; length <= label.length; length++) {
    const middle = label.slice(before.length, before.length + length);
    if (middle.length === length && label === before + middle + after) return true;
  }
  return false;
}

/** The parts of a serialized origin, or `undefined` for anything that a browser would not write. */
function splitOrigin(text: string): Parts | undefined {
  const at = text.indexOf('://');
  const scheme = text.slice(0, Math.max(0, at));
  const [host, port] = splitPort(text.slice(at + 3));
  return at > 0 && isScheme(scheme) && isHost(host) && isPort(scheme, port) ? { scheme, host, port } : undefined;
}

/** `port` is `''` where there is no colon, and never empty where there is one. */
function splitPort(authority: string): readonly [host: string, port: string] {
  const colon = authority.indexOf(':', authority.startsWith('[') ? authority.indexOf(']') : 0);
  return colon < 0 ? [authority, ''] : [authority.slice(0, colon), authority.slice(colon + 1) || 'missing'];
}

function isScheme(text: string): boolean {
  return isMadeOf(text, `${LETTERS}${DIGITS}+.-`, 64) && LETTERS.includes(text.charAt(0));
}

function isHost(text: string): boolean {
  if (text.startsWith('[')) return text.endsWith(']') && isMadeOf(text.slice(1, -1), 'abcdef0123456789:.', 45);
  return text.length <= 253 && text.split('.').every(label => isMadeOf(label, `${LETTERS}${DIGITS}_-`, 63));
}

function isPort(scheme: string, text: string): boolean {
  if (text === '') return true;
  if (!isMadeOf(text, DIGITS, 5) || text.startsWith('0') || Number(text) > 65_535) return false;
  return !(scheme === 'https' && text === '443') && !(scheme === 'http' && text === '80');
}

function isMadeOf(text: string, alphabet: string, most: number): boolean {
  return text !== '' && text.length <= most && [...text].every(character => alphabet.includes(character));
}

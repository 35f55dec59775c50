import type { Policy } from '../policy/compile.js';
import { isToken } from '../policy/names/list.js';

/**
 * The longest `Access-Control-Request-Headers` that is read, in characters. Node limits all headers together to 16 KiB,
 * and browsers name a handful of headers.
 */
export const MAX_REQUEST_HEADERS_LENGTH = 8192;

/**
 * How many repeated or empty elements a list may have, in addition to the names that a policy allows. RFC 9110 §5.6.1.2
 * requires "a reasonable number", but not so many that reading them becomes an attack.
 */
export const MAX_SPARE_ELEMENTS = 16;

/** How many elements a list may have if any name is allowed. */
export const MAX_ELEMENTS = 128;

/** What is wrong with a list of header names. */
export interface HeaderFault {
  readonly fault: 'header-not-allowed' | 'headers-malformed';
  /** The name at fault; `''` if the whole list is. */
  readonly name: string;
}

/**
 * Judges `Access-Control-Request-Headers` (Fetch §3.3.2), all or nothing. Fast path: most requests name exactly the
 * headers that the policy allows, as browsers write them.
 */
export function judgeRequestHeaders(text: string | undefined, policy: Policy): 'allowed' | 'header-not-allowed' {
  if (text === undefined || text === policy.everyHeader) return 'allowed';
  return findHeaderFault(text, policy.allowedHeaders) === undefined ? 'allowed' : 'header-not-allowed';
}

/**
 * Reads a list of header names. Names are compared case-insensitively; order, white space, empty elements and split
 * lines do not matter (RFC 9110 §5.6.1). At most two passes over the text.
 *
 * @param allowed lower-case names; `undefined`: any name
 * @returns `undefined` if every name is allowed
 */
export function findHeaderFault(text: string, allowed: ReadonlySet<string> | undefined): HeaderFault | undefined {
  if (text.length > MAX_REQUEST_HEADERS_LENGTH) return MALFORMED;
  // Before the names are read: counting takes a fraction of that time.
  if (hasMoreElements(text, allowed === undefined ? MAX_ELEMENTS : allowed.size + MAX_SPARE_ELEMENTS)) return MALFORMED;
  for (let start = 0; start <= text.length;) {
    const comma = text.indexOf(',', start);
    const end = comma === -1 ? text.length : comma;
    const name = trimSpaces(text, start, end);
    if (name !== '' && allowed?.has(name) !== true) {
      if (!isToken(name)) return { fault: 'headers-malformed', name };
      if (allowed !== undefined && !allowed.has(name.toLowerCase())) return { fault: 'header-not-allowed', name };
    }
    start = end + 1;
  }
  return undefined;
}

/**
 * Every name in a list that a policy does not allow, as it is sent, each once. Not for hot paths.
 *
 * @param text a list that {@link findHeaderFault} read: its length is bounded
 */
export function missingHeaders(text: string, allowed: ReadonlySet<string> | undefined): readonly string[] {
  const missing = new Map<string, string>();
  for (const element of text.split(',')) {
    const name = trimSpaces(element, 0, element.length);
    const lowerCase = name.toLowerCase();
    if (isToken(name) && allowed?.has(lowerCase) === false && !missing.has(lowerCase)) missing.set(lowerCase, name);
  }
  return [...missing.values()];
}

const MALFORMED: HeaderFault = Object.freeze({ fault: 'headers-malformed', name: '' });

function hasMoreElements(text: string, most: number): boolean {
  let elements = 1;
  for (let comma = text.indexOf(','); comma !== -1; comma = text.indexOf(',', comma + 1)) {
    if (++elements > most) return true;
  }
  return false;
}

/** Optional white space is SP and HTAB (RFC 9110 §5.6.3). Not `trim()`: it drops other characters as well. */
function trimSpaces(text: string, start: number, end: number): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

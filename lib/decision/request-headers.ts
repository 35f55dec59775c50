import type { CompiledPolicy } from '../policy/compile.js';
import { isToken } from '../policy/names/list.js';

/**
 * Longest `Access-Control-Request-Headers` that is read, in characters. Node's whole header block ends at 16 KiB, and
 * browsers name a handful of headers.
 */
export const MAX_REQUEST_HEADERS_LENGTH = 8192;

/**
 * How many elements a list may have beyond the names that a policy allows: repeated ones and empty ones. RFC 9110
 * §5.6.1.2 asks for "a reasonable number", and not for so many that reading them is an attack.
 */
export const MAX_SPARE_ELEMENTS = 16;

/** The same where any name is allowed. */
export const MAX_ELEMENTS = 128;

export type HeaderListVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'header-not-allowed' | 'headers-malformed'; readonly name: string };

const OK: HeaderListVerdict = Object.freeze({ ok: true });

/**
 * Judges `Access-Control-Request-Headers` (Fetch §3.3.2), all or nothing. Names compare without regard to case; order,
 * white space, empty elements and split lines do not matter (RFC 9110 §5.6.1). Two passes over the text at most.
 */
export function judgeRequestHeaders(
  text: string | undefined,
  allowed: ReadonlySet<string> | undefined,
): HeaderListVerdict {
  if (text === undefined) return OK;
  if (text.length > MAX_REQUEST_HEADERS_LENGTH) return { ok: false, reason: 'headers-malformed', name: '' };
  // Ahead of the names: to count them takes a fraction of reading them.
  if (hasMoreElements(text, allowed === undefined ? MAX_ELEMENTS : allowed.size + MAX_SPARE_ELEMENTS)) {
    return { ok: false, reason: 'headers-malformed', name: '' };
  }
  for (let start = 0; start <= text.length;) {
    const comma = text.indexOf(',', start);
    const end = comma === -1 ? text.length : comma;
    const name = trimSpaces(text, start, end);
    if (name !== '' && allowed?.has(name) !== true) {
      if (!isToken(name)) return { ok: false, reason: 'headers-malformed', name };
      if (allowed !== undefined && !allowed.has(name.toLowerCase())) {
        return { ok: false, reason: 'header-not-allowed', name };
      }
    }
    start = end + 1;
  }
  return OK;
}

function hasMoreElements(text: string, most: number): boolean {
  let elements = 1;
  for (let comma = text.indexOf(','); comma !== -1; comma = text.indexOf(',', comma + 1)) {
    if (++elements > most) return true;
  }
  return false;
}

/** Whether `Access-Control-Request-Headers` is allowed. Most requests name all the headers that a policy allows. */
export function allowsRequestHeaders(text: string | undefined, policy: CompiledPolicy): boolean {
  return text === undefined || text === policy.everyHeader || judgeRequestHeaders(text, policy.allowedHeaders).ok;
}

/** Optional white space is SP and HTAB (RFC 9110 §5.6.3); `trim()` would drop other characters as well. */
function trimSpaces(text: string, start: number, end: number): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

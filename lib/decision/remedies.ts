import { quotedList } from '../issues/text.js';
import { isForPages } from '../policy/names/headers.js';
import type { DetailedReason } from './reason.js';

/** The smallest change that would allow a refused request. `{parts}` are the parts of the request at fault. */
export const REMEDIES = {
  'no-origin': 'Nothing to allow: without an Origin header the CORS protocol does not apply.',
  'no-cross-origin-access': 'The policy is origin: false{where}. List the origins that may read this route.',
  'origin-null':
    'Nothing to add: anyone can send Origin null. Serve the page from its own origin, not from a file or a sandboxed frame.',
  'origin-malformed': 'Send one origin as browsers write it: lower-case, without a path, without a default port.',
  'origin-not-allowed': 'Add {parts} to the origin list{where}.',
  'resolver-denied': 'The resolver{where} answered false for {parts}: change its answer.',
  'resolver-failed': 'The resolver{where} gave no answer for {parts}: the log says why.',
  'method-not-allowed': 'Add {parts} to methods{where}{or}.',
  'method-not-routed': 'Add a handler for {parts} at this path.',
  'method-malformed': 'Send the name of a method that scripts can use.',
  'header-not-allowed': 'Add {parts} to allowedHeaders{where}{write}.',
  'headers-malformed':
    'Send a list of header names, at most 8192 characters long, and with few empty or repeated elements.',
  'path-ambiguous':
    'Send the path in plain form: no empty or dot segments, no %2F, no backslash or semicolon, nothing escaped twice, and in the same case as the rule in `routes`.',
  'origin-missing':
    'The browser says that a page sent this request, but not which one: send it with fetch() in mode cors, or, if the page is part of the app, list the origin that browsers reach the app at in `self`.',
} as const;

/** Response headers, what scripts cannot set, and what proxies report. */
const HEADER_IMPOSSIBLE = 'Take {parts} out of the request that the page sends: it is not for pages to set.';

/** A list has no such origin, but with `dangerouslyAllowInsecureOrigins`. */
const ORIGIN_INSECURE = 'Serve the page over https, and list its https origin: {parts} is not encrypted.';
const INSECURE = /^http:\/\/(?!(?:[^/:]*\.)?localhost(?::|$)|127\.|\[::1\])/;

/** Methods are case-sensitive, and `fetch()` changes the case of some of them only (Fetch §2.2.1, "normalize a method"). */
const METHOD_CASE =
  'Write the method in upper case in the page, {parts}: fetch() changes the case of DELETE, GET, HEAD, OPTIONS, POST and PUT only.';

/** Something between the browser and the app took the `Origin` header away. */
export const ORIGIN_STRIPPED =
  'The browser says that a page of another origin sent this request in mode cors, so it had an Origin header, but it arrived without: let the proxy, CDN or browser extension in between pass it on.';

/** Where to make the change, in words. */
export interface Remedy {
  /** The place of the option at fault. */
  readonly where?: string | undefined;
  /** For a header: the option as it should be written there. */
  readonly write?: string | undefined;
  /** Another way, where there is one: `, or leave methods out …`. */
  readonly or?: string | undefined;
  /** How many parts are shown at most. */
  readonly most?: number | undefined;
}

function isMethodReason(reason: DetailedReason['reason']): boolean {
  return reason === 'method-not-allowed' || reason === 'method-not-routed';
}

/** The remedy for a refusal. The parts of the request are quoted, so it is safe to print. */
export function remedyOf(
  { reason, parts, isStripped }: DetailedReason,
  { where, write, or, most }: Remedy = {},
): string {
  if (isStripped === true) return ORIGIN_STRIPPED;
  if (reason === 'header-not-allowed') {
    const impossible = parts.filter(name => !isForPages(name));
    const others = parts.filter(isForPages);
    if (impossible.length > 0) {
      const first = HEADER_IMPOSSIBLE.replace('{parts}', () => quotedList(impossible, most));
      return others.length === 0
        ? first
        : `${first} ${remedyOf({ reason, parts: others }, { where, write, or, most })}`;
    }
  }
  const [method = ''] = parts;
  const isMiswritten = isMethodReason(reason) && /^patch$/i.test(method) && method !== 'PATCH';
  const isInsecure = reason === 'origin-not-allowed' && INSECURE.test(method);
  const text: string = isMiswritten ? METHOD_CASE : isInsecure ? ORIGIN_INSECURE : REMEDIES[reason];
  return text
    .replaceAll('{where}', () => (where === undefined ? '' : ` in ${where}`))
    .replaceAll('{or}', () => or ?? '')
    .replaceAll('{write}', () => (write === undefined ? '' : `: write ${write}`))
    .replaceAll('{parts}', () => quotedList(isMiswritten ? [method.toUpperCase()] : parts, most));
}

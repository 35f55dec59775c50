import { printable } from '../issues/text.js';

/** The smallest change that would allow a refused request. `{detail}` is the part of the request at fault. */
export const REMEDIES = {
  'no-origin': 'Nothing to allow: without an Origin header the CORS protocol does not apply.',
  'no-cross-origin-access': 'The policy is origin: false{where}. List the origins that may read this route.',
  'origin-null':
    'Nothing to add: anyone can send Origin null. Serve the page from its own origin, not from a file or a sandboxed frame.',
  'origin-malformed': 'Send one origin as browsers write it: lower-case, without a path, without a default port.',
  'origin-not-allowed': 'Add {detail} to the origin list{where}.',
  'resolver-denied': 'The resolver{where} answered false for {detail}: change its answer.',
  'resolver-failed': 'The resolver{where} gave no answer for {detail}: the log says why.',
  'method-not-allowed': 'Add {detail} to methods{where}, or leave methods out to allow the routed methods.',
  'method-not-routed': 'Add a handler for {detail} at this path.',
  'method-malformed': 'Send the name of a method that scripts can use.',
  'header-not-allowed': 'Add {detail} to allowedHeaders{where}.',
  'headers-malformed':
    'Send a list of header names, at most 8192 characters long, and with few empty or repeated elements.',
  'path-ambiguous':
    'Send the path in plain form: no empty or dot segments, no %2F, no backslash or semicolon, nothing escaped twice, and in the same case as the rule in `routes`.',
  'origin-missing':
    'The browser says that a page sent this request, but not which one: send it with fetch() in mode cors, or, if the page is part of the app, list the origin that browsers reach the app at in `self`.',
} as const;

/**
 * The remedy for a refusal. The part of the request is quoted, so it is safe to print.
 *
 * @param where the place of the option at fault, in words
 */
export function remedyOf(reason: keyof typeof REMEDIES, detail: string, where?: string): string {
  return REMEDIES[reason]
    .replaceAll('{where}', () => (where === undefined ? '' : ` in ${where}`))
    .replaceAll('{detail}', () => printable(detail));
}

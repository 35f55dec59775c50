import { problem, type Report } from '../../issues/problem.js';
import {
  isToken,
  readList,
  reportListText,
  reportNoName,
  withoutRepeats,
  type Entry,
  type ListOption,
} from './list.js';

/** Fetch §2.2.2, "forbidden request-header": set only by browsers. */
const FORBIDDEN_REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'accept-charset',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** Allowed where no level lists any: what nearly every front end sends. */
export const DEFAULT_REQUEST_HEADERS = ['content-type', 'authorization'] as const;

/** Fetch §2.2.2, "CORS-safelisted request-header": needs no permission, unless its value is unusual. */
const SAFELISTED_REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-language',
  'content-type',
  'range',
]);

const METHOD_OVERRIDES: ReadonlySet<string> = new Set(['x-http-method', 'x-http-method-override', 'x-method-override']);

/** Fetch §2.2.2, "forbidden response-header name". */
const FORBIDDEN_RESPONSE_HEADERS: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2']);

/** RFC 9110 and Fetch: headers that describe a request. A response never has them. */
const REQUEST_ONLY_HEADERS: ReadonlySet<string> = new Set([
  'accept-charset',
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
  'cookie',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'origin',
  'range',
  'referer',
  'te',
  'user-agent',
]);

const SENSITIVE_RESPONSE_HEADERS: ReadonlySet<string> = new Set(['www-authenticate', 'proxy-authenticate', 'location']);

/** `'*'`, or a list. */
export type HeadersOption = '*' | ListOption<string>;

/** Reads the `allowedHeaders` option; `undefined` if it has an error. */
export function readAllowedHeaders(value: unknown, report: Report): HeadersOption | undefined {
  return readHeaders('allowedHeaders', value, 'request_header_any', checkRequestHeader, report);
}

/** Reads the `exposedHeaders` option; `undefined` if it has an error. */
export function readExposedHeaders(value: unknown, report: Report): HeadersOption | undefined {
  return readHeaders('exposedHeaders', value, 'response_header_any', checkResponseHeader, report);
}

const EXAMPLES = { allowedHeaders: "['content-type', 'x-csrf-token']", exposedHeaders: "['x-total-count']" } as const;

function readHeaders(
  path: keyof typeof EXAMPLES,
  value: unknown,
  any: 'request_header_any' | 'response_header_any',
  check: (name: string, entry: Entry, report: Report) => boolean,
  report: Report,
): HeadersOption | undefined {
  if (value === '') return void report(problem('headers_empty', path, value));
  if (reportListText(value, path, report)) return undefined;
  const list = readList(value, path);
  if (list === undefined) return void report(problem('headers_type', path, value, EXAMPLES[path]));
  // `[]` means none; `add()` without names means nothing.
  if (list.mode === 'add' && list.items.length === 0) return void report(problem('headers_empty', path, value));
  if (list.mode === 'replace' && list.items.length === 1 && list.items[0]?.value === '*') {
    report(problem(any, path, '*'));
    return '*';
  }
  const valid = list.items.filter(entry => {
    if (entry.value === '*') report(problem('header_any_in_list', entry.path, entry.value));
    else if (!reportNoName(entry, 'header_invalid', report)) {
      const name = String(entry.value);
      if (name.includes('*')) report(problem('header_asterisk', entry.path, name));
      return check(name.toLowerCase(), entry, report);
    }
    return false;
  });
  if (valid.length < list.items.length) return undefined;
  return { mode: list.mode, items: withoutRepeats(valid, 'header_duplicate', name => name.toLowerCase(), report) };
}

function checkRequestHeader(name: string, { path, value }: Entry, report: Report): boolean {
  if (name.startsWith('access-control-') && !FORBIDDEN_REQUEST_HEADERS.has(name)) {
    report(problem('request_header_is_response_header', path, value));
    return false;
  }
  if (isForbiddenRequestHeader(name)) {
    report(problem('request_header_forbidden', path, value));
    return false;
  }
  if (METHOD_OVERRIDES.has(name)) report(problem('request_header_method_override', path, value));
  if (isForwarded(name)) {
    report(problem('request_header_forwarded', path, value));
  }
  return true;
}

/** What proxies report: a page that could set it could forge it. */
function isForwarded(name: string): boolean {
  return name === 'forwarded' || name.startsWith('x-forwarded-') || name === 'x-real-ip';
}

/** Further headers of proxies and CDNs: a handler that reads one trusts the proxy. */
const SET_BY_PROXIES: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ipcountry',
  'fastly-client-ip',
  'true-client-ip',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-forwarded',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
]);

/** Whether a page may be given permission for a header, and nobody warns of it. */
export function isForPages(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return isAllowable(lowerCase) && !METHOD_OVERRIDES.has(lowerCase) && !isForwarded(lowerCase);
}

/** Whether a name may be in `allowedHeaders`. */
function isAllowable(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return lowerCase !== '*' && !lowerCase.startsWith('access-control-') && !isForbiddenRequestHeader(lowerCase);
}

/**
 * Whether a page needs, and may have, permission for a header because a handler reads it. Not what scripts cannot set,
 * what needs no permission, and what is questionable in any list.
 *
 * @param name in lower case
 */
export function isDerivable(name: string): boolean {
  return isToken(name) && isForPages(name) && !SAFELISTED_REQUEST_HEADERS.has(name) && !SET_BY_PROXIES.has(name);
}

function checkResponseHeader(name: string, { path, value }: Entry, report: Report): boolean {
  if (FORBIDDEN_RESPONSE_HEADERS.has(name)) {
    report(problem('response_header_forbidden', path, value));
    return false;
  }
  if (REQUEST_ONLY_HEADERS.has(name)) report(problem('response_header_is_request_header', path, value));
  if (SENSITIVE_RESPONSE_HEADERS.has(name)) report(problem('response_header_sensitive', path, value));
  return true;
}

/** Fetch §2.2.2, "CORS-safelisted request-header": the values of `content-type` that need no preflight. */
const SAFELISTED_TYPES = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)(?:\s*;|\s*$)/i;

/** Whether a browser announces a request header in `Access-Control-Request-Headers` (Fetch §4.8). */
export function isAnnounced(name: string, value: string): boolean {
  const lowerCase = name.toLowerCase();
  if (lowerCase === 'content-type') return !SAFELISTED_TYPES.test(value);
  if (['accept', 'accept-language', 'content-language'].includes(lowerCase)) return value.length > 128;
  return !isForbiddenRequestHeader(lowerCase);
}

function isForbiddenRequestHeader(name: string): boolean {
  return FORBIDDEN_REQUEST_HEADERS.has(name) || name.startsWith('sec-') || name.startsWith('proxy-');
}

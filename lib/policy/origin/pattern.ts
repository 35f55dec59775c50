import { IPV6, isCanonicalPort, LABEL, MAX_HOST_LENGTH, PORT, SCHEME } from './grammar.js';
import type { ProblemCode } from '../../issues/catalog.js';

/** One entry of an allowlist, parsed: an exact origin, or a pattern with `*.` or `:*`. */
export interface OriginPattern {
  /** As it is written. */
  readonly text: string;
  readonly scheme: string;
  /** Without the leading `*.`. */
  readonly host: string;
  /** `*.` was written: any host under {@link host}, never the host itself. */
  readonly subdomains: boolean;
  /** `''` for the scheme's default, `'*'` for any. */
  readonly port: string;
}

export interface OriginProblem {
  readonly code: ProblemCode;
  /** The corrected form, if there is one. */
  readonly fix?: string;
}

const PATTERN = new RegExp(
  `^(?<scheme>${SCHEME})://(?<wildcard>\\*\\.)?(?<host>(?:${LABEL}\\.)*${LABEL}|${IPV6})(?::(?<port>${PORT}|\\*))?$`,
);

/** Schemes whose documents have no origin, or that never appear in an `Origin` header. */
const SCHEMES_WITHOUT_ORIGIN: ReadonlySet<string> = new Set(
  'file data about blob javascript filesystem view-source null ws wss ftp'.split(' '),
);

/** Parses one entry of an `origin` list. Nothing is repaired: a form that is not canonical is a problem with a fix. */
export function parseOriginPattern(text: string): OriginPattern | OriginProblem {
  if (text === '') return { code: 'origin_empty' };
  if (text === '*') return { code: 'origin_any_in_list' };
  if (text === 'null') return { code: 'origin_null' };
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) return diagnose(text);

  const { scheme = '', wildcard, host = '', port = '' } = groups;
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme)) return { code: 'origin_scheme', ...fixOf(schemeFix(text, scheme)) };
  if (host.length > MAX_HOST_LENGTH) return { code: 'origin_host' };
  if (port !== '' && port !== '*' && !isCanonicalPort(scheme, Number(port))) {
    return Number(port) > 65535 ? { code: 'origin_port' } : notCanonical(text);
  }
  if (scheme !== 'https' && scheme !== 'http') {
    return wildcard !== undefined || port === '*'
      ? { code: 'origin_scheme_wildcard' }
      : { text, scheme, host, subdomains: false, port };
  }
  // The platform's URL parser knows how browsers serialize the rest: IPv4 and IPv6 forms, punycode.
  const canonical = urlOrigin(`${scheme}://${host}`);
  if (canonical === undefined) return { code: 'origin_host' };
  if (canonical !== `${scheme}://${host}`) return notCanonical(text);
  if (wildcard !== undefined && isAddress(host)) return { code: 'origin_wildcard' };
  return { text, scheme, host, subdomains: wildcard !== undefined, port };
}

export function isOriginProblem(result: OriginPattern | OriginProblem): result is OriginProblem {
  return 'code' in result;
}

/** An IPv4 or IPv6 literal (a canonical host whose last label is numeric is an IPv4 address: URL standard, §3.5). */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || /(?:^|\.)[0-9]+$/.test(host);
}

/** Loopback names and addresses: a page from there never crossed a network. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    (isAddress(host) && host.startsWith('127.'))
  );
}

/** Finds the problem of a text that the grammar does not accept, the most helpful one first. */
function diagnose(text: string): OriginProblem {
  const parts = text.split(/[\s,;]+/).filter(part => part !== '');
  if (parts.length > 1) {
    const origins = parts.map(correctedForm).filter(origin => origin !== undefined);
    if (origins.length > 0) return { code: 'origin_joined', fix: origins.join("', '") };
  } else if (parts[0] !== text) {
    return { code: 'origin_whitespace', ...fixOf(validOrUndefined(parts[0] ?? '')) };
  }
  if (!text.includes('://')) return diagnoseWithoutScheme(text);
  const [scheme = '', rest = ''] = splitOnce(text, '://');
  const authority = rest.replace(/[/?#\\].*$/s, '');
  if (authority.includes('@')) return { code: 'origin_userinfo' };
  if (isMisplacedWildcard(scheme, authority)) return { code: 'origin_wildcard' };
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme.toLowerCase())) {
    return { code: 'origin_scheme', ...fixOf(schemeFix(`${scheme}://${authority}`, scheme.toLowerCase())) };
  }
  if (authority !== rest) return { code: 'origin_path', ...fixOf(canonicalForm(`${scheme}://${authority}`)) };
  if (/:(?:0+|[0-9]{6,})$/.test(authority)) return { code: 'origin_port' };
  const canonical = canonicalForm(text);
  return canonical === undefined ? { code: 'origin_host' } : { code: 'origin_not_canonical', fix: canonical };
}

function diagnoseWithoutScheme(text: string): OriginProblem {
  // `https:/example.com` and `https:example.com`: the URL parser repairs them.
  if (/^https?:/i.test(text)) return notCanonical(text);
  const colon = text.indexOf(':', text.startsWith('[') ? text.indexOf(']') : 0);
  const host = colon === -1 ? text : text.slice(0, colon);
  const port = colon === -1 ? undefined : text.slice(colon + 1);
  if (host.includes('*') && !host.startsWith('*.')) return { code: 'origin_wildcard' };
  // `data:x` has a scheme and no authority; `localhost:3000` has a host and a port.
  if (port !== undefined && !/^(?:[0-9]+|\*)$/.test(port)) return { code: 'origin_scheme' };
  const scheme = isLoopback(host) ? 'http' : 'https';
  return { code: 'origin_scheme_missing', ...fixOf(validOrUndefined(`${scheme}://${text}`)) };
}

function isMisplacedWildcard(scheme: string, authority: string): boolean {
  const host = authority.replace(/^\*\.(?=[^*])/, '').replace(/:\*$/, '');
  return scheme.includes('*') || host.includes('*');
}

function notCanonical(text: string): OriginProblem {
  return { code: 'origin_not_canonical', ...fixOf(canonicalForm(text)) };
}

/** The form in which a browser would send this origin, if it is a valid entry. */
function canonicalForm(text: string): string | undefined {
  const anyPort = text.endsWith(':*');
  const origin = urlOrigin(anyPort ? text.slice(0, -2) : text);
  return origin === undefined ? undefined : validOrUndefined(anyPort ? `${origin}:*` : origin);
}

/** The corrected form of one of several origins in one string. */
function correctedForm(text: string): string | undefined {
  const result = parseOriginPattern(text);
  return isOriginProblem(result) ? result.fix : text;
}

function validOrUndefined(text: string): string | undefined {
  return PATTERN.test(text) && !isOriginProblem(parseOriginPattern(text)) ? text : undefined;
}

/** A WebSocket handshake carries the origin of its page. */
function schemeFix(text: string, scheme: string): string | undefined {
  const page = { wss: 'https', ws: 'http' }[scheme];
  return page === undefined ? undefined : validOrUndefined(`${page}${text.slice(scheme.length)}`);
}

function urlOrigin(text: string): string | undefined {
  // Only for configuration: see grammar.ts for why requests are not parsed this way.
  try {
    const url = new URL(text);
    return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
  } catch {
    // Not `URL.canParse()`: once Node 20 has optimized the call, it returns false for hosts outside ASCII.
    return undefined;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + separator.length)];
}

function fixOf(fix: string | undefined): { fix?: string } {
  return fix === undefined ? {} : { fix };
}

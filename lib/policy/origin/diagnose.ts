import type { ProblemCode } from '../../issues/catalog.js';
import { formsOfGlob, formsOfRegExp, type OriginForms } from './forms.js';
import { isLoopback } from './hosts.js';
import { bareParts, HAS_INVISIBLE, hasQuotes, INVISIBLE } from '../pieces.js';

/** What is wrong with an entry of an `origin` list, and what to write instead, if anything can be said. */
export interface OriginProblem {
  readonly code: ProblemCode;
  /** The corrected form: one entry. */
  readonly fix?: string;
  /** The corrected form, if it is more than one entry. */
  readonly entries?: readonly string[];
  /** The source of a RegExp for a resolver, if no entry says it. */
  readonly resolver?: string;
}

/** The parser that this is a part of: what it accepts has a text. */
type Parse = (text: string) => OriginProblem | { readonly text: string };

/** Schemes whose documents have no origin, or that never appear in an `Origin` header. */
export const SCHEMES_WITHOUT_ORIGIN: ReadonlySet<string> = new Set(
  'file data about blob javascript filesystem view-source null ws wss ftp'.split(' '),
);

/** Finds the problem of a text that the grammar does not accept, the most helpful one first. */
export function diagnose(text: string, parse: Parse): OriginProblem {
  if (HAS_INVISIBLE.test(text)) return { code: 'origin_invisible', ...fixOf(text.replace(INVISIBLE, ''), parse) };
  const word = WORDS.get(text.trim().toLowerCase());
  if (word !== undefined) return word;
  if (REGEXP_TEXT.test(text)) return regExpProblem(text.replace(/^\/(.*)\/[a-z]*$/s, '$1'), parse);
  const parts = bareParts(text);
  if (parts.length > 1) {
    const entries = correctedEntries(parts, parse);
    if (entries !== undefined) return { code: 'origin_joined', entries };
    // A sentence, perhaps: no part of it is an origin.
    if (parts.some(part => 'text' in parse(part))) return { code: 'origin_joined' };
  } else if (parts[0] !== text) {
    return { code: surroundedBy(text), ...fixOf(parts[0] ?? '', parse) };
  }
  return text.includes('://') ? diagnoseOrigin(text, parse) : diagnoseWithoutScheme(text, parse);
}

/** The problem of a RegExp in a list of origins. */
export function regExpProblem(source: string, parse: Parse): OriginProblem {
  if (/^\^?\.[*+]\$?$/.test(source)) return { code: 'origin_reflected' };
  const [, extension] = /^\^([a-z]+-extension):(?:\\?\/){2}(?:\.[*+])?\$?$/.exec(source) ?? [];
  if (extension !== undefined) return { ...schemeWildcard(extension, '*'), code: 'origin_regexp' };
  return { code: 'origin_regexp', ...correctedForms(formsOfRegExp(source), parse) };
}

/** What texts mean that are the names of values: an environment variable has nothing else. */
const WORDS: ReadonlyMap<string, OriginProblem> = new Map<string, OriginProblem>([
  ['true', { code: 'origin_reflected' }],
  ['false', { code: 'origin_text', fix: 'false' }],
  ['undefined', { code: 'origin_text' }],
  ['nan', { code: 'origin_text' }],
  ['null', { code: 'origin_null' }],
  ['[object object]', { code: 'origin_text' }],
]);

/** The text of a RegExp: with its slashes, or with a part that no origin has, and no wildcard either. */
const REGEXP_TEXT = /^\/(?!\/).+\/[a-z]*$|\\[./dw-]|^\^|\$$|^https\?:|\.\+|(?:^|\/\/)\.\*|\[(?:\^|[a-z]-|0-9)/is;

function surroundedBy(text: string): ProblemCode {
  if (hasQuotes(text)) return 'origin_quoted';
  return /[,;|]/.test(text) ? 'origin_separator' : 'origin_whitespace';
}

function diagnoseOrigin(text: string, parse: Parse): OriginProblem {
  const [scheme = '', rest = ''] = splitOnce(text, '://');
  const authority = rest.replace(/[/?#\\].*$/s, '');
  if (/^file$/i.test(scheme)) return { code: 'origin_file' };
  if (authority.includes('@')) {
    const bare = `${scheme}://${authority.slice(authority.lastIndexOf('@') + 1)}`;
    return { code: 'origin_userinfo', ...fixOf(bare, parse) };
  }
  const isOwnScheme = /^[a-z][a-z0-9+.-]*$/i.test(scheme) && !/^https?$/i.test(scheme);
  if (isOwnScheme && authority.includes('*')) return schemeWildcard(scheme.toLowerCase(), authority);
  if (isMisplacedWildcard(scheme, authority)) {
    return { code: 'origin_wildcard', ...correctedForms(formsOfGlob(`${scheme}://${authority}`), parse) };
  }
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme.toLowerCase())) {
    return pageOf(`${scheme}://${authority}`, scheme.toLowerCase(), parse);
  }
  if (authority !== rest) return { code: 'origin_path', ...fixOf(canonicalForm(`${scheme}://${authority}`), parse) };
  if (/:(?:0+|[0-9]{6,})$/.test(authority)) return { code: 'origin_port' };
  if (isOwnScheme && authority !== authority.toLowerCase()) return capitals(scheme.toLowerCase(), authority, parse);
  const problem = notCanonical(text, parse);
  return problem.fix === undefined ? { code: 'origin_host' } : problem;
}

function diagnoseWithoutScheme(text: string, parse: Parse): OriginProblem {
  if (/^file:/i.test(text)) return { code: 'origin_file' };
  // `https:/example.com` and `https:example.com`: the URL parser repairs them.
  if (/^https?:/i.test(text)) return notCanonical(text, parse);
  const authority = text.replace(/^https?(?=\/\/)|^\/+/i, '').replace(/^\/+/, '');
  const [host = ''] = authority.replace(/^\[.*\]/, '').split(/[:/?#]/);
  const port = /^[^/?#]*?:([^/?#]*)/.exec(authority.replace(/^\[.*\]/, ''))?.[1];
  // `*example.com` is no label of a domain that somebody owns.
  if (host.includes('*') && !/^(?:\*|[\w-]+\*[\w-]*|\*-[\w-]*)\.[^*]+$/.test(host)) {
    return { code: 'origin_wildcard', ...correctedForms(formsOfGlob(authority.replace(/\/.*$/s, '')), parse) };
  }
  // `data:x` has a scheme and no authority; `localhost:3000` has a host and a port.
  if (port !== undefined && !/^(?:[0-9]+|\*)$/.test(port)) return { code: 'origin_scheme' };
  const bracketed = /^\[.*\]/.exec(authority)?.[0] ?? host;
  // A single name is no host that a page of the web has, and `.example.com` is how cookies write subdomains.
  if (!isLoopback(bracketed.toLowerCase()) && !/[^.].*\.|^\.|^\[/.test(bracketed))
    return { code: 'origin_scheme_missing' };
  const scheme = isLoopback(bracketed.toLowerCase()) ? 'http' : 'https';
  return { code: 'origin_scheme_missing', ...fixOf(`${scheme}://${authority.replace(/^\./, '*.')}`, parse) };
}

function isMisplacedWildcard(scheme: string, authority: string): boolean {
  const host = authority.replace(/^[\w-]*\*[\w-]*\.(?=[^*])/, '').replace(/:\*$/, '');
  return scheme.includes('*') || host.includes('*');
}

/** The ids of a browser's extensions: Firefox makes one for each installation, so that nobody can list them. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['moz-extension', '[0-9a-f-]{36}'],
  ['chrome-extension', '[a-p]{32}'],
]);

function schemeWildcard(scheme: string, authority: string): OriginProblem {
  const id = authority === '*' ? EXTENSIONS.get(scheme) : undefined;
  return { code: 'origin_scheme_wildcard', ...(id !== undefined && { resolver: `/^${scheme}:\\/\\/${id}$/` }) };
}

/** Safari writes the id of an extension in capitals, and makes one for each installation: lower case would never match. */
function capitals(scheme: string, authority: string, parse: Parse): OriginProblem {
  const fix = scheme.endsWith('extension') ? undefined : `${scheme}://${authority.toLowerCase()}`;
  return { code: 'origin_capitals', ...fixOf(fix, parse) };
}

/** A text that is an origin, written in another way than browsers do. */
export function notCanonical(text: string, parse: Parse): OriginProblem {
  return { code: 'origin_not_canonical', ...fixOf(canonicalForm(text), parse) };
}

/** The origin of the page, for a scheme that no `Origin` has: a WebSocket handshake carries the origin of its page. */
export function pageOf(text: string, scheme: string, parse: Parse): OriginProblem {
  if (scheme === 'file') return { code: 'origin_file' };
  const page = { wss: 'https', ws: 'http' }[scheme];
  return { code: 'origin_scheme', ...fixOf(page && `${page}${text.slice(scheme.length)}`, parse) };
}

/** The form in which a browser would send this origin. */
function canonicalForm(text: string): string | undefined {
  const anyPort = text.endsWith(':*');
  const origin = urlOrigin(anyPort ? text.slice(0, -2) : text);
  return origin === undefined ? undefined : anyPort ? `${origin}:*` : origin;
}

export function urlOrigin(text: string): string | undefined {
  // Only for configuration: see grammar.ts for why requests are not parsed this way.
  try {
    const url = new URL(text);
    return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
  } catch {
    // Not `URL.canParse()`: once Node 20 has optimized the call, it returns false for hosts outside ASCII.
    return undefined;
  }
}

/** The entries for several parts of one text; `undefined` if one of them is beyond repair: none may be left out. */
function correctedEntries(parts: readonly string[], parse: Parse): readonly string[] | undefined {
  const entries = parts.map(part => {
    const result = parse(part);
    if ('text' in result) return [part];
    return result.entries ?? (result.fix === undefined ? undefined : [result.fix]);
  });
  if (!entries.every(each => each !== undefined)) return undefined;
  return entries.flat().every(each => 'text' in parse(each)) ? [...new Set(entries.flat())] : undefined;
}

/** A corrected form, itself corrected where it must be; nothing if it is beyond repair. */
function fixOf(text: string | undefined, parse: Parse): Omit<OriginProblem, 'code'> {
  if (text === undefined || text === '') return {};
  const result = parse(text);
  if ('text' in result) return { fix: text };
  const { fix, entries, resolver } = result;
  return {
    ...(fix !== undefined && { fix }),
    ...(entries && { entries }),
    ...(resolver !== undefined && { resolver }),
  };
}

function correctedForms(forms: OriginForms | undefined, parse: Parse): Omit<OriginProblem, 'code'> {
  if (forms === undefined) return {};
  if ('resolver' in forms) return forms;
  const { entries } = forms;
  if (!entries.every(each => 'text' in parse(each))) return {};
  const [fix] = entries;
  return entries.length === 1 && fix !== undefined ? { fix } : { entries };
}

function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + separator.length)];
}

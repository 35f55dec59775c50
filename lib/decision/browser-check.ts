import { elementsOf, isToken } from '../policy/names/list.js';

/** What a preflight announces, as a browser compares it with the answer. */
export interface AnnouncedRequest {
  readonly origin: string;
  readonly method: string;
  /** CORS-unsafe request-header names, in lower case. */
  readonly headers: readonly string[];
  /** Whether the request's credentials mode is `include`. A preflight does not say. */
  readonly withCredentials: boolean;
}

/** The headers of an answer that the check reads, by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** Why a browser would not send the request that a preflight announces. */
export type PreflightFault = 'origin' | 'method' | 'header';

/**
 * The check that a browser makes of a preflight's answer with an ok status (Fetch §4.8 and §4.10).
 *
 * @returns `undefined` if the browser would send the request
 */
export function findPreflightFault(request: AnnouncedRequest, answer: AnswerHeaders): PreflightFault | undefined {
  const { origin, method, headers, withCredentials } = request;
  const allowOrigin = answer['access-control-allow-origin'];
  const isAny = allowOrigin === '*' && !withCredentials;
  if (!isAny && allowOrigin !== origin) return 'origin';
  if (withCredentials && answer['access-control-allow-credentials'] !== 'true') return 'origin';
  const methods = tokensIn(answer['access-control-allow-methods']);
  // An asterisk is a wildcard without credentials only, and does not cover the header that carries credentials.
  const isAnyMethod = !withCredentials && methods.includes('*');
  if (!isSafelistedMethod(method) && !isAnyMethod && !methods.includes(method)) return 'method';
  const allowed = new Set(tokensIn(answer['access-control-allow-headers']).map(name => name.toLowerCase()));
  const isAnyHeader = !withCredentials && allowed.has('*');
  const covers = (name: string) => allowed.has(name) || (isAnyHeader && name !== 'authorization');
  return headers.every(covers) ? undefined : 'header';
}

/** Fetch §2.2.1, "CORS-safelisted method": needs no permission, also where a preflight announces it. */
export function isSafelistedMethod(method: string): boolean {
  return SAFELISTED_METHODS.has(method);
}

const SAFELISTED_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);

function tokensIn(text = ''): readonly string[] {
  return elementsOf(text).filter(isToken);
}

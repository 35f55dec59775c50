import { RESOURCE_POLICY_HEADER, TIMING_HEADER, type Companions } from '../policy/companions.js';
import { allowOriginFor, headerList, type CorsHeaders, type Header } from '../policy/response.js';
import { mergeVary } from '../decision/vary.js';

/** The headers of a head that is about to be written: a response, or what is handed to an HTTP/2 stream. */
export interface HeaderStore {
  /** In lower case. */
  getHeaderNames(): string[];
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string): unknown;
  removeHeader(name: string): void;
}

/** A CORS header that something else set. */
export interface Replaced {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/**
 * Writes the policy's headers over those that the app, a library or a proxy-like middleware has set: one answer, once.
 * Called as the headers are flushed, when nobody sets headers any more.
 *
 * @param origin of the request
 * @returns the CORS headers that were set otherwise and are not sent; `undefined` where there are none
 */
export function writeCorsHeaders(
  response: HeaderStore,
  cors: CorsHeaders,
  origin: string | undefined,
): readonly Replaced[] | undefined {
  const names = response.getHeaderNames();
  let isForeign = false;
  let isVarying = false;
  // Hot path: indexed loops here and below, see the bench.
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    isForeign ||= isCorsHeader(name);
    isVarying ||= name === 'vary';
  }
  const replaced = isForeign ? removeForeignHeaders(response, cors, origin) : undefined;
  const { headers, vary, companions } = cors;
  const allowOrigin = allowOriginFor(cors, origin);
  if (allowOrigin !== undefined) response.setHeader('Access-Control-Allow-Origin', allowOrigin);
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index] as Header;
    response.setHeader(header[0], header[1]);
  }
  if (vary !== '') {
    if (isVarying) addVary(response, vary);
    else response.setHeader('Vary', vary);
  }
  if (companions !== undefined) writeCompanions(response, companions, allowOrigin);
  return replaced;
}

function writeCompanions(
  response: HeaderStore,
  { resourcePolicy, timing }: Companions,
  allowOrigin: string | undefined,
): void {
  if (resourcePolicy !== undefined) response.setHeader(RESOURCE_POLICY_HEADER, resourcePolicy);
  if (!timing) return;
  if (allowOrigin === undefined) response.removeHeader(TIMING_HEADER);
  else response.setHeader(TIMING_HEADER, allowOrigin);
}

function addVary(response: HeaderStore, vary: string): void {
  const present = response.getHeader('Vary');
  const merged = mergeVary(typeof present === 'number' ? String(present) : present, vary);
  if (merged !== undefined) response.setHeader('Vary', merged);
}

function removeForeignHeaders(
  response: HeaderStore,
  cors: CorsHeaders,
  origin: string | undefined,
): readonly Replaced[] | undefined {
  const names = response.getHeaderNames().filter(isCorsHeader);
  const own = new Map(headerList(cors, origin).map(([name, value]) => [name.toLowerCase(), value]));
  const replaced = names
    .map(name => ({ name, value: String(response.getHeader(name)) }))
    .filter(({ name, value }) => own.get(name) !== value);
  for (const name of names) response.removeHeader(name);
  return replaced.length === 0 ? undefined : replaced;
}

/** Node lists names in lower case. */
function isCorsHeader(name: string): boolean {
  return name.startsWith('access-control-');
}

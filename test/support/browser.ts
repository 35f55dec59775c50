import type { WireResponse } from './client.js';

/** A request as a page makes it. */
export interface PageRequest {
  readonly origin: string;
  readonly method: string;
  /** The header names that need a preflight, in lower case. */
  readonly headers?: readonly string[];
  readonly credentials?: boolean;
}

/** The CORS check of the Fetch standard: whether the page may read a response. */
export function mayRead({ cors }: WireResponse, { origin, credentials = false }: PageRequest): boolean {
  const allowed = cors['access-control-allow-origin'];
  if (!credentials && allowed === '*') return true;
  // A header that came twice is a list here, and one value to the standard that equals no origin.
  return allowed === origin && (!credentials || cors['access-control-allow-credentials'] === 'true');
}

/** The end of a CORS-preflight fetch of the Fetch standard: whether the page may send the request. */
export function maySend(preflight: WireResponse, request: PageRequest): boolean {
  const { method, headers = [], credentials = false } = request;
  const isOk = preflight.status >= 200 && preflight.status < 300;
  if (!isOk || !mayRead(preflight, request)) return false;
  const methods = listOf(preflight, 'access-control-allow-methods');
  const names = listOf(preflight, 'access-control-allow-headers').map(name => name.toLowerCase());
  const covers = (list: readonly string[], value: string) =>
    list.includes(value) || (!credentials && list.includes('*'));
  const isSafelisted = ['GET', 'HEAD', 'POST'].includes(method);
  return (isSafelisted || covers(methods, method)) && headers.every(name => covers(names, name));
}

function listOf({ cors }: WireResponse, name: string): readonly string[] {
  return String(cors[name] ?? '')
    .split(',')
    .map(each => each.trim());
}

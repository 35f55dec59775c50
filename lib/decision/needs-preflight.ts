import { isAnnounced } from '../policy/names/headers.js';

/**
 * Whether a browser sends this cross-origin request only after a preflight (Fetch §4.8): because of its method, its
 * `content-type`, its `Authorization`, or a header that selects its route. Other headers do not count: a proxy may have
 * added them.
 *
 * @param selecting the headers that select its route, in lower case
 */
export function needsPreflight(
  method: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  selecting: () => readonly string[],
): boolean {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return true;
  const isSent = (name: string) => headers[name] !== undefined && isAnnounced(name, String(headers[name]));
  return isSent('content-type') || isSent('authorization') || selecting().some(isSent);
}

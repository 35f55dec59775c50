import { isAnnounced } from '../policy/names/headers.js';

/**
 * Whether a browser sends this request of another origin after a preflight alone (Fetch §4.8): by its method, its type,
 * its `Authorization`, or a header that its route is chosen by. Other headers are not looked at: a proxy may have added
 * them.
 *
 * @param selecting the headers that its route is chosen by, in lower case
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

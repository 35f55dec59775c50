/**
 * The grammar of a serialized tuple origin (HTML, "ASCII serialization of an origin"; RFC 6454 §7.1), as strict as
 * browsers are when they write it: lower-case ASCII, no default port, no leading zero, no trailing dot.
 *
 * Not `new URL()` for a request's `Origin`: it repairs its input (it drops tabs and newlines, decodes `%65`, folds
 * case, turns `\` into `/`), so different bytes become the same origin. Here, a byte that is not in the grammar is a
 * refusal: fails closed.
 */

/** Longest scheme (64), `://` (3), longest host (253), longest port with its colon (6). */
export const MAX_ORIGIN_LENGTH = 326;

/** RFC 1035 §2.3.4, as text without the trailing dot. */
export const MAX_HOST_LENGTH = 253;

/** RFC 1035 §2.3.4. */
export const MAX_LABEL_LENGTH = 63;

/** Host names must not contain underscores, but such hosts exist, and browsers send them. */
export const LABEL = `[a-z0-9_-]{1,${String(MAX_LABEL_LENGTH)}}`;
/** Not every such text is an address, but a request's host is only ever compared with a canonical one. */
export const IPV6 = '\\[[0-9a-f:.]{2,45}\\]';
export const SCHEME = '[a-z][a-z0-9+.-]{0,63}';
export const PORT = '[1-9][0-9]{0,4}';

// Linear: labels are bounded and separated by a dot that no label contains, so a text can match in only one way.
const ORIGIN = new RegExp(`^(${SCHEME})://((?:${LABEL}\\.)*${LABEL}|${IPV6})(?::(${PORT}))?$`);

/** The parts of a serialized origin. `port` is `''` for the scheme's default. */
export interface OriginParts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

/** Splits a serialized origin; `undefined` for anything else. */
export function parseOrigin(text: string): OriginParts | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  const match = ORIGIN.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', host = '', port = ''] = match;
  if (host.length > MAX_HOST_LENGTH) return undefined;
  if (port !== '' && !isCanonicalPort(scheme, Number(port))) return undefined;
  return { scheme, host, port };
}

/** A browser never writes a port out of range, nor the scheme's default port. */
export function isCanonicalPort(scheme: string, port: number): boolean {
  return port <= 65535 && DEFAULT_PORTS.get(scheme) !== port;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['https', 443],
  ['http', 80],
]);

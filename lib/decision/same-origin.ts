/** The parts of a request that distinguish another origin's page from one of the app's own. */
export interface RequestSite {
  readonly method: string;
  /** The raw `Origin` header. */
  readonly origin: string | undefined;
  /** The raw Fetch Metadata headers: browsers set them, scripts cannot. */
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchStorageAccess: string | undefined;
  /** The request's own scheme and authority, as the app sees them: `https`, `api.example.com:8443`. */
  readonly scheme: string;
  /** `''` if the request names none. */
  readonly host: string;
}

/** The app's own origins, from the option `self`. */
export interface SelfOrigins {
  readonly origins: ReadonlySet<string>;
  /** Their authorities, with and without the default port, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

const PORT_SUFFIXES: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/** RFC 9110 §9.2.1. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** @param origins serialized origins, as browsers send them */
export function selfOriginsOf(origins: readonly string[]): SelfOrigins {
  const hosts = origins.flatMap(origin => {
    const [scheme = '', host = ''] = origin.split('://', 2);
    const port = PORT_SUFFIXES[scheme];
    return port === undefined || /:\d+$/.test(host) ? [host] : [host, `${host}${port}`];
  });
  return { origins: new Set(origins), hosts: new Set(hosts) };
}

/**
 * Whether a request comes from a page of another origin. `null`, malformed and repeated origins never equal the app's
 * authority, so they count as another origin: fails closed.
 *
 * A request without `Origin` does not come from a script of another origin, and passes. The exception is an unsafe
 * method for which the browser says that a page of another origin sent it (Fetch Metadata §2.4): no browser says that
 * about the app's own pages.
 *
 * @param self the app's own origins. Without them, the request's own `Host` is trusted: a domain that an attacker
 * points at the app (DNS rebinding) then counts as the app's own.
 */
export function isFromElsewhere(site: RequestSite, self: SelfOrigins | undefined): boolean {
  const { method, origin, secFetchSite } = site;
  if (isEmbedding(site)) return false;
  if (origin === undefined && SAFE_METHODS.has(method)) return false;
  if (self !== undefined && origin !== undefined && self.origins.has(origin)) return false;
  if (secFetchSite === 'same-site' || secFetchSite === 'cross-site') return true;
  if (self !== undefined) return isForeignTo(self, site);
  return origin !== undefined && secFetchSite !== 'same-origin' && origin !== ownOrigin(site);
}

/**
 * Whether a browser added `Origin` to a request that normally has none: an image or a frame of a page, which no script
 * can read. Browsers do that together with `Sec-Fetch-Storage-Access` (Storage Access Headers). The page can embed the
 * same resource without these headers.
 */
function isEmbedding({ method, secFetchMode, secFetchStorageAccess }: RequestSite): boolean {
  return secFetchStorageAccess !== undefined && secFetchMode === 'no-cors' && (method === 'GET' || method === 'HEAD');
}

/** Neither `Host` nor `Sec-Fetch-Site` is trusted alone: with DNS rebinding, both match the attacker's domain. */
function isForeignTo(self: SelfOrigins, { origin, secFetchSite, host }: RequestSite): boolean {
  if (origin !== undefined && origin !== 'null') return true;
  // A client that is not a browser sends neither header.
  if (origin === undefined && (secFetchSite === undefined || secFetchSite === 'none')) return false;
  return secFetchSite !== 'same-origin' || !self.hosts.has(host.toLowerCase());
}

function ownOrigin({ scheme, host }: RequestSite): string | undefined {
  if (host === '') return undefined;
  const defaultPort = PORT_SUFFIXES[scheme];
  const authority = defaultPort !== undefined && host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host;
  return `${scheme}://${authority.toLowerCase()}`;
}

/**
 * Whether a page of the app's own sent a WebSocket handshake. Browsers send no Fetch Metadata with one. The scheme does not
 * count: a proxy may end TLS, and the browser has one for `wss:` and one for the page.
 *
 * @param origin the raw `Origin` header
 * @param host the authority that the handshake was sent to, as the app sees it
 * @param self the app's own origins. Without them, `host` is trusted
 */
export function isOwnHandshake(origin: string, host: string, self: SelfOrigins | undefined): boolean {
  if (self !== undefined) return self.origins.has(origin);
  const { scheme, authority } = WEB_ORIGIN.exec(origin)?.groups ?? {};
  if (scheme === undefined || authority === undefined) return false;
  const sentTo = host.toLowerCase();
  // A serialized origin has no default port: with a port, it is that port. A proxy may pass on either default port.
  return (
    sentTo === authority || (!/:\d+$/.test(authority) && DEFAULT_SUFFIXES.some(port => sentTo === authority + port))
  );
}

/** Authorities are compared as text: nothing is parsed, and a malformed origin has none. */
const WEB_ORIGIN = /^(?<scheme>https?):\/\/(?<authority>[^/\\?#@, ]+)$/;
const DEFAULT_SUFFIXES = Object.values(PORT_SUFFIXES);

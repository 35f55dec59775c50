/** What distinguishes a request of another origin from one of the app's own pages. */
export interface RequestSite {
  readonly method: string;
  /** The raw `Origin` header. */
  readonly origin: string | undefined;
  /** The raw headers of Fetch Metadata: browsers set them, scripts cannot. */
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchStorageAccess: string | undefined;
  /** The request's own scheme and authority, as the app knows them: `https`, `api.example.com:8443`. */
  readonly scheme: string;
  /** `''` where the request names none. */
  readonly host: string;
}

/** The app's own origins, as the option `self` lists them. */
export interface SelfOrigins {
  readonly origins: ReadonlySet<string>;
  /** Their authorities, with and without the default port, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/** RFC 9110 §9.2.1. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** @param origins serialized origins, as browsers send them */
export function selfOriginsOf(origins: readonly string[]): SelfOrigins {
  const hosts = origins.flatMap(origin => {
    const [scheme = '', host = ''] = origin.split('://', 2);
    const port = DEFAULT_PORTS[scheme];
    return port === undefined || /:\d+$/.test(host) ? [host] : [host, `${host}${port}`];
  });
  return { origins: new Set(origins), hosts: new Set(hosts) };
}

/**
 * Whether a request comes from a page of another origin. `null`, malformed and repeated origins equal no authority:
 * they come from elsewhere, fails closed.
 *
 * A request without `Origin` is no script's of another origin, and passes. It is a page's of another origin all the same
 * where a browser says so (Fetch Metadata §2.4) of a method that is not safe: no browser says that of a page of its own.
 *
 * @param self the app's own origins. Without them the request's own `Host` is believed: a name that an attacker points
 * at the app (DNS rebinding) is then the app's own.
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
 * Whether a browser put the `Origin` on a request that has none otherwise: an image or a frame of a page, of which no
 * script reads anything, beside `Sec-Fetch-Storage-Access` (Storage Access Headers). The page can have the same
 * without.
 */
function isEmbedding({ method, secFetchMode, secFetchStorageAccess }: RequestSite): boolean {
  return secFetchStorageAccess !== undefined && secFetchMode === 'no-cors' && (method === 'GET' || method === 'HEAD');
}

/** Neither `Host` nor `Sec-Fetch-Site` is believed alone: both are right about a rebound name. */
function isForeignTo(self: SelfOrigins, { origin, secFetchSite, host }: RequestSite): boolean {
  if (origin !== undefined && origin !== 'null') return true;
  // A client that is no browser says neither.
  if (origin === undefined && (secFetchSite === undefined || secFetchSite === 'none')) return false;
  return secFetchSite !== 'same-origin' || !self.hosts.has(host.toLowerCase());
}

function ownOrigin({ scheme, host }: RequestSite): string | undefined {
  if (host === '') return undefined;
  const defaultPort = DEFAULT_PORTS[scheme];
  const authority = defaultPort !== undefined && host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host;
  return `${scheme}://${authority.toLowerCase()}`;
}

/** What tells a cross-origin request from a same-origin one. */
export interface RequestSite {
  /** The raw `Origin` header. */
  readonly origin: string | undefined;
  /** The raw `Sec-Fetch-Site` header (Fetch Metadata §2.4): browsers set it, scripts cannot. */
  readonly secFetchSite: string | undefined;
  /** The request's own scheme and authority, as the app knows them: `https`, `api.example.com:8443`. */
  readonly scheme: string;
  readonly host: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/**
 * Whether a request comes from another origin than its own. Requests without `Origin` are not from a script of
 * another origin. `null`, malformed and repeated origins equal no authority: cross-origin, fails closed.
 */
export function isCrossOrigin({ origin, secFetchSite, scheme, host }: RequestSite): boolean {
  if (origin === undefined) return false;
  if (secFetchSite === 'same-origin') return false;
  if (secFetchSite === 'same-site' || secFetchSite === 'cross-site') return true;
  const defaultPort = DEFAULT_PORTS[scheme];
  const authority = defaultPort !== undefined && host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host;
  return origin !== `${scheme}://${authority.toLowerCase()}`;
}

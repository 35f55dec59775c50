/** The origins of the specs: two that policies allow, and one that none does. */
export const APP = 'https://app.example';
export const ADMIN = 'https://admin.example';
export const EVIL = 'https://evil.example';

type CorsHeaders = Readonly<Record<string, string>>;

const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

interface Grant {
  readonly methods: string;
  readonly headers?: string;
  readonly maxAge?: string;
  readonly credentials?: boolean;
}

/** Every CORS header of an allowed preflight. */
export function granted(
  origin: string,
  { methods, headers = 'content-type, authorization', maxAge = '600', credentials }: Grant,
): CorsHeaders {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods,
    ...(headers !== '' && { 'access-control-allow-headers': headers }),
    'access-control-max-age': maxAge,
    ...(credentials && { 'access-control-allow-credentials': 'true' }),
    vary: PREFLIGHT_VARY,
  };
}

/** The same answer without its max-age, as a refusal has it that a browser names the reason of. */
export function withoutMaxAge(headers: CorsHeaders): CorsHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'access-control-max-age'));
}

/** Every CORS header of a refused preflight. */
export const REFUSED: CorsHeaders = { vary: PREFLIGHT_VARY };

/** Every CORS header of an actual response that the origin may read. */
export function readable(origin: string, { credentials = false, exposed = '' } = {}): CorsHeaders {
  return {
    'access-control-allow-origin': origin,
    ...(credentials && { 'access-control-allow-credentials': 'true' }),
    ...(exposed !== '' && { 'access-control-expose-headers': exposed }),
    vary: 'Origin',
  };
}

/** Every CORS header of an actual response under a list policy that the requesting origin may not read. */
export const UNREADABLE: CorsHeaders = { vary: 'Origin' };

/** Every CORS header of an actual response that any origin may read. */
export const PUBLIC: CorsHeaders = { 'access-control-allow-origin': '*' };

/** Every CORS header of a response that is for no other origin, whichever asks. */
export const CLOSED: CorsHeaders = {};

/** What `explain()` and `policies()` tell of a policy that states nothing but its origin. */
export const DEFAULT_POLICY = {
  methods: [],
  allowedHeaders: ['content-type', 'authorization'],
  exposedHeaders: [],
  credentials: false,
  maxAge: 600,
  optionsSuccessStatus: 204,
  rejectDisallowed: false,
  dangerouslyAllowInsecureOrigins: false,
  dangerouslyAllowPublicSuffixPatterns: false,
};

/** Where the options of such a policy are set. */
export const DEFAULT_PROVENANCE = {
  origin: 'module',
  methods: 'default',
  allowedHeaders: 'default',
  exposedHeaders: 'default',
  credentials: 'default',
  maxAge: 'default',
  optionsSuccessStatus: 'default',
  rejectDisallowed: 'default',
  dangerouslyAllowInsecureOrigins: 'default',
  dangerouslyAllowPublicSuffixPatterns: 'default',
};

/** The `Vary` of a preflight's answer, as `explain()` shows it. */
export const EXPLAINED_PREFLIGHT_VARY = { Vary: PREFLIGHT_VARY };

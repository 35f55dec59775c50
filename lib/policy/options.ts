import type { ListAddition } from './add.js';

/**
 * What a policy's `origin` accepts.
 *
 * - `'*'`: any origin, without credentials.
 * - one origin, or a list of origins and patterns: `scheme://host[:port]` in lower-case ASCII, as browsers
 *   serialize it. `*.` as the whole leading label means one or more labels, never the apex; `:*` means any
 *   port, including none. Nothing else is a wildcard.
 * - `false`: no cross-origin access.
 * - `add(...)`: the inherited list and these.
 *
 * @publicApi
 */
export type CorsOrigin = string | readonly string[] | ListAddition | false;

/**
 * A list of names: an array, one name, or Nest's comma-separated string.
 *
 * @publicApi
 */
export type CorsNames = string | readonly string[] | ListAddition;

/**
 * A CORS policy as it is written down: in `CorsModule.forRoot()`, in a named policy, in `@Cors()`. Every field is
 * optional below the module; a field that is left out is inherited from the next level out.
 *
 * Option names are those of Nest's own `CorsOptions`.
 *
 * @publicApi
 */
export interface CorsPolicyOptions {
  /**
   * The origins that may read responses: the `Access-Control-Allow-Origin` response header (Fetch, "CORS protocol").
   * Must be stated by the module: there is no default.
   *
   * @example ['https://app.example.com', 'https://*.preview.example.com']
   */
  origin?: CorsOrigin;

  /**
   * The methods that cross-origin callers may use: the `Access-Control-Allow-Methods` header of preflights. Never
   * wider than what is routed. `GET`, `HEAD` and `POST` are not exempt: a method left out is refused at preflight,
   * and its actual responses get no CORS header.
   *
   * @default the methods that are routed at the path
   * @example ['GET', 'PUT']
   */
  methods?: CorsNames;

  /**
   * The request headers that scripts may send: the `Access-Control-Allow-Headers` header of preflights. `'*'` allows
   * any, `Authorization` included, and is refused together with `credentials`.
   *
   * @default ['content-type']
   * @example ['content-type', 'x-csrf-token']
   */
  allowedHeaders?: CorsNames;

  /**
   * The response headers that scripts may read beside the CORS-safelisted ones: the
   * `Access-Control-Expose-Headers` header of actual responses. `'*'` exposes all, and is refused together with
   * `credentials`.
   *
   * @default []
   * @example ['x-total-count', 'content-disposition']
   */
  exposedHeaders?: CorsNames;

  /**
   * Whether requests may carry cookies, client certificates and HTTP authentication: the
   * `Access-Control-Allow-Credentials` header. Never together with `origin: '*'`.
   *
   * @default false
   */
  credentials?: boolean;

  /**
   * How long a browser may cache a preflight's answer, in whole seconds from 0 to 86400: the
   * `Access-Control-Max-Age` header. 0 turns caching off. Chromium caps it at 7200, WebKit at 600.
   *
   * @default 600
   */
  maxAge?: number;

  /**
   * The status of an allowed preflight.
   *
   * @default 204
   */
  optionsSuccessStatus?: 200 | 204;

  /** Accepted so that options written for `enableCors()` work unchanged. Preflights are always answered here. */
  preflightContinue?: false;

  /**
   * Answer 403 to an actual request from an origin that the policy does not allow, before the handler runs. Requests
   * without an `Origin` header and same-origin requests pass. On the module and in a rule of `routes` it also covers
   * what no controller serves, ahead of the app's middleware. CORS is not access control: keep the guards.
   *
   * @default false
   */
  rejectDisallowed?: boolean;

  /**
   * Permit `http://` origins that are not loopback. Anyone on the network path can serve a page from such an origin
   * and read what this policy allows.
   *
   * @default false
   */
  dangerouslyAllowInsecureOrigins?: boolean;

  /**
   * Permit patterns over a public suffix, such as `https://*.github.io`, under which anyone can register a host.
   *
   * @default false
   */
  dangerouslyAllowPublicSuffixPatterns?: boolean;
}

/**
 * A policy with every field resolved, as it is in force on a route.
 *
 * @publicApi
 */
export interface EffectiveCorsPolicy {
  readonly origin: '*' | false | readonly string[];
  readonly methods: readonly string[];
  readonly allowedHeaders: '*' | readonly string[];
  readonly exposedHeaders: '*' | readonly string[];
  readonly credentials: boolean;
  readonly maxAge: number;
  readonly optionsSuccessStatus: 200 | 204;
  readonly rejectDisallowed: boolean;
  readonly dangerouslyAllowInsecureOrigins: boolean;
  readonly dangerouslyAllowPublicSuffixPatterns: boolean;
}

/**
 * Which level stated a field of a route's policy.
 *
 * @publicApi
 */
export type CorsProvenance = 'default' | 'module' | 'controller' | 'handler' | 'route' | `policy:${string}`;

/**
 * The policy of a path that no controller serves.
 *
 * @publicApi
 */
export interface CorsRouteRule {
  /**
   * The whole path as it is requested, in the syntax of Nest's middleware: `/graphql`, `/tenants/:id/files`. It covers
   * what is below it as well. The global prefix is not added. Letters compare without regard to case.
   */
  path: string;
  /** A policy, the name of one of `policies`, or `false` for no cross-origin access. */
  policy: CorsPolicyOptions | string | false;
}

/**
 * What `CorsModule.forRoot()` takes: the policy that every route inherits, and what concerns the whole app.
 *
 * @publicApi
 */
export interface CorsModuleOptions extends CorsPolicyOptions {
  /** The app's allowlist. There is no default: state it, or state `false` for no cross-origin access. */
  origin: CorsOrigin;

  /**
   * Policies by name, for `@Cors('name')`. Each is whole: a named policy replaces what a route would inherit, so it
   * states its own `origin`.
   *
   * @example { public: { origin: '*', methods: ['GET'] } }
   */
  policies?: Readonly<Record<string, CorsPolicyOptions>>;

  /**
   * Policies by path, for what is not a controller's route: GraphQL, static assets, raw routes. Merged over the
   * module's policy; the first rule whose path matches applies; a controller's route always has its own policy.
   *
   * @example [{ path: '/graphql', policy: { allowedHeaders: ['content-type', 'authorization'] } }]
   */
  routes?: readonly CorsRouteRule[];

  /**
   * Tell callers why a request was refused and what would allow it, in the body of the 403 and in the log. For
   * development: it reveals the policy.
   *
   * @default false
   */
  debug?: boolean;
}

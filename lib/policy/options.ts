import type { ListAddition } from './add.js';
import type { CorsOriginResolverRef } from './resolver.js';

/**
 * The values of a policy's `origin`.
 *
 * - `'*'`: any origin, without credentials.
 * - one origin, or a list of origins and patterns: `scheme://host[:port]` in lower-case ASCII, as browsers
 *   serialize it. `*.` as the whole leading label means one or more labels, never the apex. One `*` inside the leading
 *   label, `https://app-*.example.com`, means one or more characters of it, never a dot. `:*` means any port,
 *   including none. Nothing else is a wildcard.
 * - `false`: no cross-origin access.
 * - `add(...)`: the inherited list, and these.
 * - a resolver: alone, or one in a list. The strings of the list are checked first.
 *
 * @publicApi
 */
export type CorsOrigin =
  string | readonly (string | CorsOriginResolverRef)[] | ListAddition | CorsOriginResolverRef | false;

/**
 * A list of names: an array, one name, or Nest's comma-separated string.
 *
 * @publicApi
 */
export type CorsNames = string | readonly string[] | ListAddition;

/**
 * The pages that may embed a response: those of its own origin, those of its own site, or all.
 *
 * @publicApi
 */
export type CorsResourcePolicy = 'same-origin' | 'same-site' | 'cross-origin';

/**
 * A CORS policy as you write it: in `CorsModule.forRoot()`, in a named policy, in `@Cors()`. Below the module every
 * option is optional; an option that is left out is inherited from the next outer level.
 *
 * Option names are those of Nest's own `CorsOptions`.
 *
 * @publicApi
 */
export interface CorsPolicyOptions {
  /**
   * The origins that may read responses: the `Access-Control-Allow-Origin` response header (Fetch, "CORS protocol").
   * The module must set it: there is no default.
   *
   * @example ['https://app.example.com', 'https://*.preview.example.com']
   */
  origin?: CorsOrigin;

  /**
   * The methods that cross-origin callers may use: the `Access-Control-Allow-Methods` header of preflights. Methods
   * that are not routed are never allowed. `GET`, `HEAD` and `POST` are not exempt: a method that is left out is
   * refused at preflight, and its actual responses get no CORS header.
   *
   * @default the methods that are routed at the path
   * @example ['GET', 'PUT']
   */
  methods?: CorsNames;

  /**
   * The request headers that scripts may send: the `Access-Control-Allow-Headers` header of preflights. A list replaces
   * the default, `add()` extends it. `'*'` allows any, including `Authorization`, and cannot be combined with
   * `credentials`.
   *
   * The default has what handlers at the path read with `@Headers('name')`: not what scripts cannot set, what needs no
   * permission, what proxies report, and method overrides. `bounds` cut it. A list that leaves out what its handler reads
   * is a warning.
   *
   * @default `content-type`, `authorization`, the version header of header versioning, and what handlers read
   * @example add('x-csrf-token')
   */
  allowedHeaders?: CorsNames;

  /**
   * The response headers that scripts may read in addition to the CORS-safelisted ones: the
   * `Access-Control-Expose-Headers` header of actual responses. `'*'` exposes all, and cannot be combined with
   * `credentials`.
   *
   * @default []
   * @example ['x-total-count', 'content-disposition']
   */
  exposedHeaders?: CorsNames;

  /**
   * Whether requests may carry cookies, client certificates and HTTP authentication: the
   * `Access-Control-Allow-Credentials` header. Cannot be combined with `origin: '*'`.
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

  /** Accepted so that options for `enableCors()` work unchanged. Preflights are always answered by this module. */
  preflightContinue?: false;

  /**
   * Answer 403 to an actual request whose origin or method the policy does not allow, before the handler runs.
   * Same-origin requests pass (see `self`). So do requests without an `Origin` header, unless a browser reports
   * (`Sec-Fetch-Site`) that another origin sent an unsafe method such as `POST`, and the policy is not `'*'`. On the
   * module and in a rule of `routes` it also covers paths that no controller serves, ahead of the app's middleware; if
   * both a controller's route and a rule match, both have to reject. CORS is not access control: keep your guards.
   *
   * @default false
   */
  rejectDisallowed?: boolean;

  /**
   * What applies to origins that this policy does not allow: a policy, or the name of one. It applies whole, and inherits
   * nothing: own front ends with credentials, everyone else without. Its `origin` is `'*'` or a list.
   *
   * It belongs to the `origin` beside which it stands: a level that sets `origin` anew, `@NoCors()` and a name have none
   * of an outer level; `add()` keeps it. If the policy has a resolver, that answers first. Requests without an `Origin`
   * get the policy's own answer, and every response says `Vary: Origin`.
   *
   * Boot errors: `others_type`, `others_origin`, `others_option`, `others_without_list`, `policy_unknown`.
   *
   * @default none: they have no access
   * @example { origin: '*', methods: ['GET'] }
   */
  others?: CorsOthersOptions | CorsPolicyName;

  /**
   * Which pages may embed responses without CORS, as `<img>`, `<script>` and `<video>` do: the
   * `Cross-Origin-Resource-Policy` header (Fetch §3.7). Every response has it, whoever asks and whatever it is answered,
   * in place of the one that the app or helmet sets. The answers to preflights have none: nothing embeds them. `'*'`
   * with `'same-origin'` or `'same-site'` is a warning.
   *
   * @default none: the header is not sent, and what the app sets stays
   * @example 'cross-origin'
   */
  resourcePolicy?: CorsResourcePolicy;

  /**
   * Let pages that may read a response also read how long it took and how large it is: the `Timing-Allow-Origin` header
   * (Resource Timing), with the value of `Access-Control-Allow-Origin`, in place of the one that the app sets. A response
   * without `Access-Control-Allow-Origin` has neither. An `<img>` without `crossorigin` sends no `Origin`, so a list
   * allows it nothing.
   *
   * @default false: the header is not sent, and what the app sets stays
   */
  timing?: boolean;

  /**
   * Allow `http://` origins that are not loopback. Anyone on the network path can serve a page from such an origin
   * and read everything that this policy allows.
   *
   * @default false
   */
  dangerouslyAllowInsecureOrigins?: boolean;

  /**
   * Allow patterns over a public suffix, such as `https://*.github.io` or `https://shop-*-acme.vercel.app`, under which
   * anyone can register a host. Never with `credentials`: that is the boot error
   * `origin_public_suffix_with_credentials`.
   *
   * @default false
   */
  dangerouslyAllowPublicSuffixPatterns?: boolean;
}

/**
 * What applies to origins that a policy does not allow: see `others` in {@link CorsPolicyOptions}.
 *
 * @publicApi
 */
export type CorsOthersOptions = Omit<
  CorsPolicyOptions,
  'origin' | 'others' | 'rejectDisallowed' | 'preflightContinue'
> & {
  /** Who the others are: `'*'` for anyone, or a list without a resolver. */
  origin: string | readonly string[];
};

/**
 * The effective policy of a route, with a value for every option.
 *
 * @publicApi
 */
export interface EffectiveCorsPolicy {
  /** A list as it is written; a resolver in it is shown as `[resolver TenantOrigins]`. */
  readonly origin: '*' | false | readonly string[];
  /** The methods that are allowed and routed at the path. */
  readonly methods: readonly string[];
  /** The request headers that scripts may send, in addition to the CORS-safelisted ones. */
  readonly allowedHeaders: '*' | readonly string[];
  /** The response headers that scripts may read, in addition to the CORS-safelisted ones. */
  readonly exposedHeaders: '*' | readonly string[];
  /** Whether requests may carry credentials. */
  readonly credentials: boolean;
  /** In seconds. */
  readonly maxAge: number;
  /** The status of an allowed preflight. */
  readonly optionsSuccessStatus: 200 | 204;
  /** Whether actual requests from disallowed origins are rejected. */
  readonly rejectDisallowed: boolean;
  /** What applies to origins that the policy does not allow; absent if nothing does. */
  readonly others?: EffectiveCorsPolicy;
  /** Which pages may embed responses; absent if no level sets it. */
  readonly resourcePolicy?: CorsResourcePolicy;
  /** Whether pages that may read a response may also read its timing; absent if no level sets it. */
  readonly timing?: boolean;
  /** Whether `http://` origins that are not loopback may be listed. */
  readonly dangerouslyAllowInsecureOrigins: boolean;
  /** Whether patterns over a public suffix may be listed. */
  readonly dangerouslyAllowPublicSuffixPatterns: boolean;
}

/**
 * The level that set an option of a route's policy.
 *
 * @publicApi
 */
export type CorsProvenance = 'default' | 'module' | 'feature' | 'controller' | 'handler' | 'route' | `policy:${string}`;

/**
 * The names of an app's policies, known to the compiler. As long as this interface is empty, any name compiles. Once an
 * app declares its names, no other name compiles.
 *
 * @example
 * ```ts
 * import 'nestjs-cors';
 *
 * declare module 'nestjs-cors' {
 *   interface CorsPolicyNames {
 *     public: true;
 *     partner: true;
 *   }
 * }
 * ```
 * @publicApi
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- apps fill it
export interface CorsPolicyNames {}

/**
 * The name of a policy: see {@link CorsPolicyNames}.
 *
 * @publicApi
 */
export type CorsPolicyName = keyof CorsPolicyNames extends never ? string : Extract<keyof CorsPolicyNames, string>;

/**
 * The policy of a path that no controller serves.
 *
 * @publicApi
 */
export interface CorsRouteRule {
  /**
   * The whole path, in the syntax of Nest's middleware: `/graphql`, `/tenants/:id/files`. It covers every path below
   * it. The global prefix is not added. Case matters, escapes do not: `/caf%C3%A9` and `/café` are the same rule.
   */
  path: string;
  /** A policy, the name of one of `policies`, or `false` for no cross-origin access. */
  policy: CorsPolicyOptions | CorsPolicyName | false;
}

/**
 * The widest policy that an app allows. An option that is left out has no limit.
 *
 * @publicApi
 */
export interface CorsBounds {
  /**
   * The origins that policies may list: each must be within one of these. `'*'` is no limit. If origins are listed
   * here, `origin: '*'` is not allowed (but see `anyOrigin`), and the origins that a resolver allows must be within
   * them as well.
   *
   * @example ['https://*.example.com']
   */
  origin?: string | readonly string[];

  /**
   * Whether policies may allow any origin, `origin: '*'`.
   *
   * @default true if `origin` is left out or '*', otherwise false
   */
  anyOrigin?: boolean;

  /**
   * Whether policies may use resolvers.
   *
   * @default true
   */
  resolvers?: boolean;

  /**
   * `false`: no policy may have credentials.
   *
   * @default true
   */
  credentials?: boolean;

  /**
   * The methods that policies may allow. `GET` includes `HEAD`.
   *
   * @default any
   */
  methods?: string | readonly string[];

  /**
   * The request headers that policies may allow; `'*'` is no limit.
   *
   * @default any
   */
  allowedHeaders?: string | readonly string[];

  /**
   * The response headers that policies may expose; `'*'` is no limit.
   *
   * @default any
   */
  exposedHeaders?: string | readonly string[];

  /**
   * The longest `maxAge` that policies may set, in whole seconds from 0 to 86400.
   *
   * @default 86400
   */
  maxAge?: number;
}

/**
 * The limits of each resolver.
 *
 * @publicApi
 */
export interface CorsResolverOptions {
  /**
   * How long an answer may take, in whole milliseconds from 1 to 60000. An answer that takes longer is a denial. Any
   * other value is the boot error `resolver_timeout`.
   *
   * @default 1000
   * @example 500
   */
  timeoutMs?: number;

  /**
   * How many calls of one resolver may be open at a time: a whole number from 1 to 100000. A call is open until its
   * promise settles, but at most for ten times `timeoutMs`; a call that answers synchronously is never open. At the
   * limit, the resolver is not called: its origins are denied, and the error log says so. Any other value is the boot
   * error `resolver_max_open`.
   *
   * @default 1000
   * @example 200
   */
  maxOpen?: number;
}

/**
 * The options of `CorsModule.forRoot()`: the policy that every route inherits, and the options of the whole app.
 *
 * @publicApi
 */
export interface CorsModuleOptions extends CorsPolicyOptions {
  /**
   * The app's allowlist. There is no default: list the origins, or write `false` for no cross-origin access.
   *
   * @example ['https://app.example.com', 'https://*.preview.example.com']
   */
  origin: CorsOrigin;

  /**
   * Policies by name, for `@Cors('name')`. Each is complete: a named policy replaces the policy that a route would
   * inherit, so it sets its own `origin`.
   *
   * @example { public: { origin: '*', methods: ['GET'] } }
   */
  policies?: Readonly<Record<string, CorsPolicyOptions>>;

  /**
   * Policies by path, for everything that is not a controller's route: GraphQL, static assets, raw routes. They are
   * merged over the module's policy. The first rule whose path matches applies. A controller's route always has its own
   * policy.
   *
   * @example [{ path: '/graphql', policy: { allowedHeaders: ['content-type', 'authorization'] } }]
   */
  routes?: readonly CorsRouteRule[];

  /**
   * The widest policy that is allowed. Any policy that exceeds it, on any level, is a boot error that names the route
   * and the option.
   *
   * @example { origin: ['https://*.example.com'], methods: ['GET', 'POST'], maxAge: 3600 }
   */
  bounds?: CorsBounds;

  /**
   * The app's own origins, as browsers reach it: exact ones, no patterns. `rejectDisallowed` never rejects a page of
   * one of them, no matter which of them it calls. Without this option, a request counts as the app's own if its
   * `Origin` equals its scheme and `Host`, or if the browser says `Sec-Fetch-Site: same-origin`: an attacker who points
   * a domain of theirs at the app (DNS rebinding) has both. With it, the `Origin` must be listed; a request without
   * one, or with `null`, must say `Sec-Fetch-Site: same-origin` and have the `Host` of a listed origin. The same pages
   * may open WebSockets (see `handshakes`). It adds no CORS header.
   *
   * An empty list, a pattern and an entry that is not an origin are boot errors (`self_empty`, `self_pattern`,
   * `self_entry`, or the code of the mistake if there is a corrected form).
   *
   * @default none: the request's own `Host` is trusted, and `rejectDisallowed` gives the warning `self_missing`
   * @example ['https://api.example.com']
   */
  self?: readonly string[];

  /**
   * What is done about WebSocket handshakes of pages of other origins. Browsers do not apply CORS to WebSockets: any page
   * can open one to the app, with the user's cookies, unless the server compares the `Origin` of the handshake.
   *
   * - `'enforce'`: a handshake whose origin the policy does not allow is answered 403, before any gateway sees it, and
   *   logged with what would allow it. The long-polling of socket.io as well.
   * - `'report'`: it is only logged. Nothing is refused.
   * - `false`: nothing is looked at.
   *
   * The policy is the gateway's: `@Cors()` on its class, and its module's `forFeature()`, merged over the module's
   * policy. What is not a gateway has the policy of the rule for its path, or else the module's. Only `origin` counts. A
   * handshake without `Origin` comes from no browser, and passes; so does one of the app's own pages (see `self`).
   *
   * Any other value is a boot error (`handshakes_type`).
   *
   * @default 'enforce'
   */
  handshakes?: 'enforce' | 'report' | false;

  /** The limits of resolvers. */
  resolver?: CorsResolverOptions;

  /**
   * Say why a request was refused and what would allow it: in the body of the 403, in the log, and in the browser's
   * console, where a preflight of an allowed origin is refused for its method or a header. Nothing more is allowed than
   * without it. For development: it reveals the policy.
   *
   * @default false
   */
  debug?: boolean;

  /**
   * Whether a global interceptor sets the CORS headers of handlers' responses. With `false` they are set when the
   * headers are sent, as for every response that ends before a handler. The responses are the same, byte for byte. But
   * if the app has no other interceptor, Nest then runs none, which saves each request the cost of its Observables
   * (measured in `bench/RESULTS.md`). Fixed at boot: `reload()` does not need it, and cannot change it.
   *
   * @default true
   */
  interceptor?: boolean;
}

/** A resolver class: its instance comes from Nest's injector. */
export type ResolverClass = new (...args: any[]) => CorsOriginResolver; // eslint-disable-line @typescript-eslint/no-explicit-any -- as Nest's Type is

/** Whether a resolver is a class: it has the method `isAllowed`, or is written as a class. */
export function isResolverClass(ref: CorsOriginResolverRef): ref is ResolverClass {
  const prototype = ref.prototype as { isAllowed?: unknown } | undefined;
  return typeof prototype?.isAllowed === 'function' || /^class\b/.test(Function.prototype.toString.call(ref));
}

/** A resolver's text in a list of origins: `[resolver TenantOrigins]`. */
export function resolverText({ name }: { readonly name: string }): string {
  return name === '' ? '[resolver]' : `[resolver ${name}]`;
}

/**
 * The class of a controller.
 *
 * @publicApi
 */
export type CorsControllerClass = abstract new (...args: never[]) => unknown;

/**
 * A route handler: the method of a controller.
 *
 * @publicApi
 */
export type CorsHandler = (...args: never[]) => unknown;

/**
 * The request that a resolver is called for.
 *
 * @publicApi
 */
export interface CorsRequestContext {
  /** The method of the actual request: for a preflight, the one that it announces. */
  readonly method: string;
  /** The request target as it was sent: the path and the query. */
  readonly url: string;
  /** The request's headers, by lower-case name. A preflight does not carry the headers that the page will send. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The host that the request was sent to, with the port if it has one; `''` if the request names no host. */
  readonly host: string;
  /** Whether the request is a preflight. */
  readonly preflight: boolean;
  /** Set if the request opens a WebSocket, or is socket.io's long-polling; then `preflight` is `false`. */
  readonly handshake?: true;
  /** The class of the controller, or of the gateway, that serves the request; absent if none does. */
  readonly controller?: CorsControllerClass;
  /** The handler that serves the request; absent if no controller serves it. */
  readonly handler?: CorsHandler;
}

/**
 * Decides about origins while the app runs, for example about tenants in a database. If `origin` names a class, Nest's
 * injector provides its instance, as a singleton.
 *
 * It is called only for well-formed origins, and only after the strings of the list. A call that throws, rejects, takes
 * longer than `resolver.timeoutMs`, or answers anything but a boolean is a denial. So is a request that arrives while
 * `resolver.maxOpen` calls are open.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class TenantOrigins implements CorsOriginResolver {
 *   constructor(private readonly tenants: TenantsService) {}
 *
 *   isAllowed(origin: string, { host }: CorsRequestContext): Promise<boolean> {
 *     return this.tenants.hasOrigin(host, origin);
 *   }
 * }
 * ```
 * @publicApi
 */
export interface CorsOriginResolver {
  /** Whether the origin may read the response to this request. */
  isAllowed(origin: string, context: CorsRequestContext): boolean | Promise<boolean>;
}

/**
 * A resolver in `origin`: a function, or a class whose instance comes from Nest's injector.
 *
 * @publicApi
 */
export type CorsOriginResolverRef =
  | ((origin: string, context: CorsRequestContext) => boolean | Promise<boolean>)
  | (new (...args: never[]) => CorsOriginResolver);

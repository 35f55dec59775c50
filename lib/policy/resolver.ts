/** A resolver that is taken from the injector. */
export type ResolverClass = new (...args: any[]) => CorsOriginResolver; // eslint-disable-line @typescript-eslint/no-explicit-any -- as Nest's Type is

/** Whether a resolver is a class: it has the method of one, or is written as one. */
export function isResolverClass(ref: CorsOriginResolverRef): ref is ResolverClass {
  const prototype = ref.prototype as { isAllowed?: unknown } | undefined;
  return typeof prototype?.isAllowed === 'function' || /^class\b/.test(Function.prototype.toString.call(ref));
}

/** How a resolver is shown among origins: `[resolver TenantOrigins]`. */
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
 * The request that a resolver is asked about.
 *
 * @publicApi
 */
export interface CorsRequestContext {
  /** The method of the actual request: for a preflight, the one that it announces. */
  readonly method: string;
  /** The request target as it was sent: the path, with the query. */
  readonly url: string;
  /** The request's headers, by lower-case name. A preflight does not carry those that the page will send. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The host that the request was sent to, with the port where there is one; `''` where it names none. */
  readonly host: string;
  /** Whether the request is a preflight. */
  readonly preflight: boolean;
  /** The class of the controller that serves the request; absent where none does. */
  readonly controller?: CorsControllerClass;
  /** The handler that serves the request; absent where none of a controller does. */
  readonly handler?: CorsHandler;
}

/**
 * Decides about origins while the app runs: tenants in a database, for example. Named as a class in `origin`, it is
 * taken from the injector, as a singleton.
 *
 * It is asked about well-formed origins only, and after the strings of the list. What throws, rejects, takes longer
 * than `resolver.timeoutMs`, or answers anything but a boolean denies. So does one that has `resolver.maxOpen` open calls.
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
  /** Whether the origin may read what the request asks for. */
  isAllowed(origin: string, context: CorsRequestContext): boolean | Promise<boolean>;
}

/**
 * A resolver as it is named in `origin`: a function, or a class that is taken from the injector.
 *
 * @publicApi
 */
export type CorsOriginResolverRef =
  | ((origin: string, context: CorsRequestContext) => boolean | Promise<boolean>)
  | (new (...args: never[]) => CorsOriginResolver);

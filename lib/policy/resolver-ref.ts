import type { CorsOriginResolver, CorsOriginResolverRef } from './options.js';

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

import { ADDITION } from '../cors.constants.js';
import type { CorsOriginResolverRef } from './resolver.js';

/**
 * The values that {@link add} adds to an inherited list.
 *
 * @publicApi
 */
export interface ListAddition {
  /** @internal */
  readonly [ADDITION]: readonly unknown[];
}

/**
 * Extends the inherited list of `origin`, `methods`, `allowedHeaders` or `exposedHeaders`; a plain list would replace
 * it. `origin` also takes a resolver. Adding to `'*'` or to `false` is a boot error.
 *
 * @example
 * ```ts
 * @Cors({ origin: add('https://partner.example.net') })
 * @Controller('orders')
 * export class OrdersController {}
 * ```
 * @publicApi
 */
export function add(...values: readonly (string | CorsOriginResolverRef)[]): ListAddition {
  return Object.freeze({ [ADDITION]: Object.freeze([...values]) });
}

/** The values to add, or `undefined` for anything that {@link add} did not create. */
export function addedValues(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, ADDITION)) return undefined;
  const values = (value as { [ADDITION]: unknown })[ADDITION];
  return Array.isArray(values) ? values : undefined;
}

import type { Bounds } from './bounds.js';
import type { MergedPolicy } from './merge.js';

/** Whether no level replaces the default list of request headers; `add()` extends it. */
export function usesDefaultHeaders({ allowedHeaders: { value } }: MergedPolicy): boolean {
  return Array.isArray(value) && value[0]?.level === undefined;
}

/**
 * Completes the default list of request headers by what is known of the app. Bounds cut it: only what is written can
 * exceed them.
 *
 * @param names in lower case
 */
export function completeDefaultHeaders(
  policy: MergedPolicy,
  names: readonly string[],
  bounds: Bounds | undefined,
): MergedPolicy {
  const { value, level } = policy.allowedHeaders;
  if (!usesDefaultHeaders(policy) || !Array.isArray(value)) return policy;
  const [first, ...added] = value;
  const within = bounds?.allowedHeaders;
  const items = [...(first?.items ?? []), ...names].filter(name => within?.has(name) ?? true);
  return { ...policy, allowedHeaders: { value: [{ level: undefined, items }, ...added], level } };
}

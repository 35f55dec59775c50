import type { Policy } from './compile.js';

/** Whether two policies give the same answers. Inherited lists are shared, so identity saves comparing long ones. */
export function samePolicy(one: Policy, other: Policy): boolean {
  if (one === other) return true;
  const { origin, ...rest } = one.values;
  const { origin: otherOrigin, ...otherRest } = other.values;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && JSON.stringify(rest) === JSON.stringify(otherRest);
}

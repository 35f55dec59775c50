import type { Policy } from './compile.js';

/**
 * Whether two policies say the same. Request headers that handlers read do not count: they only differ by path. Inherited
 * lists are shared, so identity saves comparing long ones.
 */
export function samePolicy(one: Policy, other: Policy): boolean {
  if (one === other) return true;
  if ((one.others === undefined) !== (other.others === undefined)) return false;
  if (one.others !== undefined && other.others !== undefined && !samePolicy(one.others, other.others)) return false;
  const { origin } = one.values;
  const { origin: otherOrigin } = other.values;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && restOf(one) === restOf(other);
}

function restOf({ values, writtenHeaders }: Policy): string {
  return JSON.stringify({ ...values, origin: undefined, others: undefined, allowedHeaders: writtenHeaders });
}

import type { Policy } from './compile.js';

/** Whether two policies say the same, their companions included. */
export function samePolicy(one: Policy, other: Policy): boolean {
  return sameCompanions(one, other) && sameCompanions(one.others, other.others) && sameAccess(one, other);
}

function sameCompanions(one: Policy | undefined, other: Policy | undefined): boolean {
  const companions = one?.allowed.companions;
  const others = other?.allowed.companions;
  return companions?.resourcePolicy === others?.resourcePolicy && companions?.timing === others?.timing;
}

/**
 * Whether two policies allow the same, so that neither a preflight nor a refusal shows which of them it was. Request
 * headers that handlers read do not count: they only differ by path. Inherited lists are shared, so identity saves
 * comparing long ones.
 */
export function sameAccess(one: Policy, other: Policy): boolean {
  if (one === other) return true;
  if ((one.others === undefined) !== (other.others === undefined)) return false;
  if (one.others !== undefined && other.others !== undefined && !sameAccess(one.others, other.others)) return false;
  const { origin } = one.values;
  const { origin: otherOrigin } = other.values;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && restOf(one) === restOf(other);
}

function restOf({ values, writtenHeaders }: Policy): string {
  return JSON.stringify({
    ...values,
    origin: undefined,
    others: undefined,
    allowedHeaders: writtenHeaders,
    resourcePolicy: undefined,
    timing: undefined,
  });
}

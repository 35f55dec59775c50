import type { CompiledPolicy } from './compile.js';

/** Whether two policies answer alike. Lists are shared by what inherits them: identity spares comparing long ones. */
export function samePolicy(one: CompiledPolicy, other: CompiledPolicy): boolean {
  if (one === other) return true;
  const { origin, ...rest } = one.stated;
  const { origin: otherOrigin, ...otherRest } = other.stated;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && JSON.stringify(rest) === JSON.stringify(otherRest);
}

import { problem, type Report } from '../issues/problem.js';
import type { PolicyLevel } from './merge.js';
import type { CorsProvenance } from './options.js';
import { closestName, readPolicy } from './read.js';

export type NamedPolicies = ReadonlyMap<string, PolicyLevel>;

/**
 * Reads what stands in `@Cors(...)` or in a rule's `policy`: options, `false`, or a name, which overrides may follow.
 *
 * @returns the levels that it adds to a merge
 */
export function readReference(
  args: readonly unknown[],
  source: CorsProvenance,
  policies: NamedPolicies,
  report: Report,
): readonly PolicyLevel[] {
  if (args.length === 0) return [];
  const [policy, overrides] = args;
  const state = (options: unknown): PolicyLevel => ({ source, stated: readPolicy(options, report) });
  if (policy === false) return [state({ origin: false })];
  if (typeof policy !== 'string') return [state(policy)];
  const named = policies.get(policy);
  if (named === undefined) report(problem('policy_unknown', '', policy, closestName(policy, [...policies.keys()])));
  return [...(named === undefined ? [] : [named]), ...(args.length > 1 ? [state(overrides)] : [])];
}

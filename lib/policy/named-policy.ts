import { problem, type Problem, type Report } from '../issues/problem.js';
import type { Level } from './merge.js';
import type { CorsProvenance } from './options.js';
import { closestName, readPolicy } from './read.js';

export type NamedPolicies = ReadonlyMap<string, Level>;

/** The problem of a name that no policy has. */
export function nameProblem(path: string, name: string, policies: NamedPolicies): Problem {
  if (name === '*' || name.includes('://')) return problem('policy_is_origin', path, name, name);
  return problem('policy_unknown', path, name, closestName(name, [...policies.keys()]));
}

/**
 * Reads the arguments of `@Cors(...)` or a rule's `policy`: options, `false`, or a name with optional overrides.
 *
 * @returns the levels that they add to a merge
 */
export function readLevels(
  args: readonly unknown[],
  source: CorsProvenance,
  policies: NamedPolicies,
  report: Report,
): readonly Level[] {
  const [policy, overrides] = args;
  const levelOf = (options: unknown): Level => ({ source, options: readPolicy(options, report) });
  // A level all the same: where it has no effect, that is reported.
  if (args.length === 0) return [levelOf({})];
  if (policy === false) return [levelOf({ origin: false })];
  if (typeof policy !== 'string') return [levelOf(policy)];
  const named = policies.get(policy);
  if (named === undefined) report(nameProblem('', policy, policies));
  return [...(named === undefined ? [] : [named]), ...(args.length > 1 ? [levelOf(overrides)] : [])];
}

import { createMergedPolicyCheck } from '../../lib/policy/check.js';
import { createPolicyCompiler, type Policy } from '../../lib/policy/compile.js';
import { isError, type Problem } from '../../lib/issues/problem.js';
import { mergeLevels, type Level } from '../../lib/policy/merge.js';
import { readModuleOptions } from '../../lib/policy/read-module.js';
import type { CorsProvenance } from '../../lib/policy/options.js';
import { readPolicy } from '../../lib/policy/read.js';

/** Where the policy is built; not in production unless it says so. */
export interface BuildEnvironment {
  readonly production?: boolean;
}

/** What boot makes of one policy. */
export interface BuiltPolicy {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Absent where there is an error. */
  readonly compiled?: Policy;
}

/** Builds the policy of `CorsModule.forRoot(options)`, as the module does at boot, named policies checked as well. */
export function buildPolicy(options: unknown, { production = false }: BuildEnvironment = {}): BuiltPolicy {
  const found: Problem[] = [];
  const module = readModuleOptions(options, production, each => found.push(each));
  const check = createMergedPolicyCheck({ production });
  const merge = (level: Level) => {
    const merged = mergeLevels([level], (_, each) => found.push(each));
    check(merged, [level], (_, each) => found.push(each));
    return merged;
  };
  const merged = merge(module.level);
  for (const level of module.policies.values()) merge(level);
  return built(found, () => createPolicyCompiler(module.bounds)(merged));
}

/** The compiled policy of options that must be without an error. */
export function compilePolicy(options: unknown): Policy {
  const { errors, compiled } = buildPolicy(options);
  if (compiled === undefined) throw new Error(`The test's policy has errors: ${codesOf(errors).join(', ')}`);
  return compiled;
}

/** The options of one level of a merge, and what it is; a named policy replaces what it would inherit. */
export type LevelOptions = readonly [source: CorsProvenance, options: unknown];

/** A problem, its place, and the level that it is reported at. */
export type PlacedProblem = readonly [level: CorsProvenance | undefined, code: string, path: string];

export interface BuiltRoute extends BuiltPolicy {
  /** Every problem that the merge and its check found, in order; not those of reading a single level. */
  readonly problems: readonly PlacedProblem[];
}

/** Builds the policy of a route from its levels, the farthest first. */
export function buildRoute(levels: readonly LevelOptions[], { production = false }: BuildEnvironment = {}): BuiltRoute {
  const found: Problem[] = [];
  const problems: PlacedProblem[] = [];
  const report = (level: Level | undefined, each: Problem) => {
    found.push(each);
    problems.push([level?.source, each.code, each.path]);
  };
  const levelList = levels.map(([source, options]): Level => ({
    source,
    options: readPolicy(options, each => found.push(each)),
    replaces: source.startsWith('policy:'),
  }));
  const merged = mergeLevels(levelList, report);
  createMergedPolicyCheck({ production })(merged, levelList, report);
  return { ...built(found, () => createPolicyCompiler()(merged)), problems };
}

function built(found: readonly Problem[], compile: () => Policy): BuiltPolicy {
  const errors = found.filter(({ code }) => isError(code));
  const warnings = found.filter(({ code }) => !isError(code));
  return errors.length > 0 ? { errors, warnings } : { errors, warnings, compiled: compile() };
}

export function codesOf(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ code }) => code);
}

/** What a reader of one option returns, and every problem it reports. */
export function read<T>(
  reader: (value: unknown, report: (found: Problem) => void) => T,
  value: unknown,
): { readonly result: T; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const result = reader(value, found => problems.push(found));
  return { result, problems };
}

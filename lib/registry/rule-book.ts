import type { Policy } from '../policy/compile.js';
import { sameAccess, samePolicy } from '../policy/same-policy.js';
import { pathOf, plainReading, readPath } from '../routing/path-readings.js';
import type { PathPattern } from '../routing/path-rules.js';

/** A rule of `routes`, and its policy. */
export interface PathRule {
  readonly path: string;
  readonly pattern: PathPattern;
  readonly policy: Policy;
}

/** What the rules of `routes` say about a path. */
export interface Ruling {
  /**
   * One policy if the path is certain, or several that differ in their companions alone. In doubt: every policy that may
   * be meant, the module's included.
   */
  readonly policies: readonly [Policy, ...Policy[]];
  /** The rule, if it certainly covers the path as it is written. */
  readonly rule?: PathRule;
  /** Whether the server of the path may read it in another way than the rules do. */
  readonly isInDoubt: boolean;
}

/** The rules of `routes`, in order: the first that matches a path applies. */
export class RuleBook {
  /** Absent if there are no rules. */
  readonly #index: IndexNode | undefined;
  /** The ruling of each rule for a path that it certainly covers. */
  readonly #certain: readonly Ruling[];

  /** @param module the policy of paths under no rule */
  constructor(
    readonly entries: readonly PathRule[],
    protected readonly module: Policy,
  ) {
    this.#index = entries.length === 0 ? undefined : indexRules(entries);
    this.#certain = entries.map(rule => ({ policies: [rule.policy], rule, isInDoubt: false }));
  }

  /** @returns `undefined` for a path that is under no rule in any reading */
  ruleOn(url: string | undefined): Ruling | undefined {
    const index = this.#index;
    if (index === undefined) return undefined;
    const path = pathOf(url);
    if (path === undefined) return undefined;
    const plain = plainReading(path);
    return plain === undefined ? this.#ruleOnReadings(path, index) : this.#ruleOnReading(plain, index);
  }

  #ruleOnReading(reading: string, index: IndexNode): Ruling | undefined {
    const first = findFirst(index, reading, 0);
    if (first === -1) return undefined;
    if (this.#entry(first).pattern.matches(reading)) return this.#certain[first];
    const policies = new Set<Policy>();
    this.#collect(reading, index, policies);
    return rulingOf(policies, true);
  }

  #ruleOnReadings(path: string, index: IndexNode): Ruling | undefined {
    const { readings, isStable, isWellFormed, isComplete } = readPath(path);
    if (!isComplete) return rulingOf(new Set([...this.entries.map(({ policy }) => policy), this.module]), false);
    const policies = new Set<Policy>();
    let isUnderRule = false;
    for (const reading of readings) if (this.#collect(reading, index, policies)) isUnderRule = true;
    // What is not decoded to its end may still turn out to be under a rule.
    return isUnderRule || !isStable ? rulingOf(policies, isStable && isWellFormed) : undefined;
  }

  /**
   * Adds the policies that may apply to a reading: that of the first rule that matches it in its own case, or the
   * module's, and those of earlier rules that match it in another case.
   *
   * @returns whether any rule matches
   */
  #collect(reading: string, index: IndexNode, policies: Set<Policy>): boolean {
    let at = findFirst(index, reading, 0);
    const isUnderRule = at !== -1;
    for (; at !== -1; at = findFirst(index, reading, at + 1)) {
      const { pattern, policy } = this.#entry(at);
      policies.add(policy);
      if (pattern.matches(reading)) return true;
    }
    policies.add(this.module);
    return isUnderRule;
  }

  #entry(index: number): PathRule {
    return this.entries[index] as PathRule;
  }
}

/**
 * A binary tree over the rules. Each node has one regular expression for all of its rules: one test for a path under no
 * rule, a logarithmic number of tests for the first rule that matches.
 */
interface IndexNode {
  readonly first: number;
  readonly length: number;
  matchesAny(reading: string): boolean;
  readonly halves: readonly IndexNode[];
}

/** @param rules at least one */
function indexRules(rules: readonly PathRule[], first = 0): IndexNode {
  const any = new RegExp(rules.map(({ pattern }) => `(?:${pattern.source})`).join('|'), 'iu');
  const middle = rules.length >> 1;
  const halves =
    middle === 0 ? [] : [indexRules(rules.slice(0, middle), first), indexRules(rules.slice(middle), first + middle)];
  return { first, length: rules.length, matchesAny: reading => any.test(reading), halves };
}

/** @returns the position of the first rule, from `start` on, that matches a reading in any case; or -1 */
function findFirst(node: IndexNode, reading: string, start: number): number {
  if (node.first + node.length <= start || !node.matchesAny(reading)) return -1;
  if (node.halves.length === 0) return node.first;
  for (let half = 0; half < node.halves.length; half++) {
    const found = findFirst(node.halves[half] as IndexNode, reading, start);
    if (found !== -1) return found;
  }
  return -1;
}

/** Certain if all the policies allow the same. */
function rulingOf(policies: ReadonlySet<Policy>, isStable: boolean): Ruling {
  const [first, ...others] = [...policies] as [Policy, ...Policy[]];
  const isCertain = isStable && others.every(policy => sameAccess(policy, first));
  const differing = isCertain ? others.filter(policy => !samePolicy(policy, first)) : others;
  return { policies: [first, ...differing], isInDoubt: !isCertain };
}

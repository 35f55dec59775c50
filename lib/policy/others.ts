import { hintOf } from '../issues/catalog.js';
import { problem, type Report } from '../issues/problem.js';
import { INVALID, type LevelOptions } from './fields.js';
import { mergeLevels, type Level, type ListPart, type MergedPolicy, type ReportAt } from './merge.js';
import { nameProblem, type NamedPolicies } from './named-policy.js';
import { indexOrigins, repetitionOf, type OriginIndex } from './origin/list.js';
import type { OriginPattern } from './origin/pattern.js';
import { inOthers } from './read-others.js';

/** What applies to origins that a policy does not allow, before it is compiled. */
export interface MergedOthers {
  readonly merged: MergedPolicy;
  readonly levels: readonly Level[];
  /** A named policy has its own place; another one is written in the level that sets `others`. */
  readonly isNamed: boolean;
}

/**
 * Merges `others`: whole, nothing is inherited. `undefined` where a policy has none, or none that can be read.
 *
 * @param report at the level that sets `others`, with paths as that level has them
 */
export function mergeOthers(
  { others: { value, level } }: MergedPolicy,
  policies: NamedPolicies,
  report: ReportAt,
): MergedOthers | undefined {
  if (value === undefined || value === INVALID || level === undefined) return undefined;
  if ('options' in value) {
    const own: Level = { source: level.source, options: value.options as LevelOptions };
    const merged = mergeLevels([own], (_level, each) => report(level, inOthers(each)));
    return { merged, levels: [own], isNamed: false };
  }
  const named = policies.get(value.name);
  if (named === undefined) return void report(level, nameProblem('others', value.name, policies));
  // What is wrong in it has been reported at its own place.
  return { merged: mergeLevels([named], () => undefined), levels: [named], isNamed: true };
}

/** The problems of `others` beside its policy, and of what it can not have. */
export function checkOthers(policy: MergedPolicy, others: MergedOthers, report: Report): void {
  const { origin } = policy;
  if (origin.value === '*' || origin.value === false) {
    report(problem('others_without_list', 'others', undefined, JSON.stringify(origin.value).replaceAll('"', "'")));
  }
  const { merged, isNamed } = others;
  const { value } = merged.origin;
  const hasResolver = Array.isArray(value) && value.some(part => part.resolver !== undefined);
  // A named policy without an origin is an error of its own.
  if ((value === undefined && !isNamed) || value === false || hasResolver) {
    const path = isNamed ? 'others' : 'others.origin';
    report(problem('others_origin', path, isNamed ? policyNameOf(others) : value === false ? value : undefined));
  }
  if (Array.isArray(origin.value) && Array.isArray(value)) {
    reportRepeated(origin.value as OriginListParts, value as OriginListParts, report);
  }
  const rejectsNothing = value === '*' && merged.methods.value === undefined && policy.methods.value === undefined;
  if (policy.rejectDisallowed.value === true && rejectsNothing) {
    report(problem('origin_any_rejecting', 'others.origin', '*'));
  }
  for (const option of ['rejectDisallowed', 'others'] as const) {
    const isSet = option === 'others' ? merged.others.value !== undefined : merged.rejectDisallowed.value === true;
    if (!isSet) continue;
    const each = problem('others_option', `others.${option}`, isNamed ? policyNameOf(others) : undefined);
    report(isNamed ? { ...each, hint: hintOf('others_option', 'without it') } : each);
  }
}

type OriginListParts = readonly ListPart<OriginPattern>[];

const indexes = new WeakMap<readonly OriginPattern[], OriginIndex>();

/** What the policy itself allows has no use for `others`. */
function reportRepeated(own: OriginListParts, others: OriginListParts, report: Report): void {
  const ownIndexes = own.map(({ items }) => {
    const index = indexes.get(items) ?? indexOrigins(items);
    indexes.set(items, index);
    return index;
  });
  others
    .flatMap(({ items }) => items)
    .forEach((item, at) => {
      const found = ownIndexes.map(index => repetitionOf(item, at, index)).find(each => each !== undefined);
      if (found !== undefined) report(inOthers(found));
    });
}

function policyNameOf({ levels: [level] }: MergedOthers): string {
  return level?.source.replace('policy:', '') ?? '';
}

/** Where a problem in `others` is reported: a named policy's own at its place, any other at the level that sets `others`. */
export function reportOf({ isNamed, levels }: MergedOthers, { others }: MergedPolicy, report: ReportAt): ReportAt {
  return (level, each) => {
    // Told by `checkOthers()`.
    if (each.code === 'origin_missing') return;
    // What it leaves to a default is its own as well.
    if (isNamed) report(level ?? levels[0], each);
    else report(others.level, inOthers(each));
  };
}

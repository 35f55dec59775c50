import { problem, type Problem } from '../issues/problem.js';
import { FIELDS, INVALID, POLICY_OPTIONS, type LevelOptions, type OptionValue, type PolicyOption } from './fields.js';
import type { ListOption } from './names/list.js';
import type { CorsProvenance } from './options.js';
import type { OriginList } from './origin/list.js';
import type { CorsOriginResolverRef } from './resolver.js';

/** The options of one place: the module, a named policy, a controller, a handler. */
export interface Level {
  readonly source: CorsProvenance;
  readonly options: LevelOptions;
  /** A named policy replaces the levels that it would inherit. */
  readonly replaces?: boolean;
}

/** The part of a merged list that one level contributed. */
export interface ListPart<T> {
  readonly level: Level | undefined;
  readonly items: readonly T[];
  /** Only in a list of origins. */
  readonly resolver?: CorsOriginResolverRef;
}

/** An option's value in a merged policy; for a list, the parts that its levels contributed. */
type MergedValue<Option extends PolicyOption> = InParts<OptionValue<Option>> | DefaultOf<Option>;
type InParts<Value> = Value extends ListOption<infer Item> ? readonly ListPart<Item>[] : Value;
/** Only an option without a default may be left undefined. */
type DefaultOf<Option extends PolicyOption> = Extract<(typeof FIELDS)[Option]['default'], undefined>;

/** An option of a merged policy and the nearest level that sets it; `undefined` for the default. */
export interface MergedOption<T> {
  readonly value: T;
  readonly level: Level | undefined;
}

/** A policy merged from its levels. An option with an error is {@link INVALID}. */
export type MergedPolicy = {
  readonly [Option in PolicyOption]: MergedOption<MergedValue<Option> | typeof INVALID>;
};

const DEFAULTS: ReadonlyMap<PolicyOption, MergedOption<unknown>> = new Map(
  POLICY_OPTIONS.map(option => {
    const value: unknown = FIELDS[option].default;
    return [option, { value: Array.isArray(value) ? [{ level: undefined, items: value }] : value, level: undefined }];
  }),
);

/** Reports a problem at the level that set its cause. */
export type ReportAt = (level: Level | undefined, issue: Problem) => void;

/**
 * Merges levels, the farthest first. Option by option, the nearest level that sets one wins; `add()` extends the
 * inherited list.
 */
export function mergeLevels(levels: readonly Level[], report: ReportAt): MergedPolicy {
  const start = Math.max(0, levels.map(level => level.replaces === true).lastIndexOf(true));
  const merged: Record<string, MergedOption<unknown>> = {};
  for (const option of POLICY_OPTIONS) {
    let result = DEFAULTS.get(option) as MergedOption<unknown>;
    for (const level of levels.slice(start)) {
      // Own properties only: anything may be on `Object.prototype`.
      const value: unknown = Object.hasOwn(level.options, option) ? level.options[option] : undefined;
      // It belongs to the origin beside which it stands.
      if (option === 'others' && value === undefined && replacesOrigin(level)) {
        result = DEFAULTS.get(option) as MergedOption<unknown>;
      }
      if (value !== undefined) result = { value: applyLevel(option, value, result.value, level, report), level };
    }
    merged[option] = result;
  }
  return merged as MergedPolicy;
}

function replacesOrigin({ options: { origin } }: Level): boolean {
  return origin !== undefined && !(typeof origin === 'object' && origin.mode === 'add');
}

function applyLevel(option: PolicyOption, value: unknown, inherited: unknown, level: Level, report: ReportAt): unknown {
  if (!isList(value)) return value;
  const { mode, items, resolver } = value;
  const part: ListPart<unknown> = { level, items, ...(resolver && { resolver }) };
  if (mode === 'replace') return [part];
  if (Array.isArray(inherited)) return [...(inherited as readonly ListPart<unknown>[]), part];
  // An error in the inherited option is reported at its own level.
  const each = option === 'origin' ? 'origin' : 'header';
  if (inherited !== INVALID)
    report(level, problem('add_without_list', option, inherited, inherited === '*' ? each : undefined));
  return INVALID;
}

function isList(value: unknown): value is ListOption<unknown> & Pick<OriginList, 'resolver'> {
  return typeof value === 'object' && value !== null && 'mode' in value;
}

/** The items of a merged list, in order, the farthest level's first. */
export function itemsOf<T>(parts: readonly ListPart<T>[]): readonly T[] {
  const [first, ...others] = parts;
  return first !== undefined && others.length === 0 ? first.items : parts.flatMap(part => part.items);
}

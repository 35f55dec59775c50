import { problem, type Problem } from '../issues/problem.js';
import type { StatedList } from './names/list.js';
import type { CorsProvenance } from './options.js';
import type { CorsOriginResolverRef } from './resolver.js';
import type { OriginPattern } from './origin/pattern.js';
import type { StatedOrigins } from './origin/list.js';
import { INVALID, POLICY_FIELDS, type PolicyField, type StatedPolicy } from './read.js';

/** One level of a merge: the module, a named policy, a controller, a handler. */
export interface PolicyLevel {
  readonly source: CorsProvenance;
  readonly stated: StatedPolicy;
  /** A named policy replaces what it would inherit. */
  readonly replaces?: boolean;
}

/** The part of a merged list that one level contributed. */
export interface ListPart<T> {
  readonly level: PolicyLevel | undefined;
  readonly items: readonly T[];
  /** Of a list of origins. */
  readonly resolver?: CorsOriginResolverRef;
}

interface FieldValues {
  origin: '*' | false | readonly ListPart<OriginPattern>[];
  methods: readonly ListPart<string>[] | undefined;
  allowedHeaders: '*' | readonly ListPart<string>[];
  exposedHeaders: '*' | readonly ListPart<string>[];
  credentials: boolean;
  maxAge: number;
  optionsSuccessStatus: 200 | 204;
  rejectDisallowed: boolean;
  dangerouslyAllowInsecureOrigins: boolean;
  dangerouslyAllowPublicSuffixPatterns: boolean;
}

/** A field of a merged policy and the nearest level that stated it; `undefined` for the default. */
export interface MergedField<T> {
  readonly value: T;
  readonly level: PolicyLevel | undefined;
}

/**
 * A policy merged from its levels. `origin` has no default; a field stated with an error is {@link INVALID}.
 */
export type MergedPolicy = {
  readonly [Field in PolicyField]: MergedField<FieldValues[Field] | typeof INVALID>;
} & { readonly origin: MergedField<FieldValues['origin'] | typeof INVALID | undefined> };

const DEFAULTS: { readonly [Field in PolicyField]: FieldValues[Field] | undefined } = {
  origin: undefined,
  methods: undefined,
  allowedHeaders: [{ level: undefined, items: ['content-type'] }],
  exposedHeaders: [],
  credentials: false,
  maxAge: 600,
  optionsSuccessStatus: 204,
  rejectDisallowed: false,
  dangerouslyAllowInsecureOrigins: false,
  dangerouslyAllowPublicSuffixPatterns: false,
};

/** Reports a problem at the level that states its cause. */
export type ReportAt = (level: PolicyLevel | undefined, found: Problem) => void;

/**
 * Merges levels, the farthest first. Field by field the nearest level that states a field wins; `add()` extends the
 * list it finds.
 */
export function mergeLevels(levels: readonly PolicyLevel[], report: ReportAt): MergedPolicy {
  const start = Math.max(0, levels.map(level => level.replaces === true).lastIndexOf(true));
  const merged: Record<string, MergedField<unknown>> = {};
  for (const field of POLICY_FIELDS) {
    let result: MergedField<unknown> = { value: DEFAULTS[field], level: undefined };
    for (const level of levels.slice(start)) {
      // Only what the level itself states: never what someone put on `Object.prototype`.
      const stated: unknown = Object.hasOwn(level.stated, field) ? level.stated[field] : undefined;
      if (stated !== undefined) result = { value: applyLevel(field, stated, result.value, level, report), level };
    }
    merged[field] = result;
  }
  return merged as MergedPolicy;
}

function applyLevel(
  field: PolicyField,
  stated: unknown,
  inherited: unknown,
  level: PolicyLevel,
  report: ReportAt,
): unknown {
  if (!isStatedList(stated)) return stated;
  const { items, resolver } = stated;
  const part: ListPart<unknown> = { level, items, ...(resolver && { resolver }) };
  if (stated.mode === 'replace') return [part];
  if (Array.isArray(inherited)) return [...(inherited as readonly ListPart<unknown>[]), part];
  // What the inherited field got wrong is reported where it stands.
  if (inherited !== INVALID) report(level, problem('add_without_list', field, inherited));
  return INVALID;
}

function isStatedList(stated: unknown): stated is StatedList<unknown> & Pick<StatedOrigins, 'resolver'> {
  return typeof stated === 'object';
}

/** The items of a merged list, in order, the farthest level's first. */
export function itemsOf<T>(parts: readonly ListPart<T>[]): readonly T[] {
  const [first, ...others] = parts;
  return first !== undefined && others.length === 0 ? first.items : parts.flatMap(part => part.items);
}

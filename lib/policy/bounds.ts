import { addedValues } from './add.js';
import { readAllowedHeaders, readExposedHeaders, type HeadersOption } from './names/headers.js';
import { isError, problem, withoutResolver, type Problem, type Report } from '../issues/problem.js';
import type { ListPart, MergedPolicy, Level } from './merge.js';
import { readMethods } from './names/methods.js';
import type { ListOption } from './names/list.js';
import { compileOrigins, type OriginMatcher } from './origin/matcher.js';
import type { OriginPattern } from './origin/pattern.js';
import { indexOrigins, originPath, PLACEHOLDER, readOrigin, type OriginOption } from './origin/list.js';
import { INVALID } from './fields.js';
import { readOption, reportUnknownKeys } from './read.js';
import { readBoolean, readMaxAge } from './scalars.js';
import type { CorsBounds } from './options.js';
import { isOptions } from './snapshot.js';

/** The limits of all policies, prepared for comparison. An absent property is no limit. */
export interface Bounds {
  /** The indexes of the origins in a list that are not within the bounds. */
  readonly strayOrigins?: (items: readonly OriginPattern[]) => readonly number[];
  /** The origins that a resolver may allow. */
  readonly resolvable: OriginMatcher;
  readonly anyOrigin: boolean;
  readonly resolvers: boolean;
  readonly credentials: boolean;
  readonly methods?: ReadonlySet<string>;
  /** Lower-case names. */
  readonly allowedHeaders?: ReadonlySet<string>;
  /** Lower-case names. */
  readonly exposedHeaders?: ReadonlySet<string>;
  readonly maxAge?: number;
}

const KEYS: readonly (keyof CorsBounds)[] = [
  'origin',
  'anyOrigin',
  'resolvers',
  'credentials',
  'methods',
  'allowedHeaders',
  'exposedHeaders',
  'maxAge',
];

/** Reads the `bounds` option. Every problem is reported, at `bounds.<option>`. */
export function readBounds(value: unknown, report: Report): Bounds | undefined {
  if (value === undefined || value === INVALID) return undefined;
  if (!isOptions(value)) return void report(problem('bounds_type', 'bounds', value));
  // No warnings: what is questionable in a policy is fine as a limit.
  const reportHere: Report = each => {
    if (isError(each.code)) report({ ...each, path: `bounds.${each.path}` });
  };
  reportUnknownKeys(value, KEYS, reportHere);
  const read = <T>(key: keyof CorsBounds, reader: (value: unknown, report: Report, path: string) => T | undefined) => {
    const option = readOption(value, key, reportHere);
    // Bounds inherit no list that add() could extend.
    if (addedValues(option) !== undefined) return void reportHere(problem('add_without_list', key, option));
    return option === undefined || option === INVALID ? undefined : reader(option, reportHere, key);
  };
  const origins = listOf<OriginPattern>(read('origin', readBoundedOrigin));
  const allowedHeaders = lowerCaseNames(read('allowedHeaders', readAllowedHeaders));
  const exposedHeaders = lowerCaseNames(read('exposedHeaders', readExposedHeaders));
  const methods = listOf(read('methods', readMethods));
  const maxAge = read('maxAge', readMaxAge);
  return {
    ...(origins && { strayOrigins: strayOriginsOf(origins) }),
    resolvable: origins === undefined ? () => true : compileOrigins(origins),
    anyOrigin: read('anyOrigin', readBoolean) ?? origins === undefined,
    resolvers: read('resolvers', readBoolean) ?? true,
    credentials: read('credentials', readBoolean) ?? true,
    // A GET route serves HEAD.
    ...(methods && { methods: new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])]) }),
    ...(allowedHeaders && { allowedHeaders }),
    ...(exposedHeaders && { exposedHeaders }),
    ...(maxAge !== undefined && { maxAge }),
  };
}

/** Bounds are a list or `'*'`: nothing that is decided per request. */
function readBoundedOrigin(value: unknown, report: Report): OriginOption | undefined {
  const origin = readOrigin(value, each => report(withoutResolver(each)));
  if (origin === '*' || (typeof origin === 'object' && origin.resolver === undefined)) return origin;
  if (origin !== undefined) report(problem('bounds_origin_type', 'origin', value));
  return undefined;
}

function listOf<T>(option: '*' | false | ListOption<T> | undefined): readonly T[] | undefined {
  return typeof option === 'object' ? option.items : undefined;
}

function lowerCaseNames(option: HeadersOption | undefined): ReadonlySet<string> | undefined {
  const names = listOf(option);
  return names && new Set(names.map(name => name.toLowerCase()));
}

/** Many routes inherit one list: each list is compared once. */
function strayOriginsOf(origins: readonly OriginPattern[]): NonNullable<Bounds['strayOrigins']> {
  const { texts, coverOf } = indexOrigins(origins);
  const found = new WeakMap<readonly OriginPattern[], readonly number[]>();
  return items => {
    const known =
      found.get(items) ??
      items.flatMap((item, index) =>
        item === PLACEHOLDER || texts.has(item.text) || coverOf(item) !== undefined ? [] : [index],
      );
    found.set(items, known);
    return known;
  };
}

/** Reports a problem of an option at the level that set it; `undefined` for a default. */
type ReportField = (level: Level | undefined, issue: Problem) => void;

/**
 * Compares a merged policy with the bounds.
 *
 * @param served the methods that are routed under the policy: the default of `methods`
 */
export function reportExcess(
  policy: MergedPolicy,
  bounds: Bounds,
  served: readonly string[],
  report: ReportField,
): void {
  const { origin, credentials, methods, allowedHeaders, exposedHeaders, maxAge } = policy;
  // Without cross-origin access there is nothing to limit.
  if (origin.value === false) return;
  if (origin.value === '*' && !bounds.anyOrigin) report(origin.level, problem('bounds_any_origin', 'origin', '*'));
  if (Array.isArray(origin.value)) {
    for (const { level, items, resolver } of origin.value as readonly ListPart<OriginPattern>[]) {
      for (const index of bounds.strayOrigins?.(items) ?? []) {
        report(level, problem('bounds_origin', originPath(index), items[index]?.text));
      }
      if (resolver !== undefined && !bounds.resolvers) report(level, problem('bounds_resolver', 'origin', resolver));
    }
  }
  if (credentials.value === true && !bounds.credentials) {
    report(credentials.level, problem('bounds_credentials', 'credentials', true));
  }
  reportStrayMethods(methods, bounds, served, report);
  for (const [field, { value, level }, within] of [
    ['allowedHeaders', allowedHeaders, bounds.allowedHeaders],
    ['exposedHeaders', exposedHeaders, bounds.exposedHeaders],
  ] as const) {
    if (within === undefined || typeof value === 'symbol') continue;
    if (value === '*') report(level, problem('bounds_header', field, '*'));
    else {
      for (const part of value) {
        // The default is cut by the bounds, so it cannot exceed them.
        if (part.level === undefined) continue;
        for (const name of part.items) {
          if (!within.has(name.toLowerCase())) report(part.level, problem('bounds_header', field, name));
        }
      }
    }
  }
  // The default is capped by the bounds, so it cannot exceed them.
  const longest = maxAge.level === undefined ? undefined : bounds.maxAge;
  if (typeof maxAge.value === 'number' && longest !== undefined && maxAge.value > longest) {
    report(maxAge.level, problem('bounds_max_age', 'maxAge', maxAge.value, String(longest)));
  }
}

function reportStrayMethods(
  { value, level }: MergedPolicy['methods'],
  { methods: within }: Bounds,
  served: readonly string[],
  report: ReportField,
): void {
  if (within === undefined || typeof value === 'symbol') return;
  const parts = value ?? [{ level, items: served }];
  for (const part of parts) {
    for (const method of part.items) {
      if (!within.has(method)) report(part.level, problem('bounds_method', 'methods', method));
    }
  }
}

import { addedValues } from './add.js';
import { readAllowedHeaders, readExposedHeaders, type StatedHeaders } from './names/headers.js';
import { isError, problem, type Problem, type Report } from '../issues/problem.js';
import type { ListPart, MergedPolicy, PolicyLevel } from './merge.js';
import { readMethods } from './names/methods.js';
import type { StatedList } from './names/list.js';
import { compileOrigins, type OriginMatcher } from './origin/matcher.js';
import type { OriginPattern } from './origin/pattern.js';
import { indexOrigins, originPath, PLACEHOLDER, readOrigin, type StatedOrigin } from './origin/list.js';
import { INVALID, readKey, readMaxAge, readBoolean, reportUnknownKeys } from './read.js';
import type { CorsBounds } from './options.js';
import { isOptions } from './snapshot.js';

/** What no policy may exceed, ready to be compared with. An absent field bounds nothing. */
export interface Bounds {
  /** The entries of a list of origins that do not lie within the bounds, by index. */
  readonly strayOrigins?: (items: readonly OriginPattern[]) => readonly number[];
  /** What a resolver may allow. */
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

/** Reads the `bounds` option; every problem is reported, at `bounds.<field>`. */
export function readBounds(value: unknown, report: Report): Bounds | undefined {
  if (value === undefined || value === INVALID) return undefined;
  if (!isOptions(value)) return void report(problem('bounds_type', 'bounds', value));
  // What is only questionable in a policy is a plain limit here.
  const reportHere: Report = found => {
    if (isError(found.code)) report({ ...found, path: `bounds.${found.path}` });
  };
  reportUnknownKeys(value, KEYS, reportHere);
  const read = <T>(key: keyof CorsBounds, reader: (value: unknown, report: Report, path: string) => T | undefined) => {
    const stated = readKey(value, key, reportHere);
    // Bounds inherit nothing that could be extended.
    if (addedValues(stated) !== undefined) return void reportHere(problem('add_without_list', key, stated));
    return stated === undefined || stated === INVALID ? undefined : reader(stated, reportHere, key);
  };
  const origins = listOf<OriginPattern>(read('origin', readBoundedOrigin));
  const allowedHeaders = namesOf(read('allowedHeaders', readAllowedHeaders));
  const exposedHeaders = namesOf(read('exposedHeaders', readExposedHeaders));
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

/** Bounds are a list or `'*'`: nothing that is decided later. */
function readBoundedOrigin(value: unknown, report: Report): StatedOrigin | undefined {
  const stated = readOrigin(value, report);
  if (stated === '*' || (typeof stated === 'object' && stated.resolver === undefined)) return stated;
  if (stated !== undefined) report(problem('bounds_origin_type', 'origin', value));
  return undefined;
}

function listOf<T>(stated: '*' | false | StatedList<T> | undefined): readonly T[] | undefined {
  return typeof stated === 'object' ? stated.items : undefined;
}

function namesOf(stated: StatedHeaders | undefined): ReadonlySet<string> | undefined {
  const names = listOf(stated);
  return names && new Set(names.map(name => name.toLowerCase()));
}

/** A list is inherited by many routes: each is compared once. */
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

/** Reports a problem of a field at the level that stated it; `undefined` for a default. */
type ReportField = (level: PolicyLevel | undefined, found: Problem) => void;

/**
 * Compares a merged policy with the bounds.
 *
 * @param served the methods that are routed under the policy, which `methods` stands for where it is left out
 */
export function reportExcess(
  policy: MergedPolicy,
  bounds: Bounds,
  served: readonly string[],
  report: ReportField,
): void {
  const { origin, credentials, methods, allowedHeaders, exposedHeaders, maxAge } = policy;
  // Without cross-origin access there is nothing to bound.
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
        for (const name of part.items) {
          if (!within.has(name.toLowerCase())) report(part.level, problem('bounds_header', field, name));
        }
      }
    }
  }
  // The default keeps within the bounds by itself.
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

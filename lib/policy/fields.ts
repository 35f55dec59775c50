import type { Report } from '../issues/problem.js';
import { readResourcePolicy, readTiming } from './companions.js';
import { DEFAULT_REQUEST_HEADERS, readAllowedHeaders, readExposedHeaders } from './names/headers.js';
import { readMethods } from './names/methods.js';
import type { EffectiveCorsPolicy } from './options.js';
import { readOrigin } from './origin/list.js';
import { readOthers } from './read-others.js';
import { readBoolean, readMaxAge, readStatus } from './scalars.js';

/** Reads the options of a policy that is the value of an option. */
type ReadNested = (options: unknown, report: Report) => object;

/** One option of a policy. */
interface Field {
  /** Reports problems, and then returns `undefined`. */
  readonly read: (value: unknown, report: Report, path: string, readNested: ReadNested) => unknown;
  /** If no level sets it, the effective policy has no such key. */
  readonly isOptional?: true;
  /** The value if no level sets the option; for a list, its items. `undefined`: decided later, or none. */
  readonly default: unknown;
}

/** The options of a policy, one row each. To add one, start here: the types of levels and merged policies follow. */
export const FIELDS = {
  origin: { read: readOrigin, default: undefined },
  methods: { read: readMethods, default: undefined },
  allowedHeaders: { read: readAllowedHeaders, default: DEFAULT_REQUEST_HEADERS },
  exposedHeaders: { read: readExposedHeaders, default: [] },
  credentials: { read: readBoolean, default: false },
  maxAge: { read: readMaxAge, default: 600 },
  optionsSuccessStatus: { read: readStatus, default: 204 },
  rejectDisallowed: { read: readBoolean, default: false },
  others: { read: readOthers, default: undefined, isOptional: true },
  resourcePolicy: { read: readResourcePolicy, default: undefined, isOptional: true },
  timing: { read: readTiming, default: false, isOptional: true },
  dangerouslyAllowInsecureOrigins: { read: readBoolean, default: false },
  dangerouslyAllowPublicSuffixPatterns: { read: readBoolean, default: false },
} as const satisfies Record<keyof EffectiveCorsPolicy, Field>;

export type PolicyOption = keyof typeof FIELDS;

export const POLICY_OPTIONS = Object.keys(FIELDS) as readonly PolicyOption[];

/** Whether an option has no place in an effective policy that does not set it. */
export function isOptional(option: PolicyOption): boolean {
  return 'isOptional' in FIELDS[option];
}

/** Stands for an option with an error, so that no second problem is derived from it. */
export const INVALID: unique symbol = Symbol('invalid');

/** An option's value as one level sets it. */
export type OptionValue<Option extends PolicyOption> = Exclude<ReturnType<(typeof FIELDS)[Option]['read']>, undefined>;

/** The options that one level sets, read. An option that it does not set is absent. */
export type LevelOptions = { readonly [Option in PolicyOption]?: OptionValue<Option> | typeof INVALID };

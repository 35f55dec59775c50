import type { Bounds } from './bounds.js';
import { companionsOf } from './companions.js';
import { completeDefaultHeaders } from './default-headers.js';
import { isOptional, POLICY_OPTIONS, type PolicyOption } from './fields.js';
import type { MergedOthers } from './others.js';
import { itemsOf, type ListPart, type MergedOption, type MergedPolicy } from './merge.js';
import type { CorsProvenance, EffectiveCorsPolicy } from './options.js';
import { PLACEHOLDER } from './origin/list.js';
import { compileOrigins, type OriginMatcher } from './origin/matcher.js';
import type { OriginPattern } from './origin/pattern.js';
import { resolverText, type CorsOriginResolverRef } from './resolver.js';
import { refusedHeaders, type CorsHeaders, type Header } from './response.js';

/**
 * A policy ready for requests: every header string is prepared, and every list has the form that is fastest to look up.
 * It never changes. The lists that requests read are not frozen: a frozen list takes twice as long to read (hot path).
 */
export interface Policy {
  readonly origin: 'any' | 'none' | OriginMatcher;
  /** Called for well-formed origins that `origin` does not match and `resolvable` does not rule out. */
  readonly resolver: CorsOriginResolverRef | undefined;
  readonly resolvable: OriginMatcher;
  /** `undefined`: every method that is routed. */
  readonly methods: readonly string[] | undefined;
  /** Lower-case names; `undefined`: any name. */
  readonly allowedHeaders: ReadonlySet<string> | undefined;
  /** The origins, methods and request headers, in lower case, that `bounds` allow; absent for no limit. */
  readonly limits: Partial<Pick<Bounds, 'methods' | 'allowedHeaders' | 'resolvable'>>;
  /** What the nearest level that sets `allowedHeaders` writes: `add(...)`, or a list. */
  readonly ownHeaders: { readonly isAddition: boolean; readonly names: readonly string[] };
  /** `allowedHeaders` as it is written, without what handlers read. */
  readonly writtenHeaders: string;
  /** The list of all these names, as browsers write it (Fetch §4.8, "CORS-unsafe request-header names"). */
  readonly everyHeader: string | undefined;
  /** Never with `'*'`: browsers reject that, and boot refuses a policy that would send it. */
  readonly credentials: boolean;
  readonly maxAge: number;
  readonly status: 200 | 204;
  readonly rejectDisallowed: boolean;
  /** What applies to origins that this policy does not allow. */
  readonly others: Policy | undefined;
  /** Whether this is the `others` of a policy. */
  readonly isOthers: boolean;
  /**
   * The headers of an actual response, for a request that the policy allows and for one that it does not. They have the
   * same companions.
   */
  readonly allowed: CorsHeaders;
  readonly refused: CorsHeaders;
  /** The headers of the answer to an allowed preflight, without the origin, the methods and the max-age. */
  readonly preflight: readonly Header[];
  /** Equal for policies with the same answers to preflights, apart from the methods and the max-age. */
  readonly answerKey: string;
  /** Its effective options; `methods` is `undefined` for every method that is routed. */
  readonly values: PolicyValues;
  readonly provenance: PolicyProvenance;
}

export type PolicyValues = Omit<EffectiveCorsPolicy, 'methods' | 'others'> & {
  readonly methods: readonly string[] | undefined;
  readonly others?: PolicyValues;
};

/**
 * For each option of an effective policy, the level that sets it.
 *
 * @publicApi
 */
export type PolicyProvenance = { readonly [Option in keyof EffectiveCorsPolicy]: CorsProvenance };

/**
 * @param read request headers that complete the default list, in lower case
 * @param others what applies to origins that the policy does not allow
 */
export type PolicyCompiler = (policy: MergedPolicy, read?: readonly string[], others?: MergedOthers) => Policy;

/**
 * Creates the compiler for one app. Routes that inherit one list share its compiled form.
 *
 * @param bounds the limits of defaults and resolvers
 */
export function createPolicyCompiler(bounds?: Bounds): PolicyCompiler {
  const lists = new WeakMap<readonly OriginPattern[], CompiledList>();

  function compileList({ items, resolver }: ListPart<OriginPattern>): CompiledList {
    const list = lists.get(items) ?? {
      matches: compileOrigins(resolver === undefined ? items : items.filter(item => item !== PLACEHOLDER)),
      texts: frozen(
        items.map(item => (item === PLACEHOLDER && resolver !== undefined ? resolverText(resolver) : item.text)),
      ),
      resolver,
    };
    lists.set(items, list);
    return list;
  }

  /** A list that `add()` extends is compiled once, and looked up after the added origins. */
  function compileParts(parts: readonly ListPart<OriginPattern>[]): CompiledList {
    const compiled = parts.map(compileList);
    const [first, ...others] = compiled;
    if (first !== undefined && others.length === 0) return first;
    compiled.reverse();
    return {
      matches: origin => compiled.some(({ matches }) => matches(origin)),
      texts: frozen(parts.flatMap(part => compileList(part).texts)),
      resolver: compiled.find(each => each.resolver !== undefined)?.resolver,
    };
  }

  const limits = bounds ?? {};
  function compilePolicy(
    policy: MergedPolicy,
    read: readonly string[],
    others: Policy | undefined,
    isOthers: boolean,
  ): Policy {
    const merged = completeDefaultHeaders(policy, read, bounds) as CleanPolicy;
    const origin = typeof merged.origin.value === 'object' ? compileParts(merged.origin.value) : merged.origin.value;
    const values = valuesOf(merged, typeof origin === 'object' ? origin.texts : origin, bounds, others?.values);
    const { methods, allowedHeaders, exposedHeaders, rejectDisallowed } = values;
    const companions = companionsOf(values);
    const names = allowedHeaders === '*' ? undefined : allowedHeaders.map(name => name.toLowerCase());
    const credentials = values.credentials && origin !== '*';
    const allowOrigin = origin === '*' ? origin : 'requested';
    // By the standard `*` does not cover `Authorization` (Fetch §4.8), and one day browsers may follow it.
    const requestHeaders = allowedHeaders === '*' ? '*, authorization' : headerValue(allowedHeaders);
    const preflight = credentialsAndNames(credentials, 'Access-Control-Allow-Headers', requestHeaders);
    // Without an Origin and when refused as well: a cache must not serve this response to another origin.
    const varies = isOthers || typeof origin === 'object' || (origin === false && rejectDisallowed);
    const vary = varies ? 'Origin' : '';
    return Object.freeze<Policy>({
      origin: origin === '*' ? 'any' : origin === false ? 'none' : origin.matches,
      resolver: typeof origin === 'object' ? origin.resolver : undefined,
      resolvable: bounds?.resolvable ?? anyOrigin,
      methods: methods && [...methods],
      allowedHeaders: names && new Set(names),
      limits,
      ownHeaders: ownHeadersOf(policy.allowedHeaders.value),
      writtenHeaders: String(valueOf(policy.allowedHeaders.value)),
      everyHeader: names && [...names].sort().join(','),
      credentials,
      maxAge: values.maxAge,
      status: values.optionsSuccessStatus,
      rejectDisallowed,
      others,
      isOthers,
      allowed: Object.freeze({
        allowOrigin,
        headers: credentialsAndNames(credentials, 'Access-Control-Expose-Headers', headerValue(exposedHeaders)),
        vary,
        companions,
      }),
      refused: refusedHeaders(vary, companions),
      preflight,
      answerKey: JSON.stringify([allowOrigin, preflight, isOthers]),
      values,
      provenance: provenanceOf(policy),
    });
  }

  return (policy, read = [], others) =>
    compilePolicy(policy, read, others && compilePolicy(others.merged, read, undefined, true), false);
}

interface CompiledList {
  readonly matches: OriginMatcher;
  /** As they are written. */
  readonly texts: readonly string[];
  readonly resolver: CorsOriginResolverRef | undefined;
}

/** A merged policy whose check found no error. */
type CleanPolicy = {
  readonly [Option in PolicyOption]: MergedPolicy[Option] extends MergedOption<infer Value>
    ? MergedOption<Option extends 'origin' ? Exclude<Value, symbol | undefined> : Exclude<Value, symbol>>
    : never;
};

const anyOrigin: OriginMatcher = () => true;

function valuesOf(
  policy: CleanPolicy,
  origin: PolicyValues['origin'],
  bounds: Bounds | undefined,
  others: PolicyValues | undefined,
): PolicyValues {
  const written = POLICY_OPTIONS.flatMap(option => {
    if (option === 'others') return others === undefined ? [] : [[option, others]];
    if (isOptional(option) && policy[option].level === undefined) return [];
    return [[option, option === 'origin' ? origin : valueOf(policy[option].value)]];
  });
  const values = Object.fromEntries(written) as PolicyValues;
  const { methods, maxAge } = values;
  return Object.freeze({
    ...values,
    // The routed methods, within the bounds: including those routed without a controller.
    methods: methods ?? (bounds?.methods && frozen([...bounds.methods])),
    // A default is capped by the bounds.
    maxAge: policy.maxAge.level === undefined ? Math.min(maxAge, bounds?.maxAge ?? maxAge) : maxAge,
  });
}

function ownHeadersOf(value: MergedPolicy['allowedHeaders']['value']): Policy['ownHeaders'] {
  const part = typeof value === 'object' ? value.at(-1) : undefined;
  if (part === undefined || typeof value !== 'object') return { isAddition: false, names: [] };
  return {
    isAddition: value.length > 1 || part.level === undefined,
    names: part.level === undefined ? [] : part.items,
  };
}

/** A list of names without repeats, which compare without regard to case. */
function valueOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const byName = new Map<string, string>();
  for (const name of itemsOf(value as readonly ListPart<string>[])) {
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), name);
  }
  return frozen([...byName.values()]);
}

function frozen<T>(items: readonly T[]): readonly T[] {
  return Object.freeze([...items]);
}

function headerValue(names: '*' | readonly string[]): string {
  return names === '*' ? '*' : names.join(', ');
}

/** The credentials header, and a list of header names if there are any. */
function credentialsAndNames(credentials: boolean, name: string, names: string): readonly Header[] {
  const headers: Header[] = [];
  if (credentials) headers.push(['Access-Control-Allow-Credentials', 'true']);
  if (names !== '') headers.push([name, names]);
  return headers;
}

function provenanceOf(policy: MergedPolicy): PolicyProvenance {
  const present = POLICY_OPTIONS.filter(option => !isOptional(option) || policy[option].level !== undefined);
  const entries = present.map(option => [option, policy[option].level?.source ?? 'default']);
  return Object.freeze(Object.fromEntries(entries) as PolicyProvenance);
}

import type { Bounds } from './bounds.js';
import { refusedResponse, type CorsResponse, type Header } from './response.js';
import { itemsOf, type ListPart, type MergedField, type MergedPolicy } from './merge.js';
import type { CorsProvenance, EffectiveCorsPolicy } from './options.js';
import type { CorsOriginResolverRef } from './resolver.js';
import { compileOrigins, type OriginMatcher } from './origin/matcher.js';
import type { OriginPattern } from './origin/pattern.js';
import { PLACEHOLDER } from './origin/list.js';
import { resolverText } from './resolver.js';
import { POLICY_FIELDS } from './read.js';

/**
 * A policy ready for requests: every header string made, every list in the form that is looked up fastest. Nothing
 * changes it; however, the lists that requests read are not frozen, because a frozen list takes twice as long to read.
 */
export interface CompiledPolicy {
  readonly origin: 'any' | 'none' | OriginMatcher;
  /** Asked about well-formed origins that `origin` does not match, and `resolvable` does not rule out. */
  readonly resolver: CorsOriginResolverRef | undefined;
  readonly resolvable: OriginMatcher;
  /** `undefined`: every method that is routed. */
  readonly methods: readonly string[] | undefined;
  /** Lower-case names; `undefined`: any name. */
  readonly allowedHeaders: ReadonlySet<string> | undefined;
  /** The request that names them all, as browsers write it (Fetch §4.8, "CORS-unsafe request-header names"). */
  readonly everyHeader: string | undefined;
  /** The value of `Access-Control-Allow-Headers`; `''`: the header is not sent. */
  readonly allowHeadersValue: string;
  /** Never beside `'*'`: browsers refuse the pair, and boot refuses a policy that would send it. */
  readonly credentials: boolean;
  readonly maxAge: number;
  readonly status: 200 | 204;
  readonly rejectDisallowed: boolean;
  /** What an actual response is given, where the policy allows it and where not. */
  readonly allowed: CorsResponse;
  readonly refused: CorsResponse;
  /** What the answer to an allowed preflight holds beside the origin and the methods. */
  readonly terms: readonly Header[];
  readonly stated: StatedValues;
  readonly provenance: PolicyProvenance;
}

/** The fields as they were stated; `methods` is `undefined` where it means "what is routed". */
export type StatedValues = Omit<EffectiveCorsPolicy, 'methods'> & { readonly methods: readonly string[] | undefined };

/**
 * For each field of a policy, the level that stated it.
 *
 * @publicApi
 */
export type PolicyProvenance = Readonly<Record<keyof EffectiveCorsPolicy, CorsProvenance>>;

export type PolicyCompiler = (policy: MergedPolicy) => CompiledPolicy;

/**
 * Makes a compiler for one app. Routes that inherit one list share what is made of it.
 *
 * @param bounds what defaults keep within, and resolvers
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

  /** What `add()` extends is compiled once, and asked after what is added. */
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

  return policy => {
    const merged = policy as CheckedPolicy;
    const origin = typeof merged.origin.value === 'object' ? compileParts(merged.origin.value) : merged.origin.value;
    const stated = valuesOf(merged, typeof origin === 'object' ? origin.texts : origin, bounds);
    const { methods, allowedHeaders, exposedHeaders, rejectDisallowed } = stated;
    const names = allowedHeaders === '*' ? undefined : allowedHeaders.map(name => name.toLowerCase());
    const credentials = stated.credentials && origin !== '*';
    const allowHeadersValue = headerValue(allowedHeaders);
    // Also without an Origin, also when refused: a cache must not hand this response to another origin.
    const vary = typeof origin === 'object' || (origin === false && rejectDisallowed) ? 'Origin' : '';
    return Object.freeze<CompiledPolicy>({
      origin: origin === '*' ? 'any' : origin === false ? 'none' : origin.matches,
      resolver: typeof origin === 'object' ? origin.resolver : undefined,
      resolvable: bounds?.resolvable ?? anyOrigin,
      methods: methods && [...methods],
      allowedHeaders: names && new Set(names),
      everyHeader: names && [...names].sort().join(','),
      allowHeadersValue,
      credentials,
      maxAge: stated.maxAge,
      status: stated.optionsSuccessStatus,
      rejectDisallowed,
      allowed: Object.freeze({
        allowOrigin: origin === '*' ? origin : 'requested',
        headers: headersOf(credentials, 'Access-Control-Expose-Headers', headerValue(exposedHeaders)),
        vary,
      }),
      refused: refusedResponse(vary),
      terms: [
        ...headersOf(credentials, 'Access-Control-Allow-Headers', allowHeadersValue),
        ['Access-Control-Max-Age', String(stated.maxAge)],
      ],
      stated,
      provenance: provenanceOf(policy),
    });
  };
}

interface CompiledList {
  readonly matches: OriginMatcher;
  /** As they were written. */
  readonly texts: readonly string[];
  readonly resolver: CorsOriginResolverRef | undefined;
}

/** What a merged policy is once its check found no error. */
type CheckedPolicy = {
  readonly [Field in keyof MergedPolicy]: MergedPolicy[Field] extends MergedField<infer Value>
    ? MergedField<Field extends 'origin' ? Exclude<Value, symbol | undefined> : Exclude<Value, symbol>>
    : never;
};

const anyOrigin: OriginMatcher = () => true;

function valuesOf(policy: CheckedPolicy, origin: StatedValues['origin'], bounds: Bounds | undefined): StatedValues {
  const { methods, maxAge } = policy;
  const longest = maxAge.level === undefined ? (bounds?.maxAge ?? maxAge.value) : maxAge.value;
  return Object.freeze({
    origin,
    methods: methods.value === undefined ? withinBounds(bounds) : frozen(unique(itemsOf(methods.value), name => name)),
    allowedHeaders: namesOf(policy.allowedHeaders.value),
    exposedHeaders: namesOf(policy.exposedHeaders.value),
    credentials: policy.credentials.value,
    maxAge: Math.min(maxAge.value, longest),
    optionsSuccessStatus: policy.optionsSuccessStatus.value,
    rejectDisallowed: policy.rejectDisallowed.value,
    dangerouslyAllowInsecureOrigins: policy.dangerouslyAllowInsecureOrigins.value,
    dangerouslyAllowPublicSuffixPatterns: policy.dangerouslyAllowPublicSuffixPatterns.value,
  });
}

/** What is routed, as far as the bounds go: also for what is routed without a controller. */
function withinBounds(bounds: Bounds | undefined): readonly string[] | undefined {
  return bounds?.methods && frozen([...bounds.methods]);
}

function namesOf(value: '*' | readonly ListPart<string>[]): '*' | readonly string[] {
  return value === '*' ? value : frozen(unique(itemsOf(value), name => name.toLowerCase()));
}

function unique(items: readonly string[], key: (item: string) => string): readonly string[] {
  const byKey = new Map<string, string>();
  for (const item of items) if (!byKey.has(key(item))) byKey.set(key(item), item);
  return [...byKey.values()];
}

function frozen<T>(items: readonly T[]): readonly T[] {
  return Object.freeze([...items]);
}

function headerValue(names: '*' | readonly string[]): string {
  return names === '*' ? '*' : names.join(', ');
}

/** Credentials, and a list of header names, each where there is something to say. */
function headersOf(credentials: boolean, name: string, names: string): readonly Header[] {
  const headers: Header[] = [];
  if (credentials) headers.push(['Access-Control-Allow-Credentials', 'true']);
  if (names !== '') headers.push([name, names]);
  return headers;
}

function provenanceOf(policy: MergedPolicy): PolicyProvenance {
  const entries = POLICY_FIELDS.map(field => [field, policy[field].level?.source ?? 'default']);
  return Object.freeze(Object.fromEntries(entries) as PolicyProvenance);
}

import type { CorsModuleOptions, CorsPolicyName, CorsPolicyOptions, CorsRouteRule } from './options.js';

/**
 * What the compiler refuses of a policy that is written in a call, because boot would: `'*'` beside
 * `credentials: true`, for example. Only what is certain is refused: a `string`, a `boolean` or an `any` may be
 * right, and boot is the judge of them.
 *
 * For a signature that takes a policy:
 *
 * ```ts
 * function gatewayCors<const Written>(policy: CheckedPolicy<Written>): GatewayCorsOptions
 * ```
 *
 * `Written` has no constraint: a value that broke it would be forgotten, and with it what is refused of the others.
 */
export type CheckedPolicy<Written> = CorsPolicyOptions & Inferred<Written, PolicyRefusals<Written>>;

/** The same for the options of the module, with the policies in them. */
export type CheckedModuleOptions<Written> = CorsModuleOptions & Inferred<Written, ModuleRefusals<Written>>;

/**
 * `Refusals`, with `Written` inferred from the argument. It is tempting to take `Written & Refusals`; however that knows
 * every key of the argument, and misspelt ones would compile.
 */
type Inferred<Written, Refusals> = [Written] extends [never] ? Written : Refusals;

declare const REASON: unique symbol;

/** No value has this type. Compilers print it where the value stands, with the reason. */
interface Refused<Why extends string> {
  readonly [REASON]: Why;
}

// Beside the type of an option, `unknown` permits what that type does. It also absorbs: of a union, such as `boolean`
// or `'*' | 'https://app.example.com'`, nothing is refused unless all of it is.

interface PolicyRefusals<Written> {
  readonly origin?: OriginRefusal<Stated<Written, 'origin'>> & CredentialsRefusal<Written, 'origin'>;
  readonly allowedHeaders?: CredentialsRefusal<Written, 'allowedHeaders'>;
  readonly exposedHeaders?: CredentialsRefusal<Written, 'exposedHeaders'>;
}

interface ModuleRefusals<Written> extends PolicyRefusals<Written> {
  readonly policies?: NamedRefusals<Stated<Written, 'policies'>>;
  readonly routes?: ListRefusal<Stated<Written, 'routes'>, RuleRefusals<Stated<Written, 'routes'>>>;
}

type NamedRefusals<Policies> = {
  readonly [Name in keyof Policies]: Name extends CorsPolicyName
    ? CorsPolicyOptions & PolicyRefusals<Policies[Name]>
    : Refused<'the name is not among those of the interface CorsPolicyNames'>;
};

type RuleRefusals<Rules> = {
  readonly [Index in keyof Rules]: CorsRouteRule & {
    readonly policy: RulePolicyRefusals<Stated<Rules[Index], 'policy'>>;
  };
};

type RulePolicyRefusals<Policy> = Policy extends object ? CorsPolicyOptions & PolicyRefusals<Policy> : unknown;

type OriginRefusal<Origin> = Origin extends true
  ? Refused<"true is any site: list the origins, or write '*', which never goes with credentials">
  : Origin extends RegExp
    ? Refused<"no RegExp: write a pattern such as 'https://*.example.com', or a resolver">
    : Origin extends readonly []
      ? Refused<'an empty list: write false for no cross-origin access'>
      : ListRefusal<Origin, { readonly [Index in keyof Origin]: AnyInListRefusal<Origin[Index]> }>;

type AnyInListRefusal<Entry> = Entry extends '*' ? Refused<"'*' is no entry of a list: write origin: '*'"> : unknown;

/** Refuses a list by its entries, but only where one is wrong: it asks for a tuple, and `[...list, 'x']` is none. */
type ListRefusal<List, Entries> = List extends readonly unknown[]
  ? List extends Entries
    ? unknown
    : Entries
  : unknown;

type CredentialsRefusal<Written, Option extends string> = NeverBoth<
  Stated<Written, 'credentials'>,
  Stated<Written, Option>
>;

type NeverBoth<Credentials, Value> = Credentials extends true
  ? Value extends '*' | readonly ['*']
    ? Refused<"'*' never goes with credentials: true">
    : unknown
  : unknown;

/**
 * An option's value; `unknown` where it is left out, or may be. In tuples, so that it is `unknown` of `never` as well:
 * of that a compiler asks, before it has inferred, what `config.getOrThrow('ORIGINS')` is to return.
 */
type Stated<Written, Option extends string> = [Written] extends [Readonly<Record<Option, infer Value>>]
  ? Value
  : unknown;

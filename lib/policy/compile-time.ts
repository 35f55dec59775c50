import type {
  CorsModuleOptions,
  CorsOthersOptions,
  CorsPolicyName,
  CorsPolicyOptions,
  CorsRouteRule,
} from './options.js';

/**
 * Makes the compiler refuse what boot would refuse in a policy that is written in a call: for example, `'*'` with
 * `credentials: true`. Only certain mistakes are refused. A `string`, a `boolean` or an `any` may be right: boot checks
 * them.
 *
 * In the signature of a function that takes a policy:
 *
 * ```ts
 * function gatewayCors<const Written>(policy: CheckedPolicy<Written>): GatewayCorsOptions
 * ```
 *
 * `Written` has no constraint: a value that broke it would not be inferred, and its other mistakes would compile.
 */
export type CheckedPolicy<Written> = TypeRefusal<Written> &
  CorsPolicyOptions &
  Inferred<Written, PolicyRefusals<Written>>;

/** The same for the options of the module, including the policies in them. */
export type CheckedModuleOptions<Written> = TypeRefusal<Written> &
  CorsModuleOptions &
  Inferred<Written, ModuleRefusals<Written>>;

/**
 * `Refusals`, with `Written` inferred from the argument. Not `Written & Refusals`: that has every key of the argument,
 * so misspelt keys would compile.
 */
type Inferred<Written, Refusals> = [Written] extends [never] ? Written : Refusals;

declare const REASON: unique symbol;

/** No value has this type. The compiler prints it at the value, with the reason. */
interface Refused<Why extends string> {
  readonly [REASON]: Why;
}

// `T & unknown` is `T`: intersected with an option's type, `unknown` refuses nothing. In a union it absorbs the rest: a
// union such as `boolean` or `'*' | 'https://app.example.com'` is refused only if all of its members are.

interface PolicyRefusals<Written> extends SideRefusals<Written> {
  readonly others?: OthersRefusals<ValueOf<Written, 'others'>>;
}

type OthersRefusals<Others> = Others extends object ? CorsOthersOptions & SideRefusals<Others> : unknown;

interface SideRefusals<Written> {
  readonly origin?: OriginRefusal<ValueOf<Written, 'origin'>> & CredentialsRefusal<Written, 'origin'>;
  readonly allowedHeaders?: CredentialsRefusal<Written, 'allowedHeaders'>;
  readonly exposedHeaders?: CredentialsRefusal<Written, 'exposedHeaders'>;
}

interface ModuleRefusals<Written> extends PolicyRefusals<Written> {
  readonly policies?: NamedRefusals<ValueOf<Written, 'policies'>>;
  readonly routes?: ListRefusal<ValueOf<Written, 'routes'>, RuleRefusals<ValueOf<Written, 'routes'>>>;
}

type NamedRefusals<Policies> = {
  readonly [Name in keyof Policies]: Name extends CorsPolicyName
    ? CorsPolicyOptions & PolicyRefusals<Policies[Name]>
    : Refused<'the name is not declared in the interface CorsPolicyNames'>;
};

type RuleRefusals<Rules> = {
  readonly [Index in keyof Rules]: CorsRouteRule & {
    readonly policy: RulePolicyRefusals<ValueOf<Rules[Index], 'policy'>>;
  };
};

type RulePolicyRefusals<Policy> = Policy extends object ? CorsPolicyOptions & PolicyRefusals<Policy> : unknown;

/**
 * Refuses a value whose type is Nest's `CorsOptions`: what it holds may be right, but its type allows a RegExp, `true`
 * and a callback. First in its intersection, so that the compiler prints it rather than an option of that type.
 */
type TypeRefusal<Written> = [Written] extends [{ readonly origin?: infer Origin }]
  ? unknown extends Origin
    ? unknown
    : [RegExp | string | boolean] extends [Origin]
      ? Refused<'its type CorsOptions also allows what boot refuses: remove the annotation, or write the type CorsModuleOptions'>
      : unknown
  : unknown;

type OriginRefusal<Origin> = Origin extends true
  ? Refused<"true allows any site: list the origins, or write '*', which cannot be combined with credentials">
  : Origin extends RegExp
    ? Refused<"no RegExp: write a pattern such as 'https://*.example.com', or a resolver">
    : Origin extends readonly []
      ? Refused<'an empty list: write false for no cross-origin access'>
      : ListRefusal<Origin, { readonly [Index in keyof Origin]: AnyInListRefusal<Origin[Index]> }>;

type AnyInListRefusal<Entry> = Entry extends '*' ? Refused<"'*' cannot be in a list: write origin: '*'"> : unknown;

/** Refuses a list by its entries, but only if one is wrong: `Entries` is a tuple, and `[...list, 'x']` is not one. */
type ListRefusal<List, Entries> = List extends readonly unknown[]
  ? List extends Entries
    ? unknown
    : Entries
  : unknown;

type CredentialsRefusal<Written, Option extends string> = NeverBoth<
  ValueOf<Written, 'credentials'>,
  ValueOf<Written, Option>
>;

type NeverBoth<Credentials, Value> = Credentials extends true
  ? Value extends '*' | readonly ['*']
    ? Refused<"'*' cannot be combined with credentials: true">
    : unknown
  : unknown;

/**
 * An option's value; `unknown` if it is left out, or may be. Wrapped in tuples, so that `never` gives `unknown` as
 * well: the compiler tries `never` before it has inferred the return type of `config.getOrThrow('ORIGINS')`.
 */
type ValueOf<Written, Option extends string> = [Written] extends [Readonly<Record<Option, infer Value>>]
  ? Value
  : unknown;

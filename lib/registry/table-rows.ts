import type { CorsIssueLocation } from '../issues/location.js';
import type { CorsIssue } from '../issues/issue.js';
import type { SelfOrigins } from '../decision/same-origin.js';
import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import type { ResolverLimits } from '../policy/read-module.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { RuleBook } from './rule-book.js';

/** A route and the policy in force on it. */
export interface RoutePolicy {
  readonly route: RouteRegistration;
  readonly policy: CompiledPolicy;
}

/** The policies of one configuration: immutable, so that it can be replaced as a whole. */
export interface PolicySet {
  /** Of what is neither a controller's route nor under a rule. */
  readonly module: CompiledPolicy;
  /** Of what is not a controller's route, by path. */
  readonly rules: RuleBook;
  readonly routes: readonly RoutePolicy[];
  /** Policies with `rejectDisallowed`: one of all that reject the same. */
  readonly rejecting: readonly CompiledPolicy[];
  /** The app's own origins, where the options list them. */
  readonly self: SelfOrigins | undefined;
  readonly debug: boolean;
  readonly resolverLimits: ResolverLimits;
  /** The resolvers that policies ask, each with the place that names it first. */
  readonly resolvers: ReadonlyMap<CorsOriginResolverRef, CorsIssueLocation>;
  readonly warnings: readonly CorsIssue[];
  /** The policy of a handler, or `undefined` for one that is not routed. */
  of(controller: unknown, handler: unknown): CompiledPolicy | undefined;
}

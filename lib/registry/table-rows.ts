import type { CorsIssue } from '../issues/issue.js';
import type { CorsIssueLocation } from '../issues/location.js';
import type { Policy } from '../policy/compile.js';
import type { AppOptions } from '../policy/read-module.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import type { Route } from '../routing/route.js';
import type { HandshakeBook } from './handshake-book.js';
import type { RuleBook } from './rule-book.js';

/** A route and its policy. */
export interface RoutePolicy {
  readonly route: Route;
  readonly policy: Policy;
}

/** What boot fills a {@link PolicyTable} with: the policies of one configuration. Immutable. */
export interface TableRows {
  /** For what is neither a controller's route nor under a rule. */
  readonly module: Policy;
  /** For what is not a controller's route, by path. */
  readonly rules: RuleBook;
  readonly routes: readonly RoutePolicy[];
  /** For WebSocket handshakes. Without gateways where the option `handshakes` is `false`. */
  readonly handshakes: HandshakeBook;
  /** The policies of the option `policies`, by name. */
  readonly named: ReadonlyMap<string, Policy>;
  /** Policies with `rejectDisallowed`: one of all that reject the same. */
  readonly rejecting: readonly Policy[];
  readonly options: AppOptions;
  /** The resolvers of all policies, each with the first place that names it. */
  readonly resolvers: ReadonlyMap<CorsOriginResolverRef, CorsIssueLocation>;
  readonly warnings: readonly CorsIssue[];
  /** The policy that a preflight for a route is judged by. */
  ofRoute(route: Route): Policy | undefined;
  /** The policy of a handler, or `undefined` for one that is not routed. */
  of(controller: unknown, handler: unknown): Policy | undefined;
}

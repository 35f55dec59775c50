import type { Resource, ResourceMethod, Candidate } from '../decision/resource.js';
import type { Policy } from '../policy/compile.js';
import type { RoutedRequest } from '../routing/route-matcher.js';
import type { Route } from '../routing/route.js';
import type { Ruling } from './rule-book.js';

/** One of those who may serve a request, and its policy. */
export interface Server {
  /** Absent for what is not a controller's. */
  readonly route: Route | undefined;
  readonly policy: Policy;
}

/** Who may serve one request, in the order in which they would run. */
export interface ServerCandidate extends Candidate {
  /** One for each member. */
  readonly servers: readonly Server[];
}

/** A method of a path, with those who may serve it. */
export interface ServedResourceMethod extends ResourceMethod {
  readonly candidates: readonly ServerCandidate[];
  /** Whether something is known to serve it. */
  readonly isKnown: boolean;
}

/** What a preflight is about. */
export type ServedResource = Resource<ServedResourceMethod>;

/** Who may serve an actual request. */
export interface ServedRequest {
  /** The first route that may serve it; absent where no controller's does. */
  readonly route: Route | undefined;
  /** What the rules of `routes` say about its path: for what no controller serves, such as a file. */
  readonly ruling: Ruling | undefined;
  /** The routes that may serve it, with raw ones. Empty only where a rule covers the path and no controller's route does. */
  readonly servers: readonly Server[];
  /** Whose headers the response gets where no guard has run; `undefined` where that is in doubt. */
  readonly policy: Policy | undefined;
  /** Every policy that may be meant: more than one in doubt, or where they differ in their companions alone. */
  readonly policies: readonly Policy[];
}

/** The handler that a resolver decides about. */
export type AskedHandler = Pick<Route, 'controller' | 'handler'>;

/** A call of a policy's resolver. */
export interface ResolverCall {
  readonly policy: Policy;
  readonly origin: string;
  readonly method: string;
  readonly preflight: boolean;
  /** Absent where no controller serves the request. */
  readonly server: AskedHandler | undefined;
}

/** What a resolver gets of the request itself. */
export interface AskedRequest {
  readonly url: string;
  readonly host: string;
  readonly headers: RoutedRequest['headers'];
}

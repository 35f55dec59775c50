import type { IncomingMessage } from 'node:http';
import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/response.js';
import type { Refusal, ResolverAnswer } from '../decision/reason.js';
import type { PreflightOutcome, Target, TargetCandidate, TargetMethod } from '../decision/preflight.js';
import type { SelfOrigins } from '../decision/same-origin.js';
import { corsRequestOf, isPreflight, type CorsRequest } from '../decision/request.js';
import type { Answers } from '../registry/answers.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import { isRoutable, type RoutedRequest } from '../routing/route-matcher.js';
import type { Ruling } from '../registry/rule-book.js';

/** One of those who may serve a request, and its policy. */
export interface Server {
  /** Absent for what is not a controller's. */
  readonly route: RouteRegistration | undefined;
  readonly policy: CompiledPolicy;
}

/** Who may serve one request, in the order in which they would run. */
export interface ServingCandidate extends TargetCandidate {
  /** One for each member. */
  readonly servers: readonly Server[];
}

/** A method that is routed at a preflight's path, with the policies of what may serve it. */
export interface ServedMethod extends TargetMethod {
  readonly candidates: readonly ServingCandidate[];
  /** Whether something is known to serve it. */
  readonly isKnown: boolean;
}

/** Who may serve an actual request, as far as it says. */
export interface RequestTarget {
  /** The route that is expected to serve it; absent where no controller's is. */
  readonly route: RouteRegistration | undefined;
  /** What the rules of `routes` say about its path: about what no controller serves, such as a file. */
  readonly ruling: Ruling | undefined;
  /** The routes that may serve it, with raw ones. Empty only where a rule covers the path and no controller's route does. */
  readonly servers: readonly Server[];
  /** Whose headers the response gets where no guard has run; `undefined` where that is in doubt. */
  readonly policy: CompiledPolicy | undefined;
}

/** What serves a request that a resolver is asked about. */
export type QuestionedServer = Pick<RouteRegistration, 'controller' | 'handler'>;

/** A question for a policy's resolver. */
export interface ResolverQuestion {
  readonly policy: CompiledPolicy;
  readonly origin: string;
  readonly method: string;
  readonly preflight: boolean;
  /** What serves the request; absent where none of a controller does. */
  readonly server: QuestionedServer | undefined;
}

/** The policies of an app at one time. */
export interface AppPolicies {
  readonly debug: boolean;
  /** The app's own origins, where the options list them. */
  readonly self: SelfOrigins | undefined;
  /** Whether any policy asks a resolver. */
  readonly asksResolvers: boolean;
  /** Whether some policy rejects this request, if it comes from elsewhere: matches no path, and may err to `true`. */
  mayReject(request: CorsRequest): boolean;
  /** The policy of the handler that runs: no path is matched, unless it is not the function that was routed. */
  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy | undefined;
  /**
   * Who may serve a request.
   *
   * @param isEarly whether no middleware of the app has seen it: see {@link RouteMatcher.match}
   */
  ofRequest(request: RoutedRequest, isEarly?: boolean): RequestTarget;
  /** The handlers that may serve what a preflight announces. */
  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): Target<ServedMethod>;
  /** Whether the preflight of an actual request may have been judged by another policy than this one. */
  isContested(request: RoutedRequest, policy: CompiledPolicy, handler: unknown): boolean;
  /** The request headers that its route is chosen by: see {@link RouteMatcher.selectingHeaders}. */
  selectingHeaders(request: RoutedRequest): readonly string[];
  /** Asks a policy's resolver, and calls back: at once where it answers at once. */
  ask(question: ResolverQuestion, request: AskedRequest, done: (answer: ResolverAnswer) => void): void;
}

/** Who decides about a response as its headers are flushed. Throws nothing: that would lose the response. */
export interface ResponseAuthority {
  /** The active policies; absent before the app is initialized. */
  readonly current: AppPolicies | undefined;
  /** What to add to the response. */
  respondSafely(exchange: CorsExchange): CorsResponse;
  /** Called for a request that it is in doubt which policy is for. */
  reportDoubt(exchange: CorsExchange): void;
  /** Takes the names of CORS headers that something else had set, otherwise than the policy has it. */
  reportReplaced(exchange: CorsExchange, names: readonly string[]): void;
}

/** What a resolver is told of the request itself. */
export interface AskedRequest {
  readonly url: string;
  readonly host: string;
  readonly headers: RoutedRequest['headers'];
}

/** One request and what has been decided about it so far. */
export class CorsExchange implements CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  readonly requestMethod: string | undefined;
  readonly requestHeaders: string | undefined;
  readonly preflight: boolean;
  /** The request target as the app's router sees it first: middleware and nested routers rewrite `req.url`. */
  url: string;
  /** What a preflight is answered, once its target is known. */
  outcome: PreflightOutcome | undefined = undefined;
  /** Why a preflight is refused, if it is. */
  refusal: Refusal | undefined = undefined;
  /** The policy of the handler that runs, once a guard knows it, and what its resolver said. */
  policy: CompiledPolicy | undefined = undefined;
  answer: ResolverAnswer | undefined = undefined;
  /** What resolvers said of an actual request. */
  answers: Answers | undefined = undefined;
  /** What to add to the response, once it is known. */
  response: CorsResponse | undefined = undefined;

  /** Those that were active when the request arrived, whatever is reloaded meanwhile. */
  policies: AppPolicies | undefined;

  /**
   * @param raw Node's own request
   * @param authority the app that the request came to
   */
  constructor(
    readonly raw: IncomingMessage,
    readonly authority: ResponseAuthority,
  ) {
    this.policies = authority.current;
    const { method, origin, requestMethod, requestHeaders } = corsRequestOf(raw.method ?? 'GET', raw.headers);
    this.method = method;
    this.origin = origin;
    this.requestMethod = requestMethod;
    this.requestHeaders = requestHeaders;
    this.url = raw.url ?? '/';
    // Browsers preflight paths. `OPTIONS *` and other targets are the app's to answer.
    this.preflight = isPreflight(this) && isRoutable(raw.url);
  }
}

import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsControllerClass, CorsHandler } from '../policy/options.js';
import type { ResolverAnswer } from '../protocol/decision.js';
import type { PreflightOutcome, TargetPolicies } from '../protocol/preflight.js';
import type { CorsRequest } from '../protocol/request.js';
import type { CorsResponse } from '../protocol/response-headers.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { RoutedMethods, RoutedRequest } from '../routing/route-matcher.js';

/** The handlers that a preflight may be meant for, by method, and their policies. */
export interface PreflightTarget {
  readonly methods: RoutedMethods;
  readonly policies: TargetPolicies;
}

/** What serves a request, and its policy. */
export interface RequestTarget {
  /** Absent where no controller serves it. */
  readonly route: RouteRegistration | undefined;
  readonly policy: CompiledPolicy;
}

/** A question for a policy's resolver. */
export interface ResolverQuestion {
  readonly policy: CompiledPolicy;
  readonly origin: string;
  readonly method: string;
  readonly preflight: boolean;
  readonly controller?: CorsControllerClass;
  readonly handler?: CorsHandler;
}

/** The policies of an app at one time. */
export interface AppPolicies {
  readonly debug: boolean;
  /** Whether `rejectDisallowed` is on for anything but controllers' routes. */
  readonly rejectsUnrouted: boolean;
  /** Whether any policy asks a resolver. */
  readonly asksResolvers: boolean;
  /** The policy of the handler that runs: no path is matched, unless it is not the function that was routed. */
  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy;
  /** The route that serves a request, and its policy: that of its path where no controller serves it. */
  ofRequest(request: RoutedRequest): RequestTarget;
  /** The handlers that may serve what a preflight announces. */
  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): PreflightTarget;
  /** Asks a policy's resolver. */
  ask(question: ResolverQuestion, request: AskedRequest): ResolverAnswer | Promise<ResolverAnswer>;
}

/** What a resolver is told of the request itself. */
export interface AskedRequest {
  readonly url: string;
  readonly host: string;
  readonly headers: RoutedRequest['headers'];
}

/** One request and what has been decided about it so far. */
export interface CorsExchange {
  readonly request: CorsRequest;
  readonly preflight: boolean;
  /** Those in force when the request arrived, whatever is reloaded meanwhile; absent before the app is initialized. */
  readonly policies: AppPolicies | undefined;
  /** The request target as the app's router sees it first: middleware and nested routers rewrite `req.url`. */
  url: string;
  /** What a preflight is answered, once its target is known. */
  outcome?: PreflightOutcome;
  /** The policy of the handler that runs, once a guard knows it. */
  policy?: CompiledPolicy;
  /** What a policy's resolver said of an actual request. */
  answers?: Map<CompiledPolicy, ResolverAnswer>;
  /** What to add to the response, once it is known. */
  response?: CorsResponse;
}

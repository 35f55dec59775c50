import type { IncomingMessage } from 'node:http';
import type { CompiledPolicy } from '../policy/compile.js';
import type { CorsResponse } from '../policy/cors-response.js';
import type { CorsControllerClass, CorsHandler } from '../policy/options.js';
import type { Refusal, ResolverAnswer } from '../protocol/decision.js';
import type { PreflightOutcome, Target, TargetMethod } from '../protocol/preflight.js';
import { corsRequestOf, isPreflight, type CorsRequest } from '../protocol/request.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import { isRoutable, type Candidates, type RoutedRequest } from '../routing/route-matcher.js';

/** A method that is routed at a preflight's path, with the policies of what may serve it. */
export interface ServedMethod extends TargetMethod {
  /** Whose policies they are; empty for what is not of a controller, `undefined` where nothing is known to serve it. */
  readonly routes: Candidates | undefined;
}

/** What serves a request, and its policy. */
export interface RequestTarget {
  /** Absent where no controller serves it. */
  readonly route: RouteRegistration | undefined;
  readonly policy: CompiledPolicy;
}

/** What serves a request that a resolver is asked about. */
export interface QuestionedServer {
  readonly controller: CorsControllerClass;
  readonly handler: CorsHandler;
}

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
  /** Whether `rejectDisallowed` is on for anything but controllers' routes. */
  readonly rejectsUnrouted: boolean;
  /** Whether any policy asks a resolver. */
  readonly asksResolvers: boolean;
  /** The policy of the handler that runs: no path is matched, unless it is not the function that was routed. */
  ofHandler(controller: unknown, handler: unknown, request: RoutedRequest): CompiledPolicy;
  /** The route that serves a request, and its policy: that of its path where no controller serves it. */
  ofRequest(request: RoutedRequest): RequestTarget;
  /** The handlers that may serve what a preflight announces. */
  ofPreflight(request: RoutedRequest, requestMethod: string, requestHeaders: string): Target<ServedMethod>;
  /** Asks a policy's resolver, and calls back: at once where it answers at once. */
  ask(question: ResolverQuestion, request: AskedRequest, done: (answer: ResolverAnswer) => void): void;
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
  /** The policy of the handler that runs, once a guard knows it. */
  policy: CompiledPolicy | undefined = undefined;
  /** What a policy's resolver said of an actual request. */
  answers: Map<CompiledPolicy, ResolverAnswer> | undefined = undefined;
  /** What to add to the response, once it is known. */
  response: CorsResponse | undefined = undefined;

  /**
   * @param raw Node's own request
   * @param policies those in force when it arrived, whatever is reloaded meanwhile; absent before the app is initialized
   */
  constructor(
    readonly raw: IncomingMessage,
    readonly policies: AppPolicies | undefined,
  ) {
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

/**
 * What is read of Fastify and of Nest's adapter for it beyond their public API, in one place.
 * `test/routing/nest-internals.spec.ts` fails when one of these moves.
 */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RoutedRequest } from '../../routing/route-matcher.js';

/** A constraint strategy of `find-my-way`. Its own `host` and `version` have no `deriveConstraint`. */
export interface FastifyConstraint {
  readonly name: string;
  readonly mustMatchWhenDerived?: boolean;
  storage(): ConstraintStorage;
  deriveConstraint?(request: RoutedRequest): unknown;
}

/** Which routes of one place a value selects, as a mask of their indexes. */
export interface ConstraintStorage {
  get(value: unknown): unknown;
  set(value: unknown, routes: number): void;
}

/** The part of a `find-my-way` router that is used. */
export interface FindMyWay {
  on(
    method: string,
    url: string,
    options: { readonly constraints: Readonly<Record<string, unknown>> },
    handler: () => void,
  ): void;
  find(
    method: string,
    url: string,
    constraints: Readonly<Record<string, unknown>>,
  ): { readonly params: Readonly<Record<string, string | undefined>> } | null;
  /** Not public: the strategies by name, the router's own `host` and `version` among them. */
  readonly constrainer?: { readonly strategies?: Readonly<Record<string, FastifyConstraint | undefined>> };
}

export type CreateFindMyWay = new (options: object) => FindMyWay;

/** The options Fastify made its router with. */
export interface FastifyRouterOptions {
  readonly useSemicolonDelimiter?: boolean;
  readonly ignoreDuplicateSlashes?: boolean;
  readonly constraints?: Readonly<Record<string, FastifyConstraint>>;
}

interface FastifyOptions {
  readonly routerOptions: FastifyRouterOptions;
  frameworkErrors?: FrameworkErrorHandler;
}

interface FrameworkError extends Error {
  readonly code: string;
  readonly statusCode: number;
}

type FrameworkErrorHandler = (
  error: FrameworkError,
  request: { readonly raw: IncomingMessage },
  reply: { readonly raw: ServerResponse },
) => unknown;

type RequestHook = (
  request: { readonly raw: IncomingMessage },
  reply: { readonly raw: ServerResponse },
  done: (error?: unknown) => void,
) => void;

/** What is read of Fastify's request. */
interface FastifyRequest extends RoutedRequest {
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
}

type RequestClass = new (
  id: string,
  params: object,
  raw: object,
  query: object,
  log: object,
  context: object,
) => FastifyRequest;

/** The options Fastify made its router with, the app's own constraint strategies included. */
export function fastifyRouterOptions(adapter: AbstractHttpAdapter): FastifyRouterOptions {
  return bySymbol<FastifyOptions>(adapter, 'fastify.options').routerOptions;
}

/**
 * The `find-my-way` that this app's Fastify loaded, of all that may be installed: the class of the router that
 * Fastify keeps for its 404 handlers.
 */
export function fastifyFindMyWay(adapter: AbstractHttpAdapter): CreateFindMyWay | undefined {
  const notFound = findBySymbol<{ readonly router?: object }>(adapter, 'fastify.404');
  return notFound?.router?.constructor as CreateFindMyWay | undefined;
}

/** The strategies that the app adds to the instance from now on: its plugins share the method. */
export function watchConstraintStrategies(adapter: AbstractHttpAdapter): readonly FastifyConstraint[] {
  const instance = adapter.getInstance<{ addConstraintStrategy(strategy: FastifyConstraint): void }>();
  const { addConstraintStrategy } = instance;
  const added: FastifyConstraint[] = [];
  instance.addConstraintStrategy = strategy => {
    addConstraintStrategy.call(instance, strategy);
    added.push(strategy);
  };
  return added;
}

/** The strategy by which Nest's adapter distinguishes versions. */
export function nestVersionStrategy(adapter: AbstractHttpAdapter): unknown {
  return (adapter as { versionConstraint?: unknown }).versionConstraint;
}

/**
 * Nest's adapter keeps what a version extractor throws while Fastify routes a request, and answers with it before any
 * middleware runs. A preflight is not that request: it has none of its headers.
 */
export function forgetVersionError(adapter: AbstractHttpAdapter, request: object): void {
  (adapter as { versionExtractorErrors?: WeakMap<object, unknown> }).versionExtractorErrors?.delete(request);
}

/** A request as Fastify presents it, by the app's trust in its proxy. */
export function fastifyRequestOf(adapter: AbstractHttpAdapter, raw: RoutedRequest): FastifyRequest {
  const Request = bySymbol<RequestClass>(adapter, 'fastify.Request');
  return new Request('', {}, raw, {}, {}, {});
}

/** The same for its host name; requests that nobody sent know theirs. */
export function fastifyHostname(adapter: AbstractHttpAdapter, raw: RoutedRequest & { hostname?: string }): string {
  return raw.hostname ?? fastifyRequestOf(adapter, raw).hostname;
}

interface FastifyHooks {
  readonly onRequest: RequestHook[];
}

/** Calls back with each request that Fastify routes, ahead of every hook: those of the adapter were added before. */
export function prependRequestHook(adapter: AbstractHttpAdapter, hook: RequestHook): void {
  bySymbol<FastifyHooks>(adapter, 'fastify.hooks').onRequest.unshift(hook);
}

/**
 * Calls back with each request that Fastify routes, behind the adapter's own hooks and ahead of every middleware. Not a
 * middleware: the first one of an app makes `@fastify/middie` present each request to middleware, which costs more than
 * the edge does.
 */
export function addRequestHook(adapter: AbstractHttpAdapter, hook: RequestHook): void {
  const { onRequest } = bySymbol<FastifyHooks>(adapter, 'fastify.hooks');
  const middie = onRequest.findIndex(({ name }) => name === 'runMiddie');
  // `NestFactory` has already registered middleware, `@nestjs/testing` has not. What was added before comes first.
  if (middie === -1)
    adapter.getInstance<{ addHook(name: string, hook: RequestHook): void }>().addHook('onRequest', hook);
  else onRequest.splice(middie, 0, hook);
}

/** Calls back with each request that Fastify refuses before any hook: malformed targets, over-long parameters. */
export function onFrameworkError(
  adapter: AbstractHttpAdapter,
  open: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const options = bySymbol<FastifyOptions>(adapter, 'fastify.options');
  const { frameworkErrors = answerAsFastify } = options;
  options.frameworkErrors = (error, request, reply) => {
    open(request.raw, reply.raw);
    return frameworkErrors(error, request, reply);
  };
}

/** What Fastify writes where nobody handles these errors. */
const answerAsFastify: FrameworkErrorHandler = ({ code, message, statusCode }, _request, { raw }) => {
  const body = JSON.stringify({ error: STATUS_CODES[statusCode], code, message, statusCode });
  raw.writeHead(statusCode, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  raw.end(body);
};

/** The servers other than `instance.server`, one for each further address that `listen()` was given. */
export function fastifyFurtherServers(adapter: AbstractHttpAdapter): readonly Server[] {
  return bySymbol<readonly Server[]>(adapter, 'fastify.serverBindings');
}

function bySymbol<T>(adapter: AbstractHttpAdapter, description: string): T {
  const value = findBySymbol<T>(adapter, description);
  if (value === undefined) throw new Error(`Fastify has no ${description}`);
  return value;
}

function findBySymbol<T>(adapter: AbstractHttpAdapter, description: string): T | undefined {
  const instance = adapter.getInstance<object>();
  const symbol = Object.getOwnPropertySymbols(instance).find(each => each.description === description);
  return symbol && (Reflect.get(instance, symbol) as T | undefined);
}

/** The constraints that `@RouteConstraints()` of `@nestjs/platform-fastify` gives a handler. */
export function routeConstraintsOf(handler: object): Readonly<Record<string, unknown>> | undefined {
  return Reflect.getMetadata('__fastify_route_constraints__', handler) as Readonly<Record<string, unknown>> | undefined;
}

type RouteHandler = (request: object, reply: object) => void;

export type ParamsFilter = (request: RoutedRequest, params: Readonly<Record<string, string | undefined>>) => boolean;

/**
 * Nest wraps each handler so that it answers 404 to an empty parameter, which `find-my-way` matches. The adapter's own
 * wrapper is called.
 *
 * @returns for the path of a route, its filter; `undefined` where every request passes
 */
export function createParamsFilter(adapter: AbstractHttpAdapter): (url: string) => ParamsFilter | undefined {
  // The adapter warns of parameters that are read otherwise than they look when the route is registered: once is enough.
  const quiet = Object.create(adapter, { logger: { value: { warn() {}, error() {}, log() {} } } }) as {
    requireNonEmptyParams?(url: string, handler: RouteHandler): RouteHandler;
  };
  let reached = false;
  const reach: RouteHandler = () => {
    reached = true;
  };
  return url => {
    const filter = quiet.requireNonEmptyParams?.(url, reach);
    // A path without parameters has no filter.
    if (filter === undefined || filter === reach) return undefined;
    return (raw, params) => {
      reached = false;
      filter.call(adapter, { raw, params }, { callNotFound() {} });
      return reached;
    };
  };
}

import { VersioningType, type VersioningOptions } from '@nestjs/common';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { onDemand } from '../on-demand/import.js';
import {
  fastifyHostname,
  fastifyRouterOptions,
  createParamsFilter,
  type FastifyConstraint,
} from './fastify-internals.js';
import { headIsGet, labelRoutes, type FastifyRoute } from './fastify-labels.js';
import { LastOf } from './last-of.js';
import { acceptsAll, type RouteRegistration } from './nest-internals.js';
import {
  byMethod,
  isRoutable,
  NO_METHODS,
  USUAL_METHODS,
  type Candidates,
  type RoutedMethods,
  type RoutedRequest,
  type RouteMatcher,
} from './route-matcher.js';
import { isNeutral, mayCarryVersion, requestWithoutVersion, versionsOf } from './versions.js';

type Params = Readonly<Record<string, string | undefined>>;

/** A route of the platform; `registration` is absent for one that is not of a controller. */
interface Target {
  readonly registration: RouteRegistration | undefined;
  /** The same as a list. */
  readonly routes: Candidates;
  /** Whether Nest's own filter lets the parameters through: it answers 404 to empty ones. */
  readonly acceptsParams: (request: RoutedRequest, params: Params) => boolean;
}

type Router = ReturnType<ReturnType<typeof onDemand.findMyWay>>;

/** Holds a version that a lookup is made for, in place of the one the request carries. */
const VERSION = Symbol('version');

type Lookup = RoutedRequest & { readonly [VERSION]?: unknown };

interface PreparedLookup {
  readonly request: Lookup;
  readonly constraints: unknown;
}

/**
 * Matches with Fastify's own router, `find-my-way`, over the routes that the app registered, with the app's options
 * and constraints. The most specific route serves a request, whatever the order.
 */
export class FastifyMatcher implements RouteMatcher {
  /** Every method that is looked for at a path, whatever is requested. */
  readonly #methods: readonly string[];
  /** Whether HEAD is nowhere routed otherwise than GET: then it is not looked up by itself. */
  readonly #headIsGet: boolean;
  readonly #versions: readonly unknown[];
  readonly #adapter: AbstractHttpAdapter;
  readonly #config: ApplicationConfig;
  /** What was found where these routes serve, method by method. */
  readonly #answers = new LastOf<Candidates, RoutedMethods>();
  readonly #makeRouter: () => Router;
  #made: Router | undefined;

  constructor(
    adapter: AbstractHttpAdapter,
    config: ApplicationConfig,
    registrations: readonly RouteRegistration[],
    registered: readonly FastifyRoute[],
  ) {
    this.#adapter = adapter;
    this.#config = config;
    // Plugins may go on registering.
    const routes = [...registered];
    const versioning = config.getVersioning();
    const versions = registrations.flatMap(each => (isNeutral(each) ? [] : versionsOf(each, versioning)));
    // A version-neutral route has no constraint: it serves every version that no other route does, such as this one.
    this.#versions = [...new Set(versions), Symbol('another version')];
    const labels = labelRoutes(routes, registrations);
    this.#methods = sortedMethods(routes.flatMap((route, index) => methodsToLook(route, labels[index])));
    this.#headIsGet = headIsGet(routes, labels);
    this.#makeRouter = () => createRouter(adapter, routes, labels, this.#headIsGet);
  }

  /** Made when the first path is matched: an app that answers no preflight, such as a test's, boots without it. */
  get #router(): Router {
    return (this.#made ??= this.#makeRouter());
  }

  pathOf({ url = '' }: RoutedRequest): string | undefined {
    if (!isRoutable(url)) return undefined;
    const { useSemicolonDelimiter, ignoreDuplicateSlashes } = fastifyRouterOptions(this.#adapter);
    try {
      // As the router prepares a target before it compares: without the query, decoded.
      const start = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + '://'.length);
      const { sanitizeUrlPath, removeDuplicateSlashes } = onDemand.findMyWay();
      const path = sanitizeUrlPath(start === -1 ? '/' : url.slice(start), useSemicolonDelimiter);
      return ignoreDuplicateSlashes === true ? removeDuplicateSlashes(path) : path;
    } catch {
      // Malformed: Fastify answers 400.
      return undefined;
    }
  }

  match(request: RoutedRequest): RouteRegistration | undefined {
    const { method = 'GET' } = request;
    return this.#find(this.#prepare(request), method === 'HEAD' && this.#headIsGet ? 'GET' : method)?.registration;
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods {
    const lookups = lookupsOf(request, requestHeaders, this.#config.getVersioning(), this.#versions);
    const prepared = lookups.map(lookup => this.#prepare(lookup));
    const methods = this.#methods.includes(requestedMethod)
      ? this.#methods
      : sortedMethods([...this.#methods, requestedMethod]);
    let ofGet: Candidates | undefined;
    const found = methods.map(method => {
      // GET comes before HEAD.
      const routes = method === 'HEAD' && this.#headIsGet ? ofGet : this.#routesOf(prepared, method);
      if (method === 'GET') ofGet = routes;
      return routes;
    });
    if (found.every(routes => routes === undefined)) return NO_METHODS;
    const collect = () => collectMethods(methods, found, requestedMethod);
    return USUAL_METHODS.includes(requestedMethod) && methods === this.#methods
      ? this.#answers.get(found, collect)
      : collect();
  }

  /** What serves one of these requests, each once; `undefined` where nothing does. */
  #routesOf(lookups: readonly PreparedLookup[], method: string): Candidates | undefined {
    const [first] = lookups;
    if (first !== undefined && lookups.length === 1) return this.#find(first, method)?.routes;
    const targets = lookups.map(lookup => this.#find(lookup, method)).filter(each => each !== undefined);
    return targets.length === 0 ? undefined : [...new Set(targets)].flatMap(({ routes }) => routes);
  }

  /** What is read of a request once, for all methods. */
  #prepare(request: Lookup): PreparedLookup {
    const { constrainer } = this.#router as unknown as { constrainer: Constrainer };
    return { request, constraints: isRoutable(request.url) ? constrainer.deriveConstraints(request) : undefined };
  }

  #find({ request, constraints }: PreparedLookup, method: string): Target | undefined {
    if (!isRoutable(request.url)) return undefined;
    const found = this.#router.find(method as never, request.url ?? '/', constraints as never);
    if (found === undefined || found === null) return undefined;
    const target = found.store as Target;
    const { registration } = target;
    if (!target.acceptsParams(request, found.params)) return undefined;
    if (registration === undefined || registration.acceptsHost === acceptsAll) return target;
    // On Fastify, Nest answers 404 to another host: no further route is tried.
    return registration.acceptsHost({ hostname: fastifyHostname(this.#adapter, request) }) ? target : undefined;
  }
}

/** A route for every method is said to serve the usual ones, and the one that is asked for. */
function methodsToLook({ method }: FastifyRoute, registration: RouteRegistration | undefined): readonly string[] {
  if (typeof method === 'string') return [method];
  return registration === undefined ? method : method.filter(each => USUAL_METHODS.includes(each));
}

/** @param found what serves each of the methods */
function collectMethods(
  methods: readonly string[],
  found: readonly (Candidates | undefined)[],
  requestedMethod: string,
): RoutedMethods {
  return methods.flatMap((method, index) => {
    const routes = found[index];
    if (routes === undefined) return [];
    // A route for every method is said to serve the usual ones, and the one that was asked for.
    const isSaid = method === requestedMethod || USUAL_METHODS.includes(method);
    return isSaid || routes.length === 0 || routes.some(({ verb }) => verb !== 'all') ? [{ method, routes }] : [];
  });
}

function sortedMethods(methods: readonly string[]): readonly string[] {
  return [...new Set(methods)].sort(byMethod);
}

/** The part of `find-my-way` that reads constraints off a request. */
interface Constrainer {
  deriveConstraints(request: object): unknown;
}

/**
 * @param labels the registration of each route, by its index
 * @param headIsGet whether HEAD is looked up as GET
 */
function createRouter(
  adapter: AbstractHttpAdapter,
  routes: readonly FastifyRoute[],
  labels: readonly (RouteRegistration | undefined)[],
  headIsGet: boolean,
): Router {
  const options = fastifyRouterOptions(adapter);
  const { version, ...constraints } = options.constraints ?? {};
  const router = onDemand.findMyWay()({
    ...options,
    constraints: { ...constraints, ...(version && { version: versionOf(version) }) },
    // A malformed target or an over-long parameter is answered by Fastify itself: no route serves it.
    defaultRoute: undefined,
    onBadUrl: undefined,
    onMaxParamLength: undefined,
  } as never);
  const paramsFilterOf = createParamsFilter(adapter);
  for (const [index, route] of routes.entries()) {
    const { method, url, constraints = {} } = route;
    if (headIsGet && method === 'HEAD') continue;
    const registration = labels[index];
    const acceptsParams = paramsFilterOf(url);
    const target: Target = { registration, routes: registration === undefined ? [] : [registration], acceptsParams };
    router.on(method as never, url, { constraints }, () => undefined, target);
  }
  return router;
}

/** Nest's own version constraint, or the version that a lookup is made for. */
function versionOf(strategy: FastifyConstraint): FastifyConstraint {
  return {
    name: strategy.name,
    storage: () => strategy.storage(),
    deriveConstraint: (request: Lookup) => (VERSION in request ? request[VERSION] : strategy.deriveConstraint(request)),
    mustMatchWhenDerived: false,
  };
}

/** The requests to look up for a preflight: as many as there are versions it may be meant for. See versions.ts. */
function lookupsOf(
  request: RoutedRequest,
  requestHeaders: string,
  versioning: VersioningOptions | undefined,
  versions: readonly unknown[],
): readonly Lookup[] {
  if (versioning === undefined || versioning.type === VersioningType.URI) return [request];
  if (!mayCarryVersion(requestHeaders, versioning)) return [requestWithoutVersion(request, versioning)];
  return versions.map(version => Object.create(request, { [VERSION]: { value: version } }) as Lookup);
}

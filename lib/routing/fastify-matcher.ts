import { VersioningType, type VersioningOptions } from '@nestjs/common';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { onDemand } from '../on-demand/import.js';
import {
  fastifyHostname,
  fastifyRouterOptions,
  paramsFilterOf,
  routeConstraintsOf,
  type FastifyConstraint,
} from './fastify-internals.js';
import { acceptsAll, type RouteRegistration } from './nest-internals.js';
import {
  byMethod,
  isRoutable,
  UnmatchedRouteError,
  USUAL_METHODS,
  type Candidates,
  type RoutedMethod,
  type RoutedMethods,
  type RoutedRequest,
  type RouteMatcher,
} from './route-matcher.js';
import { isNeutral, mayCarryVersion, requestWithoutVersion, versionsOf } from './versions.js';

/** A route as Fastify announces it to its `onRoute` hooks. */
export interface FastifyRoute {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly constraints?: Constraints;
}

type Constraints = Readonly<Record<string, unknown>>;

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
  readonly #router: Router;
  /** Every method that is routed anywhere. */
  readonly #methods: readonly string[];
  readonly #versions: readonly unknown[];
  readonly #adapter: AbstractHttpAdapter;
  readonly #config: ApplicationConfig;

  constructor(
    adapter: AbstractHttpAdapter,
    config: ApplicationConfig,
    registrations: readonly RouteRegistration[],
    routes: readonly FastifyRoute[],
  ) {
    this.#adapter = adapter;
    this.#config = config;
    this.#router = createRouter(adapter);
    this.#methods = sortedMethods(routes.flatMap(({ method }) => method));
    const versioning = config.getVersioning();
    const versions = registrations.flatMap(each => (isNeutral(each) ? [] : versionsOf(each, versioning)));
    // A version-neutral route has no constraint: it serves every version that no other route does, such as this one.
    this.#versions = [...new Set(versions), Symbol('another version')];
    const labels = label(routes, registrations);
    for (const route of routes) {
      const registration = labels.get(route);
      const acceptsParams = paramsFilterOf(adapter, route.url);
      const target: Target = { registration, routes: registration === undefined ? [] : [registration], acceptsParams };
      const { constraints = {} } = route;
      this.#router.on(route.method as never, route.url, { constraints }, () => undefined, target);
    }
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
    return this.#find(this.#prepare(request), request.method ?? 'GET')?.registration;
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods {
    const lookups = lookupsOf(request, requestHeaders, this.#config.getVersioning(), this.#versions);
    const prepared = lookups.map(lookup => this.#prepare(lookup));
    const found: RoutedMethod[] = [];
    const isKnown = this.#methods.includes(requestedMethod);
    for (const method of isKnown ? this.#methods : sortedMethods([...this.#methods, requestedMethod])) {
      const routes = this.#routesOf(prepared, method);
      if (routes === undefined) continue;
      // A route for every method is said to serve the usual ones, and the one that was asked for.
      const usual = method === requestedMethod || USUAL_METHODS.includes(method);
      if (usual || routes.length === 0 || routes.some(({ verb }) => verb !== 'all')) found.push({ method, routes });
    }
    return found;
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

function sortedMethods(methods: readonly string[]): readonly string[] {
  return [...new Set(methods)].sort(byMethod);
}

/** The part of `find-my-way` that reads constraints off a request. */
interface Constrainer {
  deriveConstraints(request: object): unknown;
}

function createRouter(adapter: AbstractHttpAdapter): Router {
  const options = fastifyRouterOptions(adapter);
  const { version, ...constraints } = options.constraints ?? {};
  return onDemand.findMyWay()({
    ...options,
    constraints: { ...constraints, ...(version && { version: versionOf(version) }) },
    // A malformed target or an over-long parameter is answered by Fastify itself: no route serves it.
    defaultRoute: undefined,
    onBadUrl: undefined,
    onMaxParamLength: undefined,
  } as never);
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

/** Tells which of Fastify's routes are whose: verb, path and constraints, the version among them, are unique there. */
function label(
  routes: readonly FastifyRoute[],
  registrations: readonly RouteRegistration[],
): ReadonlyMap<FastifyRoute, RouteRegistration> {
  const byTarget = new Map<string, RouteRegistration[]>();
  for (const registration of registrations) {
    const target = `${registration.verb} ${registration.path}`;
    byTarget.set(target, [...(byTarget.get(target) ?? []), registration]);
  }
  const labels = new Map<FastifyRoute, RouteRegistration>();
  const unlabelled: FastifyRoute[] = [];
  for (const route of routes) {
    const registration = verbsOf(route)
      .flatMap(verb => byTarget.get(`${verb} ${route.url}`) ?? [])
      .find(each => sameConstraints(constraintsOf(each), route.constraints ?? {}));
    if (registration === undefined) unlabelled.push(route);
    else labels.set(route, registration);
  }

  const found = new Set(labels.values());
  for (const registration of registrations) {
    if (found.has(registration)) continue;
    const { verb, path } = registration;
    // Nest may be told to drop the later of two equal routes.
    const twins = byTarget.get(`${verb} ${path}`) ?? [];
    const own = constraintsOf(registration);
    if (twins.some(twin => found.has(twin) && sameConstraints(constraintsOf(twin), own))) continue;
    // Nest 11 registers routes for every method without their constraints: they serve any version.
    const plain = unlabelled.find(route => verb === 'all' && isPlainAll(route) && route.url === path);
    if (plain === undefined) throw new UnmatchedRouteError(registration);
    labels.set(plain, registration);
    found.add(registration);
  }
  return labels;
}

/** The verbs that a route may have been registered with: Fastify adds a HEAD route to every GET route by itself. */
function verbsOf({ method }: FastifyRoute): readonly string[] {
  if (typeof method !== 'string') return ['all'];
  return method === 'HEAD' ? ['head', 'get'] : [method.toLowerCase()];
}

function isPlainAll({ method, constraints = {} }: FastifyRoute): boolean {
  return typeof method !== 'string' && Object.keys(constraints).length === 0;
}

/** The constraints that Nest gives a route: those of `@RouteConstraints()`, and its version. */
function constraintsOf(registration: RouteRegistration): Constraints {
  const { handler, version } = registration;
  return { ...routeConstraintsOf(handler), ...(!isNeutral(registration) && { version }) };
}

/**
 * Nest hands the values on as they are, a RegExp among them: the same values are the same constraints. Versions may be
 * lists of their own with the same entries.
 */
function sameConstraints(one: Constraints, other: Constraints): boolean {
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(key => (key === 'version' ? sameVersions(one[key], other[key]) : one[key] === other[key]));
}

function sameVersions(one: unknown, other: unknown): boolean {
  const [versions, others] = [[one].flat(), [other].flat()];
  return versions.length === others.length && versions.every((version, index) => version === others[index]);
}

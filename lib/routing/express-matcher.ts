import type { ApplicationConfig } from '@nestjs/core';
import { METHODS, type IncomingMessage } from 'node:http';
import parseUrl from 'parseurl';
import { PATH_METADATA, type RouteRegistration } from './nest-internals.js';
import {
  byMethod,
  isRoutable,
  servedMethods,
  UnmatchedRouteError,
  USUAL_METHODS,
  type RoutedMethods,
  type RoutedRequest,
  type RouteMatcher,
} from './route-matcher.js';
import { accepts, preflightSelector, type Selection } from './versions.js';

/** What is read of Express's router (the `router` package): its stack of layers, and how a layer matches a path. */
export interface ExpressRouter {
  readonly stack: readonly ExpressLayer[];
}

interface ExpressLayer {
  readonly name: string;
  readonly route?: {
    readonly path: unknown;
    readonly methods: Readonly<Record<string, boolean | undefined>>;
    readonly stack: readonly { readonly handle: object }[];
  };
  match(path: string): unknown;
}

/** A route of the platform; `registration` is absent for one that is not of a controller. */
interface ExpressRoute {
  readonly layer: ExpressLayer;
  readonly methods: ReadonlySet<string>;
  readonly all: boolean;
  /** The methods it is known for. */
  readonly known: readonly string[];
  readonly registration: RouteRegistration | undefined;
}

/** What was found for one method of a preflight's path. */
interface Found {
  readonly method: string;
  readonly routes: RouteRegistration[];
  /** The versions that these routes serve; `true`: all of them. */
  versions: Set<unknown> | true;
}

/** The routes of a router that had so many layers. */
interface KnownRoutes {
  readonly layers: number;
  readonly routes: readonly ExpressRoute[];
}

/**
 * Matches with the app's own router: its compiled layers, in its order, with its settings. Express tries layers one
 * after another, so that the first one that fits a path and a method serves it.
 */
export class ExpressMatcher implements RouteMatcher {
  #known: KnownRoutes;

  /** @param servesNothing whether a layer is no route, though it is registered as one */
  constructor(
    private readonly router: ExpressRouter,
    private readonly config: ApplicationConfig,
    private readonly registrations: readonly RouteRegistration[],
    private readonly servesNothing: (layer: object) => boolean,
  ) {
    this.#known = this.#look();
  }

  pathOf(request: RoutedRequest): string | undefined {
    if (!isRoutable(request.url)) return undefined;
    try {
      // The router's own reading of the target, which it keeps on the request: absolute-form, queries. Escapes are
      // compared as they are.
      return parseUrl(request as IncomingMessage)?.pathname ?? undefined;
    } catch {
      // An authority that cannot be read: Express answers 400.
      return undefined;
    }
  }

  match(request: RoutedRequest): RouteRegistration | undefined {
    const method = request.method ?? 'GET';
    let found: RouteRegistration | undefined;
    this.#eachMatching(request, route => {
      const isIt = serves(route, method) && (route.registration === undefined || accepts(route.registration, request));
      if (isIt) found = route.registration;
      return isIt;
    });
    return found;
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods {
    const select = preflightSelector(request, requestHeaders, this.config.getVersioning());
    const found: Found[] = [];
    this.#eachMatching(request, route => {
      const { registration } = route;
      const selection: Selection = registration === undefined || select(registration);
      if (selection === false) return false;
      for (const method of methodsOf(route, requestedMethod)) {
        let known = found.find(each => each.method === method);
        if (known === undefined) found.push((known = { method, routes: [], versions: new Set() }));
        const { versions } = known;
        if (versions === true || (selection !== true && selection.every(version => versions.has(version)))) continue;
        known.versions = selection === true || new Set([...versions, ...selection]);
        if (registration !== undefined) known.routes.push(registration);
      }
      return false;
    });
    return found.sort((one, other) => byMethod(one.method, other.method));
  }

  /** Other modules go on registering while they are initialized: static files, GraphQL. */
  get #routes(): readonly ExpressRoute[] {
    if (this.#known.layers !== this.router.stack.length) this.#known = this.#look();
    return this.#known.routes;
  }

  #look(): KnownRoutes {
    const { stack } = this.router;
    const layers = stack.filter(layer => !this.servesNothing(layer));
    return { layers: stack.length, routes: label(layers, this.registrations) };
  }

  /**
   * The routes whose path matches, in order.
   *
   * @param visit whether that was the last one to visit
   */
  #eachMatching(request: RoutedRequest, visit: (route: ExpressRoute) => boolean): void {
    const path = this.pathOf(request);
    if (path === undefined) return;
    for (const route of this.#routes) {
      try {
        if (!route.layer.match(path)) continue;
      } catch {
        // A parameter that cannot be decoded: Express answers 400 and tries no further route.
        return;
      }
      if (visit(route)) return;
    }
  }
}

/** Tells which of Express's routes are whose: Nest registers them under the same verb and path, in the same order. */
function label(stack: readonly ExpressLayer[], registrations: readonly RouteRegistration[]): readonly ExpressRoute[] {
  const waiting = new Map<string, RouteRegistration[]>();
  for (const registration of registrations) {
    const key = `${registration.verb} ${registration.path}`;
    waiting.set(key, [...(waiting.get(key) ?? []), registration]);
  }
  const expected = new Map([...waiting].map(([key, list]) => [key, list.length]));
  const routes = stack.flatMap(layer => (layer.route === undefined ? [] : describe(layer, layer.route)));
  const counts = new Map<string, number>();
  for (const { key } of routes) counts.set(key, (counts.get(key) ?? 0) + 1);
  const labelled = routes.map(({ key, ...route }): ExpressRoute => {
    const own = waiting.get(key);
    // An instrumented platform may wrap callbacks: where there are as many routes as Nest registered, they are Nest's.
    const isNests = counts.get(key) === expected.get(key) || isNestRoute(route.layer);
    return { ...route, registration: isNests ? own?.shift() : undefined };
  });
  for (const [unmatched] of waiting.values()) {
    if (unmatched !== undefined) throw new UnmatchedRouteError(unmatched);
  }
  return labelled;
}

function describe(layer: ExpressLayer, { path, methods: marks }: NonNullable<ExpressLayer['route']>) {
  const verbs = Object.keys(marks);
  // `router.all()` marks the route; `app.all()` registers it under every method that Node knows.
  const all = marks['_all'] === true || verbs.length >= METHODS.length;
  const key = `${all ? 'all' : verbs.join()} ${String(path)}`;
  const methods = verbs.map(verb => verb.toUpperCase());
  const known = all ? USUAL_METHODS : [...new Set(methods.flatMap(servedMethods))];
  return { key, layer, all, methods: new Set(methods), known };
}

/** Nest copies a handler's metadata to the callback it registers; a raw route has none. */
function isNestRoute({ route }: ExpressLayer): boolean {
  return route?.stack.some(({ handle }) => Reflect.hasMetadata(PATH_METADATA, handle)) === true;
}

/** Express serves HEAD by a GET route. */
function serves({ all, methods }: ExpressRoute, method: string): boolean {
  return all || methods.has(method) || (method === 'HEAD' && methods.has('GET'));
}

/** The methods a route serves: those a route for every method is known for, and the one that was asked for. */
function methodsOf({ all, known }: ExpressRoute, requestedMethod: string): readonly string[] {
  return all && !known.includes(requestedMethod) ? [...known, requestedMethod] : known;
}

import type { ApplicationConfig } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import parseUrl from 'parseurl';
import { isAll, isRouteLayer, labelLayers, type ExpressRouter, type RouteLayer } from './express-labels.js';
import { LastOf } from './last-of.js';
import type { RouteRegistration } from './nest-internals.js';
import {
  byMethod,
  isRoutable,
  NO_METHODS,
  servedMethods,
  USUAL_METHODS,
  type RoutedMethods,
  type RoutedRequest,
  type RouteMatcher,
} from './route-matcher.js';
import { accepts, preflightSelector, type Selection } from './versions.js';

/** What a layer serves. */
interface Service {
  readonly methods: ReadonlySet<string>;
  readonly all: boolean;
  /** The methods it is known for. */
  readonly known: readonly string[];
}

/** What was found for one method of a preflight's path. */
interface Found {
  readonly method: string;
  readonly routes: RouteRegistration[];
  /** The versions that these routes serve; `true`: all of them. */
  versions: Set<unknown> | true;
}

/** The routes of a router, when its stack was so long. */
interface KnownRoutes {
  readonly length: number;
  readonly layers: readonly RouteLayer[];
  /** Of each layer, by its index; absent for one that is not of a controller. */
  readonly registrations: readonly (RouteRegistration | undefined)[];
  /** The same for what layers serve, as far as it was asked for. */
  readonly services: (Service | undefined)[];
  /** What was found where these layers match, by their indexes. */
  readonly answers: LastOf<number, RoutedMethods>;
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
    this.#eachMatching(request, ({ registrations }, index, service) => {
      const registration = registrations[index];
      const isIt = serves(service, method) && (registration === undefined || accepts(registration, request));
      if (isIt) found = registration;
      return isIt;
    });
    return found;
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods {
    const select = preflightSelector(request, requestHeaders, this.config.getVersioning());
    const matching: number[] = [];
    const selections: Exclude<Selection, false>[] = [];
    // Whether the same layers are found for the same methods whatever else a request holds.
    let isUsual = USUAL_METHODS.includes(requestedMethod);
    this.#eachMatching(request, ({ registrations }, index) => {
      const registration = registrations[index];
      const selection: Selection = registration === undefined || select(registration);
      if (selection === false) return false;
      matching.push(index);
      selections.push(selection);
      isUsual &&= selection === true;
      return false;
    });
    if (matching.length === 0) return NO_METHODS;
    const known = this.#known;
    const collect = () => collectMethods(known, matching, selections, requestedMethod);
    return isUsual ? known.answers.get(matching, collect) : collect();
  }

  /** Other modules go on registering while they are initialized: static files, GraphQL. */
  get #routes(): KnownRoutes {
    if (this.#known.length !== this.router.stack.length) this.#known = this.#look();
    return this.#known;
  }

  #look(): KnownRoutes {
    const { stack } = this.router;
    const layers = stack.filter(isRouteLayer).filter(layer => !this.servesNothing(layer));
    const registrations = labelLayers(layers, this.registrations);
    return { length: stack.length, layers, registrations, services: [], answers: new LastOf() };
  }

  /**
   * The routes whose path matches, in order.
   *
   * @param visit whether that was the last one to visit
   */
  #eachMatching(request: RoutedRequest, visit: (known: KnownRoutes, index: number, service: Service) => boolean): void {
    const path = this.pathOf(request);
    if (path === undefined) return;
    const known = this.#routes;
    const { layers, services } = known;
    for (let index = 0; index < layers.length; index++) {
      const layer = layers[index] as RouteLayer;
      try {
        if (!layer.match(path)) continue;
      } catch {
        // A parameter that cannot be decoded: Express answers 400 and tries no further route.
        return;
      }
      const service = (services[index] ??= serviceOf(layer));
      if (visit(known, index, service)) return;
    }
  }
}

/** What these layers serve, by methods: the routes that select requests in ways that none before them does. */
function collectMethods(
  { registrations, services }: KnownRoutes,
  matching: readonly number[],
  selections: readonly Exclude<Selection, false>[],
  requestedMethod: string,
): RoutedMethods {
  const found: Found[] = [];
  for (const [order, index] of matching.entries()) {
    const registration = registrations[index];
    const selection = selections[order] as Exclude<Selection, false>;
    for (const method of methodsOf(services[index] as Service, requestedMethod)) {
      let known = found.find(each => each.method === method);
      if (known === undefined) found.push((known = { method, routes: [], versions: new Set() }));
      const { versions } = known;
      if (versions === true || (selection !== true && selection.every(version => versions.has(version)))) continue;
      known.versions = selection === true || new Set([...versions, ...selection]);
      if (registration !== undefined) known.routes.push(registration);
    }
  }
  return found.sort((one, other) => byMethod(one.method, other.method));
}

function serviceOf({ route: { methods: marks } }: RouteLayer): Service {
  const verbs = Object.keys(marks);
  const all = isAll(marks, verbs);
  const methods = verbs.map(verb => verb.toUpperCase());
  return { all, methods: new Set(methods), known: all ? USUAL_METHODS : [...new Set(methods.flatMap(servedMethods))] };
}

/** Express serves HEAD by a GET route. */
function serves({ all, methods }: Service, method: string): boolean {
  return all || methods.has(method) || (method === 'HEAD' && methods.has('GET'));
}

/** The methods a route serves: those a route for every method is known for, and the one that was asked for. */
function methodsOf({ all, known }: Service, requestedMethod: string): readonly string[] {
  return all && !known.includes(requestedMethod) ? [...known, requestedMethod] : known;
}

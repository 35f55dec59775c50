import type { ApplicationConfig } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import parseUrl from 'parseurl';
import { candidatesAmong, type Selected } from './chains.js';
import {
  isAll,
  isRouteLayer,
  ownersOfLayers,
  type ExpressRoute,
  type ExpressRouter,
  type RouteLayer,
} from './owners.js';
import { takesNext } from '../../routing/nest-internals.js';
import { type Route } from '../../routing/route.js';
import {
  isRoutable,
  NO_CANDIDATES,
  type Candidates,
  type MatchedMethods,
  type PreflightMatch,
  type RoutedRequest,
  type RouteMatcher,
} from '../../routing/route-matcher.js';
import { byMethod, servedMethods, USUAL_METHODS } from '../../routing/methods.js';
import {
  accepts,
  isVersionPresent,
  preflightSelector,
  rivalSelector,
  versionHeadersOf,
  type PreflightSelector,
  type Selection,
} from '../../routing/versions.js';

/** What a layer serves. */
interface Service {
  readonly methods: ReadonlySet<string>;
  readonly all: boolean;
  /** The methods it is known for. */
  readonly known: readonly string[];
  /** Whether it may leave a request to the layers behind it (`next()`). */
  readonly passesOn: boolean;
}

/** The routes of a router, when its stack was so long. */
interface KnownRoutes {
  readonly length: number;
  readonly layers: readonly RouteLayer[];
  /** Of each layer, by its index; absent for one that is not of a controller. */
  readonly owners: readonly (Route | undefined)[];
  /** What each layer serves, once it is needed. */
  readonly services: (Service | undefined)[];
  /** Of each layer, the first one with the same path: they match alike. `undefined` where no other has it. */
  readonly samePaths: readonly (number | undefined)[];
}

/** In a key: whether a preflight names its version. */
const OF_ONE_VERSION = 'one version';
const OF_ANY_VERSION = 'any version';

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
    private readonly routes: readonly Route[],
    private readonly servesNothing: (layer: object) => boolean,
  ) {
    this.#known = this.#look();
  }

  match(request: RoutedRequest, isEarly = false): Candidates {
    if (isEarly && !isVersionPresent(request, this.config.getVersioning())) return this.rivals(request);
    const method = request.method ?? 'GET';
    const chain: (Route | undefined)[] = [];
    this.#eachMatching(request, ({ owners }, index, service) => {
      const owner = owners[index];
      if (!serves(service, method) || !(owner === undefined || accepts(owner, request))) return false;
      chain.push(owner);
      return !service.passesOn;
    });
    return chain.length === 0 ? NO_CANDIDATES : [chain];
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): PreflightMatch | undefined {
    const select = preflightSelector(request, requestedMethod, requestHeaders, this.config.getVersioning());
    const matching = this.#select(request, select);
    if (matching.length === 0) return undefined;
    const known = this.#known;
    // The versions of a layer are its route's: the same layers always serve the same.
    const mode = matching.every(({ selection }) => selection === true) ? OF_ONE_VERSION : OF_ANY_VERSION;
    const isUsual = USUAL_METHODS.includes(requestedMethod);
    return {
      // With `known`: a layer that went on registering methods serves something else.
      key: isUsual ? [...matching.map(({ index }) => known.layers[index]), mode, known] : undefined,
      methods: () => collectMethods(known, matching, requestedMethod),
    };
  }

  rivals(request: RoutedRequest): Candidates {
    const { method = 'GET' } = request;
    const matching = this.#select(request, rivalSelector(request, this.config.getVersioning()));
    return candidatesOf(
      this.#known,
      matching.filter(({ index }) => serves(this.#known.services[index] as Service, method)),
    );
  }

  rawPaths(request: RoutedRequest): readonly string[] {
    const paths: string[] = [];
    this.#eachMatching(request, ({ layers, owners }, index) => {
      const path = layers[index]?.route.path;
      if (owners[index] === undefined && typeof path === 'string') paths.push(path);
      return false;
    });
    return paths;
  }

  selectingHeaders(request: RoutedRequest): readonly string[] {
    return versionHeadersOf(request, this.config.getVersioning());
  }

  #select(request: RoutedRequest, select: PreflightSelector): readonly Selected[] {
    const matching: Selected[] = [];
    this.#eachMatching(request, ({ owners }, index) => {
      const owner = owners[index];
      const selection: Selection = owner === undefined || select(owner);
      if (selection !== false) matching.push({ index, selection });
      return false;
    });
    return matching;
  }

  #pathOf(request: RoutedRequest): string | undefined {
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

  /** Other modules go on registering while they are initialized: static files, GraphQL. */
  get #routes(): KnownRoutes {
    if (this.#known.length !== this.router.stack.length) this.#known = this.#look();
    return this.#known;
  }

  #look(): KnownRoutes {
    const { stack } = this.router;
    const layers = stack.filter(isRouteLayer).filter(layer => !this.servesNothing(layer));
    const owners = ownersOfLayers(layers, this.routes);
    return {
      length: stack.length,
      layers,
      owners,
      services: [],
      samePaths: samePathsOf(layers),
    };
  }

  /**
   * The routes whose path matches, in order.
   *
   * @param visit whether that was the last one to visit
   */
  #eachMatching(request: RoutedRequest, visit: (known: KnownRoutes, index: number, service: Service) => boolean): void {
    const path = this.#pathOf(request);
    if (path === undefined) return;
    const known = this.#routes;
    const { layers, services, samePaths } = known;
    // Versions and methods of one path are many layers: a long path is read once for all of them.
    const matched = new Map<number, boolean>();
    for (let index = 0; index < layers.length; index++) {
      const layer = layers[index] as RouteLayer;
      const samePath = samePaths[index];
      try {
        const isMatching = (samePath === undefined ? undefined : matched.get(samePath)) ?? layer.match(path) !== false;
        if (samePath !== undefined) matched.set(samePath, isMatching);
        if (!isMatching) continue;
      } catch {
        // A parameter that cannot be decoded: Express answers 400 and tries no further route.
        return;
      }
      const service = (services[index] ??= serviceOf(layer, known.owners[index]));
      if (visit(known, index, service)) return;
    }
  }
}

function samePathsOf(layers: readonly RouteLayer[]): readonly (number | undefined)[] {
  const byPath = new Map<string, number[]>();
  for (const [index, { route }] of layers.entries()) {
    // A list of paths or a RegExp is nobody else's.
    if (typeof route.path !== 'string') continue;
    const samePaths = byPath.get(route.path);
    if (samePaths === undefined) byPath.set(route.path, [index]);
    else samePaths.push(index);
  }
  const firstOf = new Array<number | undefined>(layers.length).fill(undefined);
  for (const samePaths of byPath.values()) {
    if (samePaths.length > 1) for (const index of samePaths) firstOf[index] = samePaths[0];
  }
  return firstOf;
}

/** What these layers serve, by methods. */
function collectMethods(known: KnownRoutes, matching: readonly Selected[], requestedMethod: string): MatchedMethods {
  const byMethods = new Map<string, Selected[]>();
  for (const selected of matching) {
    for (const method of methodsOf(known.services[selected.index] as Service, requestedMethod)) {
      const ofMethod = byMethods.get(method);
      if (ofMethod === undefined) byMethods.set(method, [selected]);
      else ofMethod.push(selected);
    }
  }
  return [...byMethods]
    .sort(([one], [other]) => byMethod(one, other))
    .map(([method, ofMethod]) => ({ method, candidates: candidatesOf(known, ofMethod) }));
}

function candidatesOf({ owners, services }: KnownRoutes, matching: readonly Selected[]): Candidates {
  return candidatesAmong(matching, owners, index => services[index]?.passesOn === true);
}

function serviceOf({ route }: RouteLayer, owner: Route | undefined): Service {
  const { methods: marks, stack } = route;
  const verbs = Object.keys(marks);
  const all = isAll(marks, verbs);
  const methods = verbs.map(verb => verb.toUpperCase());
  return {
    all,
    methods: new Set(methods),
    known: all ? USUAL_METHODS : [...new Set(methods.flatMap(servedMethods))],
    // Those ahead of the last one, such as body parsers, call `next()` for the last one.
    passesOn: owner === undefined ? stack.slice(-1).some(mayCallNext) : takesNext(owner),
  };
}

/** Express calls what takes one or two parameters without a third: `next`. What takes none may read its `arguments`. */
function mayCallNext({ handle }: ExpressRoute['stack'][number]): boolean {
  return handle.length !== 1 && handle.length !== 2;
}

/** Express serves HEAD by a GET route. */
function serves({ all, methods }: Service, method: string): boolean {
  return all || methods.has(method) || (method === 'HEAD' && methods.has('GET'));
}

/** The methods that a route serves: those a route for every method is known for, and the announced one. */
function methodsOf({ all, known }: Service, requestedMethod: string): readonly string[] {
  return all && !known.includes(requestedMethod) ? [...known, requestedMethod] : known;
}

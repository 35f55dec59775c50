import type { ApplicationConfig } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import parseUrl from 'parseurl';
import { isAll, isRouteLayer, labelLayers, type ExpressRoute, type ExpressRouter, type RouteLayer } from './owners.js';
import { LastOf } from '../../routing/last-of.js';
import { takesNext, type RouteRegistration } from '../../routing/nest-internals.js';
import {
  byMethod,
  isRoutable,
  NO_CANDIDATES,
  NO_METHODS,
  servedMethods,
  USUAL_METHODS,
  type Candidates,
  type RoutedMethods,
  type RoutedRequest,
  type RouteMatcher,
} from '../../routing/route-matcher.js';
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

/** A layer that a preflight may be about, by its index, and for which versions it is. */
interface Selected {
  readonly index: number;
  readonly selection: Exclude<Selection, false>;
}

/** The routes of a router, when its stack was so long. */
interface KnownRoutes {
  readonly length: number;
  readonly layers: readonly RouteLayer[];
  /** Of each layer, by its index; absent for one that is not of a controller. */
  readonly registrations: readonly (RouteRegistration | undefined)[];
  /** The same for what layers serve, as far as it was asked for. */
  readonly services: (Service | undefined)[];
  /** Of each layer, the first one with the same path: they match alike. `undefined` where no other has it. */
  readonly twins: readonly (number | undefined)[];
  /** What was found where these layers match, by their indexes. */
  readonly answers: LastOf<number, RoutedMethods>;
}

/** In place of an index: whether a preflight names its version. */
const OF_ONE_VERSION = -1;
const OF_ANY_VERSION = -2;

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

  match(request: RoutedRequest, isEarly = false): Candidates {
    if (isEarly && !isVersionPresent(request, this.config.getVersioning())) return this.rivals(request);
    const method = request.method ?? 'GET';
    const chain: (RouteRegistration | undefined)[] = [];
    this.#eachMatching(request, ({ registrations }, index, service) => {
      const registration = registrations[index];
      if (!serves(service, method) || !(registration === undefined || accepts(registration, request))) return false;
      chain.push(registration);
      return !service.passesOn;
    });
    return chain.length === 0 ? NO_CANDIDATES : [chain];
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): RoutedMethods {
    const select = preflightSelector(request, requestedMethod, requestHeaders, this.config.getVersioning());
    const matching = this.#select(request, select);
    if (matching.length === 0) return NO_METHODS;
    const known = this.#known;
    const collect = () => collectMethods(known, matching, requestedMethod);
    // The versions of a layer are its route's: the same layers serve the same, whatever else a request holds.
    const mode = matching.every(({ selection }) => selection === true) ? OF_ONE_VERSION : OF_ANY_VERSION;
    const parts = [...matching.map(({ index }) => index), mode];
    return USUAL_METHODS.includes(requestedMethod) ? known.answers.get(parts, collect) : collect();
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
    this.#eachMatching(request, ({ layers, registrations }, index) => {
      const path = layers[index]?.route.path;
      if (registrations[index] === undefined && typeof path === 'string') paths.push(path);
      return false;
    });
    return paths;
  }

  selectingHeaders(request: RoutedRequest): readonly string[] {
    return versionHeadersOf(request, this.config.getVersioning());
  }

  #select(request: RoutedRequest, select: PreflightSelector): readonly Selected[] {
    const matching: Selected[] = [];
    this.#eachMatching(request, ({ registrations }, index) => {
      const registration = registrations[index];
      const selection: Selection = registration === undefined || select(registration);
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
    const registrations = labelLayers(layers, this.registrations);
    return {
      length: stack.length,
      layers,
      registrations,
      services: [],
      twins: twinsOf(layers),
      answers: new LastOf(),
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
    const { layers, services, twins } = known;
    // Versions and methods of one path are many layers: a long path is read once for all of them.
    const matched = new Map<number, boolean>();
    for (let index = 0; index < layers.length; index++) {
      const layer = layers[index] as RouteLayer;
      const twin = twins[index];
      try {
        const isMatching = (twin === undefined ? undefined : matched.get(twin)) ?? layer.match(path) !== false;
        if (twin !== undefined) matched.set(twin, isMatching);
        if (!isMatching) continue;
      } catch {
        // A parameter that cannot be decoded: Express answers 400 and tries no further route.
        return;
      }
      const service = (services[index] ??= serviceOf(layer, known.registrations[index]));
      if (visit(known, index, service)) return;
    }
  }
}

function twinsOf(layers: readonly RouteLayer[]): readonly (number | undefined)[] {
  const byPath = new Map<string, number[]>();
  for (const [index, { route }] of layers.entries()) {
    // A list of paths or a RegExp is nobody else's.
    if (typeof route.path !== 'string') continue;
    const twins = byPath.get(route.path);
    if (twins === undefined) byPath.set(route.path, [index]);
    else twins.push(index);
  }
  const twinOf = new Array<number | undefined>(layers.length).fill(undefined);
  for (const twins of byPath.values()) {
    if (twins.length > 1) for (const index of twins) twinOf[index] = twins[0];
  }
  return twinOf;
}

/** What these layers serve, by methods. */
function collectMethods(known: KnownRoutes, matching: readonly Selected[], requestedMethod: string): RoutedMethods {
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

/** Who may serve one method, in the order of the layers that would be tried first. */
function candidatesOf({ registrations, services }: KnownRoutes, matching: readonly Selected[]): Candidates {
  const passesOn = (index: number) => services[index]?.passesOn === true;
  const chains = matching.some(({ index }) => passesOn(index))
    ? chainsThrough(matching, passesOn)
    : firstOfVersions(matching).map(index => [index]);
  return chains.map(chain => chain.map(index => registrations[index]));
}

/** The layers that serve some version that none before them does. */
function firstOfVersions(matching: readonly Selected[]): readonly number[] {
  const known = new Set<unknown>();
  const found: number[] = [];
  for (const { index, selection } of matching) {
    if (selection === true) return [...found, index];
    if (selection.every(version => known.has(version))) continue;
    for (const version of selection) known.add(version);
    found.push(index);
  }
  return found;
}

/** For each version, the layers that a request of it passes through, up to the first that passes nothing on. */
function chainsThrough(
  matching: readonly Selected[],
  passesOn: (index: number) => boolean,
): readonly (readonly number[])[] {
  const chainOf = (isSelected: (selection: Selected['selection']) => boolean): readonly number[] => {
    const selected = matching.filter(({ selection }) => isSelected(selection)).map(({ index }) => index);
    const last = selected.findIndex(index => !passesOn(index));
    return last === -1 ? selected : selected.slice(0, last + 1);
  };
  const versions = new Set(matching.flatMap(({ selection }) => (selection === true ? [] : selection)));
  const all = [
    ...[...versions].map(version => chainOf(selection => selection === true || selection.includes(version))),
    // Of a request with another version.
    chainOf(selection => selection === true),
  ];
  const chains = new Map(all.map(chain => [chain.join(), chain]));
  // Where one ends in a 404 and others go on, those say what may be reached.
  for (const chain of all) {
    for (let length = 0; length < chain.length; length++) chains.delete(chain.slice(0, length).join());
  }
  return [...chains.values()].sort(([one = 0], [other = 0]) => one - other);
}

function serviceOf({ route }: RouteLayer, registration: RouteRegistration | undefined): Service {
  const { methods: marks, stack } = route;
  const verbs = Object.keys(marks);
  const all = isAll(marks, verbs);
  const methods = verbs.map(verb => verb.toUpperCase());
  return {
    all,
    methods: new Set(methods),
    known: all ? USUAL_METHODS : [...new Set(methods.flatMap(servedMethods))],
    // Those ahead of the last one, such as body parsers, call `next()` for the last one.
    passesOn: registration === undefined ? stack.slice(-1).some(mayCallNext) : takesNext(registration),
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

/** The methods a route serves: those a route for every method is known for, and the one that was asked for. */
function methodsOf({ all, known }: Service, requestedMethod: string): readonly string[] {
  return all && !known.includes(requestedMethod) ? [...known, requestedMethod] : known;
}

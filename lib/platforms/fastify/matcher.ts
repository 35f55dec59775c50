import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { onDemand } from '../../lazy/import.js';
import {
  createParamsFilter,
  fastifyFindMyWay,
  fastifyHostname,
  fastifyRouterOptions,
  nestVersionStrategy,
  type CreateFindMyWay,
  type FastifyConstraint,
  type ParamsFilter,
} from './internals.js';
import { ownersOfRoutes, type FastifyRoute } from './owners.js';
import { MethodSelection, type Masks } from './selection.js';
import {
  ALL_HEADERS,
  customStrategy,
  nestVersions,
  ownStrategy,
  unreadableStrategy,
  type Derived,
  type Strategy,
} from './strategies.js';
import { RouteTree, type Place, type TreeRoute } from './tree.js';
import { LastOf } from '../../routing/last-of.js';
import { acceptsAll, type Route } from '../../routing/route.js';
import {
  isRoutable,
  NO_CANDIDATES,
  type Candidates,
  type Chain,
  type MatchedMethods,
  type PreflightMatch,
  type RoutedRequest,
  type RouteMatcher,
} from '../../routing/route-matcher.js';
import { byMethod, USUAL_METHODS } from '../../routing/methods.js';

/** The router of an app, and what distinguishes its routes. */
interface Routing {
  readonly tree: RouteTree;
  /** Every method that a preflight's answer may list. */
  readonly methods: readonly string[];
  /** Those that some route has, and those that rule out routes without a value of theirs. */
  readonly strategies: readonly Strategy[];
}

/** The places that a path leads to, the most specific first. */
interface Junction {
  readonly places: readonly Place[];
  /** For each method that a preflight's answer may list, in order. */
  readonly selections: readonly MethodSelection[];
  /** Nest's own filters of the routes. */
  readonly filters: readonly Filter[];
}

/** In a key, in place of masks. */
const UNKNOWN = '?';

const NONE_REFUSED: readonly boolean[] = [];

/** Routes that Nest filters by the same parameters and host. */
interface Filter {
  readonly method: string;
  readonly routes: TreeRoute[];
}

/**
 * Matches with Fastify's own router, `find-my-way`, over the routes that the app registered, with the app's options
 * and constraints. The most specific route serves a request, in any order of registration.
 *
 * Nothing here is kept for a request: every cache is keyed by what was registered.
 */
export class FastifyMatcher implements RouteMatcher {
  readonly #junctions = new LastOf<Place, Junction>();
  readonly #numbers = new Map<Place, number>();
  readonly #makeRouting: () => Routing;
  #made: Routing | undefined;

  /** @param added the strategies that the app added to the instance */
  constructor(
    private readonly adapter: AbstractHttpAdapter,
    config: ApplicationConfig,
    nestRoutes: readonly Route[],
    registered: readonly FastifyRoute[],
    added: readonly FastifyConstraint[],
  ) {
    // Plugins may go on registering.
    const routes = [...registered];
    const owners = ownersOfRoutes(routes, nestRoutes);
    this.#makeRouting = () => createRouting(adapter, config, treeRoutes(adapter, routes, owners), added);
  }

  match(request: RoutedRequest): Candidates {
    return this.#candidates(request, strategy => strategy.derive(request));
  }

  rivals(request: RoutedRequest): Candidates {
    const { method = 'GET' } = request;
    return this.#candidates(request, strategy => strategy.deriveAnnounced(request, method, ALL_HEADERS));
  }

  rawPaths(request: RoutedRequest): readonly string[] {
    const { places = [] } = this.#junctionAt(request, request.method ?? 'GET') ?? {};
    return places.flatMap(({ routes }) => routes.flatMap(({ owner, url }) => (owner === undefined ? [url] : [])));
  }

  selectingHeaders(request: RoutedRequest): readonly string[] {
    const names = this.#routing.strategies.flatMap(strategy => strategy.headersRead(request));
    return [...new Set(names)].filter(name => name !== 'host' && name !== ':authority');
  }

  matchPreflight(request: RoutedRequest, requestedMethod: string, requestHeaders: string): PreflightMatch | undefined {
    const junction = this.#junctionAt(request, requestedMethod);
    if (junction === undefined) return undefined;
    const derive = derivation(request, requestedMethod, requestHeaders);
    // A route for every method serves more methods than it lists: the announced one is listed as well.
    const isUsual = USUAL_METHODS.includes(requestedMethod);
    const selections = isUsual ? junction.selections : this.#selectionsWith(junction, requestedMethod);
    const filters = isUsual ? junction.filters : filtersOf(selections);
    const masks = selections.map(selection => selection.masksFor(derive));
    const accepted = this.#acceptedBy(filters, request, junction, () =>
      selections.flatMap((selection, index) => selection.routesLeft(masks[index] ?? [])),
    );
    const chosen = masks.flat().flatMap((each): readonly unknown[] => each ?? [UNKNOWN]);
    return {
      // The first element differs where the first constraint does, so that each of its values keeps its answer.
      key: isUsual
        ? [`${this.#numberOf(junction)} ${String(chosen[0])}`, ...junction.places, ...chosen, ...accepted]
        : undefined,
      methods: () => {
        const refused = new Set(filters.flatMap(({ routes }, index) => (accepted[index] === true ? [] : routes)));
        return matchedMethods(selections, masks, refused, requestedMethod);
      },
    };
  }

  /** Made when the first path is matched: an app that answers no preflight, such as a test's, boots without it. */
  get #routing(): Routing {
    return (this.#made ??= this.#makeRouting());
  }

  #candidates(request: RoutedRequest, derive: (strategy: Strategy) => Derived | undefined): Candidates {
    const { method = 'GET' } = request;
    const junction = this.#junctionAt(request, method);
    if (junction === undefined) return NO_CANDIDATES;
    const known = junction.selections.find(each => each.method === method);
    const selection = known ?? this.#selection(junction.places, method);
    const routes = selection.routesFor(selection.masksFor(derive));
    return routes.filter(route => this.#accepts({ method, routes: [route] }, request, junction)).map(chainOf);
  }

  #junctionAt({ url }: RoutedRequest, method: string): Junction | undefined {
    if (url === undefined || !isRoutable(url)) return undefined;
    const { tree, methods } = this.#routing;
    const places = tree.placesAt(url, methods.includes(method) ? methods : [...methods, method]);
    if (places.length === 0) return undefined;
    return this.#junctions.get(places, () => {
      const listed = sortedMethods(places.flatMap(({ routes }) => routes.flatMap(listedMethods)));
      const selections = listed.map(each => this.#selection(places, each));
      return { places, selections, filters: filtersOf(selections) };
    });
  }

  #selectionsWith({ places, selections }: Junction, method: string): readonly MethodSelection[] {
    if (selections.some(each => each.method === method)) return selections;
    return [...selections, this.#selection(places, method)].sort((one, other) => byMethod(one.method, other.method));
  }

  #selection(places: readonly Place[], method: string): MethodSelection {
    const leaves = places.map(place => place.routesFor(method)).filter(({ length }) => length > 0);
    return new MethodSelection(method, leaves, this.#routing.strategies);
  }

  /** The number of the first of some places. */
  #numberOf({ places: [first] }: Junction): number {
    const number = this.#numbers.get(first as Place) ?? this.#numbers.size + 1;
    this.#numbers.set(first as Place, number);
    return number;
  }

  /** For each filter, whether it accepts the request; filters of routes that are not left are not run. */
  #acceptedBy(
    filters: readonly Filter[],
    request: RoutedRequest,
    junction: Junction,
    routesLeft: () => readonly TreeRoute[],
  ): readonly boolean[] {
    if (filters.length === 0) return NONE_REFUSED;
    const left = new Set(routesLeft());
    let hostname: string | undefined;
    const hostnameOf = () => (hostname ??= fastifyHostname(this.adapter, request));
    return filters.map(
      filter => !filter.routes.some(route => left.has(route)) || this.#accepts(filter, request, junction, hostnameOf),
    );
  }

  /** Where Nest's own filters refuse a request, it answers 404 and tries no other route. */
  #accepts(
    { method, routes }: Filter,
    request: RoutedRequest,
    { places }: Junction,
    hostnameOf = () => fastifyHostname(this.adapter, request),
  ): boolean {
    const [route] = routes as [TreeRoute];
    const { owner, acceptsParams } = route;
    if (acceptsParams !== undefined && mayHaveEmptyParams(route, request)) {
      const place = places.find(each => each.routesFor(method).includes(route));
      const params = place && this.#routing.tree.paramsOf(request.url ?? '/', method, place, route);
      if (params === undefined || !acceptsParams(request, params)) return false;
    }
    if (owner === undefined || owner.acceptsHost === acceptsAll) return true;
    return owner.acceptsHost({ hostname: hostnameOf() });
  }
}

/** @param owners the owner of each route, by its index */
function treeRoutes(
  adapter: AbstractHttpAdapter,
  routes: readonly FastifyRoute[],
  owners: readonly (Route | undefined)[],
): readonly TreeRoute[] {
  const createFilter = createParamsFilter(adapter);
  const filters = new Map<string, ParamsFilter | undefined>();
  const filterOf = (url: string) => {
    if (!filters.has(url)) filters.set(url, createFilter(url));
    return filters.get(url);
  };
  return routes.map(({ method, url, constraints = {} }, index) => {
    const owner = owners[index];
    const acceptsParams = owner && filterOf(url);
    return { methods: [method].flat(), url, constraints, owner, acceptsParams };
  });
}

function createRouting(
  adapter: AbstractHttpAdapter,
  config: ApplicationConfig,
  routes: readonly TreeRoute[],
  added: readonly FastifyConstraint[],
): Routing {
  const options = fastifyRouterOptions(adapter);
  const Router = fastifyFindMyWay(adapter) ?? (onDemand.findMyWay() as unknown as CreateFindMyWay);
  const tree = new RouteTree(Router, options, routes);
  const ofApp = new Map([...Object.values(options.constraints ?? {}), ...added].map(each => [each.name, each]));
  const names = new Set(routes.flatMap(({ constraints }) => Object.keys(constraints)));
  for (const { name, mustMatchWhenDerived } of ofApp.values()) if (mustMatchWhenDerived === true) names.add(name);
  const strategies = [...names].map(name => {
    const own = ofApp.get(name);
    if (own !== undefined && own === nestVersionStrategy(adapter)) return nestVersions(own, config.getVersioning());
    if (own !== undefined) return customStrategy(own);
    const builtIn = tree.strategies[name];
    return builtIn === undefined ? unreadableStrategy(name) : ownStrategy(builtIn);
  });
  return { tree, methods: sortedMethods(routes.flatMap(listedMethods)), strategies };
}

/** What a preflight says of each constraint's value, for each of the path's methods. */
function derivation(request: RoutedRequest, requestedMethod: string, requestHeaders: string) {
  const known = new Map<Strategy, Derived | undefined>();
  return (strategy: Strategy, method: string) => {
    if (!known.has(strategy)) known.set(strategy, strategy.deriveAnnounced(request, requestedMethod, requestHeaders));
    const derived = known.get(strategy);
    const isOther = derived?.isOfMethod === true && method !== requestedMethod;
    return isOther ? strategy.deriveAnnounced(request, method, requestHeaders) : derived;
  };
}

/** @param refused the routes whose filters refuse the request */
function matchedMethods(
  selections: readonly MethodSelection[],
  masks: readonly (readonly (Masks | undefined)[])[],
  refused: ReadonlySet<TreeRoute>,
  requestedMethod: string,
): MatchedMethods {
  return selections.flatMap((selection, index) => {
    const { method } = selection;
    const routes = selection.routesFor(masks[index] ?? []).filter(route => !refused.has(route));
    const isListed =
      method === requestedMethod || USUAL_METHODS.includes(method) || routes.some(({ owner }) => owner?.verb !== 'all');
    return isListed && routes.length > 0 ? [{ method, candidates: routes.map(chainOf) }] : [];
  });
}

function filtersOf(selections: readonly MethodSelection[]): readonly Filter[] {
  const filters: Filter[] = [];
  for (const { method, routes } of selections) {
    for (const route of routes) {
      const { owner, acceptsParams } = route;
      if (acceptsParams === undefined && (owner?.acceptsHost ?? acceptsAll) === acceptsAll) continue;
      const same = filters.find(
        ({ routes: [other] }) => other?.url === route.url && other.owner?.acceptsHost === owner?.acceptsHost,
      );
      if (same === undefined) filters.push({ method, routes: [route] });
      else same.routes.push(route);
    }
  }
  return filters;
}

/**
 * Whether Nest's filter has to see the parameters: to read them walks the whole path once more. Where each is a segment
 * with a name of its own, the filter refuses empty ones alone, and those come of empty segments.
 */
function mayHaveEmptyParams({ url: pattern }: TreeRoute, { url = '' }: RoutedRequest): boolean {
  if (EMPTY_SEGMENT.test(url) || !PLAIN_PATTERN.test(pattern)) return true;
  const names = pattern.match(/:\w+/g) ?? [];
  return new Set(names).size < names.length;
}

const EMPTY_SEGMENT = /\/(?:[/?#;]|$)/;

const PLAIN_PATTERN = /^(?:\/(?::[A-Za-z_]\w*|[^/:*?()]*))*(?:\/\*)?$/;

/** On Fastify no route passes a request on. */
function chainOf({ owner }: TreeRoute): Chain {
  return [owner];
}

/** A route of Nest's for every method lists the usual ones. */
function listedMethods({ methods, owner }: TreeRoute): readonly string[] {
  return owner?.verb === 'all' ? methods.filter(method => USUAL_METHODS.includes(method)) : methods;
}

function sortedMethods(methods: readonly string[]): readonly string[] {
  return [...new Set(methods)].sort(byMethod);
}

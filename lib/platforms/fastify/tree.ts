import { isDeepStrictEqual } from 'node:util';
import type { CreateFindMyWay, FastifyRouterOptions, FindMyWay, ParamsFilter } from './internals.js';
import type { Constraints } from './owners.js';
import type { Route } from '../../routing/route.js';

/** A route of the platform. */
export interface TreeRoute {
  readonly methods: readonly string[];
  readonly url: string;
  readonly constraints: Constraints;
  /** Absent for one that is not of a controller. */
  readonly owner: Route | undefined;
  /** Nest's own filter of parameters: it answers 404 to empty ones. Absent where there is none. */
  readonly acceptsParams: ParamsFilter | undefined;
}

/** The routes of one URL, for each method or for the one whose tree it is in. */
interface Pattern {
  readonly method: string | undefined;
  readonly url: string;
  readonly routes: readonly TreeRoute[];
}

/**
 * A place in the routing tree, and the routes registered there. Different URLs can share one: the names of parameters
 * do not matter.
 */
export class Place {
  readonly #leaves = new Map<string, readonly TreeRoute[]>();

  constructor(
    private readonly patterns: readonly Pattern[],
    readonly methods: readonly string[],
    private readonly order: ReadonlyMap<TreeRoute, number>,
  ) {}

  get routes(): readonly TreeRoute[] {
    return this.patterns.flatMap(({ routes }) => routes);
  }

  /** The routes for a method. The last one that matches a request's constraints serves it. */
  routesFor(method: string): readonly TreeRoute[] {
    if (!this.methods.includes(method)) return NO_ROUTES;
    const known = this.#leaves.get(method);
    if (known !== undefined) return known;
    const registered = this.patterns
      .filter(pattern => pattern.method === undefined || pattern.method === method)
      .flatMap(({ routes }) => routes.filter(({ methods }) => methods.includes(method)))
      .sort((one, other) => this.#orderOf(one) - this.#orderOf(other));
    const leaf = registered
      // Fastify drops a HEAD route that it would add itself where there is one already.
      .filter((route, index) => registered.findIndex(each => areEquallyConstrained(each, route)) === index)
      // As find-my-way does: the most constrained last, among equals the later registered.
      .sort((one, other) => constraintCount(one) - constraintCount(other));
    this.#leaves.set(method, leaf);
    return leaf;
  }

  #orderOf(route: TreeRoute): number {
    return this.order.get(route) ?? 0;
  }
}

const NO_ROUTES: readonly TreeRoute[] = Object.freeze([]);

/** The one constraint of every pattern in the tree: its value is the pattern's index. */
const PROBE = 'place';

/**
 * Stands for a request: records every place that its path leads to, or matches the one pattern that it is aimed at.
 *
 * One for all requests of a tree: some releases of find-my-way keep the value they looked up last in a global variable.
 */
class Walk {
  places: Place[] = [];
  aim: { readonly place: Place; readonly url: string } | undefined;
}

/**
 * The app's URLs in a tree of Fastify's own router. One walk finds every place that a path leads to, the most specific
 * first: each place says "no match", so the router goes on as it does when constraints do not match.
 *
 * All methods share one tree, so a path is read once. Fastify has a tree per method, and that can change one thing: the
 * order in which it tries several regular expressions at the same place. Where an app has such, so has this.
 */
export class RouteTree {
  readonly #router: FindMyWay;
  readonly #isShared: boolean;
  readonly #walk = new Walk();
  readonly #constraints = { [PROBE]: this.#walk };

  constructor(Router: CreateFindMyWay, options: FastifyRouterOptions, routes: readonly TreeRoute[]) {
    const order = new Map(routes.map((route, index) => [route, index]));
    const create = (patterns: readonly Pattern[]) => createRouter(Router, options, patterns, order);
    let router: FindMyWay | undefined;
    if (!hasRivalExpressions(routes)) {
      try {
        router = create(patternsOf(routes, [undefined]));
      } catch {
        // More spellings of one pattern than a place can hold: fewer are in the tree of each method.
      }
    }
    this.#isShared = router !== undefined;
    this.#router = router ?? create(patternsOf(routes, [...new Set(routes.flatMap(({ methods }) => methods))]));
  }

  /** The router's own strategies, by name. */
  get strategies() {
    return this.#router.constrainer?.strategies ?? {};
  }

  /** @param methods those that matter: places of others may be missing */
  placesAt(url: string, methods: readonly string[]): readonly Place[] {
    const walk = this.#walk;
    walk.aim = undefined;
    const places = (walk.places = []);
    if (this.#isShared) this.#router.find(SHARED, url, this.#constraints);
    else for (const method of methods) this.#router.find(method, url, this.#constraints);
    walk.places = [];
    return places;
  }

  /** The parameters that a route gets of a URL that leads to its place. */
  paramsOf(url: string, method: string, place: Place, route: TreeRoute) {
    this.#walk.aim = { place, url: route.url };
    const found = this.#router.find(this.#isShared ? SHARED : method, url, this.#constraints);
    this.#walk.aim = undefined;
    return found?.params;
  }
}

/** The method under which all patterns are registered where one tree is enough. */
const SHARED = 'GET';

function patternsOf(routes: readonly TreeRoute[], methods: readonly (string | undefined)[]): readonly Pattern[] {
  return methods.flatMap(method => {
    const byUrl = new Map<string, TreeRoute[]>();
    for (const route of routes) {
      if (method !== undefined && !route.methods.includes(method)) continue;
      const ofUrl = byUrl.get(route.url);
      if (ofUrl === undefined) byUrl.set(route.url, [route]);
      else ofUrl.push(route);
    }
    return [...byUrl].map(([url, ofUrl]) => ({ method, url, routes: ofUrl }));
  });
}

function createRouter(
  Router: CreateFindMyWay,
  options: FastifyRouterOptions,
  patterns: readonly Pattern[],
  order: ReadonlyMap<TreeRoute, number>,
): FindMyWay {
  const router = new Router({
    ...options,
    constraints: { [PROBE]: { name: PROBE, storage: () => createStorage(patterns, order), deriveConstraint() {} } },
    // A malformed target or an over-long parameter is answered by Fastify itself: no route serves it.
    defaultRoute: undefined,
    onBadUrl: undefined,
    onMaxParamLength: undefined,
  });
  for (const [index, { method = SHARED, url }] of patterns.entries()) {
    router.on(method, url, { constraints: { [PROBE]: index } }, () => undefined);
  }
  return router;
}

/** `find-my-way` makes one for each place, and a new one with each pattern that it adds there. */
function createStorage(patterns: readonly Pattern[], order: ReadonlyMap<TreeRoute, number>) {
  const masks = new Map<number, number>();
  let place: Place | undefined;
  return {
    get(value: unknown): number | undefined {
      if (!(value instanceof Walk)) return undefined;
      place ??= createPlace(
        [...masks.keys()].map(index => patterns[index] as Pattern),
        order,
      );
      const { places, aim } = value;
      if (aim === undefined) places.push(place);
      else if (aim.place === place) {
        for (const [index, mask] of masks) if (patterns[index]?.url === aim.url) return mask;
      }
      return undefined;
    },
    set(index: number, mask: number): void {
      masks.set(index, mask);
    },
  };
}

function createPlace(patterns: readonly Pattern[], order: ReadonlyMap<TreeRoute, number>): Place {
  const methods = patterns.flatMap(({ method, routes }) =>
    method === undefined ? routes.flatMap(route => route.methods) : [method],
  );
  return new Place(patterns, [...new Set(methods)], order);
}

function areEquallyConstrained(one: TreeRoute, other: TreeRoute): boolean {
  return isDeepStrictEqual({ ...one.constraints }, { ...other.constraints });
}

function constraintCount({ constraints }: TreeRoute): number {
  return Object.keys(constraints).length;
}

/**
 * Whether two different regular expressions may be tried at the same place. `find-my-way` makes one of a segment whose
 * parameter has a pattern of its own, or text behind it: `:id(^\\d+$)`, `:name.json`, `:from-:to`. In doubt: yes.
 */
function hasRivalExpressions(routes: readonly TreeRoute[]): boolean {
  const seen = new Map<string, string>();
  for (const url of new Set(routes.map(route => route.url))) {
    // A parenthesis may hold anything, even a slash: such an expression is everybody's rival.
    if (url.includes('(') || url.includes('::')) seen.set(ANYWHERE, ANYWHERE);
    let before = '';
    for (const segment of url.split('/')) {
      if (segment === '') continue;
      const nameless = segment.replace(/:[^-.]*/g, ':').toLowerCase();
      if (/:[-.]/.test(nameless)) {
        const known = seen.get(before);
        if (known !== undefined && known !== nameless) return true;
        seen.set(before, nameless);
      }
      before += `/${segment.replace(/:.*/, ':').toLowerCase()}`;
    }
  }
  return seen.has(ANYWHERE);
}

const ANYWHERE = '*';

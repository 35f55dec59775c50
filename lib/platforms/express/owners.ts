import { METHODS } from 'node:http';
import { PATH_METADATA } from '../../routing/nest-internals.js';
import { type Route } from '../../routing/route.js';
import { UnmatchedRouteError } from '../../routing/route-matcher.js';

/** What is read of Express's router (the `router` package): its stack of layers, and how a layer matches a path. */
export interface ExpressRouter {
  readonly stack: readonly ExpressLayer[];
}

export interface ExpressLayer {
  readonly name: string;
  readonly route?: ExpressRoute;
  match(path: string): unknown;
  /** The part of the path that matched last. */
  readonly path?: string | undefined;
}

export interface ExpressRoute {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean | undefined>>;
  readonly stack: readonly { readonly handle: (...args: never[]) => unknown }[];
}

export type RouteLayer = ExpressLayer & { readonly route: ExpressRoute };

/** The routes of one verb and one path: those that Nest registered, and the layers that Express has. */
interface SamePath {
  readonly verb: string;
  readonly routes: Route[];
  /** Their indexes. */
  readonly layers: number[];
}

/**
 * Finds whose route each of Express's layers is: Nest registers routes under the same verb and path, in the same order.
 *
 * @returns the owner of each layer, by its index
 */
export function ownersOfLayers(
  layers: readonly RouteLayer[],
  routes: readonly Route[],
): readonly (Route | undefined)[] {
  const byPath = new Map<unknown, SamePath[]>();
  for (const route of routes) {
    const { verb, path } = route;
    const ofPath = byPath.get(path);
    const same = ofPath?.find(each => each.verb === verb);
    if (same !== undefined) same.routes.push(route);
    else if (ofPath !== undefined) ofPath.push({ verb, routes: [route], layers: [] });
    else byPath.set(path, [{ verb, routes: [route], layers: [] }]);
  }
  for (const [index, { route }] of layers.entries()) {
    const ofPath = byPath.get(route.path);
    if (ofPath === undefined) continue;
    const verb = verbOf(route);
    ofPath.find(each => each.verb === verb)?.layers.push(index);
  }
  const owners = new Array<Route | undefined>(layers.length);
  for (const ofPath of byPath.values()) {
    for (const same of ofPath) {
      // An instrumented platform may wrap callbacks: where there are as many routes as Nest registered, they are Nest's.
      const isComplete = same.layers.length === same.routes.length;
      const own = isComplete ? same.layers : same.layers.filter(index => isNestRoute(layers[index]));
      for (const [order, route] of same.routes.entries()) {
        const index = own[order];
        if (index === undefined) throw new UnmatchedRouteError(route);
        owners[index] = route;
      }
    }
  }
  return owners;
}

/** `router.all()` marks the route; `app.all()` registers it under every method that Node knows. */
export function isAll(marks: ExpressRoute['methods'], verbs: readonly string[]): boolean {
  return marks['_all'] === true || verbs.length >= METHODS.length;
}

/** What a route was registered with: `get`, or `all`. */
function verbOf({ methods: marks }: ExpressRoute): string {
  const verbs = Object.keys(marks);
  return isAll(marks, verbs) ? 'all' : verbs.join();
}

export function isRouteLayer(layer: ExpressLayer): layer is RouteLayer {
  return layer.route !== undefined;
}

/** Nest copies a handler's metadata to the callback it registers; a raw route has none. */
function isNestRoute(layer: RouteLayer | undefined): boolean {
  return layer?.route.stack.some(({ handle }) => Reflect.hasMetadata(PATH_METADATA, handle)) === true;
}

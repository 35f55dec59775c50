import { METHODS } from 'node:http';
import { PATH_METADATA, type RouteRegistration } from '../../routing/nest-internals.js';
import { UnmatchedRouteError } from '../../routing/route-matcher.js';

/** What is read of Express's router (the `router` package): its stack of layers, and how a layer matches a path. */
export interface ExpressRouter {
  readonly stack: readonly ExpressLayer[];
}

export interface ExpressLayer {
  readonly name: string;
  readonly route?: ExpressRoute;
  match(path: string): unknown;
}

export interface ExpressRoute {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean | undefined>>;
  readonly stack: readonly { readonly handle: (...args: never[]) => unknown }[];
}

export type RouteLayer = ExpressLayer & { readonly route: ExpressRoute };

/** The routes of one verb and one path: those that Nest registered, and the layers that Express has. */
interface Twins {
  readonly verb: string;
  readonly registrations: RouteRegistration[];
  /** Their indexes. */
  readonly layers: number[];
}

/**
 * Tells which of Express's routes are whose: Nest registers them under the same verb and path, in the same order.
 *
 * @returns the registration of each layer, by its index
 */
export function labelLayers(
  layers: readonly RouteLayer[],
  registrations: readonly RouteRegistration[],
): readonly (RouteRegistration | undefined)[] {
  const byPath = new Map<unknown, Twins[]>();
  for (const registration of registrations) {
    const { verb, path } = registration;
    const ofPath = byPath.get(path);
    const twins = ofPath?.find(each => each.verb === verb);
    if (twins !== undefined) twins.registrations.push(registration);
    else if (ofPath !== undefined) ofPath.push({ verb, registrations: [registration], layers: [] });
    else byPath.set(path, [{ verb, registrations: [registration], layers: [] }]);
  }
  for (const [index, { route }] of layers.entries()) {
    const ofPath = byPath.get(route.path);
    if (ofPath === undefined) continue;
    const verb = verbOf(route);
    ofPath.find(each => each.verb === verb)?.layers.push(index);
  }
  const labels = new Array<RouteRegistration | undefined>(layers.length);
  for (const ofPath of byPath.values()) {
    for (const twins of ofPath) {
      // An instrumented platform may wrap callbacks: where there are as many routes as Nest registered, they are Nest's.
      const isComplete = twins.layers.length === twins.registrations.length;
      const own = isComplete ? twins.layers : twins.layers.filter(index => isNestRoute(layers[index]));
      for (const [order, registration] of twins.registrations.entries()) {
        const index = own[order];
        if (index === undefined) throw new UnmatchedRouteError(registration);
        labels[index] = registration;
      }
    }
  }
  return labels;
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

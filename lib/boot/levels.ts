import type { Type } from '@nestjs/common';
import type { CorsMetadataAccessor } from './metadata.js';
import { type IssueCollector } from '../issues/issue.js';
import { issueRouteOf } from '../registry/route.js';
import { type CorsIssueLocation } from '../issues/location.js';
import type { CorsMetadata } from './metadata.js';
import type { ExploredApp, Feature } from './explorer.js';
import type { ProblemCode } from '../issues/catalog.js';
import { problem, type Problem } from '../issues/problem.js';
import type { PolicyLevel } from '../policy/merge.js';
import { readReference, type NamedPolicies } from '../policy/named-policy.js';
import type { RouteRegistration } from '../routing/nest-internals.js';

/** The levels that one `@Cors()` or one feature stands for, and what is wrong in it. */
export interface StatedLevels {
  readonly location: CorsIssueLocation;
  readonly levels: readonly PolicyLevel[];
  readonly problems: readonly Problem[];
}

const FEATURE = 'CorsModule.forFeature()';
/** Of a route for which nothing is stated. */
const NOTHING: readonly StatedLevels[] = [];

/** What is stated for the routes of one controller, where one module declares it. */
interface ControllerLevels {
  /** For every handler: of the feature and of the controller, as far as they state anything. */
  readonly common: readonly StatedLevels[];
  readonly handlers: ReadonlyMap<string | symbol, CorsMetadata>;
  /** For handlers that state something. */
  readonly ofHandlers: Map<string, readonly StatedLevels[]>;
}

/** Reads what modules, controllers and handlers state: each once, however many routes it is for. */
export class LevelReader {
  readonly #features = new Map<string, StatedLevels>();
  /** Of each controller, its own; `undefined` where it states nothing. */
  readonly #controllers = new Map<Type, StatedLevels | undefined>();
  /** Of each module, those of its controllers. */
  readonly #places = new Map<string, Map<Type, ControllerLevels>>();

  /** @param locate told where levels are written */
  constructor(
    app: Pick<ExploredApp, 'features' | 'routes'>,
    private readonly policies: NamedPolicies,
    private readonly metadata: CorsMetadataAccessor,
    private readonly issues: IssueCollector,
    private readonly locate: (levels: readonly PolicyLevel[], location: CorsIssueLocation) => void,
  ) {
    this.#readFeatures(app.features, app.routes);
  }

  /** What is stated for a route below the module, the farthest first. Handlers that state nothing share one list. */
  ofRoute(route: RouteRegistration): readonly StatedLevels[] {
    const { controller, handlerName } = route;
    const { common, handlers, ofHandlers } = this.#placeOf(route);
    const metadata = handlers.get(handlerName);
    if (metadata === undefined) return common;
    const known = ofHandlers.get(handlerName);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'handler', controller: controller.name, handler: handlerName };
    const levels = [...common, this.#read(metadata, location)];
    ofHandlers.set(handlerName, levels);
    return levels;
  }

  #placeOf({ controller, module }: RouteRegistration): ControllerLevels {
    const known = this.#places.get(module.key)?.get(controller);
    if (known !== undefined) return known;
    const feature = this.#features.get(module.key);
    const own = this.#ofController(controller);
    const stated = [feature, own].filter(each => each !== undefined);
    const levels: ControllerLevels = {
      common: stated.length === 0 ? NOTHING : stated,
      handlers: this.metadata.ofMembers(controller.prototype as object),
      ofHandlers: new Map(),
    };
    const ofModule = this.#places.get(module.key) ?? new Map<Type, ControllerLevels>();
    this.#places.set(module.key, ofModule.set(controller, levels));
    return levels;
  }

  #readFeatures(features: readonly Feature[], routes: readonly RouteRegistration[]): void {
    const modulesOf = new Map<unknown, RouteRegistration>();
    for (const { module, args } of features) {
      const location: CorsIssueLocation = { level: 'feature', module: module.name };
      const report = (code: ProblemCode) => this.issues.add(location, problem(code, FEATURE, FEATURE));
      if (this.#features.has(module.key)) report('feature_twice');
      const problems: Problem[] = [];
      const levels = readReference(args, 'feature', this.policies, found => void problems.push(found));
      this.locate(levels, location);
      this.#features.set(module.key, { location, levels, problems });
      if (!routes.some(route => route.module.key === module.key)) {
        for (const found of problems) this.issues.add(location, found);
        report('feature_without_effect');
      }
    }
    if (features.length === 0) return;
    for (const route of routes) {
      // A handler is known by its class alone when it runs.
      const other = modulesOf.get(route.controller) ?? route;
      modulesOf.set(route.controller, other);
      if (this.#features.get(other.module.key) === this.#features.get(route.module.key)) continue;
      const { name } = route.controller;
      this.issues.add({ level: 'app' }, problem('feature_ambiguous', name, name), issueRouteOf(route));
    }
  }

  #ofController(controller: Type): StatedLevels | undefined {
    if (this.#controllers.has(controller)) return this.#controllers.get(controller);
    const metadata = this.metadata.ofController(controller);
    const levels = metadata && this.#read(metadata, { level: 'controller', controller: controller.name });
    this.#controllers.set(controller, levels);
    return levels;
  }

  /** The levels that the arguments of one `@Cors()` stand for. */
  #read(metadata: CorsMetadata, location: CorsIssueLocation): StatedLevels {
    const problems: Problem[] = [];
    const source = location.level === 'controller' ? 'controller' : 'handler';
    const levels = readReference(metadata.args, source, this.policies, found => void problems.push(found));
    if (metadata.repeated) problems.push(problem('decorator_twice', '@Cors()', '@Cors()'));
    this.locate(levels, location);
    return { location, levels, problems };
  }
}

import type { Type } from '@nestjs/common';
import type { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import { issueRouteOf, type CorsIssueLocation, type IssueCollector } from './cors-issue.js';
import type { CorsMetadata } from './cors.decorator.js';
import type { ExploredApp, Feature } from './cors.explorer.js';
import type { ProblemCode } from './messages.js';
import { problem, type Problem } from './policy/issue.js';
import type { PolicyLevel } from './policy/merge.js';
import { readReference, type NamedPolicies } from './policy/reference.js';
import type { Handler, RouteRegistration } from './routing/nest-internals.js';

/** The levels that one `@Cors()` or one feature stands for, and what is wrong in it. */
export interface StatedLevels {
  readonly location: CorsIssueLocation;
  readonly levels: readonly PolicyLevel[];
  readonly problems: readonly Problem[];
}

const FEATURE = 'CorsModule.forFeature()';
const NO_LEVELS: StatedLevels = { location: { level: 'module' }, levels: [], problems: [] };

/** Reads what modules, controllers and handlers state: each once, however many routes it is for. */
export class LevelReader {
  readonly #features = new Map<string, StatedLevels>();
  readonly #controllers = new Map<Type, StatedLevels>();
  readonly #handlers = new Map<Type, Map<Handler, StatedLevels>>();

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

  /** What is stated for a route below the module, the farthest first. */
  ofRoute(route: RouteRegistration): readonly StatedLevels[] {
    const feature = this.#features.get(route.module.key) ?? NO_LEVELS;
    return [feature, this.#controllerLevels(route), this.#handlerLevels(route)];
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
    for (const route of routes) {
      // A handler is known by its class alone when it runs.
      const other = modulesOf.get(route.controller) ?? route;
      modulesOf.set(route.controller, other);
      if (this.#features.get(other.module.key) === this.#features.get(route.module.key)) continue;
      const { name } = route.controller;
      this.issues.add({ level: 'app' }, problem('feature_ambiguous', name, name), issueRouteOf(route));
    }
  }

  #controllerLevels({ controller }: RouteRegistration): StatedLevels {
    const known = this.#controllers.get(controller);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'controller', controller: controller.name };
    const levels = this.#read(this.metadata.ofController(controller), location);
    this.#controllers.set(controller, levels);
    return levels;
  }

  #handlerLevels({ controller, handler, handlerName }: RouteRegistration): StatedLevels {
    const handlers = this.#handlers.get(controller) ?? new Map<Handler, StatedLevels>();
    this.#handlers.set(controller, handlers);
    const known = handlers.get(handler);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'handler', controller: controller.name, handler: handlerName };
    const levels = this.#read(this.metadata.ofHandler(controller, handlerName), location);
    handlers.set(handler, levels);
    return levels;
  }

  /** The levels that the arguments of one `@Cors()` stand for. */
  #read(metadata: CorsMetadata | undefined, location: CorsIssueLocation): StatedLevels {
    if (metadata === undefined) return NO_LEVELS;
    const problems: Problem[] = [];
    const source = location.level === 'controller' ? 'controller' : 'handler';
    const levels = readReference(metadata.args, source, this.policies, found => void problems.push(found));
    if (metadata.repeated) problems.push(problem('decorator_twice', '@Cors()', '@Cors()'));
    this.locate(levels, location);
    return { location, levels, problems };
  }
}

import type { Type } from '@nestjs/common';
import type { ProblemCode } from '../issues/catalog.js';
import type { IssueCollector } from '../issues/issue.js';
import type { CorsIssueLocation } from '../issues/location.js';
import { problem, type Problem } from '../issues/problem.js';
import type { Level } from '../policy/merge.js';
import { readLevels, type NamedPolicies } from '../policy/named-policy.js';
import { issueRouteOf } from '../registry/route.js';
import type { Gateway } from '../routing/gateway.js';
import type { Route } from '../routing/route.js';
import type { ExploredApp, Feature } from './explorer.js';
import { controllerPolicyOf, memberPoliciesOf, type CorsMetadata } from './metadata.js';

/** One `@Cors()` or one feature: the levels that it adds to a merge, and what is wrong in it. */
export interface LevelSource {
  readonly location: CorsIssueLocation;
  readonly levels: readonly Level[];
  readonly problems: readonly Problem[];
}

const FEATURE = 'CorsModule.forFeature()';

/** What one controller declares: read once for all of its routes. */
interface ControllerSources {
  readonly own: LevelSource | undefined;
  readonly metadata: ReadonlyMap<string | symbol, CorsMetadata>;
  readonly ofHandlers: Map<string, LevelSource>;
}

/** Reads what modules, controllers and handlers declare: each once. */
export class LevelReader {
  readonly #features = new Map<string, LevelSource>();
  readonly #controllers = new Map<Type, ControllerSources>();

  /** @param locate called with the levels of each place */
  constructor(
    app: Pick<ExploredApp, 'features' | 'routes' | 'gateways'>,
    private readonly policies: NamedPolicies,
    private readonly issues: IssueCollector,
    private readonly locate: (levels: readonly Level[], location: CorsIssueLocation) => void,
  ) {
    const modules = new Set([...app.routes, ...app.gateways].map(({ module }) => module.key));
    for (const feature of app.features) this.#readFeature(feature, modules);
    if (app.features.length > 0) this.#reportAmbiguity(app.routes);
  }

  /** What is declared for a route below the module, the farthest first. */
  ofRoute({ controller, handlerName, module }: Route): readonly LevelSource[] {
    const feature = this.#features.get(module.key);
    const { own, metadata, ofHandlers } = this.#ofController(controller);
    const sources = [feature, own].filter(each => each !== undefined);
    const declared = metadata.get(handlerName);
    if (declared === undefined) return sources;
    const location: CorsIssueLocation = { level: 'handler', controller: controller.name, handler: handlerName };
    const handler = ofHandlers.get(handlerName) ?? this.#readDecorator(declared, location, 'handler');
    ofHandlers.set(handlerName, handler);
    return [...sources, handler];
  }

  /** The same for the handshakes of a gateway. */
  ofGateway({ controller, module }: Gateway): readonly LevelSource[] {
    return [this.#features.get(module.key), this.#ofController(controller).own].filter(each => each !== undefined);
  }

  #ofController(controller: Type): ControllerSources {
    const known = this.#controllers.get(controller);
    if (known !== undefined) return known;
    const declared = controllerPolicyOf(controller);
    const location: CorsIssueLocation = { level: 'controller', controller: controller.name };
    const sources: ControllerSources = {
      own: declared && this.#readDecorator(declared, location, 'controller'),
      metadata: memberPoliciesOf(controller.prototype as object),
      ofHandlers: new Map(),
    };
    this.#controllers.set(controller, sources);
    return sources;
  }

  #readDecorator(
    { args, repeated }: CorsMetadata,
    location: CorsIssueLocation,
    source: 'controller' | 'handler',
  ): LevelSource {
    const problems = repeated ? [problem('decorator_twice', '@Cors()', '@Cors()')] : [];
    return this.#read(args, location, source, problems);
  }

  /** @param modules those with a route or a gateway */
  #readFeature({ module, args }: Feature, modules: ReadonlySet<string>): void {
    const location: CorsIssueLocation = { level: 'feature', module: module.name };
    const report = (code: ProblemCode) => this.issues.add(location, problem(code, FEATURE, FEATURE));
    if (this.#features.has(module.key)) report('feature_twice');
    const feature = this.#read(args, location, 'feature', []);
    this.#features.set(module.key, feature);
    if (modules.has(module.key)) return;
    for (const each of feature.problems) this.issues.add(location, each);
    report('feature_without_effect');
  }

  /** A handler is known by its class alone when it runs: two modules that declare it need the same feature. */
  #reportAmbiguity(routes: readonly Route[]): void {
    const firstOf = new Map<Type, Route>();
    for (const route of routes) {
      const first = firstOf.get(route.controller) ?? route;
      firstOf.set(route.controller, first);
      if (this.#features.get(first.module.key) === this.#features.get(route.module.key)) continue;
      const { name } = route.controller;
      this.issues.add({ level: 'app' }, problem('feature_ambiguous', name, name), issueRouteOf(route));
    }
  }

  /** @param also problems that are reported after those of the arguments */
  #read(
    args: readonly unknown[],
    location: CorsIssueLocation,
    source: 'feature' | 'controller' | 'handler',
    also: readonly Problem[],
  ): LevelSource {
    const problems: Problem[] = [];
    const levels = readLevels(args, source, this.policies, each => void problems.push(each));
    this.locate(levels, location);
    return { location, levels, problems: [...problems, ...also] };
  }
}

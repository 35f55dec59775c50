import type { Type } from '@nestjs/common';
import type { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import { IssueCollector, type CorsIssue, type CorsIssueLocation, type CorsIssueRoute } from './cors-issue.js';
import type { CorsMetadata } from './cors.decorator.js';
import { CorsConfigurationError } from './cors.errors.js';
import { createMergedPolicyCheck } from './policy/check.js';
import { createPolicyCompiler, type CompiledPolicy } from './policy/compile.js';
import { problem, type Problem } from './policy/issue.js';
import { mergeLevels, type MergedPolicy, type PolicyLevel } from './policy/merge.js';
import { readModuleOptions, type StatedModule } from './policy/module-options.js';
import { closestName, readPolicy } from './policy/stated.js';
import type { Handler, RouteRegistration } from './routing/nest-internals.js';
import { methodOf } from './routing/route-matcher.js';

/** A route and the policy in force on it. */
export interface RoutePolicy {
  readonly route: RouteRegistration;
  readonly policy: CompiledPolicy;
}

/** The policies of one configuration: immutable, so that it can be replaced as a whole. */
export interface PolicySet {
  /** Of what is not a controller's route. */
  readonly module: CompiledPolicy;
  readonly routes: readonly RoutePolicy[];
  readonly debug: boolean;
  readonly warnings: readonly CorsIssue[];
  /** The policy of a handler, or `undefined` for one that is not routed. */
  of(controller: unknown, handler: unknown): CompiledPolicy | undefined;
}

/** The levels that one `@Cors()` stands for, and what is wrong in it. */
interface DecoratedLevels {
  readonly levels: readonly PolicyLevel[];
  readonly problems: readonly { readonly problem: Problem; readonly location: CorsIssueLocation }[];
}

const NO_LEVELS: DecoratedLevels = { levels: [], problems: [] };

/**
 * Builds the policy of every route from the module's options and the decorators, and refuses what is wrong.
 *
 * @param issues problems that were found elsewhere, to be told together with these
 * @throws {CorsConfigurationError} with every error of the app
 */
export function buildPolicySet(
  options: unknown,
  routes: readonly RouteRegistration[],
  metadata: CorsMetadataAccessor,
  issues: IssueCollector,
): PolicySet {
  return new PolicySetBuilder(metadata, issues, process.env['NODE_ENV'] === 'production').build(options, routes);
}

class PolicySetBuilder {
  /** Where each level is written. */
  readonly #locations = new Map<PolicyLevel, CorsIssueLocation>();
  readonly #check;
  readonly #controllers = new Map<Type, DecoratedLevels>();
  readonly #handlers = new Map<Type, Map<Handler, DecoratedLevels>>();

  constructor(
    private readonly metadata: CorsMetadataAccessor,
    private readonly issues: IssueCollector,
    private readonly production: boolean,
  ) {
    this.#check = createMergedPolicyCheck({ production });
  }

  build(options: unknown, routes: readonly RouteRegistration[]): PolicySet {
    const stated = readModuleOptions(options, this.production, (found, policy) =>
      this.issues.add(policy === undefined ? MODULE : { level: 'policy', policy }, found),
    );
    this.#locations.set(stated.level, MODULE);
    for (const [policy, level] of stated.policies) this.#locations.set(level, { level: 'policy', policy });

    const module = this.#merge([stated.level]);
    for (const level of stated.policies.values()) this.#merge([level]);
    const merged = new Map(routes.map(route => [route, this.#mergeRoute(route, stated)]));

    const errors = this.issues.errors();
    if (errors.length > 0) throw new CorsConfigurationError(errors);
    return compileSet(module, merged, stated.debug, this.issues.warnings());
  }

  #mergeRoute(route: RouteRegistration, stated: StatedModule): MergedPolicy {
    const controller = this.#controllerLevels(route, stated);
    const handler = this.#handlerLevels(route, stated);
    const issueRoute = issueRouteOf(route);
    for (const { problem, location } of [...controller.problems, ...handler.problems]) {
      this.issues.add(location, problem, issueRoute);
    }
    return this.#merge([stated.level, ...controller.levels, ...handler.levels], issueRoute);
  }

  #merge(levels: readonly PolicyLevel[], route?: CorsIssueRoute): MergedPolicy {
    const report = (level: PolicyLevel | undefined, found: Problem) => {
      const location = (level && this.#locations.get(level)) ?? MODULE;
      // A problem of the module or of a named policy concerns more than the route that met it.
      const own = location.level === 'controller' || location.level === 'handler';
      this.issues.add(location, found, own ? route : undefined);
    };
    const merged = mergeLevels(levels, report);
    this.#check(merged, levels, report);
    return merged;
  }

  #controllerLevels({ controller }: RouteRegistration, stated: StatedModule): DecoratedLevels {
    const known = this.#controllers.get(controller);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'controller', controller: controller.name };
    const levels = this.#read(this.metadata.of(controller), location, stated);
    this.#controllers.set(controller, levels);
    return levels;
  }

  #handlerLevels({ controller, handler, handlerName }: RouteRegistration, stated: StatedModule): DecoratedLevels {
    const handlers = this.#handlers.get(controller) ?? new Map<Handler, DecoratedLevels>();
    this.#handlers.set(controller, handlers);
    const known = handlers.get(handler);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'handler', controller: controller.name, handler: handlerName };
    const levels = this.#read(this.metadata.of(handler), location, stated);
    handlers.set(handler, levels);
    return levels;
  }

  /** The levels that the arguments of one `@Cors()` stand for. */
  #read(metadata: CorsMetadata | undefined, location: CorsIssueLocation, stated: StatedModule): DecoratedLevels {
    if (metadata === undefined) return NO_LEVELS;
    const problems: { problem: Problem; location: CorsIssueLocation }[] = [];
    const report = (found: Problem) => void problems.push({ problem: found, location });
    const [policy, overrides] = metadata.args;
    if (metadata.repeated) report(problem('decorator_twice', '@Cors()', '@Cors()'));

    const levels: PolicyLevel[] = [];
    const state = (options: unknown) => {
      const source = location.level === 'controller' ? 'controller' : 'handler';
      const level: PolicyLevel = { source, stated: readPolicy(options, report) };
      this.#locations.set(level, location);
      levels.push(level);
    };
    if (typeof policy === 'string') {
      const named = stated.policies.get(policy);
      if (named !== undefined) levels.push(named);
      else report(problem('policy_unknown', '', policy, closestName(policy, [...stated.policies.keys()])));
      if (metadata.args.length > 1) state(overrides);
    } else if (metadata.args.length > 0) {
      state(policy === false ? { origin: false } : policy);
    }
    return { levels, problems };
  }
}

const MODULE: CorsIssueLocation = Object.freeze({ level: 'module' });

function compileSet(
  module: MergedPolicy,
  routes: ReadonlyMap<RouteRegistration, MergedPolicy>,
  debug: boolean,
  warnings: readonly CorsIssue[],
): PolicySet {
  const compile = createPolicyCompiler();
  const handlers = new Map<unknown, Map<unknown, CompiledPolicy>>();
  const routePolicies: RoutePolicy[] = [];
  for (const [route, merged] of routes) {
    const ofController = handlers.get(route.controller) ?? new Map<unknown, CompiledPolicy>();
    handlers.set(route.controller, ofController);
    const policy = ofController.get(route.handler) ?? compile(merged);
    ofController.set(route.handler, policy);
    routePolicies.push({ route, policy });
  }
  return Object.freeze({
    module: compile(module),
    routes: Object.freeze(routePolicies),
    debug,
    warnings: Object.freeze(warnings),
    of: (controller: unknown, handler: unknown) => handlers.get(controller)?.get(handler),
  });
}

export function issueRouteOf({ controller, handlerName, verb, path }: RouteRegistration): CorsIssueRoute {
  return { controller: controller.name, handler: handlerName, method: methodOf(verb), path };
}

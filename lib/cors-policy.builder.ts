import type { Type } from '@nestjs/common';
import type { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import {
  IssueCollector,
  issueRouteOf,
  type CorsIssue,
  type CorsIssueLocation,
  type CorsIssueRoute,
} from './cors-issue.js';
import { reportUntrustedOrigins } from './csrf-protection.js';
import type { CorsMetadata } from './cors.decorator.js';
import { CorsConfigurationError } from './cors.errors.js';
import type { ExploredApp, Feature } from './cors.explorer.js';
import type { ProblemCode } from './messages.js';
import type { SecurityHook } from './platform/security-hook.js';
import { reportExcess, type Bounds } from './policy/bounds.js';
import { createMergedPolicyCheck } from './policy/check.js';
import { createPolicyCompiler, type CompiledPolicy } from './policy/compile.js';
import { problem, type Problem } from './policy/issue.js';
import { mergeLevels, type MergedPolicy, type PolicyLevel } from './policy/merge.js';
import { policyPath, readModuleOptions, type StatedModule } from './policy/module-options.js';
import type { CorsOriginResolverRef } from './policy/options.js';
import { readReference } from './policy/reference.js';
import { hostOf, type Handler, type RouteRegistration } from './routing/nest-internals.js';
import { compilePath, PathSyntaxError, sampleOf } from './routing/path-rules.js';
import { makeRequest, methodOf, servedMethods, USUAL_METHODS, type RouteMatcher } from './routing/route-matcher.js';
import { placeOf } from './sources/option-places.js';

/** A route and the policy in force on it. */
export interface RoutePolicy {
  readonly route: RouteRegistration;
  readonly policy: CompiledPolicy;
}

/** A rule of `routes`, and its policy. */
export interface PathRule {
  readonly path: string;
  readonly matches: (path: string) => boolean;
  readonly policy: CompiledPolicy;
}

/** The policies of one configuration: immutable, so that it can be replaced as a whole. */
export interface PolicySet {
  /** Of what is neither a controller's route nor under a rule. */
  readonly module: CompiledPolicy;
  /** Of what is not a controller's route, by path; the first that matches applies. */
  readonly rules: readonly PathRule[];
  readonly routes: readonly RoutePolicy[];
  /** Whether `rejectDisallowed` is on for anything but controllers' routes. */
  readonly rejectsUnrouted: boolean;
  readonly debug: boolean;
  /** How long a resolver may take to answer, in milliseconds. */
  readonly resolverTimeout: number;
  /** The resolvers that policies ask, each with the place that names it first. */
  readonly resolvers: ReadonlyMap<CorsOriginResolverRef, CorsIssueLocation>;
  readonly warnings: readonly CorsIssue[];
  /** The policy of a handler, or `undefined` for one that is not routed. */
  of(controller: unknown, handler: unknown): CompiledPolicy | undefined;
}

/** The levels that one `@Cors()` stands for, and what is wrong in it. */
interface DecoratedLevels {
  readonly location: CorsIssueLocation;
  readonly levels: readonly PolicyLevel[];
  readonly problems: readonly Problem[];
}

/** A rule of `routes`, read. */
interface MergedRule {
  readonly path: string;
  readonly matches: (path: string) => boolean;
  readonly merged: MergedPolicy;
}

const APP: CorsIssueLocation = Object.freeze({ level: 'app' });
const MODULE: CorsIssueLocation = Object.freeze({ level: 'module' });
const FEATURE = 'CorsModule.forFeature()';
const NO_LEVELS: DecoratedLevels = { location: MODULE, levels: [], problems: [] };

/**
 * Builds the policy of every route from the module's options and the decorators, and refuses what is wrong.
 *
 * @param issues problems that were found elsewhere, to be told together with these
 * @throws {CorsConfigurationError} with every error of the app
 */
export function buildPolicySet(
  options: unknown,
  app: ExploredApp,
  metadata: CorsMetadataAccessor,
  issues: IssueCollector,
): PolicySet {
  return new PolicySetBuilder(app, metadata, issues, process.env['NODE_ENV'] === 'production').build(options);
}

class PolicySetBuilder {
  /** Where each level is written. */
  readonly #locations = new Map<PolicyLevel, CorsIssueLocation>();
  /** Where the levels of the module's options stand in them: `policies.public`. */
  readonly #paths = new Map<PolicyLevel | undefined, string>([[undefined, '']]);
  /** They know where they are written, if a file is where. */
  #options: unknown;
  readonly #check;
  readonly #resolvers = new Map<CorsOriginResolverRef, CorsIssueLocation>();
  #bounds: Bounds | undefined;
  readonly #controllers = new Map<Type, DecoratedLevels>();
  readonly #handlers = new Map<Type, Map<Handler, DecoratedLevels>>();

  private readonly routes: readonly RouteRegistration[];
  private readonly matcher: RouteMatcher | undefined;
  private readonly versionHeader: string;
  private readonly securityHook: SecurityHook | undefined;
  private readonly gatewayPaths: readonly string[];
  readonly #features = new Map<string, DecoratedLevels>();
  private readonly features: readonly Feature[];

  constructor(
    { routes, matcher, versionHeader, securityHook, gatewayPaths, features }: ExploredApp,
    private readonly metadata: CorsMetadataAccessor,
    private readonly issues: IssueCollector,
    private readonly production: boolean,
  ) {
    this.routes = routes;
    this.matcher = matcher;
    this.versionHeader = versionHeader;
    this.securityHook = securityHook;
    this.gatewayPaths = gatewayPaths;
    this.features = features;
    this.#check = createMergedPolicyCheck({ production });
  }

  build(options: unknown): PolicySet {
    this.#options = options;
    const stated = readModuleOptions(options, this.production, (found, part, at = '') => {
      const location =
        part === undefined ? MODULE : ({ level: 'policy' in part ? 'policy' : 'route', ...part } as const);
      this.issues.add(this.#inFile(location, found, at), found);
    });
    this.#locations.set(stated.level, MODULE);
    this.#paths.set(stated.level, '');
    for (const [policy, level] of stated.policies) {
      this.#locations.set(level, { level: 'policy', policy });
      this.#paths.set(level, policyPath(policy));
    }

    this.#bounds = stated.bounds;
    const module = this.#merge([stated.level]);
    for (const level of stated.policies.values()) this.#merge([level]);
    const rules = this.#mergeRules(stated);
    this.#readFeatures(stated);
    const merged = new Map(this.routes.map(route => [route, this.#mergeRoute(route, stated)]));

    const errors = this.issues.errors();
    if (errors.length > 0) throw new CorsConfigurationError(errors);
    const set = compileSet(module, rules, merged, stated.bounds);
    this.#reportDifferingCandidates(set);
    if (this.securityHook !== undefined) reportUntrustedOrigins(set, this.securityHook, this.issues);
    return Object.freeze({
      ...set,
      debug: stated.debug,
      resolverTimeout: stated.resolverTimeout,
      resolvers: this.#resolvers,
      warnings: Object.freeze(this.issues.warnings()),
    });
  }

  #mergeRoute(route: RouteRegistration, stated: StatedModule): MergedPolicy {
    const feature = this.#features.get(route.module.key) ?? NO_LEVELS;
    const controller = this.#controllerLevels(route, stated);
    const handler = this.#handlerLevels(route, stated);
    const issueRoute = issueRouteOf(route);
    for (const { location, problems } of [feature, controller, handler]) {
      for (const found of problems) this.issues.add(location, found, issueRoute);
    }
    const levels = [stated.level, ...feature.levels, ...controller.levels, ...handler.levels];
    const served = servedMethods(methodOf(route.verb)).filter(method => method !== 'HEAD' || route.verb === 'head');
    return this.#merge(levels, issueRoute, served);
  }

  /** @param served the methods that are routed, where that is known */
  #merge(levels: readonly PolicyLevel[], route?: CorsIssueRoute, served: readonly string[] = []): MergedPolicy {
    const report = (level: PolicyLevel | undefined, found: Problem) => {
      const location = (level && this.#locations.get(level)) ?? MODULE;
      // A problem of the module or of a named policy concerns more than the route that met it.
      const own = location.level !== 'module' && location.level !== 'policy';
      this.issues.add(this.#inFile(location, found, this.#paths.get(level)), found, own ? route : undefined);
    };
    const merged = mergeLevels(levels, report);
    this.#check(merged, levels, report);
    if (this.#bounds !== undefined) {
      reportExcess(merged, this.#bounds, served, (level, found) => {
        // Only methods differ from route to route where nobody states them.
        const ofRoute = level === undefined && found.code === 'bounds_method' ? route : undefined;
        if (ofRoute === undefined) report(level, found);
        else this.issues.add(handlerLocation(ofRoute), found, ofRoute);
      });
    }
    for (const level of levels) this.#noteResolver(level);
    return merged;
  }

  #noteResolver(level: PolicyLevel): void {
    const { origin } = level.stated;
    const resolver = typeof origin === 'object' ? origin.resolver : undefined;
    if (resolver === undefined || this.#resolvers.has(resolver)) return;
    this.#resolvers.set(resolver, this.#locations.get(level) ?? MODULE);
  }

  #readFeatures(stated: StatedModule): void {
    const modulesOf = new Map<unknown, RouteRegistration>();
    for (const { module, args } of this.features) {
      const location: CorsIssueLocation = { level: 'feature', module: module.name };
      const report = (code: ProblemCode) => this.issues.add(location, problem(code, FEATURE, FEATURE));
      if (this.#features.has(module.key)) report('feature_twice');
      const problems: Problem[] = [];
      const levels = readReference(args, 'feature', stated.policies, found => void problems.push(found));
      this.#locate(levels, location);
      this.#features.set(module.key, { location, levels, problems });
      if (!this.routes.some(route => route.module.key === module.key)) {
        for (const found of problems) this.issues.add(location, found);
        report('feature_without_effect');
      }
    }
    for (const route of this.routes) {
      // A handler is known by its class alone when it runs.
      const other = modulesOf.get(route.controller) ?? route;
      modulesOf.set(route.controller, other);
      if (this.#features.get(other.module.key) === this.#features.get(route.module.key)) continue;
      const { name } = route.controller;
      this.issues.add(APP, problem('feature_ambiguous', name, name), issueRouteOf(route));
    }
  }

  #controllerLevels({ controller }: RouteRegistration, stated: StatedModule): DecoratedLevels {
    const known = this.#controllers.get(controller);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'controller', controller: controller.name };
    const levels = this.#read(this.metadata.ofController(controller), location, stated);
    this.#controllers.set(controller, levels);
    return levels;
  }

  #handlerLevels({ controller, handler, handlerName }: RouteRegistration, stated: StatedModule): DecoratedLevels {
    const handlers = this.#handlers.get(controller) ?? new Map<Handler, DecoratedLevels>();
    this.#handlers.set(controller, handlers);
    const known = handlers.get(handler);
    if (known !== undefined) return known;
    const location: CorsIssueLocation = { level: 'handler', controller: controller.name, handler: handlerName };
    const levels = this.#read(this.metadata.ofHandler(controller, handlerName), location, stated);
    handlers.set(handler, levels);
    return levels;
  }

  /** The levels that the arguments of one `@Cors()` stand for. */
  #read(metadata: CorsMetadata | undefined, location: CorsIssueLocation, stated: StatedModule): DecoratedLevels {
    if (metadata === undefined) return NO_LEVELS;
    const problems: Problem[] = [];
    const source = location.level === 'controller' ? 'controller' : 'handler';
    const levels = readReference(metadata.args, source, stated.policies, found => void problems.push(found));
    if (metadata.repeated) problems.push(problem('decorator_twice', '@Cors()', '@Cors()'));
    this.#locate(levels, location);
    return { location, levels, problems };
  }

  /** A named policy's level keeps its own place. */
  #locate(levels: readonly PolicyLevel[], location: CorsIssueLocation): void {
    for (const level of levels) if (!this.#locations.has(level)) this.#locations.set(level, location);
  }

  /** The location of a problem with its place in the file that the module's options were read from, if they were. */
  #inFile(location: CorsIssueLocation, { path }: Problem, at: string | undefined): CorsIssueLocation {
    // The decorators are in no file.
    if (at === undefined) return location;
    const file = placeOf(this.#options, [at, path].filter(part => part !== '').join('.'));
    return file === undefined ? location : { ...location, file };
  }

  /** Reads the rules in order: the first that matches a path applies. */
  #mergeRules(stated: StatedModule): readonly MergedRule[] {
    const rules: MergedRule[] = [];
    for (const { at, path, levels } of stated.rules) {
      const location: CorsIssueLocation = { level: 'route', rule: path };
      const report = (code: ProblemCode, fix?: string) => {
        const found = problem(code, `${at}.path`, path, fix);
        this.issues.add(this.#inFile(location, found, ''), found);
      };
      this.#locate(levels, location);
      for (const level of levels) if (!this.#paths.has(level)) this.#paths.set(level, `${at}.policy`);
      const merged = this.#merge([stated.level, ...levels]);
      const matches = compileRule(path);
      if (matches === undefined) {
        report('rule_path');
        continue;
      }
      const sample = sampleOf(path);
      const earlier = rules.find(rule => rule.matches(sample));
      if (earlier !== undefined) report('rule_covered', earlier.path);
      if (this.#isShadowed(path)) report('rule_shadowed');
      if (this.gatewayPaths.some(each => matches(`${each}/any`))) report('rule_for_gateway');
      rules.push({ path, matches, merged });
    }
    return rules;
  }

  /** A preflight cannot tell versions in a header apart: where their policies differ, it matters which one answers. */
  #reportDifferingCandidates(set: Pick<PolicySet, 'of'>): void {
    const told = new Set<string>();
    for (const route of this.routes) {
      if (route.version === undefined || this.matcher === undefined) continue;
      const method = route.verb === 'all' ? 'GET' : methodOf(route.verb);
      // Some request that the route serves, if its version is the one.
      const request = makeRequest({ method, url: sampleOf(route.path), host: sampleOf(hostOf(route.controller)) });
      const methods = this.matcher.matchPreflight(request, method, this.versionHeader);
      const candidates = (methods.get(method) ?? []).filter(({ version }) => version !== undefined);
      const policies = candidates.map(each => set.of(each.controller, each.handler));
      if (policies.every(policy => policy === undefined || samePolicy(policy, policies[0]))) continue;
      const target = `${method} ${route.path}`;
      const key = candidates
        .map(each => routeKey(each))
        .sort()
        .join();
      if (told.has(key)) continue;
      told.add(key);
      for (const candidate of candidates) {
        this.issues.add(APP, problem('candidates_differ', target, target), issueRouteOf(candidate));
      }
    }
  }

  #isShadowed(path: string): boolean {
    if (this.routes.some(route => route.path === path)) return true;
    const { matcher } = this;
    if (matcher === undefined || /[:*{}()\\]/.test(path)) return false;
    return USUAL_METHODS.some(method => matcher.match(makeRequest({ method, url: path })) !== undefined);
  }
}

function handlerLocation({ controller, handler }: CorsIssueRoute): CorsIssueLocation {
  return { level: 'handler', controller, handler };
}

function compileRule(path: string): MergedRule['matches'] | undefined {
  try {
    return compilePath(path);
  } catch (error) {
    if (!(error instanceof PathSyntaxError)) throw error;
    return undefined;
  }
}

function compileSet(
  module: MergedPolicy,
  rules: readonly MergedRule[],
  routes: ReadonlyMap<RouteRegistration, MergedPolicy>,
  bounds: Bounds | undefined,
): Pick<PolicySet, 'module' | 'rules' | 'rejectsUnrouted' | 'routes' | 'of'> {
  const compile = createPolicyCompiler(bounds);
  const handlers = new Map<unknown, Map<unknown, CompiledPolicy>>();
  const routePolicies: RoutePolicy[] = [];
  for (const [route, merged] of routes) {
    const ofController = handlers.get(route.controller) ?? new Map<unknown, CompiledPolicy>();
    handlers.set(route.controller, ofController);
    const policy = ofController.get(route.handler) ?? compile(merged);
    ofController.set(route.handler, policy);
    routePolicies.push({ route, policy });
  }
  const modulePolicy = compile(module);
  const pathRules = rules.map(({ merged, ...rule }) => ({ ...rule, policy: compile(merged) }));
  return {
    module: modulePolicy,
    rules: Object.freeze(pathRules),
    rejectsUnrouted: [modulePolicy, ...pathRules.map(({ policy }) => policy)].some(each => each.rejectDisallowed),
    routes: Object.freeze(routePolicies),
    of: (controller, handler) => handlers.get(controller)?.get(handler),
  };
}

function routeKey({ controller, handlerName, path }: RouteRegistration): string {
  return `${controller.name}.${handlerName} ${path}`;
}

/** Two policies that answer alike. Lists are shared by what inherits them: identity spares comparing long ones. */
function samePolicy(one: CompiledPolicy, other: CompiledPolicy | undefined): boolean {
  if (other === undefined || one === other) return true;
  const { origin, ...rest } = one.stated;
  const { origin: otherOrigin, ...otherRest } = other.stated;
  const sameOrigin = origin === otherOrigin || JSON.stringify(origin) === JSON.stringify(otherOrigin);
  return sameOrigin && one.resolver === other.resolver && JSON.stringify(rest) === JSON.stringify(otherRest);
}

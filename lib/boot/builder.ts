import { reportDifferingCandidates } from './warnings/differing-versions.js';
import type { CorsMetadataAccessor } from './metadata.js';
import { IssueCollector } from '../issues/issue.js';
import { issueRouteOf } from '../registry/route.js';
import { type CorsIssueLocation } from '../issues/location.js';
import { type CorsIssueRoute } from '../issues/location.js';
import { compileSet, type MergedRule } from './compile-rows.js';
import { type PolicySet } from '../registry/table-rows.js';
import { throwErrors } from '../issues/configuration-error.js';
import type { ExploredApp } from './explorer.js';
import { reportUntrustedOrigins } from './warnings/csrf-protection.js';
import type { ProblemCode } from '../issues/catalog.js';
import { reportExcess, type Bounds } from '../policy/bounds.js';
import { createMergedPolicyCheck } from '../policy/check.js';
import { problem, type Problem } from '../issues/problem.js';
import { mergeLevels, type MergedPolicy, type PolicyLevel } from '../policy/merge.js';
import { policyPath, readModuleOptions, type StatedModule } from '../policy/read-module.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import { selfOriginsOf } from '../decision/same-origin.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import { readWritten } from '../routing/path-readings.js';
import { compilePath, encode, PathSyntaxError, sampleOf, type PathPattern } from '../routing/path-rules.js';
import { makeRequest, methodOf, servedMethods, USUAL_METHODS } from '../routing/route-matcher.js';
import { Sequences } from './sequences.js';
import { placeOf } from '../sources/option-places.js';
import { LevelReader, type StatedLevels } from './levels.js';

const MODULE: CorsIssueLocation = Object.freeze({ level: 'module' });

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

/** Told the problems of merged levels. */
type MergeReport = (level: PolicyLevel | undefined, found: Problem) => void;

class PolicySetBuilder {
  /** Where each level is written. */
  readonly #locations = new Map<PolicyLevel, CorsIssueLocation>();
  /** Where the levels of the module's options stand in them: `policies.public`. */
  readonly #paths = new Map<PolicyLevel | undefined, string>([[undefined, '']]);
  /** They know where they are written, if a file is where. */
  #options: unknown;
  readonly #check;
  readonly #resolvers = new Map<CorsOriginResolverRef, CorsIssueLocation>();
  readonly #merged = new Sequences<MergedPolicy>();
  /** What was found for routes with the same statements, where there is nothing to tell of each of them. */
  readonly #settled = new Map<readonly StatedLevels[], MergedPolicy>();
  #bounds: Bounds | undefined;

  constructor(
    private readonly app: ExploredApp,
    private readonly metadata: CorsMetadataAccessor,
    private readonly issues: IssueCollector,
    private readonly production: boolean,
  ) {
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
    const locate = this.#locate.bind(this);
    const reader = new LevelReader(this.app, stated.policies, this.metadata, this.issues, locate);
    const merged = this.app.routes.map(route => ({ route, merged: this.#mergeRoute(route, stated, reader) }));

    const rejects = [module, ...rules.map(rule => rule.merged), ...merged.map(route => route.merged)].some(
      ({ rejectDisallowed, origin, methods }) =>
        // Any origin and any method: there is nothing to reject, and a warning of its own.
        rejectDisallowed.value === true && (origin.value !== '*' || methods.value !== undefined),
    );
    if (rejects && stated.self === undefined) this.issues.add(MODULE, problem('self_missing', 'self', undefined));

    throwErrors(this.issues);
    const set = compileSet(module, rules, merged, stated.bounds);
    const { securityHook } = this.app;
    reportDifferingCandidates(set, this.app, this.issues);
    if (securityHook !== undefined) reportUntrustedOrigins(set, securityHook, this.issues);
    return Object.freeze({
      ...set,
      debug: stated.debug,
      self: stated.self && selfOriginsOf(stated.self),
      resolverLimits: stated.resolverLimits,
      resolvers: this.#resolvers,
      warnings: Object.freeze(this.issues.warnings()),
    });
  }

  #mergeRoute(route: RouteRegistration, stated: StatedModule, reader: LevelReader): MergedPolicy {
    const own = reader.ofRoute(route);
    const known = this.#settled.get(own);
    if (known !== undefined) return known;
    const issueRoute = issueRouteOf(route);
    for (const { location, problems } of own) {
      for (const found of problems) this.issues.add(location, found, issueRoute);
    }
    const served = servedMethods(methodOf(route.verb)).filter(method => method !== 'HEAD' || route.verb === 'head');
    const levels = [stated.level, ...own.flatMap(each => each.levels)];
    const merged = this.#merge(levels, issueRoute, served);
    const isClean = this.#merged.at(levels).value !== undefined && own.every(({ problems }) => problems.length === 0);
    // Methods are within the bounds for one route, and not for another.
    if (isClean && this.#bounds === undefined) this.#settled.set(own, merged);
    return merged;
  }

  /** @param served the methods that are routed, where that is known */
  #merge(levels: readonly PolicyLevel[], route?: CorsIssueRoute, served: readonly string[] = []): MergedPolicy {
    const report: MergeReport = (level, found) => {
      const location = (level && this.#locations.get(level)) ?? MODULE;
      // A problem of the module or of a named policy concerns more than the route that met it.
      const own = location.level !== 'module' && location.level !== 'policy';
      this.issues.add(this.#inFile(location, found, this.#paths.get(level)), found, own ? route : undefined);
    };
    const merged = this.#mergeOnce(levels, report);
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

  /** Routes that state the same share one policy; one that is in error is told for each of its routes. */
  #mergeOnce(levels: readonly PolicyLevel[], report: MergeReport): MergedPolicy {
    const known = this.#merged.at(levels);
    if (known.value !== undefined) return known.value;
    let isClean = true;
    const note: MergeReport = (level, found) => {
      isClean = false;
      report(level, found);
    };
    const merged = mergeLevels(levels, note);
    this.#check(merged, levels, note);
    if (isClean) known.value = merged;
    return merged;
  }

  #noteResolver(level: PolicyLevel): void {
    const { origin } = level.stated;
    const resolver = typeof origin === 'object' ? origin.resolver : undefined;
    if (resolver === undefined || this.#resolvers.has(resolver)) return;
    this.#resolvers.set(resolver, this.#locations.get(level) ?? MODULE);
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
      const pattern = compileRule(path);
      if (pattern === undefined) {
        report('rule_path');
        continue;
      }
      const sample = readWritten(sampleOf(path.startsWith('/') ? path : `/${path}`));
      // In any case: a path that matches the earlier rule in another case is in doubt.
      const earlier = rules.find(rule => rule.pattern.matchesInAnyCase(sample));
      if (earlier !== undefined) report('rule_covered', earlier.path);
      if (this.#isShadowed(path)) report('rule_shadowed');
      if (this.app.gatewayPaths.some(each => pattern.matches(`${each}/any`))) report('rule_for_gateway');
      rules.push({ path, pattern, merged });
    }
    return rules;
  }

  #isShadowed(path: string): boolean {
    const { routes, matcher } = this.app;
    if (routes.some(route => route.path === path)) return true;
    if (matcher === undefined || /[:*{}()\\]/.test(path)) return false;
    const url = encode(readWritten(path));
    return USUAL_METHODS.some(method =>
      matcher
        .match(makeRequest({ method, url }))
        .flat()
        .some(route => route !== undefined),
    );
  }
}

function handlerLocation({ controller, handler }: CorsIssueRoute): CorsIssueLocation {
  return { level: 'handler', controller, handler };
}

function compileRule(path: string): PathPattern | undefined {
  try {
    return compilePath(path);
  } catch (error) {
    if (!(error instanceof PathSyntaxError)) throw error;
    return undefined;
  }
}

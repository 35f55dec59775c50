import { throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import type { CorsIssueLocation, CorsIssueRoute } from '../issues/location.js';
import { problem, type Problem } from '../issues/problem.js';
import { reportExcess, type Bounds } from '../policy/bounds.js';
import { createMergedPolicyCheck } from '../policy/check.js';
import { mergeLevels, type Level, type MergedPolicy, type ReportAt } from '../policy/merge.js';
import { policyPath, readModuleOptions, type AppOptions, type ModuleOptions } from '../policy/read-module.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import { issueRouteOf } from '../registry/route.js';
import type { TableRows } from '../registry/table-rows.js';
import type { Route } from '../routing/route.js';
import { compilePath, PathSyntaxError, type PathPattern } from '../routing/path-rules.js';
import { methodOf, servedMethods } from '../routing/methods.js';
import { filePlace } from '../sources/option-places.js';
import { compileRows, type MergedRule } from './compile-rows.js';
import type { ExploredApp } from './explorer.js';
import { LevelReader, type LevelSource } from './levels.js';
import { reportUntrustedOrigins } from './warnings/csrf-protection.js';
import { reportDifferingVersions } from './warnings/differing-versions.js';
import { reportMisplacedDecorators } from './warnings/misplaced-decorators.js';
import { reportIneffectiveRule } from './warnings/rules.js';

const MODULE: CorsIssueLocation = Object.freeze({ level: 'module' });

/**
 * Builds the policy of every route from the module's options and the decorators, and refuses what is wrong.
 *
 * @param issues problems that were found elsewhere, to be reported together with these
 * @throws {CorsConfigurationError} with every error of the app
 */
export function buildRows(options: unknown, app: ExploredApp, issues: IssueCollector): TableRows {
  return new RowsBuilder(options, app, issues, process.env['NODE_ENV'] === 'production').build();
}

/** A level's number, and where it is written. */
interface Written {
  readonly id: number;
  readonly location: CorsIssueLocation;
  /** Its place in the module's options: `policies.public`; absent for a decorator. */
  readonly at?: string;
}

class RowsBuilder {
  readonly #written = new Map<Level | undefined, Written>([[undefined, { id: 0, location: MODULE, at: '' }]]);
  /** By the numbers of their levels. Routes with equal levels share one; with errors, each of its routes is listed. */
  readonly #merged = new Map<string, MergedPolicy>();
  readonly #resolvers = new Map<CorsOriginResolverRef, CorsIssueLocation>();
  readonly #check;
  #bounds: Bounds | undefined;

  constructor(
    private readonly options: unknown,
    private readonly app: ExploredApp,
    private readonly issues: IssueCollector,
    private readonly production: boolean,
  ) {
    this.#check = createMergedPolicyCheck({ production });
  }

  build(): TableRows {
    reportMisplacedDecorators(this.app, this.issues);
    const module = readModuleOptions(this.options, this.production, (each, part, at = '') => {
      const location =
        part === undefined ? MODULE : ({ level: 'policy' in part ? 'policy' : 'route', ...part } as const);
      this.issues.add(this.#inFile(location, each, at), each);
    });
    this.#bounds = module.bounds;
    this.#write([module.level], MODULE, '');
    const modulePolicy = this.#merge([module.level]);
    for (const [policy, level] of module.policies) {
      this.#write([level], { level: 'policy', policy }, policyPath(policy));
      this.#merge([level]);
    }
    const rules = this.#mergeRules(module);
    const reader = new LevelReader(this.app, module.policies, this.issues, this.#write.bind(this));
    const routes = this.app.routes.map(route => ({
      route,
      merged: this.#mergeRoute(route, module.level, reader.ofRoute(route)),
    }));
    this.#reportMissingSelf(module.app, [modulePolicy, ...[...rules, ...routes].map(({ merged }) => merged)]);
    throwErrors(this.issues);

    const rows = compileRows(modulePolicy, rules, routes, module.bounds);
    reportDifferingVersions(this.app, rows, this.issues);
    reportUntrustedOrigins(this.app, rows, this.issues);
    return Object.freeze({
      ...rows,
      options: module.app,
      resolvers: this.#resolvers,
      warnings: Object.freeze(this.issues.warnings()),
    });
  }

  #mergeRoute(route: Route, module: Level, sources: readonly LevelSource[]): MergedPolicy {
    const issueRoute = issueRouteOf(route);
    for (const { location, problems } of sources) {
      for (const each of problems) this.issues.add(location, each, issueRoute);
    }
    const served = servedMethods(methodOf(route.verb)).filter(method => method !== 'HEAD' || route.verb === 'head');
    return this.#merge([module, ...sources.flatMap(({ levels }) => levels)], issueRoute, served);
  }

  /** @param served the methods that are routed, where that is known */
  #merge(levels: readonly Level[], route?: CorsIssueRoute, served: readonly string[] = []): MergedPolicy {
    const report: ReportAt = (level, each) => {
      const { location = MODULE, at } = this.#written.get(level) ?? {};
      // A problem of the module or of a named policy concerns more than the route that met it.
      const own = location.level !== 'module' && location.level !== 'policy';
      this.issues.add(this.#inFile(location, each, at), each, own ? route : undefined);
    };
    const policy = this.#mergeOnce(levels, report);
    if (this.#bounds !== undefined) {
      reportExcess(policy, this.#bounds, served, (level, each) => {
        // Only methods differ from route to route where nobody sets them.
        const ofRoute = level === undefined && each.code === 'bounds_method' ? route : undefined;
        if (ofRoute === undefined) report(level, each);
        else this.issues.add(handlerLocation(ofRoute), each, ofRoute);
      });
    }
    return policy;
  }

  #mergeOnce(levels: readonly Level[], report: ReportAt): MergedPolicy {
    const key = levels.map(level => this.#written.get(level)?.id).join();
    const known = this.#merged.get(key);
    if (known !== undefined) return known;
    let isClean = true;
    const reportOnce: ReportAt = (...problem) => {
      isClean = false;
      report(...problem);
    };
    const policy = mergeLevels(levels, reportOnce);
    this.#check(policy, levels, reportOnce);
    if (isClean) this.#merged.set(key, policy);
    for (const level of levels) this.#noteResolver(level);
    return policy;
  }

  #noteResolver(level: Level): void {
    const { origin } = level.options;
    const resolver = typeof origin === 'object' ? origin.resolver : undefined;
    if (resolver === undefined || this.#resolvers.has(resolver)) return;
    this.#resolvers.set(resolver, this.#written.get(level)?.location ?? MODULE);
  }

  /** A named policy's level keeps its own place. */
  #write(levels: readonly Level[], location: CorsIssueLocation, at?: string): void {
    for (const level of levels) {
      if (this.#written.has(level)) continue;
      this.#written.set(level, { id: this.#written.size, location, ...(at !== undefined && { at }) });
    }
  }

  /**
   * The location of a problem, with its place in the file that the module's options were read from, if they were.
   *
   * @param at absent for what is not in the module's options
   */
  #inFile(location: CorsIssueLocation, { path }: Problem, at: string | undefined): CorsIssueLocation {
    if (at === undefined) return location;
    const file = filePlace(this.options, [at, path].filter(part => part !== '').join('.'));
    return file === undefined ? location : { ...location, file };
  }

  /** Reads the rules in order: the first that matches a path applies. */
  #mergeRules(module: ModuleOptions): readonly MergedRule[] {
    const rules: MergedRule[] = [];
    for (const { at, path, levels } of module.rules) {
      const location: CorsIssueLocation = { level: 'route', rule: path };
      const report = (each: Problem) => this.issues.add(this.#inFile(location, each, ''), each);
      this.#write(levels, location, `${at}.policy`);
      const merged = this.#merge([module.level, ...levels]);
      const pattern = compileRule(path);
      if (pattern === undefined) {
        report(problem('rule_path', `${at}.path`, path));
        continue;
      }
      const rule: MergedRule = { at, path, pattern, merged };
      reportIneffectiveRule(rule, rules, this.app, report);
      rules.push(rule);
    }
    return rules;
  }

  /** Warns where requests may be rejected, and the app's own origins are not known. */
  #reportMissingSelf({ self }: AppOptions, policies: readonly MergedPolicy[]): void {
    // Any origin and any method: there is nothing to reject, and a warning of its own.
    const rejects = policies.some(
      ({ rejectDisallowed, origin, methods }) =>
        rejectDisallowed.value === true && (origin.value !== '*' || methods.value !== undefined),
    );
    if (rejects && self === undefined) this.issues.add(MODULE, problem('self_missing', 'self', undefined));
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

import { throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import type { CorsIssueLocation, CorsIssueRoute } from '../issues/location.js';
import { problem, type Problem } from '../issues/problem.js';
import { reportExcess, type Bounds } from '../policy/bounds.js';
import { createMergedPolicyCheck } from '../policy/check.js';
import { checkOthers, mergeOthers, reportOf, type MergedOthers } from '../policy/others.js';
import type { NamedPolicies } from '../policy/named-policy.js';
import { mergeLevels, type Level, type MergedPolicy, type ReportAt } from '../policy/merge.js';
import { policyPath, readModuleOptions, type ModuleOptions } from '../policy/read-module.js';
import type { CorsOriginResolverRef } from '../policy/resolver.js';
import { issueRouteOf } from '../registry/route.js';
import type { TableRows } from '../registry/table-rows.js';
import type { Gateway } from '../routing/gateway.js';
import type { Route } from '../routing/route.js';
import { compilePath, PathSyntaxError, type PathPattern } from '../routing/path-rules.js';
import { methodOf, servedMethods } from '../routing/methods.js';
import { filePlace } from '../sources/option-places.js';
import { compileRows } from './compile-rows.js';
import { checkGatewayNames } from './gateway-names.js';
import { HandshakeLevels } from './handshake-level.js';
import type { MergedGateway, MergedRoute, MergedRule } from './merged.js';
import type { ExploredApp } from './explorer.js';
import { LevelReader, type LevelSource } from './levels.js';
import { reportWarnings } from './warnings/index.js';

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

/** Where the problems' paths begin in the module's options, for the places that are in them. */
const IN_OPTIONS: { readonly [Level in CorsIssueLocation['level']]?: string } = { module: '', route: '' };

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
  /** What merged policies have for others. */
  readonly #others = new Map<MergedPolicy, MergedOthers>();
  readonly #resolvers = new Map<CorsOriginResolverRef, CorsIssueLocation>();
  readonly #check;
  readonly #handshakeLevels = new HandshakeLevels((part, level) => {
    const { location = MODULE, at } = this.#written.get(level) ?? {};
    this.#write([part], location, at);
  });
  #bounds: Bounds | undefined;
  #policies: NamedPolicies = new Map();

  constructor(
    private readonly options: unknown,
    private readonly app: ExploredApp,
    private readonly issues: IssueCollector,
    private readonly production: boolean,
  ) {
    this.#check = createMergedPolicyCheck({ production });
  }

  build(): TableRows {
    const module = readModuleOptions(this.options, this.production, (each, part, at = '') => {
      const location =
        part === undefined ? MODULE : ({ level: 'policy' in part ? 'policy' : 'route', ...part } as const);
      this.issues.add(this.#inFile(location, each, at), each);
    });
    this.#bounds = module.bounds;
    this.#policies = module.policies;
    this.#write([module.level], MODULE, '');
    for (const [policy, level] of module.policies)
      this.#write([level], { level: 'policy', policy }, policyPath(policy));
    const modulePolicy = this.#merge([module.level]);
    const named = new Map([...module.policies].map(([policy, level]) => [policy, this.#merge([level])]));
    checkGatewayNames(this.app.gateways, module.policies, this.issues);
    const rules = this.#mergeRules(module);
    const gateways = module.app.handshakes === false ? [] : this.app.gateways.filter(({ port }) => port === undefined);
    const declaring = { ...this.app, gateways };
    const reader = new LevelReader(declaring, module.policies, this.issues, this.#write.bind(this));
    const routes = this.app.routes.map(route => this.#mergeRoute(route, module.level, reader.ofRoute(route)));
    const mergedGateways = gateways.map(gateway =>
      this.#mergeGateway(gateway, module.level, reader.ofGateway(gateway)),
    );
    throwErrors(this.issues);

    const othersOf = (merged: MergedPolicy) => this.#others.get(merged);
    const rows = compileRows(
      { module: modulePolicy, rules, routes, gateways: mergedGateways, named },
      module.bounds,
      this.app.versionHeader,
      othersOf,
    );
    reportWarnings({
      app: this.app,
      options: module,
      module: modulePolicy,
      routes,
      rules,
      gateways: mergedGateways,
      rows,
      othersOf,
      report: (location, each, route) =>
        this.issues.add(this.#inFile(location, each, IN_OPTIONS[location.level]), each, route),
      reportAt: this.#reportAt,
    });
    return Object.freeze({
      ...rows,
      options: module.app,
      resolvers: this.#resolvers,
      warnings: Object.freeze(this.issues.warnings()),
    });
  }

  #mergeRoute(route: Route, module: Level, sources: readonly LevelSource[]): MergedRoute {
    const issueRoute = issueRouteOf(route);
    for (const { location, problems } of sources) {
      for (const each of problems) this.issues.add(location, each, issueRoute);
    }
    const served = servedMethods(methodOf(route.verb)).filter(method => method !== 'HEAD' || route.verb === 'head');
    const levels = [module, ...sources.flatMap(each => each.levels)];
    return { route, levels, merged: this.#merge(levels, issueRoute, served) };
  }

  #mergeGateway(gateway: Gateway, module: Level, sources: readonly LevelSource[]): MergedGateway {
    const route = issueRouteOf(gateway);
    for (const { location, problems } of sources) {
      for (const each of problems) this.issues.add(location, each, route);
    }
    const levels = [module, ...sources.flatMap(each => each.levels)];
    const parts = levels.map(level => this.#handshakeLevels.of(level));
    return { gateway, levels, merged: this.#merge(parts, route) };
  }

  /** @param served the methods that are routed, where that is known */
  #merge(levels: readonly Level[], route?: CorsIssueRoute, served: readonly string[] = []): MergedPolicy {
    const report: ReportAt = (level, each) => {
      const { location = MODULE } = this.#written.get(level) ?? {};
      // A problem of the module or of a named policy concerns more than the route that met it.
      const own = location.level !== 'module' && location.level !== 'policy';
      this.#reportAt(level, each, own ? route : undefined);
    };
    const policy = this.#mergeOnce(levels, report);
    const others = this.#others.get(policy);
    if (this.#bounds !== undefined) {
      const reportIn: ReportAt = (level, each) => {
        // Only methods differ from route to route where nobody sets them.
        const ofRoute = level === undefined && each.code === 'bounds_method' ? route : undefined;
        if (ofRoute === undefined) report(level, each);
        else this.issues.add(handlerLocation(ofRoute), each, ofRoute);
      };
      reportExcess(policy, this.#bounds, served, reportIn);
      if (others !== undefined) reportExcess(others.merged, this.#bounds, served, reportOf(others, policy, reportIn));
    }
    return policy;
  }

  /** Reports a problem at the place of the level that has it. */
  readonly #reportAt = (level: Level | undefined, each: Problem, route?: CorsIssueRoute): void => {
    const { location = MODULE, at } = this.#written.get(level) ?? {};
    this.issues.add(this.#inFile(location, each, at), each, route);
  };

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
    const others = mergeOthers(policy, this.#policies, reportOnce);
    if (others !== undefined) {
      this.#others.set(policy, others);
      const { level } = policy.others;
      checkOthers(policy, others, each => reportOnce(level, each));
      this.#check(others.merged, others.levels, reportOf(others, policy, reportOnce));
      this.#write(others.levels, this.#written.get(level)?.location ?? MODULE, this.#written.get(level)?.at);
    }
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
      this.#write(levels, location, `${at}.policy`);
      const all = [module.level, ...levels];
      const merged = this.#merge(all);
      const pattern = compileRule(path);
      if (pattern === undefined) {
        const each = problem('rule_path', `${at}.path`, path);
        this.issues.add(this.#inFile(location, each, ''), each);
        continue;
      }
      rules.push({ at, path, pattern, merged, levels: all });
    }
    return rules;
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

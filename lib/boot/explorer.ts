import { Inject, Injectable, VersioningType, type Type } from '@nestjs/common';
import {
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
  type AbstractHttpAdapter,
  type ApplicationConfig,
} from '@nestjs/core';
import { CORS_MODULE_OPTIONS } from '../cors.constants.js';
import { CORS_FEATURE } from './feature.module.js';
import { CorsMetadataAccessor, definerOf } from './metadata.js';
import { IssueCollector } from '../issues/issue.js';
import { type CorsIssueLocation } from '../issues/location.js';
import type { CorsApp } from '../registry/cors-app.js';
import type { SecurityHook } from '../platforms/security-hook.js';
import { problem } from '../issues/problem.js';
import {
  applicationConfigOf,
  containerOf,
  gatewayPathOf,
  PATH_METADATA,
  recordRoutes,
  type ModuleId,
  type RouteRegistration,
} from '../routing/nest-internals.js';
import { UnmatchedRouteError, type RouteMatcher } from '../routing/route-matcher.js';

/** One `CorsModule.forFeature()`, and the module that imports it. */
export interface Feature {
  readonly module: ModuleId;
  readonly args: readonly unknown[];
}

/** The app as far as CORS is concerned. */
export interface ExploredApp {
  readonly routes: readonly RouteRegistration[];
  /** Absent where an issue says why. */
  readonly matcher: RouteMatcher | undefined;
  /** The request header that holds a route's version; `''` where none does. */
  readonly versionHeader: string;
  /** Absent where the app enabled no security feature of Nest. */
  readonly securityHook: SecurityHook | undefined;
  /** What modules import by `CorsModule.forFeature()`. */
  readonly features: readonly Feature[];
  /** Where socket.io gateways answer by themselves. */
  readonly gatewayPaths: readonly string[];
}

const APP: CorsIssueLocation = Object.freeze({ level: 'app' });

/** Walks the app once it has registered its routes: finds them, and what stands in the module's way. */
@Injectable()
export class CorsExplorer {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(CorsMetadataAccessor) private readonly metadata: CorsMetadataAccessor,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** What Nest registers on an HTTP platform, by what is configured by now. */
  routes(adapter: AbstractHttpAdapter = this.host.httpAdapter): readonly RouteRegistration[] {
    return recordRoutes(containerOf(this.moduleRef), adapter);
  }

  /** Whether Nest has registered every route of the container on the platform of an app. */
  isRegistered({ adapter, platform }: CorsApp): boolean {
    try {
      platform?.createMatcher(this.#config, this.routes(adapter));
      return true;
    } catch (error) {
      if (!(error instanceof UnmatchedRouteError)) throw error;
      return false;
    }
  }

  explore(app: CorsApp, issues: IssueCollector): ExploredApp {
    const routes = this.routes(app.adapter);
    // By the token as well: where both builds of the package are loaded, there are two such modules.
    const roots = [...this.modules.values()].filter(
      ({ providers }) => providers.has(CorsExplorer) || providers.has(CORS_MODULE_OPTIONS),
    );
    if (roots.length > 1) {
      issues.add(APP, problem('module_twice', 'CorsModule', 'CorsModule'));
    }
    this.reportMisplaced(routes, issues);
    const versioning = this.#config.getVersioning();
    const versionHeader = versioning?.type === VersioningType.HEADER ? versioning.header : '';
    const matcher = this.createMatcher(app, routes, issues);
    const securityHook = app.platform?.securityHook();
    return {
      routes,
      matcher,
      versionHeader,
      securityHook,
      features: this.features(),
      gatewayPaths: this.#gatewayPaths(),
    };
  }

  /** Only a module's own imports: what it gets through another module was stated for that one. */
  features(): readonly Feature[] {
    return [...this.modules].flatMap(([key, { name, imports }]) =>
      [...imports].flatMap(({ providers }) => {
        const feature = providers.get(CORS_FEATURE);
        return feature === undefined ? [] : { module: { key, name }, args: feature.instance as readonly unknown[] };
      }),
    );
  }

  #gatewayPaths(): readonly string[] {
    const providers = [...this.modules.values()].flatMap(module => [...module.providers.values()]);
    return [...new Set(providers.flatMap(({ metatype }) => gatewayPathOf(metatype) ?? []))];
  }

  get #config(): ApplicationConfig {
    return applicationConfigOf(containerOf(this.moduleRef));
  }

  /**
   * Makes the matcher from what the platform holds by now, and looks for a second CORS layer: again before the start,
   * where the platform goes on registering.
   */
  createMatcher(
    { adapter, platform }: CorsApp,
    routes: readonly RouteRegistration[],
    issues: IssueCollector,
  ): RouteMatcher | undefined {
    if (platform === undefined) {
      const type = adapter.getType();
      issues.add(APP, problem('platform_unsupported', type, type));
      return undefined;
    }
    // A second layer gives a second answer.
    if (platform.hasForeignCors()) issues.add(APP, problem('cors_layer_twice', 'enableCors()', 'enableCors()'));
    if (platform.isShared()) issues.add(APP, problem('platform_shared', 'CorsModule', 'CorsModule'));
    try {
      return platform.createMatcher(this.#config, routes);
    } catch (error) {
      if (!(error instanceof UnmatchedRouteError)) throw error;
      issues.add(APP, problem('routes_unreadable', error.message, error.message));
      return undefined;
    }
  }

  /** `@Cors()` on what is not a route is legal TypeScript and does nothing: say so. */
  reportMisplaced(routes: readonly RouteRegistration[], issues: IssueCollector): void {
    const routed = new Set<unknown>(routes.map(({ controller }) => controller));
    for (const { providers, controllers } of this.modules.values()) {
      for (const { metatype } of [...providers.values(), ...controllers.values()]) {
        if (typeof metatype !== 'function' || metatype.prototype === undefined) continue;
        const { name } = metatype;
        if (!routed.has(metatype) && this.metadata.ofController(metatype) !== undefined) {
          issues.add(
            { level: 'controller', controller: name },
            problem('decorator_without_effect', '@Cors()', '@Cors()'),
          );
        }
        this.#reportMisplacedMethods(metatype as Type, routed.has(metatype), issues);
      }
    }
  }

  #reportMisplacedMethods(metatype: Type, routed: boolean, issues: IssueCollector): void {
    const report = (key: string | symbol) => {
      const location: CorsIssueLocation = { level: 'handler', controller: metatype.name, handler: String(key) };
      issues.add(location, problem('decorator_without_effect', '@Cors()', '@Cors()'));
    };
    const prototype = metatype.prototype as object;
    for (const key of this.metadata.ofMembers(prototype).keys()) {
      const definer = definerOf(prototype, key);
      const method: unknown = definer && Object.getOwnPropertyDescriptor(definer, key)?.value;
      // Nest routes methods by their names: neither accessors nor what a symbol names.
      const isRoute = typeof method === 'function' && Reflect.hasMetadata(PATH_METADATA, method);
      if (!routed || typeof key === 'symbol' || !isRoute) report(key);
    }
    for (const key of this.metadata.ofMembers(metatype).keys()) report(key);
  }
}

import { Inject, Injectable, VersioningType, type Type } from '@nestjs/common';
import {
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
  type AbstractHttpAdapter,
  type ApplicationConfig,
} from '@nestjs/core';
import { CORS_FEATURE, CORS_MODULE_OPTIONS } from '../cors.constants.js';
import type { IssueCollector } from '../issues/issue.js';
import type { CorsIssueLocation } from '../issues/location.js';
import { problem } from '../issues/problem.js';
import type { SecurityHook } from '../platforms/security-hook.js';
import {
  applicationConfigOf,
  containerOf,
  gatewayMetadataOf,
  importsOf,
  recordRoutes,
} from '../routing/nest-internals.js';
import type { Gateway } from '../routing/gateway.js';
import type { Route, ModuleId } from '../routing/route.js';
import { UnmatchedRouteError, type RouteMatcher } from '../routing/route-matcher.js';
import { SocketServers } from '../routing/socket-servers.js';
import type { HostedApp } from './apps.js';

/** One `CorsModule.forFeature()`, and the module that imports it. */
export interface Feature {
  readonly module: ModuleId;
  readonly args: readonly unknown[];
}

/** What boot has to know of an app. */
export interface ExploredApp {
  readonly routes: readonly Route[];
  /** Absent where an issue says why. */
  readonly matcher: RouteMatcher | undefined;
  /** The request header that holds a route's version; `''` where none does. */
  readonly versionHeader: string;
  /** Absent where the app enabled no security feature of Nest. */
  readonly securityHook: SecurityHook | undefined;
  /** What modules import by `CorsModule.forFeature()`. */
  readonly features: readonly Feature[];
  /** Those on other servers as well. */
  readonly gateways: readonly Gateway[];
  /** The prefix of all controllers' routes, with a slash before it; `''` where there is none. */
  readonly prefix: string;
  /** See {@link Platform.isRegistered}. */
  readonly isRegistered: (path: string) => boolean;
  /** The classes of all controllers, providers and enhancers: guards, interceptors, pipes and filters. */
  readonly classes: readonly Type[];
}

const APP: CorsIssueLocation = Object.freeze({ level: 'app' });

/** Walks the app once it has registered its routes: finds them, and what the module cannot work with. */
@Injectable()
export class CorsExplorer {
  readonly #sockets: SocketServers;

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    // Before the app can get a WebSocket adapter.
    this.#sockets = new SocketServers(containerOf(moduleRef).applicationConfig);
  }

  /** Whether Nest has registered every route of the container on the platform of an app. */
  isRegistered({ adapter, platform }: HostedApp): boolean {
    try {
      platform?.createMatcher(this.#config, this.#routes(adapter));
      return true;
    } catch (error) {
      if (!(error instanceof UnmatchedRouteError)) throw error;
      return false;
    }
  }

  explore(app: HostedApp, issues: IssueCollector): ExploredApp {
    const explored = this.preview(app.adapter);
    // By the token as well: where both builds of the package are loaded, there are two such modules.
    const roots = [...this.modules.values()].filter(
      ({ providers }) => providers.has(CorsExplorer) || providers.has(CORS_MODULE_OPTIONS),
    );
    if (roots.length > 1)
      issues.add(
        APP,
        problem('module_twice', 'CorsModule', 'CorsModule', this.#importersOf(roots.map(({ metatype }) => metatype))),
      );
    return {
      ...explored,
      matcher: this.createMatcher(app, explored.routes, issues),
      securityHook: app.platform?.securityHook(),
      isRegistered: path => app.platform?.isRegistered(path) === true,
    };
  }

  /** What can be known before the app has registered its routes. */
  preview(adapter: AbstractHttpAdapter = this.host.httpAdapter): ExploredApp {
    const versioning = this.#config.getVersioning();
    return {
      routes: this.#routes(adapter),
      matcher: undefined,
      versionHeader: versioning?.type === VersioningType.HEADER ? versioning.header : '',
      securityHook: undefined,
      prefix: prefixOf(this.#config),
      isRegistered: () => false,
      features: this.#features(),
      gateways: this.#gateways(adapter),
      classes: this.#classes(),
    };
  }

  /**
   * Makes the matcher from what the platform holds now, and looks for a second CORS layer: again before the start, where
   * the platform goes on registering.
   */
  createMatcher(
    { adapter, platform }: HostedApp,
    routes: readonly Route[],
    issues: IssueCollector,
  ): RouteMatcher | undefined {
    if (platform === undefined) {
      const type = adapter.getType();
      issues.add(APP, problem('platform_unsupported', type, type));
      return undefined;
    }
    // A second layer gives a second answer.
    const foreign = platform.foreignCors();
    if (foreign !== undefined) {
      issues.add(APP, problem('cors_layer_twice', 'enableCors()', 'enableCors()', foreign.caller));
    }
    if (platform.isShared()) issues.add(APP, problem('platform_shared', 'CorsModule', 'CorsModule'));
    try {
      return platform.createMatcher(this.#config, routes);
    } catch (error) {
      if (!(error instanceof UnmatchedRouteError)) throw error;
      issues.add(APP, problem('routes_unreadable', error.message, error.message));
      return undefined;
    }
  }

  get #config(): ApplicationConfig {
    return applicationConfigOf(containerOf(this.moduleRef));
  }

  /** What Nest registers on an HTTP platform, by what is configured now. */
  #routes(adapter: AbstractHttpAdapter): readonly Route[] {
    return recordRoutes(containerOf(this.moduleRef), adapter);
  }

  /** Only a module's own imports: what another module imports is declared for that one. */
  #features(): readonly Feature[] {
    return [...this.modules].flatMap(([key, { name, imports }]) =>
      [...imports].flatMap(({ providers }) => {
        const feature = providers.get(CORS_FEATURE);
        return feature === undefined ? [] : { module: { key, name }, args: feature.instance as readonly unknown[] };
      }),
    );
  }

  /** `AppModule, BillingModule`: the modules that import one of several classes, each as often as it does. */
  #importersOf(classes: readonly unknown[]): string | undefined {
    const container = containerOf(this.moduleRef);
    const importers = [...this.modules.values()].flatMap(module =>
      importsOf(container, module).flatMap(each => (classes.includes(each) ? module.name : [])),
    );
    return importers.length === 0 ? undefined : importers.join(', ');
  }

  /** A class that several modules provide is a gateway of each. */
  #gateways(adapter: AbstractHttpAdapter): readonly Gateway[] {
    const httpServer: unknown = adapter.getHttpServer();
    return [...this.modules].flatMap(([key, { name, providers }]) =>
      [...providers.values()].flatMap(({ metatype }) => {
        const metadata = gatewayMetadataOf(metatype);
        if (metadata === undefined) return [];
        return {
          ...this.#sockets.describe(metadata, httpServer),
          verb: 'get',
          controller: metatype as Type,
          // What Nest calls for each connection.
          handlerName: 'handleConnection',
          module: { key, name },
        };
      }),
    );
  }

  #classes(): readonly Type[] {
    const wrappers = [...this.modules.values()].flatMap(({ providers, controllers, injectables }) =>
      [providers, controllers, injectables].flatMap(each => [...each.values()]),
    );
    const classes: unknown[] = [...wrappers.map(({ metatype }) => metatype), ...globalEnhancersOf(this.#config)];
    return [...new Set(classes)].filter(
      (each): each is Type => typeof each === 'function' && each.prototype !== undefined,
    );
  }
}

function prefixOf(config: ApplicationConfig): string {
  const prefix = config.getGlobalPrefix().replace(/^\/|\/$/g, '');
  return prefix === '' ? '' : `/${prefix}`;
}

/** The classes of what `useGlobalGuards()` and the like were given. */
function globalEnhancersOf(config: ApplicationConfig): readonly unknown[] {
  // Nest keeps a place for one that a factory left out.
  const enhancers: readonly (object | null | undefined)[] = [
    ...config.getGlobalGuards(),
    ...config.getGlobalInterceptors(),
    ...config.getGlobalPipes(),
    ...config.getGlobalFilters(),
  ];
  return enhancers.map(each => each?.constructor);
}

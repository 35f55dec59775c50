import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import { IssueCollector, type CorsIssueLocation } from './cors-issue.js';
import { problem } from './policy/issue.js';
import { ExpressMatcher, hasForeignCors, UnmatchedRouteError } from './routing/express-matcher.js';
import {
  applicationConfigOf,
  containerOf,
  PATH_METADATA,
  recordRoutes,
  type RouteRegistration,
} from './routing/nest-internals.js';
import type { RouteMatcher } from './routing/route-matcher.js';

/** The app as far as CORS is concerned. */
export interface ExploredApp {
  readonly routes: readonly RouteRegistration[];
  /** Absent where an issue says why. */
  readonly matcher: RouteMatcher | undefined;
}

const APP: CorsIssueLocation = Object.freeze({ level: 'app' });

/** Walks the app once it has registered its routes: finds them, and what stands in the module's way. */
@Injectable()
export class CorsExplorer {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(CorsMetadataAccessor) private readonly metadata: CorsMetadataAccessor,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** @param root the class of the CORS module itself */
  explore(root: unknown, issues: IssueCollector): ExploredApp {
    const adapter = this.host.httpAdapter;
    const container = containerOf(this.moduleRef);
    const routes = recordRoutes(container, adapter);
    if ([...this.modules.values()].filter(({ metatype }) => metatype === root).length > 1) {
      issues.add(APP, problem('module_twice', 'CorsModule', 'CorsModule'));
    }
    this.#reportMisplaced(routes, issues);
    return { routes, matcher: this.#matcher(adapter, routes, issues) };
  }

  #matcher(
    adapter: AbstractHttpAdapter,
    routes: readonly RouteRegistration[],
    issues: IssueCollector,
  ): RouteMatcher | undefined {
    const platform = adapter.getType();
    if (platform !== 'express') {
      issues.add(APP, problem('platform_unsupported', platform, platform));
      return undefined;
    }
    if (hasForeignCors(adapter)) issues.add(APP, problem('cors_layer_twice', 'enableCors()', 'enableCors()'));
    try {
      return new ExpressMatcher(adapter, applicationConfigOf(containerOf(this.moduleRef)), routes);
    } catch (error) {
      if (!(error instanceof UnmatchedRouteError)) throw error;
      issues.add(APP, problem('routes_unreadable', error.message, error.message));
      return undefined;
    }
  }

  /** `@Cors()` on what is not a route is legal TypeScript and does nothing: say so. */
  #reportMisplaced(routes: readonly RouteRegistration[], issues: IssueCollector): void {
    const routed = new Set<unknown>(routes.map(({ controller }) => controller));
    for (const { providers, controllers } of this.modules.values()) {
      for (const { metatype } of [...providers.values(), ...controllers.values()]) {
        if (typeof metatype !== 'function' || metatype.prototype === undefined) continue;
        const { name } = metatype;
        if (!routed.has(metatype) && this.metadata.of(metatype) !== undefined) {
          issues.add(
            { level: 'controller', controller: name },
            problem('decorator_without_effect', '@Cors()', '@Cors()'),
          );
        }
        this.#reportMisplacedMethods(metatype, routed.has(metatype), issues);
      }
    }
  }

  #reportMisplacedMethods(metatype: Function, routed: boolean, issues: IssueCollector): void {
    const prototype = metatype.prototype as Record<string, object>;
    for (const handler of this.scanner.getAllMethodNames(prototype)) {
      const method = prototype[handler];
      if (method === undefined || this.metadata.of(method) === undefined) continue;
      if (routed && Reflect.hasMetadata(PATH_METADATA, method)) continue;
      const location: CorsIssueLocation = { level: 'handler', controller: metatype.name, handler };
      issues.add(location, problem('decorator_without_effect', '@Cors()', '@Cors()'));
    }
  }
}

import { Inject, Injectable, Optional } from '@nestjs/common';
import { CORS_MODULE_OPTIONS } from '../cors.constants.js';
import { CorsConfigurationError, throwErrors } from '../issues/configuration-error.js';
import { CorsExplorer } from './explorer.js';
import { IssueCollector } from '../issues/issue.js';
import { CorsMetadataAccessor } from './metadata.js';
import { CorsOriginResolvers } from '../resolvers/bind.js';
import type { CorsApp } from '../registry/cors-app.js';
import { buildPolicySet } from './builder.js';
import type { PolicySet } from '../registry/table-rows.js';
import { CorsPolicyRegistry } from '../registry/policy-registry.js';
import { PolicyTable } from '../registry/policy-table.js';
import { problem } from '../issues/problem.js';
import { readInterceptor } from '../policy/read-module.js';
import { snapshot } from '../policy/snapshot.js';
import type { RouteMatcher } from '../routing/route-matcher.js';

type ExploredApp = NonNullable<CorsApp['explored']>;

/** Makes policies of the module's options and the app's decorators, and puts them into force. */
@Injectable()
export class CorsPolicyLoader {
  /** Replaced by a reload: an app that is initialized after it starts with the same options as the others. */
  #options: unknown;
  /** Whether the options leave the interceptor on. Known before anything is checked: Nest registers it first. */
  readonly usesInterceptor: boolean;
  /** The last change that was begun: each waits for the one before. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(
    @Optional() @Inject(CORS_MODULE_OPTIONS) options: unknown,
    @Inject(CorsExplorer) private readonly explorer: CorsExplorer,
    @Inject(CorsMetadataAccessor) private readonly metadata: CorsMetadataAccessor,
    @Inject(CorsOriginResolvers) private readonly resolvers: CorsOriginResolvers,
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
  ) {
    // Of a factory as well.
    this.#options = snapshot(options);
    this.usesInterceptor = readInterceptor(this.#options) ?? true;
  }

  /** Whether the routes of an app are registered. */
  canLoad(app: CorsApp): boolean {
    return this.explorer.isRegistered(app);
  }

  /**
   * Called once the app has registered its routes.
   *
   * @throws {CorsConfigurationError} with every error of the app
   */
  async load(app: CorsApp): Promise<PolicyTable> {
    const issues = new IssueCollector();
    if (this.#options === undefined) {
      issues.add({ level: 'app' }, problem('module_without_options', 'CorsModule', 'CorsModule'));
      throw new CorsConfigurationError(issues.errors());
    }
    const explored = this.explorer.explore(app, issues);
    return this.#inTurn(async () => {
      const policies = buildPolicySet(this.#options, explored, this.metadata, issues);
      const { matcher } = explored;
      // There is an error, and the line above has thrown it.
      if (matcher === undefined) throw new Error('An app without a matcher was loaded');
      const table = await this.#bind(policies, matcher, issues);
      app.explored = { ...explored, matcher };
      app.current = table;
      this.registry.add(app);
      app.platform?.beforeStart(() => {
        this.#readLateRoutes(app);
      });
      return table;
    });
  }

  #readLateRoutes(app: CorsApp): void {
    if (app.explored === undefined) return;
    const issues = new IssueCollector();
    const matcher = this.explorer.createMatcher(app, app.explored.routes, issues);
    throwErrors(issues);
    // Without a matcher there is an error, and the line above has thrown it.
    if (matcher === undefined) return;
    app.explored = { ...app.explored, matcher };
    app.current = app.current?.withMatcher(matcher);
  }

  /**
   * Puts other options into force, if they are right. Reloads come into force in the order in which they were asked
   * for, each as a whole.
   *
   * @throws {CorsConfigurationError} and changes nothing
   * @throws {Error} before the app is initialized
   */
  reload(options: unknown): Promise<void> {
    const copied = snapshot(options);
    return this.#inTurn(async () => {
      // Looked up first: before the app is initialized this says so.
      void this.registry.table;
      const tables: (readonly [CorsApp, PolicyTable])[] = [];
      for (const app of this.registry.apps) {
        if (app.explored !== undefined) tables.push([app, await this.#rebuild(copied, app.explored)]);
      }
      // All at once, and none where one is refused. The platform may have gone on registering meanwhile.
      for (const [app, table] of tables) app.current = table.withMatcher(app.explored?.matcher);
      this.#options = copied;
    });
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #rebuild(options: unknown, app: ExploredApp): Promise<PolicyTable> {
    const issues = new IssueCollector();
    this.explorer.reportMisplaced(app.routes, issues);
    const interceptor = readInterceptor(options);
    if (interceptor !== undefined && interceptor !== this.usesInterceptor) {
      issues.add({ level: 'module' }, problem('interceptor_fixed', 'interceptor', interceptor));
    }
    return this.#bind(buildPolicySet(options, app, this.metadata, issues), app.matcher, issues);
  }

  /**
   * The policies as they will be, before the app has registered its routes: prefixes and versions may still be missing
   * from their paths.
   *
   * @throws {CorsConfigurationError}
   */
  preview(): PolicySet {
    const routes = this.explorer.routes();
    const features = this.explorer.features();
    const app = { routes, features, matcher: undefined, versionHeader: '', securityHook: undefined, gatewayPaths: [] };
    return buildPolicySet(this.#options, app, this.metadata, new IssueCollector());
  }

  async #bind(policies: PolicySet, matcher: RouteMatcher, issues: IssueCollector): Promise<PolicyTable> {
    const { resolvers, resolverLimits } = policies;
    const bound = await this.resolvers.bind(resolvers.keys(), resolverLimits, (ref, found) =>
      issues.add(resolvers.get(ref) ?? { level: 'module' }, found),
    );
    throwErrors(issues);
    return new PolicyTable(policies, matcher, bound);
  }
}

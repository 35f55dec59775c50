import { Inject, Injectable, Optional } from '@nestjs/common';
import { CORS_MODULE_OPTIONS } from '../cors.constants.js';
import { CorsConfigurationError, throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem } from '../issues/problem.js';
import { readInterceptor } from '../policy/read-module.js';
import { snapshot } from '../policy/snapshot.js';
import type { CorsApp } from '../registry/app.js';
import { PolicyRegistry } from '../registry/policy-registry.js';
import { PolicyTable } from '../registry/policy-table.js';
import type { TableRows } from '../registry/table-rows.js';
import { ResolverBinder } from '../resolvers/bind.js';
import type { RouteMatcher } from '../routing/route-matcher.js';
import type { HostedApp } from './apps.js';
import { buildRows } from './builder.js';
import { CorsExplorer, type ExploredApp } from './explorer.js';

/** An app whose policies are loaded. */
interface LoadedApp {
  readonly explored: ExploredApp;
  /** Replaced where the platform goes on registering. */
  readonly matcher: RouteMatcher;
}

/** Makes tables of policies from the module's options and the app's decorators, and activates them. */
@Injectable()
export class PolicyLoader {
  /** Replaced by a reload: an app that is initialized after it starts with the same options as the others. */
  #options: unknown;
  /** Whether the options leave the interceptor on. Known before anything is checked: Nest registers it first. */
  readonly usesInterceptor: boolean;
  readonly #loaded = new WeakMap<CorsApp, LoadedApp>();
  /** The last change that was begun: each waits for the one before. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(
    @Optional() @Inject(CORS_MODULE_OPTIONS) options: unknown,
    @Inject(CorsExplorer) private readonly explorer: CorsExplorer,
    @Inject(ResolverBinder) private readonly resolvers: ResolverBinder,
    @Inject(PolicyRegistry) private readonly registry: PolicyRegistry,
  ) {
    // A factory's options as well.
    this.#options = snapshot(options);
    this.usesInterceptor = readInterceptor(this.#options) ?? true;
  }

  /** Whether the routes of an app are registered. */
  canLoad(app: HostedApp): boolean {
    return this.explorer.isRegistered(app);
  }

  /**
   * Called once the app has registered its routes.
   *
   * @throws {CorsConfigurationError} with every error of the app
   */
  async load(hosted: HostedApp): Promise<PolicyTable> {
    const issues = new IssueCollector();
    if (this.#options === undefined) {
      issues.add({ level: 'app' }, problem('module_without_options', 'CorsModule', 'CorsModule'));
      throw new CorsConfigurationError(issues.errors());
    }
    const explored = this.explorer.explore(hosted, issues);
    return this.#inTurn(async () => {
      const rows = buildRows(this.#options, explored, issues);
      const { matcher } = explored;
      // There is an error, and the line above has thrown it.
      if (matcher === undefined) throw new Error('An app without a matcher was loaded');
      const table = await this.#bind(rows, matcher, issues);
      const { app, platform } = hosted;
      this.#loaded.set(app, { explored, matcher });
      app.table = table;
      this.registry.add(app);
      platform?.beforeStart(() => {
        this.#readLateRoutes(hosted);
      });
      return table;
    });
  }

  #readLateRoutes(hosted: HostedApp): void {
    const { app } = hosted;
    const loaded = this.#loaded.get(app);
    if (loaded === undefined) return;
    const { explored } = loaded;
    const issues = new IssueCollector();
    const matcher = this.explorer.createMatcher(hosted, explored.routes, issues);
    throwErrors(issues);
    // Without a matcher there is an error, and the line above has thrown it.
    if (matcher === undefined) return;
    this.#loaded.set(app, { explored: { ...explored, matcher }, matcher });
    app.table = app.table?.withMatcher(matcher);
  }

  /**
   * Activates other options, if they are right: each reload as a whole, in the order of the calls.
   *
   * @throws {CorsConfigurationError} and changes nothing
   * @throws {Error} before the app is initialized
   */
  reload(options: unknown): Promise<void> {
    const copied = snapshot(options);
    return this.#inTurn(async () => {
      // Looked up first: before the app is initialized this says so.
      void this.registry.table;
      const tables = new Map<CorsApp, PolicyTable>();
      for (const app of this.registry.apps) {
        const loaded = this.#loaded.get(app);
        if (loaded !== undefined) tables.set(app, await this.#rebuild(copied, loaded));
      }
      // All at once, and none where one is refused. The platform may have gone on registering meanwhile.
      for (const [app, table] of tables) app.table = table.withMatcher(this.#loaded.get(app)?.matcher);
      this.#options = copied;
    });
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #rebuild(options: unknown, { explored, matcher }: LoadedApp): Promise<PolicyTable> {
    const issues = new IssueCollector();
    const interceptor = readInterceptor(options);
    if (interceptor !== undefined && interceptor !== this.usesInterceptor) {
      issues.add({ level: 'module' }, problem('interceptor_fixed', 'interceptor', interceptor));
    }
    return this.#bind(buildRows(options, explored, issues), matcher, issues);
  }

  /**
   * The policies as they will be, before the app has registered its routes: prefixes and versions may still be missing
   * from their paths.
   *
   * @throws {CorsConfigurationError}
   */
  preview(): TableRows {
    return buildRows(this.#options, this.explorer.preview(), new IssueCollector());
  }

  async #bind(rows: TableRows, matcher: RouteMatcher, issues: IssueCollector): Promise<PolicyTable> {
    const { resolvers, options } = rows;
    const bound = await this.resolvers.bind(resolvers.keys(), options.resolverLimits, (ref, each) =>
      issues.add(resolvers.get(ref) ?? { level: 'module' }, each),
    );
    throwErrors(issues);
    return new PolicyTable(rows, matcher, bound);
  }
}

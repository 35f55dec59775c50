import { Inject, Injectable, Optional } from '@nestjs/common';
import { CORS_MODULE_OPTIONS } from './cors.constants.js';
import { CorsConfigurationError, throwErrors } from './cors.errors.js';
import { CorsExplorer, type ExploredApp } from './cors.explorer.js';
import { IssueCollector } from './cors-issue.js';
import { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import { CorsOriginResolvers } from './cors-origin-resolvers.js';
import { buildPolicySet } from './cors-policy.builder.js';
import type { PolicySet } from './cors-policy.set.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import { PolicyTable } from './cors-policy.table.js';
import type { Platform } from './platform/platform.js';
import { problem } from './policy/issue.js';
import { readInterceptor } from './policy/module-options.js';
import { snapshot } from './policy/snapshot.js';
import type { RouteMatcher } from './routing/route-matcher.js';

/** Makes policies of the module's options and the app's decorators, and puts them into force. */
@Injectable()
export class CorsPolicyLoader {
  readonly #options: unknown;
  /** The app as it was when its routes were registered; absent before. */
  #app: (ExploredApp & { readonly matcher: RouteMatcher }) | undefined;
  /** The last reload that was begun: each waits for the one before. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(
    @Optional() @Inject(CORS_MODULE_OPTIONS) options: unknown,
    @Inject(CorsExplorer) private readonly explorer: CorsExplorer,
    @Inject(CorsMetadataAccessor) private readonly metadata: CorsMetadataAccessor,
    @Inject(CorsOriginResolvers) private readonly resolvers: CorsOriginResolvers,
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
  ) {
    // Of a factory as well.
    this.#options = snapshot(options);
  }

  /** Whether the options leave the interceptor on. Known before anything is checked: Nest registers it first. */
  get usesInterceptor(): boolean {
    return readInterceptor(this.#options) ?? true;
  }

  /**
   * Called once the app has registered its routes.
   *
   * @param root the class of the CORS module itself
   * @param platform `undefined` for one that is not supported
   * @throws {CorsConfigurationError} with every error of the app
   */
  async load(root: unknown, platform: Platform | undefined): Promise<void> {
    const issues = new IssueCollector();
    if (this.#options === undefined) {
      issues.add({ level: 'app' }, problem('module_without_options', 'CorsModule', 'CorsModule'));
      throw new CorsConfigurationError(issues.errors());
    }
    const app = this.explorer.explore(root, platform, issues);
    const policies = buildPolicySet(this.#options, app, this.metadata, issues);
    // Without a platform or a matcher there is an error, and the line above has thrown it.
    if (app.matcher === undefined || platform === undefined) return;
    this.#app = { ...app, matcher: app.matcher };
    this.registry.current = await this.#bind(policies, this.#app.matcher, issues);
    platform.beforeStart(() => {
      const late = new IssueCollector();
      const matcher = this.explorer.createMatcher(platform, app.routes, late);
      throwErrors(late);
      // Without a matcher there is an error, and the line above has thrown it.
      if (matcher === undefined) return;
      this.#app = { ...app, matcher };
      this.registry.current = this.registry.table.withMatcher(matcher);
    });
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
    const reloaded = this.#reloading.then(async () => {
      // Asked first: before the app is initialized this says so.
      void this.registry.table;
      const app = this.#app;
      if (app === undefined) return;
      const issues = new IssueCollector();
      this.explorer.reportMisplaced(app.routes, issues);
      const interceptor = readInterceptor(copied);
      if (interceptor !== undefined && interceptor !== this.usesInterceptor) {
        issues.add({ level: 'module' }, problem('interceptor_fixed', 'interceptor', interceptor));
      }
      const policies = buildPolicySet(copied, app, this.metadata, issues);
      const table = await this.#bind(policies, app.matcher, issues);
      // The platform may have gone on registering meanwhile.
      this.registry.current = table.withMatcher(this.#app?.matcher ?? app.matcher);
    });
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
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

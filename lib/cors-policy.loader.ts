import { Inject, Injectable, Optional } from '@nestjs/common';
import { CORS_MODULE_OPTIONS } from './cors.constants.js';
import { CorsConfigurationError } from './cors.errors.js';
import { CorsExplorer } from './cors.explorer.js';
import { IssueCollector } from './cors-issue.js';
import { CorsMetadataAccessor } from './cors-metadata.accessor.js';
import { buildPolicySet, type PolicySet } from './cors-policy.builder.js';
import { CorsPolicyRegistry } from './cors-policy.registry.js';
import type { Platform } from './platform/platform.js';
import { problem } from './policy/issue.js';

/** Makes policies of the module's options and the app's decorators, and puts them into force. */
@Injectable()
export class CorsPolicyLoader {
  constructor(
    @Optional() @Inject(CORS_MODULE_OPTIONS) private readonly options: unknown,
    @Inject(CorsExplorer) private readonly explorer: CorsExplorer,
    @Inject(CorsMetadataAccessor) private readonly metadata: CorsMetadataAccessor,
    @Inject(CorsPolicyRegistry) private readonly registry: CorsPolicyRegistry,
  ) {}

  /**
   * Called once the app has registered its routes.
   *
   * @param root the class of the CORS module itself
   * @param platform `undefined` for one that is not supported
   * @throws {CorsConfigurationError} with every error of the app
   */
  load(root: unknown, platform: Platform | undefined): void {
    const issues = new IssueCollector();
    if (this.options === undefined) {
      issues.add({ level: 'app' }, problem('module_without_options', 'CorsModule', 'CorsModule'));
      throw new CorsConfigurationError(issues.errors());
    }
    const app = this.explorer.explore(root, platform, issues);
    const policies = buildPolicySet(this.options, app, this.metadata, issues);
    // Without a platform or a matcher there is an error, and the line above has thrown it.
    if (app.matcher === undefined || platform === undefined) return;
    this.registry.load(policies, app.matcher);
    platform.beforeStart(() => {
      const late = new IssueCollector();
      const matcher = this.explorer.createMatcher(platform, app.routes, late);
      if (matcher === undefined || late.errors().length > 0) throw new CorsConfigurationError(late.errors());
      this.registry.load(policies, matcher);
    });
  }

  /**
   * The policies as they will be, before the app has registered its routes: prefixes and versions may still be missing
   * from their paths.
   *
   * @throws {CorsConfigurationError}
   */
  preview(): PolicySet {
    const routes = this.explorer.routes();
    const app = { routes, matcher: undefined, versionHeader: '', securityHook: undefined, gatewayPaths: [] };
    return buildPolicySet(this.options, app, this.metadata, new IssueCollector());
  }
}

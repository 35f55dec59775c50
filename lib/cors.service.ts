import { Inject, Injectable } from '@nestjs/common';
import { PolicyLoader } from './boot/loader.js';
import { stateChangingOrigins } from './boot/warnings/csrf-protection.js';
import type { CorsIssue } from './issues/issue.js';
import type { CheckedModuleOptions } from './policy/compile-time.js';
import { explainRequest, routePoliciesOf } from './registry/explain.js';
import type { CorsExplanation, CorsQuery, CorsRoutePolicy } from './registry/explanation.js';
import { PolicyRegistry } from './registry/policy-registry.js';

/**
 * Shows the CORS policies of the running app, and why a request is allowed or refused.
 *
 * @publicApi
 */
@Injectable()
export class CorsService {
  constructor(
    @Inject(PolicyRegistry) private readonly registry: PolicyRegistry,
    @Inject(PolicyLoader) private readonly loader: PolicyLoader,
  ) {}

  /**
   * The warnings about the configuration: what is legal but probably wrong. Logged once at boot.
   *
   * @throws an `Error` before `app.init()`
   */
  get warnings(): readonly CorsIssue[] {
    return this.registry.table.warnings;
  }

  /**
   * Every route of the app with its policy, in the order in which Nest registers them, and then the gateways on the app's
   * server, with the policy of their WebSocket handshakes. If one `TestingModule` has
   * several apps, this method, `explain()` and `warnings` show the one that was initialized last.
   *
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * for (const { route, policy } of app.get(CorsService).policies()) {
   *   console.log(route.method, route.path, policy.origin);
   * }
   * ```
   */
  policies(): readonly CorsRoutePolicy[] {
    return routePoliciesOf(this.registry.table);
  }

  /**
   * The exact origins that some policy allows to send state-changing requests (any method but `GET`, `HEAD` and
   * `OPTIONS`), for the option of Nest 12's `enableCsrfProtection()`. Patterns are left out, because that option takes
   * none. It trusts its origins on every route, so keep such policies narrow.
   *
   * You can call this before the app is initialized, when that option is needed.
   *
   * @throws {@link CorsConfigurationError} if the configuration has errors
   * @example
   * ```ts
   * app.enableCsrfProtection({ trustedOrigins: app.get(CorsService).trustedOrigins() });
   * ```
   */
  trustedOrigins(): string[] {
    return stateChangingOrigins(this.registry.current ?? this.loader.preview());
  }

  /**
   * Replaces the options while the app runs. They are checked against the app's routes and decorators, as at boot. If
   * there is an error, nothing changes. Requests in flight finish under the policies with which they arrived. If
   * several reloads overlap, the one that was called last wins. The apps of one `TestingModule` are reloaded together.
   *
   * @param options all of them: they replace the current options, and are not merged over them
   * @throws a {@link CorsConfigurationError} with every error of the options, which then do not take effect
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * await app.get(CorsService).reload({ origin: await loadOrigins() });
   * ```
   */
  async reload<const Written>(options: CheckedModuleOptions<Written>): Promise<void> {
    await this.loader.reload(options);
  }

  /**
   * Explains how a request and its preflight are answered, or a WebSocket handshake (`handshake: true`), and why. A
   * handshake of the app's own page needs its `host`, unless the option `self` is set.
   *
   * @throws an `Error` before `app.init()`
   * @example
   * ```ts
   * await app.get(CorsService).explain({ method: 'PUT', url: '/cats/1', origin: 'https://app.example.com' });
   * ```
   */
  async explain(query: CorsQuery): Promise<CorsExplanation> {
    return explainRequest(query, this.registry.table);
  }
}

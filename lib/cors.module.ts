import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { CorsApps } from './boot/apps.js';
import { CorsBoot } from './boot/boot.js';
import { CORS_MODULE_OPTIONS } from './cors.constants.js';
import { CorsEnforcer } from './request/enforcer.js';
import { CorsExplorer } from './boot/explorer.js';
import { CORS_FEATURE, CorsFeatureModule } from './boot/feature.module.js';
import { CorsGuard } from './request/cors.guard.js';
import { CorsInterceptor } from './request/cors.interceptor.js';
import { CorsMetadataAccessor } from './boot/metadata.js';
import { CorsPolicyLoader } from './boot/loader.js';
import { CorsPolicyRegistry } from './registry/policy-registry.js';
import { CorsOriginResolvers } from './resolvers/bind.js';
import { CorsPreflight } from './request/preflight-responder.js';
import { CorsService } from './cors.service.js';
import type { CorsModuleOptions, CorsPolicyName } from './policy/options.js';
import type { CheckedModuleOptions, CheckedPolicy } from './policy/compile-time.js';
import { snapshot } from './policy/snapshot.js';

/**
 * Makes the options of `CorsModule.forRootAsync({ useClass })` and `{ useExisting }`.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class CorsSettings implements CorsOptionsFactory {
 *   createCorsOptions(): CorsModuleOptions {
 *     return { origin: originsFromEnv('CORS_ORIGINS') };
 *   }
 * }
 * ```
 *
 * @publicApi
 */
export interface CorsOptionsFactory {
  /** Called once, when the injector makes the module. */
  createCorsOptions(): CorsModuleOptions | Promise<CorsModuleOptions>;
}

const configurable = new ConfigurableModuleBuilder<CorsModuleOptions>({
  optionsInjectionToken: CORS_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCorsOptions')
  .build();

/**
 * What `CorsModule.forRootAsync()` takes: `imports`, and one of `useFactory` (with `inject`), `useClass`,
 * `useExisting`.
 *
 * @publicApi
 */
export type CorsModuleAsyncOptions = typeof configurable.ASYNC_OPTIONS_TYPE;

/**
 * Per-route CORS for the whole app. Import it once, in the root module.
 *
 * Registers a global guard and a global interceptor, and puts itself ahead of everything else on the HTTP platform:
 * preflights are answered there with the policy of the handler they are about, and every response gets the headers of
 * its route, whatever produced it. In a process without an HTTP server it does nothing.
 *
 * @example
 * ```ts
 * @Module({ imports: [CorsModule.forRoot({ origin: ['https://app.example.com'], credentials: true })] })
 * export class AppModule {}
 * ```
 * @publicApi
 */
@Module({
  providers: [
    CorsMetadataAccessor,
    CorsExplorer,
    CorsPolicyLoader,
    CorsPolicyRegistry,
    { provide: CorsApps, inject: [HttpAdapterHost], useFactory: (host: HttpAdapterHost) => CorsApps.of(host) },
    CorsOriginResolvers,
    CorsEnforcer,
    CorsGuard,
    CorsInterceptor,
    CorsPreflight,
    CorsBoot,
    CorsService,
    { provide: APP_GUARD, useExisting: CorsGuard },
    {
      provide: APP_INTERCEPTOR,
      inject: [CorsPolicyLoader, CorsInterceptor],
      // Nest skips a global enhancer that is nothing.
      useFactory: (loader: CorsPolicyLoader, interceptor: CorsInterceptor) =>
        loader.usesInterceptor ? interceptor : undefined,
    },
  ],
  exports: [CorsService],
})
export class CorsModule extends configurable.ConfigurableModuleClass {
  /**
   * The module with its options.
   *
   * Nothing is checked here: the app's whole configuration is checked at once when it is initialized, where the routes
   * are known, and a {@link CorsConfigurationError} lists every problem.
   *
   * @example
   * ```ts
   * CorsModule.forRoot({
   *   origin: ['https://app.example.com'],
   *   policies: { public: { origin: '*', methods: ['GET'] } },
   * });
   * ```
   */
  static override forRoot<const Written>(options: CheckedModuleOptions<Written>): DynamicModule {
    // What happens to the options afterwards has no effect.
    const copied = snapshot(options) as CorsModuleOptions;
    return { ...super.forRoot(copied), global: true, exports: [CORS_MODULE_OPTIONS] };
  }

  /**
   * The module with options that are made by the injector, for example from a `ConfigService`.
   *
   * @example
   * ```ts
   * CorsModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ origin: originsFromEnv('CORS_ORIGINS', config) }),
   * });
   * ```
   */
  static override forRootAsync(options: CorsModuleAsyncOptions): DynamicModule {
    return { ...super.forRootAsync(options), global: true, exports: [CORS_MODULE_OPTIONS] };
  }

  /**
   * A policy for the controllers of the module that imports it, between that of the module and that of `@Cors()` on a
   * controller. It takes what `@Cors()` takes. Import it once in each module that it is for: what that module imports
   * and what imports that module are not concerned.
   *
   * @example
   * ```ts
   * @Module({
   *   imports: [CorsModule.forFeature({ origin: ['https://partner.example.net'], methods: ['GET', 'POST'] })],
   *   controllers: [OrdersController],
   * })
   * export class PartnerModule {}
   * ```
   */
  static forFeature<const Written>(policy: CheckedPolicy<Written> | CorsPolicyName | false): DynamicModule;
  static forFeature<const Written>(name: CorsPolicyName, overrides: CheckedPolicy<Written>): DynamicModule;
  static forFeature(...args: readonly unknown[]): DynamicModule {
    return { module: CorsFeatureModule, providers: [{ provide: CORS_FEATURE, useValue: args.map(snapshot) }] };
  }
}

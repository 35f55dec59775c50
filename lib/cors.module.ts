import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { CorsApps } from './boot/apps.js';
import { CorsExplorer } from './boot/explorer.js';
import { CorsFeatureModule } from './boot/feature.module.js';
import { CorsInstaller } from './boot/installer.js';
import { PolicyLoader } from './boot/loader.js';
import { FACTORY_METHOD, withCheckedFactory } from './boot/options-factory.js';
import { CORS_FEATURE, CORS_LAYER, CORS_MODULE_OPTIONS } from './cors.constants.js';
import { CorsService } from './cors.service.js';
import type { CheckedModuleOptions, CheckedPolicy } from './policy/compile-time.js';
import type { CorsModuleOptions, CorsPolicyName } from './policy/options.js';
import { snapshot } from './policy/snapshot.js';
import { PolicyRegistry } from './registry/policy-registry.js';
import { CorsGuard } from './request/cors.guard.js';
import { CorsInterceptor } from './request/cors.interceptor.js';
import { CorsEdge } from './request/edge.js';
import { CorsEnforcer } from './request/enforcer.js';
import { ExchangeStore } from './request/exchange-store.js';
import { PreflightResponder } from './request/preflight-responder.js';
import { ResolverBinder } from './resolvers/bind.js';

/**
 * Creates the options for `CorsModule.forRootAsync({ useClass })` and `{ useExisting }`.
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
  /** Called once, when the injector creates the module. */
  createCorsOptions(): CorsModuleOptions | Promise<CorsModuleOptions>;
}

const configurable = new ConfigurableModuleBuilder<CorsModuleOptions>({
  optionsInjectionToken: CORS_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName(FACTORY_METHOD)
  .build();

/**
 * The options of `CorsModule.forRootAsync()`: `imports`, and one of `useFactory` (with `inject`), `useClass` and
 * `useExisting`.
 *
 * @publicApi
 */
export type CorsModuleAsyncOptions = typeof configurable.ASYNC_OPTIONS_TYPE;

/**
 * Per-route CORS for the whole app. Import it once, in the root module.
 *
 * Registers a global guard and a global interceptor, and installs a layer ahead of everything else on the HTTP
 * platform. That layer answers preflights with the policy of the handler they are for, and gives every response the
 * headers of its route, even if no handler produced it. In a process without an HTTP server the module does nothing.
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
    // Boot fills a table …
    { provide: CorsApps, inject: [HttpAdapterHost], useFactory: (host: HttpAdapterHost) => CorsApps.of(host) },
    CorsExplorer,
    ResolverBinder,
    PolicyLoader,
    CorsInstaller,
    // … and requests read it.
    PolicyRegistry,
    {
      provide: ExchangeStore,
      inject: [HttpAdapterHost],
      useFactory: (host: HttpAdapterHost) => ExchangeStore.of(host),
    },
    { provide: CORS_LAYER, useExisting: CorsEdge },
    CorsEdge,
    CorsEnforcer,
    CorsGuard,
    CorsInterceptor,
    PreflightResponder,
    CorsService,
    { provide: APP_GUARD, useExisting: CorsGuard },
    {
      provide: APP_INTERCEPTOR,
      inject: [PolicyLoader, CorsInterceptor],
      // Nest skips a global enhancer that is undefined.
      useFactory: (loader: PolicyLoader, interceptor: CorsInterceptor) =>
        loader.usesInterceptor ? interceptor : undefined,
    },
  ],
  exports: [CorsService],
})
export class CorsModule extends configurable.ConfigurableModuleClass {
  /**
   * The module with its options.
   *
   * Nothing is checked here. The whole configuration is checked when the app is initialized, because only then are the
   * routes known: a {@link CorsConfigurationError} lists every problem.
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
    // A copy: later changes to the options have no effect.
    const copied = snapshot(options) as CorsModuleOptions;
    return { ...super.forRoot(copied), global: true, exports: [CORS_MODULE_OPTIONS] };
  }

  /**
   * The module with options from the injector, for example from a `ConfigService`.
   *
   * @example
   * ```ts
   * CorsModule.forRootAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService): CorsModuleOptions => ({
   *     origin: originsFromEnv('CORS_ORIGINS', config),
   *   }),
   * });
   * ```
   */
  static override forRootAsync(options: CorsModuleAsyncOptions): DynamicModule {
    const { useFactory, useClass, useExisting } = options;
    const hasSource = (useFactory ?? useClass ?? useExisting) !== undefined;
    // Without a source there are no options, which is an error once the app is initialized.
    const built = super.forRootAsync(hasSource ? options : { ...options, useFactory: () => undefined as never });
    const module = hasSource && useFactory === undefined ? withCheckedFactory(built) : built;
    return { ...module, global: true, exports: [CORS_MODULE_OPTIONS] };
  }

  /**
   * A policy for the controllers of the module that imports it. It is merged over the policy of `forRoot()` and under
   * `@Cors()` on a controller, and takes the same arguments as `@Cors()`. Import it once in each module that it is for:
   * it does not apply to the modules that this module imports, nor to the modules that import it.
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

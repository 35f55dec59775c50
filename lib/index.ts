export { CORS_MODULE_OPTIONS } from './cors.constants.js';
export { Cors, NoCors } from './cors.decorator.js';
export { CorsConfigurationError, CorsForbiddenException } from './cors.errors.js';
export { CorsGuard } from './cors.guard.js';
export { CorsInterceptor } from './cors.interceptor.js';
export type { CorsIssue, CorsIssueCode, CorsIssueLocation, CorsIssueRoute } from './cors-issue.js';
export { CorsModule } from './cors.module.js';
export type { CorsModuleAsyncOptions, CorsOptionsFactory } from './cors.module.js';
export { CorsService } from './cors.service.js';
export type { CorsRoute } from './cors-route.js';
export type { CorsExplanation, CorsQuery, CorsRoutePolicy, CorsVerdict } from './cors.service.js';
export { gatewayCors } from './gateway-cors.js';
export type { GatewayCorsOptions } from './gateway-cors.js';
export { originsFromEnv } from './sources/env-origins.js';
export type { CorsEnvironment } from './sources/env-origins.js';
export { corsOptionsFromFile } from './sources/options-file.js';
export { add } from './policy/add.js';
export type { ListAddition } from './policy/add.js';
export type { PolicyProvenance } from './policy/compile.js';
export type {
  CorsBounds,
  CorsControllerClass,
  CorsHandler,
  CorsModuleOptions,
  CorsNames,
  CorsOrigin,
  CorsOriginResolver,
  CorsOriginResolverRef,
  CorsPolicyName,
  CorsPolicyNames,
  CorsPolicyOptions,
  CorsProvenance,
  CorsRequestContext,
  CorsResolverOptions,
  CorsRouteRule,
  EffectiveCorsPolicy,
} from './policy/options.js';
export type { CorsReason } from './protocol/decision.js';

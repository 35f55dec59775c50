export { CORS_MODULE_OPTIONS } from './cors.constants.js';
export { Cors, NoCors } from './cors.decorator.js';
export { CorsConfigurationError } from './issues/configuration-error.js';
export { CorsForbiddenException } from './request/forbidden.exception.js';
export { CorsGuard } from './request/cors.guard.js';
export { CorsInterceptor } from './request/cors.interceptor.js';
export type { CorsIssue, CorsIssueCode } from './issues/issue.js';
export type { CorsIssueLocation, CorsIssueRoute } from './issues/location.js';
export { CorsModule } from './cors.module.js';
export type { CorsModuleAsyncOptions, CorsOptionsFactory } from './cors.module.js';
export { CorsService } from './cors.service.js';
export type { CorsRoute } from './registry/route.js';
export type { CorsExplanation, CorsQuery, CorsRoutePolicy, CorsVerdict } from './registry/explanation.js';
export { gatewayCors } from './gateway-cors.js';
export type { GatewayCorsDelegate, GatewayCorsOptions } from './gateway-cors.js';
export { originsFromEnv } from './sources/env-origins.js';
export type { CorsEnvironment } from './sources/env-origins.js';
export { corsOptionsFromFile } from './sources/options-file.js';
export { TRACING_HEADERS } from './policy/names/tracing.js';
export { add } from './policy/add.js';
export type { ListAddition } from './policy/add.js';
export type { PolicyProvenance } from './policy/compile.js';
export type {
  CorsBounds,
  CorsModuleOptions,
  CorsNames,
  CorsOrigin,
  CorsPolicyName,
  CorsPolicyNames,
  CorsOthersOptions,
  CorsPolicyOptions,
  CorsProvenance,
  CorsResolverOptions,
  CorsResourcePolicy,
  CorsRouteRule,
  EffectiveCorsPolicy,
} from './policy/options.js';
export type {
  CorsControllerClass,
  CorsHandler,
  CorsOriginResolver,
  CorsOriginResolverRef,
  CorsRequestContext,
} from './policy/resolver.js';
export type { CorsReason } from './decision/reason.js';

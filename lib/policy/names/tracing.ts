/**
 * The request headers that tracing SDKs in a page add to its requests, to spread into `allowedHeaders`: W3C Trace Context
 * and Baggage (OpenTelemetry), Sentry, Datadog, B3 (Zipkin), Jaeger, New Relic, Elastic APM, Application Insights, AWS
 * X-Ray and Google Cloud Trace. Lower-case names. Frozen.
 *
 * @example
 * ```ts
 * import { CorsModule, TRACING_HEADERS } from 'nestjs-cors';
 *
 * CorsModule.forRoot({
 *   origin: ['https://app.example.com'],
 *   allowedHeaders: ['content-type', 'authorization', ...TRACING_HEADERS],
 * });
 * ```
 *
 * To keep what is allowed by default as well, extend it: `allowedHeaders: add(...TRACING_HEADERS)`.
 *
 * @publicApi
 */
export const TRACING_HEADERS: readonly string[] = Object.freeze([
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-datadog-origin',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'x-datadog-tags',
  'x-datadog-trace-id',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'newrelic',
  'elastic-apm-traceparent',
  'request-id',
  'request-context',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
]);

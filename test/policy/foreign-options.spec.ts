import { PROBLEMS } from '../../lib/issues/catalog.js';
import { meaningOf } from '../../lib/policy/foreign-options.js';
import { POLICY_OPTIONS } from '../../lib/policy/fields.js';

describe('The name of an option in another library', () => {
  it.each([
    ['allowOrigin', 'origin'],
    ['allowed_origins', 'origin'],
    ['AllowOriginFunc', 'origin'],
    ['CORS_ALLOWED_ORIGINS', 'origin'],
    ['Access-Control-Allow-Origin', 'origin'],
    ['allow_methods', 'methods'],
    ['AllowedMethods', 'methods'],
    ['Access-Control-Allow-Methods', 'methods'],
    ['allowHeaders', 'allowedHeaders'],
    ['allow_headers', 'allowedHeaders'],
    ['exposeHeaders', 'exposedHeaders'],
    ['Access-Control-Expose-Headers', 'exposedHeaders'],
    ['supportsCredentials', 'credentials'],
    ['CORS_ALLOW_CREDENTIALS', 'credentials'],
    ['max_age', 'maxAge'],
    ['MAX-AGE', 'maxAge'],
    ['preflightMaxAge', 'maxAge'],
    ['OptionsResponseStatusCode', 'optionsSuccessStatus'],
    ['crossOriginResourcePolicy', 'resourcePolicy'],
    ['Cross-Origin-Resource-Policy', 'resourcePolicy'],
    ['corp', 'resourcePolicy'],
    ['timingAllowOrigin', 'timing'],
    ['Timing-Allow-Origin', 'timing'],
  ])('%s is %s', (name, option) => {
    expect(meaningOf(name, POLICY_OPTIONS)).toEqual({ option });
  });

  it.each([
    ['allowAllOrigins', 'option_any_origin'],
    ['AllowAnyOrigin', 'option_any_origin'],
    ['CORS_ALLOW_ALL_ORIGINS', 'option_any_origin'],
    ['AllowAnyHeader', 'option_any_name'],
    ['allowBrowserExtensions', 'option_origin_switch'],
    ['resources', 'option_per_path'],
    ['delegator', 'option_per_path'],
    ['hideOptionsRoute', 'option_automatic'],
    ['strictPreflight', 'option_automatic'],
    ['optionsPreflight', 'option_automatic'],
    ['cacheControl', 'option_without_counterpart'],
    ['AllowPrivateNetwork', 'private_network'],
    ['OptionsPassthrough', 'preflight_continue'],
  ])('%s has no counterpart, for a reason: %s', (name, code) => {
    expect(meaningOf(name, POLICY_OPTIONS)).toEqual({ code });
    expect(PROBLEMS).toHaveProperty(code);
  });

  it.each(['hosts', 'toString', 'constructor', '__proto__', '', 'cors'])('%j is nobody\u2019s', name => {
    expect(meaningOf(name, POLICY_OPTIONS)).toBeUndefined();
  });

  it('is not offered where there is no such option', () => {
    expect(meaningOf('allowMethods', ['timeoutMs'])).toBeUndefined();
  });
});

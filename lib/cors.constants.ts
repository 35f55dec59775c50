/**
 * The injection token of the module's options. Override it in a test to run an app with another policy.
 *
 * @example
 * ```ts
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(CORS_MODULE_OPTIONS)
 *   .useValue({ origin: 'https://test.example.com' });
 * ```
 * @publicApi
 */
export const CORS_MODULE_OPTIONS: symbol = Symbol.for('nestjs-cors:options');

/** The metadata key of `@Cors()` on a class. A string, so that the ESM and the CommonJS build agree. */
export const CORS_METADATA = 'nestjs-cors:policy';

/** The metadata key of `@Cors()` on members of a class or its prototype, by name: most classes have none. */
export const CORS_MEMBERS_METADATA = 'nestjs-cors:members';

/** The metadata key of a class whose app is checked for a CorsModule. */
export const CORS_CHECKED = 'nestjs-cors:checked';

/** The token of the arguments of `CorsModule.forFeature()`. */
export const CORS_FEATURE = Symbol.for('nestjs-cors:feature');

/** The token of the factory of the layer that a platform installs ahead of the app. */
export const CORS_LAYER = Symbol.for('nestjs-cors:layer');

/** The keys under which a container's adapter host keeps its apps and the exchanges of their requests. */
export const CORS_APPS: unique symbol = Symbol.for('nestjs-cors:apps');
export const CORS_EXCHANGES: unique symbol = Symbol.for('nestjs-cors:exchanges');

/** The key under which a container remembers that its missing CorsModule was logged. */
export const CORS_MISSING: unique symbol = Symbol.for('nestjs-cors:missing');

/** The key of the values in an `add()`. */
export const ADDITION: unique symbol = Symbol.for('nestjs-cors:add');

/** The key of the policy behind the options that `gatewayCors()` returns, and of the name of one. */
export const GATEWAY_POLICY: unique symbol = Symbol.for('nestjs-cors:gateway-policy');
export const GATEWAY_POLICY_NAME: unique symbol = Symbol.for('nestjs-cors:gateway-policy-name');

/** The key under which an HTTP server keeps the app whose policies count for it. */
export const SERVER_APP: unique symbol = Symbol.for('nestjs-cors:server-app');

/** The key under which options from a file keep their places in it. */
export const PLACES: unique symbol = Symbol.for('nestjs-cors:places');

/** The context of every line that this module logs. */
export const LOGGER_CONTEXT = 'CorsModule';

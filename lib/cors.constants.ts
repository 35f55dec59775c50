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

/** What `@Cors()` left on a class. A string, so that the ESM and the CommonJS build agree. */
export const CORS_METADATA = 'nestjs-cors:policy';

/** What it left on members of a class or of its prototype, by their names: most classes have none, and tell so at once. */
export const CORS_MEMBERS_METADATA = 'nestjs-cors:members';

/** The context of every line this module logs. */
export const LOGGER_CONTEXT = 'CorsModule';

/**
 * Under which options keep where they are written, if they come from a file. Shared by the ESM and the CommonJS build,
 * so that both recognise each other's options.
 */
export const PLACES: unique symbol = Symbol.for('nestjs-cors:places');

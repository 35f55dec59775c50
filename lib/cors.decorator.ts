import { CORS_METADATA } from './cors.constants.js';
import type { CorsPolicyName } from './policy/options.js';
import type { CheckedPolicy } from './policy/refused-types.js';
import { snapshot } from './policy/snapshot.js';

/** What `@Cors()` leaves on a controller or a handler: its arguments, unread until boot. */
export interface CorsMetadata {
  readonly args: readonly unknown[];
  /** Another `@Cors()` stands below this one on the same target. */
  readonly repeated: boolean;
}

/**
 * Gives a controller or a route handler a CORS policy of its own, merged over what it inherits: field by field, the
 * nearest level that states a field wins. Subclasses inherit a controller's policy.
 *
 * - `@Cors({ … })`: merged over the inherited policy; `add(...)` extends an inherited list
 * - `@Cors('name')`: a named policy of `CorsModule.forRoot({ policies })`, in place of what would be inherited
 * - `@Cors('name', { … })`: the same, with overrides
 * - `@Cors(false)`: no cross-origin access
 *
 * Mistakes are errors when the app boots; those that a compiler can tell do not compile.
 *
 * @example
 * ```ts
 * @Cors({ allowedHeaders: ['content-type', 'x-csrf-token'] })
 * @Controller('admin')
 * export class AdminController {
 *   @Cors({ origin: add('https://partner.example.net') })
 *   @Post('import')
 *   import() {}
 * }
 * ```
 * @publicApi
 */
export function Cors<const Written>(
  policy?: CheckedPolicy<Written> | CorsPolicyName | false,
): ClassDecorator & MethodDecorator;
export function Cors<const Written>(
  name: CorsPolicyName,
  overrides: CheckedPolicy<Written>,
): ClassDecorator & MethodDecorator;
export function Cors(...args: readonly unknown[]): ClassDecorator & MethodDecorator {
  const copied = args.map(snapshot);
  return (target: object, key?: string | symbol) => {
    // A handler's policy is kept by its name: a decorator that wraps the function would lose what stands on that.
    const isOnMethod = key !== undefined;
    const repeated = isOnMethod
      ? Reflect.hasOwnMetadata(CORS_METADATA, target, key)
      : Reflect.hasOwnMetadata(CORS_METADATA, target);
    const metadata: CorsMetadata = { args: copied, repeated };
    if (isOnMethod) Reflect.defineMetadata(CORS_METADATA, metadata, target, key);
    else Reflect.defineMetadata(CORS_METADATA, metadata, target);
  };
}

/**
 * Closes a controller or a route handler to other origins: no `Access-Control-*` header, and preflights are refused.
 * The same as `@Cors(false)`.
 *
 * CORS is not access control: the handler still runs for requests that need no preflight. Keep the guards.
 *
 * @example
 * ```ts
 * @NoCors()
 * @Controller('admin')
 * export class AdminController {}
 * ```
 * @publicApi
 */
export function NoCors(): ClassDecorator & MethodDecorator {
  return Cors(false);
}

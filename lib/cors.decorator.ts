import { CORS_MEMBERS_METADATA, CORS_METADATA } from './cors.constants.js';
import type { CorsPolicyName } from './policy/options.js';
import type { CheckedPolicy } from './policy/compile-time.js';
import { snapshot } from './policy/snapshot.js';
import type { CorsMembers, CorsMetadata } from './boot/metadata.js';

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
    if (key === undefined) {
      const repeated = Reflect.hasOwnMetadata(CORS_METADATA, target);
      Reflect.defineMetadata(CORS_METADATA, { args: copied, repeated } satisfies CorsMetadata, target);
      return;
    }
    // A handler's policy is kept by its name: a decorator that wraps the function would lose what stands on that.
    const members = (Reflect.getOwnMetadata(CORS_MEMBERS_METADATA, target) ?? new Map()) as CorsMembers;
    Reflect.defineMetadata(CORS_MEMBERS_METADATA, members, target);
    members.set(key, { args: copied, repeated: members.has(key) });
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

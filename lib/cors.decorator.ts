import { warnWithoutModule } from './boot/missing-module.js';
import { writeControllerPolicy, writeMemberPolicy } from './boot/metadata.js';
import type { CheckedPolicy } from './policy/compile-time.js';
import type { CorsPolicyName } from './policy/options.js';
import { snapshot } from './policy/snapshot.js';

/**
 * Gives a controller or a route handler its own CORS policy, merged over the policy it inherits: option by option, the
 * nearest level that sets one wins. Subclasses inherit a controller's policy.
 *
 * - `@Cors({ … })`: merged over the inherited policy; `add(...)` extends an inherited list
 * - `@Cors('name')`: a named policy of `CorsModule.forRoot({ policies })`, which replaces the inherited policy
 * - `@Cors('name', { … })`: the same, with overrides
 * - `@Cors(false)`: no cross-origin access
 *
 * Mistakes are errors when the app boots; the ones that the compiler can see do not compile.
 *
 * @throws {TypeError} where it is written without parentheses
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
  // A compiler that checks no types lets this pass, and the member would have no policy of its own.
  if (isTarget(args)) throw new TypeError('@Cors is called with its policy: write @Cors({ … })');
  const copied = args.map(snapshot);
  return (target: object, key?: string | symbol) => {
    if (key === undefined) writeControllerPolicy(target, copied);
    else writeMemberPolicy(target, key, copied);
    // Of a static member, the target is the class.
    warnWithoutModule(typeof target === 'function' ? target : target.constructor);
  };
}

/**
 * Closes a controller or a route handler to other origins: no `Access-Control-*` header, and preflights are refused.
 * The same as `@Cors(false)`.
 *
 * CORS is not access control: the handler still runs for requests that need no preflight. Keep your guards.
 *
 * @example
 * ```ts
 * @NoCors()
 * @Controller('admin')
 * export class AdminController {}
 * ```
 * @publicApi
 */
export function NoCors(): ClassDecorator & MethodDecorator;
export function NoCors(...args: readonly unknown[]): ClassDecorator & MethodDecorator {
  if (args.length > 0) throw new TypeError('@NoCors is called: write @NoCors()');
  return Cors(false);
}

/** Whether these are the arguments of a decorator, which was written without being called. */
function isTarget([first, ...others]: readonly unknown[]): boolean {
  return typeof first === 'function' || (others.length > 0 && typeof first === 'object');
}

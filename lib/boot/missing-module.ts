import { Catch, Inject, Logger, UseFilters, type ExceptionFilter, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { CORS_CHECKED, CORS_MISSING, CORS_MODULE_OPTIONS, LOGGER_CONTEXT } from '../cors.constants.js';
import { namesText } from '../issues/text.js';
import { controllerPolicyOf, memberPoliciesOf } from './metadata.js';

/** Nothing throws it. */
class Never {}

/**
 * What `@Cors()` leaves on a class besides its metadata: warns where the app has no CorsModule, so that nothing enforces
 * its policies. Nest creates it with the class's module. A filter of an exception that nobody throws, because Nest runs
 * guards and interceptors for each request, and looks at filters for errors only.
 */
@Catch(Never)
class MissingModuleWarning implements ExceptionFilter<Never>, OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer & { [CORS_MISSING]?: true },
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const { modules } = this;
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    // A process without an HTTP server has nothing to enforce.
    if (adapter == null || modules[CORS_MISSING] === true) return;
    const all = [...modules.values()];
    if (all.some(({ providers }) => providers.has(CORS_MODULE_OPTIONS))) return;
    Object.defineProperty(modules, CORS_MISSING, { value: true });
    const controllers = all.flatMap(({ controllers: ofModule }) => [...ofModule.values()]);
    const decorated = controllers.flatMap(({ metatype }) =>
      typeof metatype === 'function' && isDecorated(metatype) ? [metatype.name] : [],
    );
    // Without routes of its own there is nothing that somebody could call.
    if (decorated.length > 0) new Logger(LOGGER_CONTEXT).warn(missingLine(decorated));
  }

  catch(): void {
    // Never called.
  }
}

function isDecorated(controller: { readonly prototype: object }): boolean {
  return controllerPolicyOf(controller) !== undefined || memberPoliciesOf(controller.prototype).size > 0;
}

/** Marks a class that `@Cors()` decorates, or whose member it does: once. */
export function warnWithoutModule(decorated: object): void {
  if (Reflect.hasOwnMetadata(CORS_CHECKED, decorated)) return;
  Reflect.defineMetadata(CORS_CHECKED, true, decorated);
  (UseFilters(MissingModuleWarning) as (target: object) => void)(decorated);
}

function missingLine(names: readonly string[]): string {
  return `@Cors() on ${namesText(names)} has no effect: CorsModule is not imported. Import CorsModule.forRoot({ origin: ['https://app.example.com'] }) in the root module.`;
}

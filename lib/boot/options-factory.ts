import type { DynamicModule, Provider } from '@nestjs/common';
import { CORS_MODULE_OPTIONS } from '../cors.constants.js';
import { throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem } from '../issues/problem.js';

/** The method of a class that creates the module's options. */
export const FACTORY_METHOD = 'createCorsOptions';

/**
 * The same module, whose options tell in words what Nest would tell by a `TypeError`: that their class has no
 * `createCorsOptions()`.
 */
export function withCheckedFactory(module: DynamicModule): DynamicModule {
  return { ...module, providers: (module.providers ?? []).map(checked) };
}

function checked(provider: Provider): Provider {
  if (typeof provider === 'function' || provider.provide !== CORS_MODULE_OPTIONS || !('useFactory' in provider)) {
    return provider;
  }
  return { ...provider, useFactory: optionsOf };
}

function optionsOf(factory: unknown): unknown {
  const create: unknown = (Object(factory) as Record<string, unknown>)[FACTORY_METHOD];
  if (typeof create === 'function') return Reflect.apply(create, factory, []);
  const issues = new IssueCollector();
  const name = (Object(factory) as object).constructor.name;
  issues.add({ level: 'app' }, problem('options_factory', name, name, name));
  return throwErrors(issues);
}

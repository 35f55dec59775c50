import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { printable, quote } from '../issues/text.js';
import type { Ask } from './ask.js';
import { bounded, type IsAllowed } from './bounded.js';
import { tolerant } from './callable-context.js';
import { faultLine, faultLog } from './fault-log.js';
import { shared } from './shared.js';
import { problem, type Problem } from '../issues/problem.js';
import type { ResolverLimits } from '../policy/read-module.js';
import {
  isResolverClass,
  type CorsOriginResolver,
  type CorsOriginResolverRef,
  type ResolverClass,
} from '../policy/resolver.js';
import { SCOPE_OPTIONS_METADATA } from '../routing/nest-internals.js';

/** The resolvers of one configuration, ready to be called. */
export type BoundResolvers = ReadonlyMap<CorsOriginResolverRef, Ask>;

/** Takes resolvers from the injector, and puts bounds around them. */
@Injectable()
export class ResolverBinder {
  readonly #logger = new Logger(LOGGER_CONTEXT);

  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  /** @param report called for each that cannot be used */
  async bind(
    refs: Iterable<CorsOriginResolverRef>,
    limits: ResolverLimits,
    report: (ref: CorsOriginResolverRef, issue: Problem) => void,
  ): Promise<BoundResolvers> {
    const bound = new Map<CorsOriginResolverRef, Ask>();
    for (const ref of new Set(refs)) {
      const isAllowed: IsAllowed | undefined = isResolverClass(ref)
        ? await this.#resolve(ref, each => report(ref, each))
        : tolerant(ref as IsAllowed, ref);
      if (isAllowed === undefined) continue;
      const reportFault = faultLog((...fault) => this.#logger.error(faultLine(ref.name, ...fault)));
      bound.set(ref, shared(bounded(isAllowed, limits, reportFault)));
    }
    return bound;
  }

  async #resolve(ref: ResolverClass, report: (issue: Problem) => void): Promise<IsAllowed | undefined> {
    if (isScoped(ref)) return void report(problem('resolver_scoped', 'origin', ref));
    const instance = await this.#instanceOf(ref, report);
    if (instance === undefined) return undefined;
    // Looked up again for each call: a test may put a spy there.
    if (typeof instance.isAllowed !== 'function') return void report(problem('resolver_type', 'origin', ref, ref.name));
    return tolerant((origin, context) => instance.isAllowed(origin, context), instance.isAllowed);
  }

  /** The app's own instance; one of our own where no module provides the class. */
  async #instanceOf(ref: ResolverClass, report: (issue: Problem) => void): Promise<CorsOriginResolver | undefined> {
    try {
      return this.moduleRef.get(ref, { strict: false });
    } catch (error) {
      if (error instanceof Error && error.constructor.name === 'InvalidClassScopeException') {
        return void report(problem('resolver_scoped', 'origin', ref));
      }
    }
    try {
      return await this.moduleRef.create(ref);
    } catch (error) {
      return void report(problem('resolver_unresolved', 'origin', ref, reasonLine(error)));
    }
  }
}

/** Nest keeps the scope that `@Injectable()` was given; 0 is a singleton. */
function isScoped(ref: ResolverClass): boolean {
  const options = Reflect.getMetadata(SCOPE_OPTIONS_METADATA, ref) as { scope?: Scope } | undefined;
  return (options?.scope ?? Scope.DEFAULT) !== Scope.DEFAULT;
}

function reasonLine(error: unknown): string {
  return printable(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : quote(error));
}

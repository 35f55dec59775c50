import { Injectable, type Type } from '@nestjs/common';
import { CORS_METADATA } from './cors.constants.js';
import type { CorsMetadata } from './cors.decorator.js';

/** Reads what `@Cors()` left behind: the one place that does. */
@Injectable()
export class CorsMetadataAccessor {
  /** The metadata of a controller, inherited from its base classes. */
  ofController(controller: object): CorsMetadata | undefined {
    return Reflect.getMetadata(CORS_METADATA, controller) as CorsMetadata | undefined;
  }

  /**
   * The metadata of a handler, where the class that defines the method has it: a subclass that overrides a handler
   * does not inherit its policy, as it does not inherit its route.
   */
  ofHandler(controller: Type, name: string | symbol): CorsMetadata | undefined {
    return ofMember(controller.prototype, name);
  }

  /** The metadata of a static member, which is never a handler. */
  ofStatic(controller: Type, name: string | symbol): CorsMetadata | undefined {
    return ofMember(controller, name);
  }
}

function ofMember(object: unknown, name: string | symbol): CorsMetadata | undefined {
  let owner = object;
  while (isObject(owner) && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  if (!isObject(owner)) return undefined;
  return Reflect.getOwnMetadata(CORS_METADATA, owner, name) as CorsMetadata | undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

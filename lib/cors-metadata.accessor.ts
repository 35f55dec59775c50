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
  ofHandler(controller: Type, name: string): CorsMetadata | undefined {
    let prototype: unknown = controller.prototype;
    while (typeof prototype === 'object' && prototype !== null && !Object.hasOwn(prototype, name)) {
      prototype = Object.getPrototypeOf(prototype);
    }
    if (typeof prototype !== 'object' || prototype === null) return undefined;
    return Reflect.getOwnMetadata(CORS_METADATA, prototype, name) as CorsMetadata | undefined;
  }
}

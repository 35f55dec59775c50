import { Injectable } from '@nestjs/common';
import { CORS_METADATA } from './cors.constants.js';
import type { CorsMetadata } from './cors.decorator.js';

/** Reads what `@Cors()` left behind: the one place that does. */
@Injectable()
export class CorsMetadataAccessor {
  /** The metadata of a controller, inherited from its base classes, or of a handler. */
  of(target: object): CorsMetadata | undefined {
    return Reflect.getMetadata(CORS_METADATA, target) as CorsMetadata | undefined;
  }

  /** The metadata that stands on the target itself. */
  ownOf(target: object): CorsMetadata | undefined {
    return Reflect.getOwnMetadata(CORS_METADATA, target) as CorsMetadata | undefined;
  }
}

import { Injectable } from '@nestjs/common';
import { CORS_MEMBERS_METADATA, CORS_METADATA } from '../cors.constants.js';

/** Reads what `@Cors()` left behind: the one place that does. */
@Injectable()
export class CorsMetadataAccessor {
  /** The metadata of a controller, inherited from its base classes. */
  ofController(controller: object): CorsMetadata | undefined {
    return Reflect.getMetadata(CORS_METADATA, controller) as CorsMetadata | undefined;
  }

  /**
   * The metadata of the handlers of a class, given by its prototype; of a class itself, that of its static members,
   * which are never handlers. Where the class that defines a member has it: a subclass that overrides a handler does
   * not inherit its policy, as it does not inherit its route.
   */
  ofMembers(object: object): ReadonlyMap<string | symbol, CorsMetadata> {
    let found: CorsMembers | undefined;
    for (let owner: unknown = object; isBelowRoot(owner); owner = Object.getPrototypeOf(owner)) {
      const members = Reflect.getOwnMetadata(CORS_MEMBERS_METADATA, owner) as CorsMembers | undefined;
      for (const [key, metadata] of members ?? []) {
        if (definerOf(object, key) === owner) (found ??= new Map()).set(key, metadata);
      }
    }
    return found ?? NO_MEMBERS;
  }
}

const NO_MEMBERS: ReadonlyMap<string | symbol, CorsMetadata> = new Map();

/** The nearest object in a chain of prototypes that has a member. */
export function definerOf(object: object, key: string | symbol): object | undefined {
  for (let at: unknown = object; isBelowRoot(at); at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return at;
  }
  return undefined;
}

function isBelowRoot(value: unknown): value is object {
  return value !== null && value !== Object.prototype && value !== Function.prototype;
}

/** What `@Cors()` leaves on a controller or a handler: its arguments, unread until boot. */
export interface CorsMetadata {
  readonly args: readonly unknown[];
  /** Another `@Cors()` stands below this one on the same target. */
  readonly repeated: boolean;
}

/** What `@Cors()` leaves on the members of a class, or of its prototype. */
export type CorsMembers = Map<string | symbol, CorsMetadata>;

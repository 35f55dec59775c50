import { CORS_MEMBERS_METADATA, CORS_METADATA } from '../cors.constants.js';

/** What `@Cors()` leaves on a controller or a handler: its arguments, unread until boot. */
export interface CorsMetadata {
  readonly args: readonly unknown[];
  /** Whether another `@Cors()` is below this one on the same class or member. */
  readonly repeated: boolean;
}

/** What `@Cors()` leaves on the members of a class, or of its prototype. */
type Members = Map<string | symbol, CorsMetadata>;

/** Keeps the arguments of `@Cors()` on a class. */
export function writeControllerPolicy(controller: object, args: readonly unknown[]): void {
  const repeated = Reflect.hasOwnMetadata(CORS_METADATA, controller);
  Reflect.defineMetadata(CORS_METADATA, { args, repeated } satisfies CorsMetadata, controller);
}

/** Keeps the arguments of `@Cors()` on a member, by its name: a decorator may wrap the function itself. */
export function writeMemberPolicy(owner: object, key: string | symbol, args: readonly unknown[]): void {
  const members = (Reflect.getOwnMetadata(CORS_MEMBERS_METADATA, owner) ?? new Map()) as Members;
  Reflect.defineMetadata(CORS_MEMBERS_METADATA, members, owner);
  members.set(key, { args, repeated: members.has(key) });
}

/** What `@Cors()` left on a controller; inherited from its base classes. */
export function controllerPolicyOf(controller: object): CorsMetadata | undefined {
  return Reflect.getMetadata(CORS_METADATA, controller) as CorsMetadata | undefined;
}

/**
 * What `@Cors()` left on the handlers of a class, given by its prototype; of a class itself, on its static members, which
 * are never handlers. A subclass that overrides a handler does not inherit its policy, as it does not inherit its route.
 */
export function memberPoliciesOf(object: object): ReadonlyMap<string | symbol, CorsMetadata> {
  let policies: Members | undefined;
  for (let owner: unknown = object; isBelowRoot(owner); owner = Object.getPrototypeOf(owner)) {
    for (const [key, metadata] of ownMembersOf(owner) ?? []) {
      if (definerOf(object, key) === owner) (policies ??= new Map()).set(key, metadata);
    }
  }
  return policies ?? NO_MEMBERS;
}

/**
 * The base classes whose `@Cors()` on a member is lost, because a class below them overrides the member without one. Given
 * the prototype of that class.
 */
export function overriddenOwnersOf(prototype: object, key: string): readonly string[] {
  const definer = definerOf(prototype, key);
  if (definer === undefined || ownMembersOf(definer)?.has(key) === true) return [];
  const owners: string[] = [];
  for (let owner: unknown = Object.getPrototypeOf(definer); isBelowRoot(owner); owner = Object.getPrototypeOf(owner)) {
    if (ownMembersOf(owner)?.has(key) === true) owners.push(owner.constructor.name);
  }
  return owners;
}

function ownMembersOf(owner: object): Members | undefined {
  return Reflect.getOwnMetadata(CORS_MEMBERS_METADATA, owner) as Members | undefined;
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

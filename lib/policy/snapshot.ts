import { addedValues } from './add.js';

/**
 * Replaces a value that throws when it is read: behind a getter or a proxy trap. Reported when the options are read.
 */
export class Unreadable {
  constructor(readonly cause: unknown) {}
}

/**
 * Copies options, so that later changes to them have no effect. Values are read once, here, and nothing is thrown.
 * Functions, and objects that are not options, are kept as they are.
 */
export function snapshot(value: unknown): unknown {
  return readable(() => copy(value, new Map()));
}

function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return new Unreadable(error);
  }
}

/**
 * Whether a value is an options object. Built-in objects are not: a Map or a promise, read as options, would be empty
 * and silently set nothing. So would the result of `add()`.
 */
export function isOptions(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  // A module namespace from `import * as` is one as well.
  const isPlain = /^\[object (?:Object|Module)\]$/.test(Object.prototype.toString.call(value));
  return isPlain && !(value instanceof Unreadable) && addedValues(value) === undefined;
}

function copy(value: unknown, copied: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // Cyclic options are an error that is reported at boot.
  if (copied.has(value)) return copied.get(value);
  if (Array.isArray(value)) {
    // Holes stay holes. A list may have a million entries, and nearly all are strings.
    const list = value.slice() as unknown[];
    copied.set(value, list);
    list.forEach((entry, index) => {
      if (typeof entry === 'object') list[index] = copy(entry, copied);
    });
    return isSealed(value, list) ? value : list;
  }
  if (!isOptions(value)) return value;
  const options = copyOptions(value, copied);
  return isSealed(value, options) ? value : options;
}

/** A value that nobody can change needs no copy, and keeps its identity. */
function isSealed(value: object, copied: object): boolean {
  if (!Object.isFrozen(value)) return false;
  return Reflect.ownKeys(copied).every(key => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    return descriptor !== undefined && Object.is(descriptor.value, (copied as Record<string | symbol, unknown>)[key]);
  });
}

function copyOptions(options: object, copied: Map<object, unknown>): object {
  const result = {};
  copied.set(options, result);
  // Members of an options class as well: copied as own properties, and not enumerable, as in the class.
  for (let at: object | null = options; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (Object.hasOwn(result, key) || (at !== options && key === 'constructor')) continue;
      const enumerable = at === options && Object.prototype.propertyIsEnumerable.call(at, key);
      const value = readable(() => copy(Reflect.get(options, key), copied));
      Object.defineProperty(result, key, { value, enumerable, writable: true, configurable: true });
    }
  }
  return result;
}

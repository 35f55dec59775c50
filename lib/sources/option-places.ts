import { PLACES } from '../cors.constants.js';

/** An option as it is written in a file. */
export interface WrittenOption {
  /** Its path in problems: `policies.public.origin[1]`. */
  readonly path: string;
  /** The keys that lead to it from the options. */
  readonly keys: readonly string[];
  readonly value: unknown;
  /** `cors.yaml:3:5` */
  readonly place: string;
}

/**
 * Attaches to the options the place of each. The places are kept under a symbol: a spread of the options keeps them,
 * and code that reads the options' keys does not see them.
 */
export function withPlaces<Options extends object>(options: Options, written: readonly WrittenOption[]): Options {
  const places = new Map<string, WrittenOption | undefined>();
  // A key with a dot in it can give two options the same path: then neither has a place.
  for (const option of written) places.set(option.path, places.has(option.path) ? undefined : option);
  Object.defineProperty(options, PLACES, { value: places, enumerable: true });
  // Frozen, so that the values stay those of the file. To change one, spread the options.
  for (const { value } of written) Object.freeze(value);
  return options;
}

/**
 * The place of an option, if the options were read from a file: `cors.yaml:3:5`. For a missing option, the place of the
 * object or list that it is missing in. `undefined` if the code replaced the file's value.
 */
export function filePlace(options: unknown, path: string): string | undefined {
  const places = placesOf(options);
  if (places === undefined) return undefined;
  for (let at = path; at !== ''; at = parentOf(at)) {
    if (!places.has(at)) continue;
    const option = places.get(at);
    return option !== undefined && isKept(options, option) ? option.place : undefined;
  }
  // A spread may add options that are not in the file.
  const [first = ''] = path.split(/[.[]/);
  const added = [path, first].some(key => Object.hasOwn(options as object, key));
  return added ? undefined : places.get('')?.place;
}

/** `policies.public.origin[1]` → `policies.public.origin` */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')));
}

function placesOf(options: unknown): ReadonlyMap<string, WrittenOption | undefined> | undefined {
  const places = ownValue(options, PLACES);
  return places instanceof Map ? places : undefined;
}

/** Whether the options still have the file's value. */
function isKept(options: unknown, { keys, value }: WrittenOption): boolean {
  return Object.is(keys.reduce<unknown>(ownValue, options), value);
}

/** Reads an own property without calling a getter. */
function ownValue(from: unknown, key: string | symbol): unknown {
  if (typeof from !== 'object' || from === null) return undefined;
  return Object.getOwnPropertyDescriptor(from, key)?.value as unknown;
}

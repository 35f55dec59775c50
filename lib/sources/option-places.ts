import { PLACES } from '../cors.constants.js';

/** An option as it is written in a file. */
export interface WrittenOption {
  /** As a problem names it: `policies.public.origin[1]`. */
  readonly path: string;
  /** The keys that lead to it from the options. */
  readonly keys: readonly string[];
  readonly value: unknown;
  /** `cors.yaml:3:5` */
  readonly place: string;
}

/**
 * The options, and where each is written. They are kept under a symbol: a spread of the options keeps them, and
 * nothing that reads the options' keys sees them.
 */
export function withPlaces<Options extends object>(options: Options, written: readonly WrittenOption[]): Options {
  const places = new Map<string, WrittenOption | undefined>();
  // A key with a dot in it can make two options of one path: then neither is told.
  for (const option of written) places.set(option.path, places.has(option.path) ? undefined : option);
  Object.defineProperty(options, PLACES, { value: places, enumerable: true });
  // What is placed stays what the file says: whoever wants something else spreads it.
  for (const { value } of written) Object.freeze(value);
  return options;
}

/**
 * Where an option is written, if the options were read from a file: `cors.yaml:3:5`. For one that is missing, the place
 * of what it is missing in. `undefined` for what the code put in the place of the file's value.
 */
export function placeOf(options: unknown, path: string): string | undefined {
  const places = placesOf(options);
  if (places === undefined) return undefined;
  for (let at = path; at !== ''; at = parentOf(at)) {
    if (!places.has(at)) continue;
    const option = places.get(at);
    return option !== undefined && isKept(options, option) ? option.place : undefined;
  }
  // A spread makes another object of the file's: what it adds is not the file's.
  const [first = ''] = path.split(/[.[]/);
  const added = [path, first].some(key => Object.hasOwn(options as object, key));
  return added ? undefined : places.get('')?.place;
}

/** `policies.public.origin[1]`: `policies.public.origin`. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')));
}

function placesOf(options: unknown): ReadonlyMap<string, WrittenOption | undefined> | undefined {
  const places = ownValue(options, PLACES);
  return places instanceof Map ? places : undefined;
}

/** Whether the options still have the file's value there. */
function isKept(options: unknown, { keys, value }: WrittenOption): boolean {
  return Object.is(keys.reduce<unknown>(ownValue, options), value);
}

/** Without calling a getter. */
function ownValue(from: unknown, key: string | symbol): unknown {
  if (typeof from !== 'object' || from === null) return undefined;
  return Object.getOwnPropertyDescriptor(from, key)?.value as unknown;
}

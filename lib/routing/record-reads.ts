import type { RoutedRequest } from './route-matcher.js';

/** What some code answered about a request, and what it read to answer. */
export interface Recorded<Value> {
  /** `undefined` as well where the code threw. */
  readonly value: Value | undefined;
  /**
   * Whether it would answer the same about the actual request: it threw nothing, and read nothing but what a preflight
   * has in common with the request that it announces.
   */
  readonly isCertain: boolean;
  /** The same, but of what a request has when it arrives, its headers included: nothing that a middleware adds. */
  readonly cameWithRequest: boolean;
  /** Whether it read anything: what it answers otherwise comes from elsewhere, where nobody sees it change. */
  readonly readsAnything: boolean;
  /** Whether it read the method: it may answer otherwise for another one. */
  readonly readsMethod: boolean;
  /** The names of the headers it read, in lower case. */
  readonly headers: readonly string[];
}

/** What a preflight and the request that it announces have in common, by the names that Node, Express and Fastify use. */
const COMMON_PROPERTIES: ReadonlySet<PropertyKey> = new Set([
  ...['method', 'url', 'originalUrl', 'baseUrl', 'path', 'query', 'hostname', 'host', 'protocol', 'secure'],
  ...['subdomains', 'ip', 'ips', 'socket', 'connection', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor'],
  // What parseurl keeps of the target.
  ...['_parsedUrl', '_parsedOriginalUrl'],
  // Methods of Express's request: what they read is recorded as they read it.
  ...['app', 'get', 'header'],
]);

/** Other forms of the headers. */
const HEADER_PROPERTIES: ReadonlySet<PropertyKey> = new Set(['rawHeaders', 'headersDistinct']);

const COMMON_HEADERS: ReadonlySet<PropertyKey> = new Set(['host', ':authority']);

/** Of a connection. Browsers may send a preflight on another one: what code keeps there is not in common. */
const COMMON_OF_SOCKET: ReadonlySet<PropertyKey> = new Set(['encrypted', 'remoteAddress', 'localAddress', 'localPort']);

/**
 * Calls code of the app (a version extractor, a constraint strategy) with a request that records what it reads. What
 * it reads elsewhere or later is not recorded: an answer that is a promise is never certain.
 *
 * @param method the announced method, where the request is a preflight
 */
export function recordReads<Value>(
  request: RoutedRequest,
  method: string | undefined,
  read: (request: RoutedRequest) => Value,
): Recorded<Value> {
  const names = new Set<string>();
  let readsAnything = false;
  let isCertain = true;
  let cameWithRequest = true;
  let readsMethod = false;

  const headers = recorder(request.headers, name => {
    readsAnything = true;
    if (typeof name === 'string') names.add(name.toLowerCase());
    else for (const each of Object.keys(request.headers)) names.add(each);
    isCertain &&= COMMON_HEADERS.has(name);
  });
  const socketOf = (socket: object) =>
    recorder(
      socket,
      name => {
        isCertain &&= COMMON_OF_SOCKET.has(name);
      },
      // Its own getters read what is not in common, and answer what is.
      name => Reflect.get(socket, name) as unknown,
    );
  const recorded = recorder(
    request,
    property => {
      readsAnything = true;
      readsMethod ||= property === 'method';
      if (property === 'headers') return;
      isCertain &&= COMMON_PROPERTIES.has(property);
      cameWithRequest &&= COMMON_PROPERTIES.has(property) || HEADER_PROPERTIES.has(property);
    },
    (property, receiver) => {
      if (property === 'headers') return headers;
      if (property === 'method' && method !== undefined) return method;
      // Getters of a request read its other properties: through the receiver, so that those are recorded as well.
      const value = Reflect.get(request, property, receiver) as unknown;
      const isSocket = property === 'socket' || property === 'connection';
      return isSocket && typeof value === 'object' && value !== null ? socketOf(value) : value;
    },
  );

  let value: Value | undefined;
  let isAnswer = false;
  try {
    value = read(recorded);
    isAnswer = !isThenable(value);
  } catch {
    // It says nothing about this request.
  }
  return {
    value,
    isCertain: isAnswer && isCertain,
    cameWithRequest: isAnswer && cameWithRequest && readsAnything,
    readsAnything,
    readsMethod,
    headers: [...names],
  };
}

/** Stands for all properties at once: they were listed. */
const ALL = Symbol('all');

/**
 * @param onRead called with each property that is read, in whatever way
 * @param get reads one
 */
function recorder<Subject extends object>(
  subject: Subject,
  onRead: (property: PropertyKey) => void,
  get: (property: PropertyKey, receiver: unknown) => unknown = (property, receiver) =>
    Reflect.get(subject, property, receiver) as unknown,
): Subject {
  return new Proxy(subject, {
    get(_target, property, receiver) {
      onRead(property);
      return get(property, receiver);
    },
    has(_target, property) {
      onRead(property);
      return Reflect.has(subject, property);
    },
    getOwnPropertyDescriptor(_target, property) {
      onRead(property);
      return Reflect.getOwnPropertyDescriptor(subject, property);
    },
    ownKeys() {
      onRead(ALL);
      return Reflect.ownKeys(subject);
    },
  });
}

/** Whether an answer comes later. */
export function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

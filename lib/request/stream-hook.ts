import type { ServerResponse } from 'node:http';
import type { HeaderStore } from './write-headers.js';

/** The calls of an HTTP/2 stream that write a head past its response, and the place of their headers. */
const CALLS = { respond: 0, respondWithFD: 1, respondWithFile: 1 } as const;
type StreamCall = keyof typeof CALLS;

type Respond = (...args: unknown[]) => unknown;
type Stream = Partial<Record<StreamCall, Respond>>;

/**
 * Makes a hook on the heads that a handler writes to the HTTP/2 stream itself (`response.stream.respond()`), which
 * `writeHead` never sees. Streams that the server pushes have no request of a page, and are left alone.
 *
 * @param isWritten whether `writeHead` has seen a response: it calls the stream as well
 * @param listener called with the headers of such a head, to change them
 * @returns hooks the stream of a response, once for each; says whether it has one
 */
export function createStreamHook(
  isWritten: (response: ServerResponse) => boolean,
  listener: (response: ServerResponse, headers: HeaderStore) => void,
): (response: ServerResponse) => boolean {
  // Of this hook alone, as in head-hook.ts.
  const owner = Symbol('response');
  const inner = Symbol('respond');
  type Hooked = Stream & { [owner]: ServerResponse; [inner]: Stream };

  const hookOf = (call: StreamCall): Respond =>
    function (this: Hooked, ...args) {
      const respond = this[inner][call] as Respond;
      const response = this[owner];
      if (!isWritten(response)) {
        const headers = new ObjectHeaders(args[CALLS[call]]);
        listener(response, headers);
        args[CALLS[call]] = headers.headers;
      }
      return respond.apply(this, args);
    };
  const hooks = {
    respond: hookOf('respond'),
    respondWithFD: hookOf('respondWithFD'),
    respondWithFile: hookOf('respondWithFile'),
  };

  return response => {
    const { stream } = response as ServerResponse & { readonly stream?: Stream };
    if (typeof stream?.respond !== 'function') return false;
    const { respond, respondWithFD, respondWithFile } = stream;
    Object.assign(stream, { [owner]: response, [inner]: { respond, respondWithFD, respondWithFile }, ...hooks });
    return true;
  };
}

type HeaderValue = number | string | string[];

/** Headers as an object or a flat list, the forms that a stream takes. */
class ObjectHeaders implements HeaderStore {
  readonly headers: Record<string, HeaderValue>;

  constructor(given: unknown) {
    // A copy, which keeps the symbols: what the app handed over stays as it is.
    this.headers = Array.isArray(given) ? grouped(given) : { ...(given as Record<string, HeaderValue> | undefined) };
  }

  getHeaderNames(): string[] {
    return Object.keys(this.headers).map(name => name.toLowerCase());
  }

  getHeader(name: string): HeaderValue | undefined {
    const written = this.#written(name);
    return written === undefined ? undefined : this.headers[written];
  }

  setHeader(name: string, value: string): void {
    this.removeHeader(name);
    this.headers[name.toLowerCase()] = value;
  }

  removeHeader(name: string): void {
    for (let written = this.#written(name); written !== undefined; written = this.#written(name)) {
      Reflect.deleteProperty(this.headers, written);
    }
  }

  #written(name: string): string | undefined {
    return Object.keys(this.headers).find(each => each.toLowerCase() === name.toLowerCase());
  }
}

function grouped(list: readonly unknown[]): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {};
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = String(list[index]).toLowerCase();
    const value = String(list[index + 1]);
    const present = headers[name];
    headers[name] = present === undefined ? value : [present, value].flat().map(String);
  }
  return headers;
}

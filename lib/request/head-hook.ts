import type { ServerResponse } from 'node:http';
import { createStreamHook } from './stream-hook.js';
import type { HeaderStore } from './write-headers.js';

type WriteHead = (this: ServerResponse, status: number, reason?: unknown, headers?: unknown) => ServerResponse;

/** Called with a response whose head is about to be written, and with its headers. */
export type HeadListener = (response: ServerResponse, headers: HeaderStore) => void;

/** `writeHeader` is Node's deprecated name for it (DEP0063), and is still called. */
interface HookedResponse {
  writeHead: WriteHead;
  writeHeader?: WriteHead;
}

/**
 * Makes a hook on the one moment that all ways to answer have in common, on every platform: Node writes heads through
 * `writeHead`, also those that no code of the app writes. One function for all responses: a closure for each costs more than
 * what it does.
 *
 * Not the `on-headers` package: it is done with a response once it was called.
 * A head that Node refuses (`writeHead(1000)`) is followed by another one, and that one has to be seen: a filter's
 * `Access-Control-Allow-Origin: *` went out beside our credentials.
 *
 * @param listener called whenever a response is about to write its head, with every header in place
 * @returns hooks a response; once for each
 */
export function createHeadHook(listener: HeadListener): (response: ServerResponse) => void {
  // Of this hook alone: a response that passes two apps has two of them.
  const inner = Symbol('writeHead');
  const written = Symbol('written');
  type Inner = HookedResponse & { [inner]: WriteHead; [written]?: boolean };
  const hookStream = createStreamHook(response => (response as ServerResponse & Inner)[written] === true, listener);

  const hook: WriteHead = function (status, first, second) {
    const writeHead = (this as ServerResponse & Inner)[inner];
    // Node throws, as it does without us.
    if (this.headersSent) return writeHead.call(this, status, first, second);
    // As Node reads the arguments: a reason is a string, and anything else may be the headers.
    const reason = typeof first === 'string' ? first : undefined;
    const headers = reason === undefined ? (second ?? first) : second;
    this.statusCode = status;
    setHeaders(this, headers);
    listener(this, this);
    return reason === undefined ? writeHead.call(this, status) : writeHead.call(this, status, reason);
  };
  /** HTTP/2 compatibility writes the head through the stream, whose own hook has nothing left to do then. */
  const hookHttp2: WriteHead = function (status, first, second) {
    const response = this as ServerResponse & Inner;
    response[written] = true;
    try {
      return hook.call(this, status, first, second);
    } catch (error) {
      // Node refused the head: another one follows, and not through here perhaps.
      response[written] = false;
      throw error;
    }
  };
  return response => {
    const hooked = response as unknown as Inner;
    const own = hookStream(response) ? hookHttp2 : hook;
    hooked[inner] = hooked.writeHead;
    hooked.writeHead = own;
    if (hooked.writeHeader !== undefined) hooked.writeHeader = own;
  };
}

/** Node takes an object, a flat list of names and values, or a list of pairs; lists may repeat a name. */
function setHeaders(response: ServerResponse, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null) return;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) {
      if (name !== '') response.setHeader(name, value as string);
    }
    return;
  }
  const pairs = pairsOf(headers);
  // In place of what was set before, as an object's would be.
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) response.appendHeader(name, value);
}

type Pair = readonly [name: string, value: string | readonly string[]];

function pairsOf(headers: readonly unknown[]): readonly Pair[] {
  if (Array.isArray(headers[0])) return headers as readonly Pair[];
  if (headers.length % 2 !== 0)
    throw new TypeError('writeHead() was given a list of headers whose last name has no value');
  const names = headers.filter((_entry, index) => index % 2 === 0);
  return names.map((name, index) => [name, headers[index * 2 + 1]] as Pair);
}

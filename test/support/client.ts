import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';

/** A response as it came over the wire. */
export interface WireResponse {
  readonly status: number;
  /** Every `Access-Control-*` header and `Vary`, by lower-case name; a repeated header is a list. */
  readonly cors: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

export interface WireRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly agent?: Agent | false;
}

export function portOf(app: INestApplication): number {
  return ((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
}

/** Sends one request over loopback and reads all of its response. */
export async function send(
  app: INestApplication,
  { body, agent = false, headers: own, ...options }: WireRequest,
): Promise<WireResponse> {
  // Node frames a body by itself for some methods only.
  const framed = body === undefined ? { ...own } : { ...own, 'Content-Length': Buffer.byteLength(body) };
  // Without an agent of its own, each request has a connection of its own: no test meets another's.
  const request = httpRequest({ host: '127.0.0.1', port: portOf(app), agent, headers: framed, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return responseOf(response, await text(response));
}

export function responseOf({ rawHeaders, statusCode = 0 }: IncomingMessage, body: string): WireResponse {
  const headers = groupHeaders(rawHeaders);
  return { status: statusCode, headers, cors: corsHeaders(headers), body };
}

/** A preflight as a browser sends it. */
export function preflightOf(path: string, origin: string, method: string, requestHeaders?: string): WireRequest {
  return {
    method: 'OPTIONS',
    path,
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': method,
      ...(requestHeaders !== undefined && { 'Access-Control-Request-Headers': requestHeaders }),
    },
  };
}

/** Sends a preflight as a browser does. */
export function preflight(
  app: INestApplication,
  ...[path, origin, method, requestHeaders]: Parameters<typeof preflightOf>
): Promise<WireResponse> {
  return send(app, preflightOf(path, origin, method, requestHeaders));
}

/** Writes bytes to a socket and reads until the server closes it: for what an HTTP client would not send. */
export async function sendRaw(app: INestApplication, bytes: string): Promise<string> {
  const socket = connect(portOf(app), '127.0.0.1');
  socket.write(bytes, 'latin1');
  return text(socket.setEncoding('latin1'));
}

/**
 * Writes a request line and header lines to a socket of their own, byte for byte, and reads the one response.
 *
 * @param lines such as `GET / HTTP/1.1` and `Origin: https://app.example`
 */
export async function sendLines(app: INestApplication, ...lines: readonly string[]): Promise<WireResponse> {
  const bytes = [...lines, 'Host: 127.0.0.1', 'Connection: close', '', ''].join('\r\n');
  const [response, ...others] = readResponses(await sendRaw(app, bytes));
  if (response === undefined || others.length > 0) throw new Error(`${String(others.length + 1)} responses, not one`);
  return response;
}

/** Reads the responses that came over one connection, one after another, by their own framing. */
export function readResponses(bytes: string): readonly WireResponse[] {
  const responses: WireResponse[] = [];
  for (let rest = bytes; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(statusLine)?.[1]);
    if (end === -1 || Number.isNaN(status)) throw new Error(`Not a response: ${JSON.stringify(rest)}`);
    const raw = lines.flatMap(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const headers = groupHeaders(raw);
    const [body, after] = readBody(rest.slice(end + 4), status, headers);
    responses.push({ status, headers, cors: corsHeaders(headers), body });
    rest = after;
  }
  return responses;
}

/** RFC 9112 §6.3, as far as responses of the specs go: no body, a length, chunks, or until the connection ends. */
function readBody(rest: string, status: number, headers: WireResponse['headers']): readonly [string, string] {
  if (status === 204 || status === 304) return ['', rest];
  if (headers['transfer-encoding'] === 'chunked') return readChunks(rest);
  const length = headers['content-length'] === undefined ? rest.length : Number(headers['content-length']);
  return [rest.slice(0, length), rest.slice(length)];
}

function readChunks(bytes: string): readonly [string, string] {
  let body = '';
  for (let rest = bytes; ;) {
    const line = rest.indexOf('\r\n');
    const size = parseInt(rest, 16);
    if (line === -1 || Number.isNaN(size)) throw new Error(`Not a chunk: ${JSON.stringify(rest)}`);
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
    if (size === 0) return [body, rest];
  }
}

export function groupHeaders(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i]?.toLowerCase(), raw[i + 1]];
    const present = headers[name];
    headers[name] = present === undefined ? value : [present, value].flat();
  }
  return headers;
}

export function corsHeaders(headers: Readonly<Record<string, string | string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  );
}

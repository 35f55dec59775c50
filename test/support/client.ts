import { request as httpRequest, type Agent } from 'node:http';
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
  readonly agent?: Agent;
}

export function portOf(app: INestApplication): number {
  return ((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
}

/** Sends one request over loopback and reads all of its response. */
export async function send(app: INestApplication, { body, agent, ...options }: WireRequest): Promise<WireResponse> {
  const request = httpRequest({ host: '127.0.0.1', port: portOf(app), ...options, ...(agent && { agent }) });
  request.end(body);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  const headers = groupHeaders(response.rawHeaders);
  return { status: response.statusCode ?? 0, headers, cors: corsHeaders(headers), body: await text(response) };
}

/** A preflight as a browser sends it. */
export function preflight(
  app: INestApplication,
  path: string,
  origin: string,
  method: string,
  requestHeaders?: string,
): Promise<WireResponse> {
  return send(app, {
    method: 'OPTIONS',
    path,
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': method,
      ...(requestHeaders !== undefined && { 'Access-Control-Request-Headers': requestHeaders }),
    },
  });
}

/** Writes bytes to a socket and reads until the server closes it: for what an HTTP client would not send. */
export async function sendRaw(app: INestApplication, bytes: string): Promise<string> {
  const socket = connect(portOf(app), '127.0.0.1');
  socket.write(bytes, 'latin1');
  return text(socket.setEncoding('latin1'));
}

function groupHeaders(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i]?.toLowerCase(), raw[i + 1]];
    const present = headers[name];
    headers[name] = present === undefined ? value : [present, value].flat();
  }
  return headers;
}

function corsHeaders(headers: Readonly<Record<string, string | string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  );
}

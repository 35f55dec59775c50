import { once } from 'node:events';
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import { corsHeaders, groupHeaders, portOf, type WireRequest, type WireResponse } from './client.js';
import { TLS } from './tls.js';

/** A connection of an HTTP/2 client: every request is a stream of it. */
export interface Http2Connection {
  /** Sends a request. Its headers may name pseudo-headers as well: `:authority` is the connection's by default. */
  send(request: WireRequest): Promise<WireResponse>;
  readonly session: ClientHttp2Session;
}

/** Opens a connection. An app that is closed before it waits for its end. */
export function openHttp2(app: INestApplication, scheme: 'http' | 'https'): Http2Connection {
  const session = connect(`${scheme}://127.0.0.1:${String(portOf(app))}`, { ca: TLS.cert });
  return { session, send: request => sendOn(session, request) };
}

/** Sends one request on a connection of its own. */
export async function sendHttp2(
  app: INestApplication,
  scheme: 'http' | 'https',
  request: WireRequest,
): Promise<WireResponse> {
  const { session, send } = openHttp2(app, scheme);
  try {
    return await send(request);
  } finally {
    session.close();
  }
}

async function sendOn(
  session: ClientHttp2Session,
  { method = 'GET', path = '/', headers, body }: WireRequest,
): Promise<WireResponse> {
  const outgoing = { ':method': method, ':path': path, ...headers } as OutgoingHttpHeaders;
  const stream = session.request(outgoing, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  // The third argument holds every field on its own, repeated ones too.
  const [, , raw] = (await once(stream, 'response')) as [unknown, unknown, readonly string[]];
  const received = groupHeaders(raw);
  return {
    status: Number(received[':status']),
    headers: received,
    cors: corsHeaders(received),
    body: await text(stream),
  };
}

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type InformationEvent } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { corsHeaders, groupHeaders, portOf, type WireRequest, type WireResponse } from './client.js';

/** A response with what came before its head and after its body. */
export interface WholeResponse extends WireResponse {
  /** The informational responses before it. */
  readonly informational: readonly Pick<WireResponse, 'status' | 'headers'>[];
  readonly trailers: WireResponse['headers'];
  /** Whether the connection ended before the body did. */
  readonly cutOff: boolean;
}

/**
 * Sends one request over loopback and reads everything that comes, also where the server breaks off.
 *
 * @param onHead called when the head has come
 */
export async function sendForAll(
  app: INestApplication,
  { body: sent, headers = {}, ...options }: Omit<WireRequest, 'agent'>,
  onHead?: () => void,
): Promise<WholeResponse> {
  const request = httpRequest({ host: '127.0.0.1', port: portOf(app), agent: false, headers, ...options });
  const informational: Pick<WireResponse, 'status' | 'headers'>[] = [];
  request.on('information', ({ statusCode, rawHeaders }: InformationEvent) => {
    informational.push({ status: statusCode, headers: groupHeaders(rawHeaders) });
  });
  request.end(sent);

  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  let cutOff = false;
  response.setEncoding('utf8').on('data', (text: string) => (body += text));
  response.on('error', () => (cutOff = true));
  const closed = new Promise(resolve => response.once('close', resolve));
  onHead?.();
  await closed;

  const grouped = groupHeaders(response.rawHeaders);
  return {
    status: response.statusCode ?? 0,
    headers: grouped,
    cors: corsHeaders(grouped),
    body,
    informational,
    trailers: groupHeaders(response.rawTrailers),
    cutOff,
  };
}

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long a client may take to read a refusal. */
const MOST_REFUSING_MS = 5_000;

const FORBIDDEN_ANSWER = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * Keeps a socket until its handshake is decided. Node has taken its own listeners off it: an error would end the process.
 *
 * @returns gives it back
 */
export function holdSocket(socket: Duplex): () => void {
  const onError = () => socket.destroy();
  socket.on('error', onError);
  return () => socket.removeListener('error', onError);
}

/** Answers a handshake with 403, and closes its connection, whether or not the client reads the answer. */
export function refuseSocket(socket: Duplex): true {
  const destroy = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  // A socket that is full never finishes.
  const timer = setTimeout(destroy, MOST_REFUSING_MS);
  timer.unref();
  socket.on('error', destroy);
  socket.once('close', destroy);
  socket.once('finish', destroy);
  if (socket.writable) socket.end(FORBIDDEN_ANSWER);
  else destroy();
  return true;
}

/** Answers a request with 403. Its body is not read, so the connection ends. */
export function refuseRequest(response: ServerResponse): true {
  const { httpVersionMajor } = response.req;
  // RFC 9113 §8.2.2: HTTP/2 has no such header.
  if (httpVersionMajor === 1) response.setHeader('Connection', 'close');
  response.writeHead(403, { 'Content-Length': '0', Vary: 'Origin' }).end();
  return true;
}

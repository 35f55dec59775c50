import { PassThrough } from 'node:stream';
import { holdSocket, refuseSocket } from '../../lib/request/refused-socket.js';

describe('A socket whose handshake is refused', () => {
  it('is told so, and closed', async () => {
    const socket = new PassThrough();
    const sent: unknown[] = [];
    socket.on('data', chunk => sent.push(String(chunk)));
    const closed = new Promise(resolve => socket.once('close', resolve));
    refuseSocket(socket);
    await closed;
    expect(sent.join('')).toBe('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    expect(socket.destroyed).toBe(true);
  });

  it('is closed at once where nothing can be sent any more', () => {
    const socket = new PassThrough();
    socket.end();
    refuseSocket(socket);
    expect(socket.destroyed).toBe(true);
  });

  it('may fail while it waits, and is given back without a trace', () => {
    const held = new PassThrough();
    holdSocket(held);
    held.emit('error', new Error('reset'));
    expect(held.destroyed).toBe(true);

    const released = new PassThrough();
    holdSocket(released)();
    expect(released.listenerCount('error')).toBe(0);
  });
});

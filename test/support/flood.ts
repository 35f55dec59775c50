import { connect } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { portOf } from './client.js';

/** How many requests are on their way at a time. */
const PIPELINED = 50;
const STATUS_LINE = 'HTTP/1.1 ';

/** Pipelines requests over one connection, byte for byte as given, and waits for as many responses. */
export function flood(app: INestApplication, count: number, requestOf: (index: number) => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(app), '127.0.0.1');
    let sent = 0;
    let open = 0;
    let cut = '';
    const send = () => {
      let text = '';
      for (; open < PIPELINED && sent < count; open++) text += requestOf(sent++);
      socket.write(text, 'latin1');
    };
    socket.on('connect', send).on('error', reject);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      const text = cut + chunk;
      open -= text.split(STATUS_LINE).length - 1;
      // A status line may come in two chunks.
      cut = text.slice(1 - STATUS_LINE.length);
      if (open > 0) return;
      if (sent < count) send();
      else resolve(void socket.destroy());
    });
  });
}

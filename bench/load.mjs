import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

/** A server in a process of its own, and the requests that are sent to it. */
export class Server {
  static async start(script, ...args) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = fork(path, args, { env: { ...process.env, NODE_ENV: 'production' } });
    const [{ port, boot }] = await once(child, 'message');
    return new Server(child, port, boot);
  }

  /** @param boot the CPU time until it listened, in microseconds, where it tells */
  constructor(child, port, boot) {
    this.child = child;
    this.port = port;
    this.boot = boot;
  }

  /** Sends requests on connections that are kept, and checks their status. */
  async send(amount, { path, method = 'GET', headers = {}, status }) {
    const url = `http://127.0.0.1:${this.port}${path}`;
    const result = await autocannon({ url, method, headers, amount, connections: Math.min(8, amount), sampleInt: 10 });
    const statuses = Object.keys(result.statusCodeStats).join();
    if (statuses !== String(status)) throw new Error(`${method} ${path} was answered ${statuses}, not ${status}`);
  }

  /** The CPU time that the process has used, in microseconds: what is idle, or waits for its turn, costs nothing. */
  async cpu() {
    this.child.send('cpu');
    const [{ cpu }] = await once(this.child, 'message');
    return cpu.user + cpu.system;
  }

  /** The CPU time of one request, in microseconds. */
  async costOf(amount, request) {
    const before = await this.cpu();
    await this.send(amount, request);
    return ((await this.cpu()) - before) / amount;
  }

  stop() {
    this.child.disconnect();
    return once(this.child, 'exit');
  }
}

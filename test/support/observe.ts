import type { INestApplication } from '@nestjs/common';
import { send, type WireRequest, type WireResponse } from './client.js';

/** What a test asserts of every request: its status, the whole of its CORS headers, and the handlers that ran for it. */
export interface Observation {
  readonly status: number;
  readonly cors: WireResponse['cors'];
  readonly ran: readonly string[];
}

/**
 * Watches the handlers of a spec's fixtures, so that no test passes because nothing happened.
 *
 * `ran('update')` is what a handler calls, and returns, when it runs; `observe()` sends a request and tells what came
 * back and which handlers ran for it.
 */
export function watchHandlers() {
  let running: string[] = [];

  function ran(handler: string): string {
    running.push(handler);
    return handler;
  }

  /** The handlers that ran since the last call. */
  function take(): readonly string[] {
    const taken = running;
    running = [];
    return taken;
  }

  /** The same of a response that came another way. */
  function observed({ status, cors }: WireResponse): Observation {
    return { status, cors, ran: take() };
  }

  /** Sends a request; for a test that looks at more of the response than is observed. */
  async function exchange(app: INestApplication, request: WireRequest) {
    take();
    const { status, cors, headers, body } = await send(app, request);
    return { observed: observed({ status, cors, headers, body }), headers, body };
  }

  async function observe(app: INestApplication, request: WireRequest): Promise<Observation> {
    return (await exchange(app, request)).observed;
  }

  return { ran, take, observed, exchange, observe };
}

import { Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { printable } from '../issues/text.js';
import type { Handshake, HandshakeRefusal } from '../registry/judge-handshake.js';
import type { PolicyTable } from '../registry/policy-table.js';
import { handshakeRemedy } from '../registry/remedy.js';
import { pathOf } from '../routing/path-readings.js';
import { HourlyBudget } from './hourly-budget.js';

/** How many paths and origins are kept at most, so that memory does not grow with what is sent. */
const MOST_HANDSHAKES_KEPT = 1000;
const HANDSHAKES_AN_HOUR = 100;

/** Logs refused handshakes: each path and origin once under one configuration, with what to type. */
export class HandshakeLog {
  readonly #logged = new WeakMap<PolicyTable, Set<string>>();
  readonly #budget = new HourlyBudget(HANDSHAKES_AN_HOUR);
  readonly #logger = new Logger(LOGGER_CONTEXT);

  refused(handshake: Handshake, refusal: HandshakeRefusal, table: PolicyTable, isEnforced: boolean): void {
    try {
      const { url, origin = '' } = handshake;
      const path = printable(pathOf(url) ?? url);
      if (!this.#isNew(`${path} ${printable(origin)}`, table)) return;
      const left = this.#budget.take();
      if (left === -1) this.#logger.warn(HANDSHAKES_SPENT);
      if (left >= 0) this.#logger.warn(refusedLine(path, handshake, refusal, isEnforced));
    } catch (error) {
      this.failed(error);
    }
  }

  /** Never throws. */
  failed(error: unknown): void {
    try {
      this.#logger.error(error);
    } catch {
      // Nothing else can be done about it.
    }
  }

  #isNew(key: string, table: PolicyTable): boolean {
    const logged = this.#logged.get(table) ?? new Set();
    this.#logged.set(table, logged);
    if (logged.has(key)) return false;
    // The oldest goes: whoever fills the list hides nothing that comes later.
    for (const oldest of logged) {
      if (logged.size < MOST_HANDSHAKES_KEPT) break;
      logged.delete(oldest);
    }
    logged.add(key);
    return true;
  }
}

const HANDSHAKES_SPENT = `Logged ${String(HANDSHAKES_AN_HOUR)} refused WebSocket handshakes within an hour: further ones are not logged until it is over.`;

function refusedLine(
  path: string,
  { origin = '', host }: Handshake,
  refusal: HandshakeRefusal,
  isEnforced: boolean,
): string {
  const { refused, gateway } = refusal;
  const what = isEnforced ? 'Refused' : 'Would refuse';
  const place = gateway === undefined ? '' : ` (${gateway.controller.name})`;
  return `${what} a WebSocket handshake for ${path}${place} from ${printable(origin)}, sent to ${printable(host)}: ${refused.reason}. ${handshakeRemedy(refusal)}`;
}

import type { ResolverLimits } from '../policy/read-module.js';

/** How long a call counts as open, in multiples of `timeoutMs`: its promise may never settle. */
const LIFETIME = 10;

/** A call of a resolver. */
export interface CountedCall {
  /**
   * Until when it counts as open, as `performance.now()` has it: 0 while it does not, `Infinity` before it has timed
   * out. Most calls never do, and need no clock.
   */
  openUntil: number;
}

/**
 * Counts the open calls of one resolver. Not by a timer for each: timers keep the asynchronous context in which they
 * were set. What has expired is dropped when its place is needed.
 */
export class OpenCalls {
  #count = 0;
  /** The ones that have timed out, in that order. */
  readonly #overdue = new Set<CountedCall>();
  readonly #most: number;
  readonly #overtime: number;
  /** Nothing expires before: a call that is refused compares two numbers. */
  #nextExpiry = 0;

  constructor({ maxOpen, timeoutMs }: ResolverLimits) {
    this.#most = maxOpen;
    this.#overtime = (LIFETIME - 1) * timeoutMs;
  }

  get areTooMany(): boolean {
    return this.#count >= this.#most && !this.#makeRoom();
  }

  open(call: CountedCall): void {
    call.openUntil = Infinity;
    this.#count++;
  }

  timeOut(call: CountedCall): void {
    call.openUntil = performance.now() + this.#overtime;
    this.#overdue.add(call);
  }

  /** Has no effect on a call that is not open. */
  close(call: CountedCall): void {
    if (call.openUntil === 0) return;
    if (call.openUntil !== Infinity) this.#overdue.delete(call);
    call.openUntil = 0;
    this.#count--;
  }

  #makeRoom(): boolean {
    const now = performance.now();
    if (now < this.#nextExpiry) return false;
    for (const call of this.#overdue) {
      this.#nextExpiry = call.openUntil;
      if (now < call.openUntil) break;
      this.close(call);
    }
    return this.#count < this.#most;
  }
}

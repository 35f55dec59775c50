const HOUR = 3_600_000;

/** A number of things within an hour, counted from the first of them. */
export class HourlyBudget {
  #start = -Infinity;
  #taken = 0;

  constructor(
    private readonly most: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns how many are left after this one; `-1` for the first one that is too many, and less for those after it */
  take(): number {
    const now = this.now();
    if (now - this.#start >= HOUR) {
      this.#start = now;
      this.#taken = 0;
    }
    if (this.#taken <= this.most + 1) this.#taken++;
    return this.most - this.#taken;
  }
}

/** How long a line is suppressed after it was logged, in milliseconds. */
const INTERVAL = 60_000;

interface Logged {
  readonly at: number;
  skipped: number;
}

/** Logs a line at most once a minute per subject, with the number of lines that were suppressed in between. */
export class RepeatLog<Subject> {
  readonly #objects = new WeakMap<object, Logged>();
  readonly #others = new Map<Subject, Logged>();

  /**
   * @param subject an object, or one of a few constants
   * @param log called with the number of lines suppressed since the last one
   */
  report(subject: Subject, log: (skipped: number) => void): void {
    const now = performance.now();
    const logged = (typeof subject === 'object' || typeof subject === 'function' ? this.#objects : this.#others) as Map<
      unknown,
      Logged
    >;
    const last = logged.get(subject);
    if (last !== undefined && now - last.at < INTERVAL) {
      last.skipped++;
      return;
    }
    logged.set(subject, { at: now, skipped: 0 });
    log(last?.skipped ?? 0);
  }
}

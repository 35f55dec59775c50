/** How long a line stays unsaid after it was logged, in milliseconds. */
const INTERVAL = 60_000;

/** Logs what may happen a million times once a minute for each subject, with the number of times it was left out. */
export class RepeatLog {
  readonly #logged = new WeakMap<object, { at: number; skipped: number }>();

  /** @param log called with the number of lines that were left out since the last one */
  report(subject: object, log: (skipped: number) => void): void {
    const now = performance.now();
    const last = this.#logged.get(subject);
    if (last !== undefined && now - last.at < INTERVAL) {
      last.skipped++;
      return;
    }
    this.#logged.set(subject, { at: now, skipped: 0 });
    log(last?.skipped ?? 0);
  }
}

import type { CorsRequestContext } from '../policy/options.js';
import type { ResolverAnswer } from '../protocol/decision.js';
import type { Answered, Ask, ReportFault } from './ask.js';

/** What the app's code may answer, whatever its types say. */
export type IsAllowed = (origin: string, context: CorsRequestContext) => unknown;

/**
 * Puts bounds around the app's code: what throws, rejects, takes too long or answers no boolean has failed, and is
 * reported. Fails closed.
 */
export function bounded(isAllowed: IsAllowed, timeoutMs: number, report: ReportFault): Ask {
  const read = (value: unknown): ResolverAnswer => {
    if (typeof value === 'boolean') return value ? 'allowed' : 'denied';
    report('not-boolean', value);
    return 'failed';
  };
  const ask = (origin: string, context: CorsRequestContext, done: Answered): ResolverAnswer | undefined => {
    try {
      const value = isAllowed(origin, context);
      return isThenable(value) ? void answerWithinTime(value, timeoutMs, read, report, done) : read(value);
    } catch (error) {
      report('threw', error);
      return 'failed';
    }
  };
  return (origin, context, done) => {
    const answer = ask(origin, context, done);
    // Outside of what catches the app's errors: ours are not its.
    if (answer !== undefined) done(answer);
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  // Reading `then` may run code: what throws there throws in the caller's try.
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function answerWithinTime(
  value: PromiseLike<unknown>,
  timeoutMs: number,
  read: (value: unknown) => ResolverAnswer,
  report: ReportFault,
  done: Answered,
): void {
  let settled = false;
  const settle = (answer: () => ResolverAnswer) => {
    // What comes after the time is up concerns nobody any more.
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    done(answer());
  };
  const fail = (fault: Parameters<ReportFault>[0], cause: unknown) => {
    settle(() => {
      report(fault, cause);
      return 'failed';
    });
  };
  const timer = setTimeout(() => fail('timed-out', timeoutMs), timeoutMs);
  // Also for what only looks like a promise: one that throws or settles twice.
  Promise.resolve(value).then(
    answer => settle(() => read(answer)),
    (error: unknown) => fail('rejected', error),
  );
}

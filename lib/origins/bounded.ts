import type { CorsRequestContext } from '../policy/options.js';
import type { ResolverAnswer } from '../protocol/decision.js';
import type { Answered, Ask, ReportFault, ResolverFault } from './ask.js';

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

/** All that a promise refers to while it is pending, so that a resolver that hangs keeps no request in memory. */
interface OpenCall {
  /** Cleared when the answer is known or the time is up. */
  done: Answered | undefined;
  timer: NodeJS.Timeout | undefined;
}

function answerWithinTime(
  value: PromiseLike<unknown>,
  timeoutMs: number,
  read: (value: unknown) => ResolverAnswer,
  report: ReportFault,
  done: Answered,
): void {
  const call: OpenCall = { done, timer: undefined };
  // No closure here may name `done`: a promise that stays pending keeps every variable that its reactions share.
  call.timer = setTimeout(() => fail(call, report, 'timed-out', timeoutMs), timeoutMs);
  // Also for what only looks like a promise: one that throws or settles twice.
  Promise.resolve(value).then(
    answer => close(call)?.(read(answer)),
    (error: unknown) => fail(call, report, 'rejected', error),
  );
}

function fail(call: OpenCall, report: ReportFault, fault: ResolverFault, cause: unknown): void {
  const done = close(call);
  // Too late, like any answer once the time is up.
  if (done === undefined) return;
  report(fault, cause);
  done('failed');
}

/** Ends the wait and returns its callback: the first time only. */
function close(call: OpenCall): Answered | undefined {
  const { done, timer } = call;
  clearTimeout(timer);
  call.done = undefined;
  call.timer = undefined;
  return done;
}

import type { ResolverLimits } from '../policy/read-module.js';
import type { CorsRequestContext } from '../policy/resolver.js';
import type { ResolverAnswer } from '../decision/reason.js';
import type { Answered, Ask, ReportFault, ResolverFault } from './ask.js';
import { OpenCalls, type Call } from './open-calls.js';

/** What the app's code may answer, whatever its types say. */
export type IsAllowed = (origin: string, context: CorsRequestContext) => unknown;

/**
 * Puts bounds around the app's code: what throws, rejects, takes too long or answers no boolean has failed, and is
 * reported. So is a call that is not made because too many are open. Fails closed.
 */
export function bounded(isAllowed: IsAllowed, limits: ResolverLimits, report: ReportFault): Ask {
  const { timeoutMs, maxOpen } = limits;
  const calls = new OpenCalls(limits);
  const read = (value: unknown): ResolverAnswer => {
    if (typeof value === 'boolean') return value ? 'allowed' : 'denied';
    report('not-boolean', value);
    return 'failed';
  };
  const ask = (origin: string, context: CorsRequestContext, done: Answered): ResolverAnswer | undefined => {
    if (calls.areTooMany) {
      report('too-many-open', maxOpen);
      return 'failed';
    }
    try {
      const value = isAllowed(origin, context);
      return isThenable(value) ? void answerWithinTime(value, timeoutMs, calls, read, report, done) : read(value);
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
interface OpenCall extends Call {
  /** Cleared when the answer is known or the time is up. */
  done: Answered | undefined;
  timer: NodeJS.Timeout | undefined;
}

function answerWithinTime(
  value: PromiseLike<unknown>,
  timeoutMs: number,
  calls: OpenCalls,
  read: (value: unknown) => ResolverAnswer,
  report: ReportFault,
  done: Answered,
): void {
  const call: OpenCall = { done, timer: undefined, openUntil: 0 };
  // No closure below may name `done`: a promise that stays pending keeps every variable that its reactions share.
  // `resolve()` also takes what only looks like a promise: one that throws or settles twice.
  Promise.resolve(value).then(
    answer => {
      calls.close(call);
      answered(call)?.(read(answer));
    },
    (error: unknown) => {
      calls.close(call);
      fail(call, report, 'rejected', error);
    },
  );
  // Already answered, by a promise whose own `then` calls back at once. One that throws does not come this far.
  if (call.done === undefined) return;
  calls.open(call);
  call.timer = setTimeout(() => {
    calls.timeOut(call);
    fail(call, report, 'timed-out', timeoutMs);
  }, timeoutMs);
}

function fail(call: OpenCall, report: ReportFault, fault: ResolverFault, cause: unknown): void {
  const done = answered(call);
  // Too late, like any answer once the time is up.
  if (done === undefined) return;
  report(fault, cause);
  done('failed');
}

/** Ends the wait and returns its callback: the first time only. */
function answered(call: OpenCall): Answered | undefined {
  const { done, timer } = call;
  clearTimeout(timer);
  call.done = undefined;
  call.timer = undefined;
  return done;
}

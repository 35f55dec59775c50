import type { ResolverAnswer } from '../decision/reason.js';
import type { ResolverLimits } from '../policy/read-module.js';
import type { CorsRequestContext } from '../policy/resolver.js';
import type { Ask, ReportFault, ResolverFault } from './ask.js';
import { OpenCalls, type CountedCall } from './open-calls.js';

/** The app's resolver: its types promise a boolean, its code may answer anything. */
export type IsAllowed = (origin: string, context: CorsRequestContext) => unknown;

/**
 * Puts bounds around the app's code: a resolver that throws, rejects, takes too long or answers no boolean has failed,
 * and is reported. So is a call that is not made because too many are open. Fails closed.
 */
export function bounded(isAllowed: IsAllowed, limits: ResolverLimits, report: ReportFault): Ask {
  const { timeoutMs, maxOpen } = limits;
  const calls = new OpenCalls(limits);
  const read = (value: unknown): ResolverAnswer => {
    if (typeof value === 'boolean') return value ? 'allowed' : 'denied';
    report('not-boolean', value);
    return 'failed';
  };
  return (origin, context) => {
    if (calls.areTooMany) {
      report('too-many-open', maxOpen);
      return 'failed';
    }
    try {
      const value = isAllowed(origin, context);
      return isPromiseLike(value) ? answerWithinTime(value, timeoutMs, calls, read, report) : read(value);
    } catch (error) {
      report('threw', error);
      return 'failed';
    }
  };
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  // Reading `then` may run code: what throws there throws in the caller's try.
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** All that a promise refers to while it is pending, so that a resolver that hangs keeps no request in memory. */
interface OpenCall extends CountedCall {
  /** Cleared when the answer is known or the time is up. */
  settle: ((answer: ResolverAnswer) => void) | undefined;
  timer: NodeJS.Timeout | undefined;
}

function answerWithinTime(
  value: PromiseLike<unknown>,
  timeoutMs: number,
  calls: OpenCalls,
  read: (value: unknown) => ResolverAnswer,
  report: ReportFault,
): Promise<ResolverAnswer> {
  const call: OpenCall = { settle: undefined, timer: undefined, openUntil: 0 };
  // No closure below may name this promise: the resolver's own stays in memory with every variable that they share.
  const answer = new Promise<ResolverAnswer>(settle => (call.settle = settle));
  // `resolve()` also takes what only looks like a promise: one that throws or settles twice.
  Promise.resolve(value).then(
    allowed => {
      calls.close(call);
      settled(call)?.(read(allowed));
    },
    (error: unknown) => {
      calls.close(call);
      fail(call, report, 'rejected', error);
    },
  );
  // Already answered, by a promise whose own `then` calls back at once. One that throws does not come this far.
  if (call.settle === undefined) return answer;
  calls.open(call);
  call.timer = setTimeout(() => {
    calls.timeOut(call);
    fail(call, report, 'timed-out', timeoutMs);
  }, timeoutMs);
  return answer;
}

function fail(call: OpenCall, report: ReportFault, fault: ResolverFault, cause: unknown): void {
  const settle = settled(call);
  // Too late, like any answer once the time is up.
  if (settle === undefined) return;
  report(fault, cause);
  settle('failed');
}

/** Ends the wait and returns what settles it: the first time only. */
function settled(call: OpenCall): OpenCall['settle'] {
  const { settle, timer } = call;
  clearTimeout(timer);
  call.settle = undefined;
  call.timer = undefined;
  return settle;
}

import type { ReportFault, ResolverFault } from './ask.js';

/** How long one cause stays untold after it was logged, in milliseconds. */
const INTERVAL = 60_000;

/** Tells each cause once an interval, with the number of times it was left untold. */
export function faultLog(tell: (fault: ResolverFault, cause: unknown, untold: number) => void): ReportFault {
  const told = new Map<ResolverFault, { readonly at: number; untold: number }>();
  return (fault, cause) => {
    const now = performance.now();
    const last = told.get(fault);
    if (last !== undefined && now - last.at < INTERVAL) {
      last.untold++;
      return;
    }
    told.set(fault, { at: now, untold: 0 });
    try {
      tell(fault, cause, last?.untold ?? 0);
    } catch {
      // A logger that throws must not keep a request waiting for its answer.
    }
  };
}

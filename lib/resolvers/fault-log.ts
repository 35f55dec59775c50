import { printable, quote, shorten } from '../issues/text.js';
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

/** What was thrown, whatever it is, fit for one line of a log. */
function reasonText(cause: unknown): string {
  return cause instanceof Error ? printable(cause.message) : quote(cause);
}

/** A resolver that gave no answer. `untold`: how often that happened since it was last told. */
export function faultLine(name: string, fault: ResolverFault, cause: unknown, untold: number): string {
  const what = {
    threw: `threw ${reasonText(cause)}`,
    rejected: `rejected with ${reasonText(cause)}`,
    'timed-out': `gave no answer within ${quote(cause)} ms`,
    'not-boolean': `answered ${quote(cause)}, which is no boolean`,
    'too-many-open': `was not called because its open calls reached resolver.maxOpen (${quote(cause)})`,
  }[fault];
  const before = untold === 0 ? '' : ` The same happened ${String(untold)} more times since it was last told.`;
  return `The resolver ${name === '' ? 'function' : shorten(name)} ${what}: the origin is denied.${before}`;
}

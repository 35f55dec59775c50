import { RETURN_THE_ANSWER } from '../issues/catalog.js';
import { RepeatLog } from '../issues/repeat-log.js';
import { printable, quote, shorten } from '../issues/text.js';
import type { ReportFault, ResolverFault } from './ask.js';

/**
 * Logs the faults of one resolver, each kind once a minute.
 *
 * @param log called with the number of faults like it that were left out since the last line
 */
export function faultLog(log: (fault: ResolverFault, cause: unknown, skipped: number) => void): ReportFault {
  const lines = new RepeatLog<ResolverFault>();
  return (fault, cause) => {
    try {
      lines.report(fault, skipped => log(fault, cause, skipped));
    } catch {
      // A logger that throws must not keep a request waiting for its answer.
    }
  };
}

/**
 * The line for a resolver that gave no answer.
 *
 * @param name `''` for a function without a name
 */
export function faultLine(name: string, fault: ResolverFault, cause: unknown, skipped: number): string {
  const text = {
    threw: `threw ${causeText(cause)}`,
    rejected: `rejected with ${causeText(cause)}`,
    'timed-out': `gave no answer within ${quote(cause)} ms`,
    'not-boolean': `answered ${quote(cause)}, which is no boolean`,
    'too-many-open': `was not called because its open calls reached resolver.maxOpen (${quote(cause)})`,
  }[fault];
  const more = skipped === 0 ? '' : ` ${String(skipped)} more failures like this since the last log line.`;
  // Of a bound function, `bound ` is a part of the name.
  const own = name.replace(/^bound /, '');
  return `The resolver ${own === '' ? 'function' : shorten(own)} ${text}: the origin is denied.${remedy(fault, cause)}${more}`;
}

/** What to write instead, where the resolver was probably written for another library. */
function remedy(fault: ResolverFault, cause: unknown): string {
  if (fault === 'not-boolean') {
    return cause === undefined ? ` ${RETURN_THE_ANSWER}` : ' Return true or false.';
  }
  const isCall = (fault === 'threw' || fault === 'rejected') && cause instanceof TypeError;
  return isCall && cause.message.includes('is not a function') ? ` ${RETURN_THE_ANSWER}` : '';
}

/** What was thrown, of any type, fit for one line of a log. */
function causeText(cause: unknown): string {
  return cause instanceof Error ? printable(cause.message) : quote(cause);
}

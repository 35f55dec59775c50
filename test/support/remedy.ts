import type { DetailedReason } from '../../lib/decision/reason.js';
import { remedyOf } from '../../lib/decision/remedies.js';

/** The hint for a refusal, as `explain()`, the log and the body with `debug` have it. */
export function hintFor(reason: DetailedReason['reason'], part?: string, where?: string, write?: string): string {
  // Where the options begin, leaving `methods` out has an effect of its own.
  const or = where === 'CorsModule.forRoot()' ? ', or leave methods out to allow the routed methods' : undefined;
  return remedyOf({ reason, parts: part === undefined ? [] : [part] }, { where, write, or });
}

import type { DetailedReason } from '../../lib/decision/reason.js';
import { remedyOf } from '../../lib/decision/remedies.js';

/** The hint for a refusal, as `explain()`, the log and the body with `debug` have it. */
export function hintFor(reason: DetailedReason['reason'], part?: string, where?: string, write?: string): string {
  return remedyOf({ reason, parts: part === undefined ? [] : [part] }, { where, write });
}

import { problem } from '../../issues/problem.js';
import type { MergedPolicy } from '../../policy/merge.js';
import type { Warning } from './warning.js';

/** Requests may be rejected, and the app's own origins are not known. */
const missingSelf: Warning = ({ options, module, routes, rules, report }) => {
  // Any origin and any method: there is nothing to reject, and a warning of its own.
  const rejects = ({ rejectDisallowed, origin, methods }: MergedPolicy) =>
    rejectDisallowed.value === true && (origin.value !== '*' || methods.value !== undefined);
  if (options.app.self !== undefined) return;
  if ([module, ...[...rules, ...routes].map(({ merged }) => merged)].some(rejects)) {
    report({ level: 'module' }, problem('self_missing', 'self', undefined));
  }
};

export const SELF_WARNINGS = [missingSelf];

import { problem, type Report } from '../issues/problem.js';
import { INVALID } from './fields.js';
import type { CorsModuleOptions } from './options.js';

/** What is done about the WebSocket handshakes of other origins. */
export type HandshakeMode = NonNullable<CorsModuleOptions['handshakes']>;

/** Reads the option `handshakes`. */
export function readHandshakes(value: unknown, report: Report): HandshakeMode {
  if (value === undefined || value === INVALID) return 'enforce';
  if (value === 'enforce' || value === 'report' || value === false) return value;
  report(problem('handshakes_type', 'handshakes', value, meantMode(value)));
  return 'enforce';
}

/** The value that was meant, as code. */
function meantMode(value: unknown): string | undefined {
  if (value === true) return "'enforce'";
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  if (/^(?:enforced?|true|on|yes)$/.test(text)) return "'enforce'";
  if (/^report(?:[-_ ]?only|ed)?$/.test(text)) return "'report'";
  return /^(?:false|off|no|none|0)$/.test(text) ? 'false' : undefined;
}

export function shorten(text: string, most = 120): string {
  return text.length <= most ? text : `${text.slice(0, most)}\u2026`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Characters that look like nothing, or like a space: zero-width ones, marks of direction, other white space. */
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, character => character.split('').map(escapeUnit).join(''));
}

/** A configuration value as a message quotes it: short, on one line, with every character visible. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return escapeUnseen(JSON.stringify(shorten(value)));
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${shorten(value.name)}`;
  if (value instanceof RegExp) return shorten(String(value));
  if (typeof value === 'bigint' || typeof value === 'symbol') return shorten(String(value));
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return 'an object';
  return value.length === 0 ? '[]' : `a list of ${String(value.length)}`;
}

/** Text from a request, safe for one line of a log: no control characters, no terminal escapes, bounded. */
export function printable(text: string): string {
  return shorten(JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeUnit));
}

/** The first few of some names from a configuration, and how many more there are. */
export function namesText(names: readonly string[], most = 3): string {
  const rest = names.length - most;
  return `${names.slice(0, most).join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}

/** Parts of a request, safe for one line of a log: the first few of them, and how many more there are. */
export function quotedList(parts: readonly string[], most = 5): string {
  const rest = parts.length > most ? ` and ${String(parts.length - most)} more` : '';
  return `${parts.slice(0, most).map(printable).join(', ')}${rest}`;
}

/** A request, or the one that a preflight announces, safe for one line of a log. */
export function requestText(request: {
  readonly method: string;
  readonly requestMethod: string | undefined;
  readonly url: string;
}): string {
  return `${printable(request.requestMethod ?? request.method)} ${printable(request.url)}`;
}

/** RFC 8259 §2 and §7: a token, with the white space before it. */
const JSON_TOKEN =
  /[ \t\n\r]*(?:(?<structure>[[\]{},:])|(?<string>"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w+.-])|(?<end>$))/gy;

/** What may come next. `after` follows a value. */
type ExpectedToken = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'after';

/**
 * The offset of the first error in a JSON text; `undefined` if the whole text is JSON.
 *
 * Not the position from the error of `JSON.parse()`: since Node 20 most of its messages have none.
 */
export function jsonErrorOffset(text: string): number | undefined {
  const open: ('[' | '{')[] = [];
  let expected: ExpectedToken = 'value';
  let read = 0;
  for (const match of text.matchAll(JSON_TOKEN)) {
    const { structure, string, end } = match.groups ?? {};
    if (end !== undefined) return expected === 'after' && open.length === 0 ? undefined : text.length;
    const next = follow(expected, structure ?? (string === undefined ? 'literal' : 'string'), open);
    if (next === undefined) break;
    expected = next;
    read = match.index + match[0].length;
  }
  return read + (/^[ \t\n\r]*/.exec(text.slice(read))?.[0].length ?? 0);
}

/** What may follow a token, or `undefined` if the token itself is not allowed here. */
function follow(expected: ExpectedToken, token: string, open: ('[' | '{')[]): ExpectedToken | undefined {
  const around = open.at(-1);
  if (expected === 'key' || expected === 'first-key') {
    if (token === 'string') return 'colon';
    return expected === 'first-key' && token === '}' ? close(open) : undefined;
  }
  if (expected === 'colon') return token === ':' ? 'value' : undefined;
  if (expected === 'after') {
    if (token === ',' && around !== undefined) return around === '[' ? 'value' : 'key';
    return (token === ']' && around === '[') || (token === '}' && around === '{') ? close(open) : undefined;
  }
  if (token === 'string' || token === 'literal') return 'after';
  if (token === '[' || token === '{') {
    open.push(token);
    return token === '[' ? 'first-value' : 'first-key';
  }
  return expected === 'first-value' && token === ']' ? close(open) : undefined;
}

function close(open: unknown[]): ExpectedToken {
  open.pop();
  return 'after';
}

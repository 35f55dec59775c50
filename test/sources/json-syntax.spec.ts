import fc from 'fast-check';
import { jsonErrorOffset } from '../../lib/sources/json-syntax.js';
import { runs } from '../support/property.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonErrorOffset()', () => {
  it.each([
    '{}',
    '[]',
    ' {"a" : [1, -2.5e+3, true, false, null, "x\\u00e9\\n\\/"], "b":{"":[[]]}}\r\n',
    '"\u2028\u007f\ud800"',
    '0',
  ])('takes %j', text => {
    expect(isJson(text)).toBe(true);
    expect(jsonErrorOffset(text)).toBeUndefined();
  });

  it.each([
    // `!` stands at the offset, and is not part of the text.
    ['a comment', '{\n  !// none\n  "a": 1\n}'],
    ['a trailing comma in an object', '{"a": 1, !}'],
    ['a trailing comma in a list', '[1, !]'],
    ['a missing comma', '[1 !2]'],
    ['a missing colon', '{"a" !1}'],
    ['a missing value', '{"a": !}'],
    ['a key without quotes', '{!a: 1}'],
    ['a single quote', "[!'a']"],
    ['YAML', '!origin: x'],
    ['the wrong bracket', '{"a": [1!}'],
    ['a list closed as an object', '[1!}'],
    ['an object closed as a list', '{"a": 1!]'],
    ['a value in place of a closing brace', '{"a": 1 !2'],
    ['a comma after the whole', '1!, "a": 2'],
    ['a bracket too many', '[]!]'],
    ['text after the end', '{} !x'],
    ['a line break in a string', '["a", !"b\n"]'],
    ['an unknown escape', '[!"\\x41"]'],
    ['a number with a leading zero', '[!01]'],
    ['a number with a sign', '[!+1]'],
    ['NaN', '[!NaN]'],
    ['a word that begins like a literal', '[!nullable]'],
    ['a non-breaking space', '[!\u00a01]'],
    ['a byte order mark', '!\ufeff{}'],
    ['an end too early', '{"a": 1!'],
    ['nothing', '!'],
    ['white space alone', ' \n!'],
  ])('finds %s', (_what, marked) => {
    const offset = marked.indexOf('!');
    const text = marked.replace('!', '');

    expect(isJson(text)).toBe(false);
    expect(jsonErrorOffset(text)).toBe(offset);
  });

  it('agrees with JSON.parse() about texts that are nearly JSON', () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.constantFrom('', ',', ':', ']', '}', '[', '{', '"', '\\', '0', '-', '.', 'e', '\n', ' ', '/', "'", 'true'),
    );
    fc.assert(
      fc.property(fc.json(), fc.array(edit, { maxLength: 3 }), (json, edits) => {
        const text = edits.reduce((each, [at, length, insert]) => {
          const start = at % (each.length + 1);
          return each.slice(0, start) + insert + each.slice(start + length);
        }, json);
        expect(jsonErrorOffset(text) === undefined).toBe(isJson(text));
      }),
      runs(3000),
    );
  });

  it('takes time in proportion to the text', () => {
    const deep = 200_000;
    expect(jsonErrorOffset('['.repeat(deep) + ']'.repeat(deep))).toBeUndefined();
    expect(jsonErrorOffset(`"${'\\u0041'.repeat(deep)}"`)).toBeUndefined();
    expect(jsonErrorOffset('['.repeat(deep))).toBe(deep);
  });
});

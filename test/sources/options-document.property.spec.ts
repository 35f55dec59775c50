import fc from 'fast-check';
import { readDocument } from '../../lib/sources/options-document.js';
import { runs } from '../support/property.js';

const PLACE = /^[1-9]\d*:[1-9]\d*$/;

describe('readDocument()', () => {
  const json = fc
    .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }))
    .map(value => JSON.stringify(value))
    .filter(text => !text.includes('__proto__'));

  it.each(['json', 'yaml'] as const)('reads JSON as JSON.parse() does, from .%s', format => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\t', 2), (text, indent) => {
        const value: unknown = JSON.parse(text);
        const read = readDocument(JSON.stringify(value, null, indent), format);
        expect(read.problems).toEqual([]);
        expect(read.options).toEqual(value);
      }),
      runs(500),
    );
  });

  it('never throws, and tells the place of what it refuses', () => {
    const piece = fc.constantFrom(
      ...['a: ', 'b: ', '- ', '? ', ': ', '[', ']', '{', '}', ',', '"', "'", '&a ', '*a', '!t ', '!!str ', '<<: '],
      ...['\n', '\n  ', '\n    ', '\t', ' #', '|', '>', '---\n', '...\n', '%YAML 1.1\n', '%TAG ! x\n', '__proto__: '],
      ...['1', 'null', '~', '\u0000', '\ufeff', '\ud800', '`', '@'],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('json', 'yaml'), (each, format) => {
        const { options, problems } = readDocument(each, format);
        expect(typeof options === 'object' && !Array.isArray(options)).toBe(true);
        for (const { place } of problems) expect(place).toMatch(PLACE);
      }),
      runs(3000),
    );
  });
});

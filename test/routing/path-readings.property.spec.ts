import fc from 'fast-check';
import { plainReading, readPath } from '../../lib/routing/path-readings.js';
import { contractReadings, decodeEach, everyReading, isPlain } from '../support/path-oracle.js';
import { runs } from '../support/property.js';

const UNITS = [
  'a',
  'B',
  '/',
  '/',
  '/',
  '.',
  '..',
  ';',
  '\\',
  '%',
  '%2f',
  '%2F',
  '%5c',
  '%2e',
  '%25',
  '%252f',
  '%25252e',
  '%2525252f',
];
const ODD = [
  '%3b',
  '%00',
  '%0a',
  '%C3%A9',
  'e%CC%81',
  '%C3',
  '%c0%af',
  '%zz',
  '%ed%a0%80',
  '%F0%9F%90%88',
  '\u00e9',
  '%CD%BE',
  '0',
  'f',
];
const paths = fc
  .array(fc.constantFrom(...UNITS, ...ODD), { minLength: 0, maxLength: 9 })
  .map(units => `/${units.join('')}`);

describe('The readings of a path', () => {
  it('are those of an oracle that decodes and normalizes it in every order', () => {
    const seen = { plain: 0, more: 0, complete: 0 };
    fc.assert(
      fc.property(paths, path => {
        const { readings, isComplete } = readPath(path);
        expect(new Set(readings).size).toBe(readings.length);
        if (isPlain(path)) seen.plain++;
        if (readings.length > 3) seen.more++;
        if (!isComplete) return;
        seen.complete++;
        expect([...readings].sort()).toEqual([...everyReading(path)].sort());
      }),
      runs(3000),
    );
    expect(seen.plain).toBeGreaterThan(20);
    expect(seen.more).toBeGreaterThan(250);
    expect(seen.complete).toBeGreaterThan(625);
  });

  it('have all that the contract lists among them', () => {
    fc.assert(
      fc.property(paths, path => {
        const { readings, isComplete } = readPath(path);
        if (isComplete) expect(readings).toEqual(expect.arrayContaining([...contractReadings(path)]));
      }),
      runs(4000),
    );
  });

  it('are not stable where a fourth round of decoding changes the path', () => {
    let unstable = 0;
    fc.assert(
      fc.property(paths, path => {
        const decoded = [1, 2, 3].reduce(text => decodeEach(text), path);
        if (decodeEach(decoded) === decoded) return;
        unstable++;
        expect(readPath(path).isStable).toBe(false);
      }),
      runs(4000),
    );
    expect(unstable).toBeGreaterThan(5);
  });

  it('are one, decoded, of exactly the plain paths', () => {
    fc.assert(
      fc.property(paths, path => {
        expect(plainReading(path)).toBe(isPlain(path) ? decodeEach(path).normalize('NFC') : undefined);
      }),
      runs(8000),
    );
  });
});

describe('The readings of a path take a time linear in its length', () => {
  const UNITS = [
    '%25',
    '%2525',
    '%252f',
    '/../',
    '..%2f',
    '%2e%2e%2f',
    ';',
    'a;b/',
    '\\',
    '//',
    '%',
    '%zz',
    '%ff',
    '%C3%A9',
    '%00',
    'a;b//\\..%2f%252e%25252f/',
  ];
  const fill = (unit: string, length: number) => `/${unit.repeat(length)}`.slice(0, length);

  /** The time of one call is too short to measure. */
  function time(path: string, calls = 8): number {
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) readPath(path);
    return Number(process.hrtime.bigint() - start);
  }

  it.each(
    UNITS.flatMap(
      unit =>
        [
          [unit, 1024],
          [unit, 2048],
        ] as const,
    ),
  )('%s, eight times %i characters', (unit, length) => {
    const [short, long] = [fill(unit, length), fill(unit, 8 * length)];
    const times = Array.from({ length: 9 }, () => [time(long, 4), time(short, 32) / 8] as const);
    // The best of each: a busy machine makes single calls slow. Eight times the length is eight times the time; what is
    // quadratic takes 64 times as long.
    const [best, bestShort] = [Math.min(...times.map(([each]) => each)), Math.min(...times.map(([, each]) => each))];
    expect(best / bestShort).toBeLessThan(24);
  });
});

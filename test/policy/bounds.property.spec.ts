import fc from 'fast-check';
import { readBounds } from '../../lib/policy/bounds.js';
import { isOriginProblem, parseOriginPattern, type OriginPattern } from '../../lib/policy/origin/pattern.js';
import { allowsByTheBook } from '../support/origin-oracle.js';
import { runs } from '../support/property.js';

const label = fc.constantFrom('a', 'b', 'x_y', '0');
const zone = fc.constantFrom('example.com', 'com', 'a.example.com', 'b.a.example.com', 'xexample.com');
const scheme = fc.constantFrom('https', 'https', 'https', 'http');
const port = fc.constantFrom('', '', ':8443', ':*', ':*');
/** Parts of labels that begin and end alike. */
const inLabel = fc.constantFrom(
  'a*',
  'ab*',
  'a*b',
  'ab*ab',
  '*b',
  '*ab',
  'aba*',
  `${'l'.repeat(31)}*${'l'.repeat(31)}`,
);
const nearLabel = fc.constantFrom('ab', 'abab', 'axb', 'abxab', 'aab', 'abb', 'xb', `${'l'.repeat(63)}`);
const host = fc.oneof(
  zone,
  zone.map(name => `*.${name}`),
  fc.tuple(label, zone).map(([first, name]) => `${first}.${name}`),
  fc.tuple(label, zone).map(([first, name]) => `*.${first}.${name}`),
  fc.constantFrom('127.0.0.1', '[::1]'),
  fc.tuple(inLabel, zone).map(([first, name]) => `${first}.${name}`),
  fc.tuple(nearLabel, zone).map(([first, name]) => `${first}.${name}`),
);
const entry = fc.oneof(
  fc.tuple(scheme, host, port).map(parts => `${parts[0]}://${parts[1]}${parts[2]}`),
  fc.constantFrom('capacitor://localhost', 'app://x'),
);
const list = fc.array(entry, { minLength: 1, maxLength: 6 });

const LABELS = [['a'], ['b'], ['x_y'], ['0'], ['a', 'b'], ['b', 'a'], ['never-in-a-list'], ['a', 'never', '0']];
const PORTS = ['', ':1', ':8443', ':31', ':65535'];

/** Origins that an entry matches: all that the bounds could tell apart. */
function samplesOf(text: string): readonly string[] {
  const isSubdomain = text.includes('://*.');
  const hosts = isSubdomain ? LABELS.map(labels => text.replace('*.', `${labels.join('.')}.`)) : labelled(text);
  return hosts.flatMap(each => (each.endsWith(':*') ? PORTS.map(some => each.replace(':*', some)) : [each]));
}

/** With the `*` of the leading label replaced: by a letter that no pattern has, and by parts of others. */
function labelled(text: string): readonly string[] {
  const label = /:\/\/([^.:]*\*[^.:]*)\./.exec(text)?.[1];
  if (label === undefined) return [text];
  return ['z', '0', 'a', 'b', 'ab', 'aba', '-', '_'].flatMap(part => {
    const filled = label.replace('*', part);
    return filled.length > 63 ? [] : [text.replace(label, filled)];
  });
}

function patternOf(text: string): OriginPattern {
  const pattern = parseOriginPattern(text);
  if (isOriginProblem(pattern)) throw new Error(`${text}: ${pattern.code}`);
  return pattern;
}

/** The entries of a list that do not lie within the bounds, as the library decides it. */
function straysOf(entries: readonly string[], bounds: readonly string[]): readonly string[] {
  const indexes = readBounds({ origin: bounds }, ({ code }) => {
    throw new Error(code);
  })?.strayOrigins?.(entries.map(patternOf));
  return (indexes ?? []).map(index => entries[index] ?? '');
}

describe('An entry lies within bounds', () => {
  it('where they match every origin that it matches, and nowhere else', () => {
    const seen = { contained: 0, stray: 0, patterns: 0 };
    fc.assert(
      fc.property(list, list, (entries, bounds) => {
        const strays = straysOf(entries, bounds);
        for (const each of entries) {
          const samples = samplesOf(each);
          expect([each, samples.filter(sample => !allowsByTheBook([each], sample))]).toEqual([each, []]);
          const witnesses = samples.filter(sample => !allowsByTheBook(bounds, sample));
          expect([each, bounds, strays.includes(each)]).toEqual([each, bounds, witnesses.length > 0]);
          seen[witnesses.length > 0 ? 'stray' : 'contained']++;
          if (witnesses.length === 0 && each.includes('*')) seen.patterns++;
        }
      }),
      runs(4000),
    );
    // Or else this says nothing.
    expect(seen.contained).toBeGreaterThan(250);
    expect(seen.patterns).toBeGreaterThan(50);
    expect(seen.stray).toBeGreaterThan(250);
  });

  it('whatever their order, and whatever else they hold', () => {
    fc.assert(
      fc.property(list, list, list, (entries, bounds, others) => {
        const strays = straysOf(entries, bounds);
        expect(straysOf(entries, [...bounds].reverse())).toEqual(strays);
        for (const each of straysOf(entries, [...bounds, ...others])) expect(strays).toContain(each);
        expect(straysOf(bounds, bounds)).toEqual([]);
      }),
      runs(1000),
    );
  });

  it('as what a resolver allows does: they match the same origins', () => {
    fc.assert(
      fc.property(list, list, (entries, bounds) => {
        const resolvable = readBounds({ origin: bounds }, () => {})?.resolvable;
        for (const sample of entries.flatMap(samplesOf)) {
          expect([sample, bounds, resolvable?.(sample)]).toEqual([sample, bounds, allowsByTheBook(bounds, sample)]);
        }
      }),
      runs(1000),
    );
  });
});

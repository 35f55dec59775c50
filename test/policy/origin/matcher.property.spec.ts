import fc from 'fast-check';
import { compileOrigins, type OriginMatcher } from '../../../lib/policy/origin/matcher.js';
import { isOriginProblem, parseOriginPattern } from '../../../lib/policy/origin/pattern.js';
import { allowsByTheBook } from '../../support/origin-oracle.js';
import { runs } from '../../support/property.js';

function matcherOf(entries: readonly string[]): OriginMatcher {
  return compileOrigins(
    entries.map(entry => {
      const pattern = parseOriginPattern(entry);
      if (isOriginProblem(pattern)) throw new Error(`${entry}: ${pattern.code}`);
      return pattern;
    }),
  );
}

const LONG_LABEL = 'l'.repeat(63);

/** Few labels, so that hosts of the list and of the requests meet. */
const label = fc.constantFrom('a', 'b', 'xn--a-ecp', 'x_y', '-', '0', LONG_LABEL);
const zone = fc.constantFrom('example.com', 'com', 'a.example.com', 'localhost', 'b.a.example.com', 'example.co.uk');
const scheme = fc.constantFrom('https', 'http');
const port = fc.constantFrom('', ':1', ':80', ':443', ':8443', ':65535');
const address = fc.constantFrom('127.0.0.1', '10.0.0.1', '[::1]', '[2001:db8::1]');

const name = fc.oneof(
  zone,
  fc.tuple(fc.array(label, { minLength: 1, maxLength: 3 }), zone).map(([labels, end]) => [...labels, end].join('.')),
);

/** Whether a text is an entry at all: `https://a:443` and `http://a:80` are not. */
function isEntry(text: string): boolean {
  return !isOriginProblem(parseOriginPattern(text));
}

/** What stands before and after a `*`: overlapping parts, so that patterns meet, and hosts that are just too short. */
const end = fc.constantFrom('', 'a', 'ab', 'aba', 'b', '-', 'b-a', 'a_', 'l'.repeat(31), 'l'.repeat(32));
const inLabel = fc.tuple(end, end).map(([before, after]) => `${before}*${after}`);
/** Labels in their neighbourhood. */
const nearLabel = fc.oneof(
  fc.tuple(end, fc.constantFrom('', 'a', 'x', '-'), end).map(parts => parts.join('')),
  fc.array(fc.constantFrom('a', 'b', '-', '_'), { minLength: 1, maxLength: 6 }).map(letters => letters.join('')),
);

const entry = fc
  .oneof(
    fc.tuple(scheme, name, port).map(([s, h, p]) => `${s}://${h}${p}`),
    fc.tuple(scheme, zone, port).map(([s, h, p]) => `${s}://*.${h}${p}`),
    fc.tuple(scheme, fc.oneof(name, address)).map(([s, h]) => `${s}://${h}:*`),
    fc.tuple(scheme, zone).map(([s, h]) => `${s}://*.${h}:*`),
    fc.tuple(scheme, inLabel, zone, fc.oneof(port, fc.constant(':*'))).map(([s, l, h, p]) => `${s}://${l}.${h}${p}`),
    fc.tuple(scheme, address, port).map(([s, h, p]) => `${s}://${h}${p}`),
    fc.constantFrom('capacitor://localhost', 'chrome-extension://abcdef', 'app://x:8443'),
  )
  .filter(isEntry);

/** Short ones and long ones are compiled otherwise. */
const list = fc.oneof(fc.array(entry, { maxLength: 6 }), fc.array(entry, { minLength: 9, maxLength: 30 }));

/** Origins in the neighbourhood of the lists: most of the form that browsers write, some just outside it. */
const nearOrigin = fc.oneof(
  fc.tuple(scheme, nearLabel, zone, port).map(([s, l, h, p]) => `${s}://${l}.${h}${p}`),
  fc.tuple(scheme, name, port).map(([s, h, p]) => `${s}://${h}${p}`),
  fc
    .tuple(
      fc.constantFrom('https', 'http', 'capacitor', 'chrome-extension', 'app', 'HTTPS'),
      fc.oneof(name, address),
      port,
    )
    .map(([s, h, p]) => `${s}://${h}${p}`),
  fc
    .tuple(scheme, zone, fc.constantFrom('', ':0', ':01', ':65536', ':100000', ':*', ':', '.', '/', ' '))
    .map(([s, h, end]) => `${s}://${h}${end}`),
  // Labels and hosts on either side of their longest.
  fc.tuple(fc.integer({ min: 62, max: 65 }), zone).map(([length, h]) => `https://${'l'.repeat(length)}.${h}`),
  fc.tuple(fc.integer({ min: 251, max: 256 }), zone).map(([length, h]) => `https://${hostOfLength(length, h)}`),
);

function hostOfLength(length: number, end: string): string {
  const filler = `${LONG_LABEL}.${LONG_LABEL}.${LONG_LABEL}.`;
  return `${filler}${'m'.repeat(length - filler.length - end.length - 1)}.${end}`;
}

/** Characters that parsers stumble over. */
const trap = fc.oneof(
  fc.constantFrom(...'.-_*:/@[]%\\?#,;|\'"()~!&={} \t\r\n\0\v\f\x7fA0a'),
  fc.constantFrom(
    '\u3002',
    '\uff0e',
    '\u017f',
    '\u0130',
    '\u212a',
    '\u00df',
    '\u00a0',
    '\ufeff',
    '\u2028',
    '\ud800',
    '\uff13',
  ),
  fc.constantFrom('.evil.com', '@evil.com', '://', ', ', '%2e', '%00', '\r\n', 'https://', 'null', ':443', ':80'),
);

interface Mutation {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
  readonly flip: boolean;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(80),
  removed: fc.constantFrom(0, 0, 1, 2),
  inserted: fc.oneof(fc.constant(''), trap),
  flip: fc.boolean(),
});

function mutate(text: string, { at, removed, inserted, flip }: Mutation): string {
  const index = at % (text.length + 1);
  const rest = text.slice(index + removed);
  const flipped = flip ? rest.charAt(0).toUpperCase() + rest.slice(1) : rest;
  return `${text.slice(0, index)}${inserted}${flipped}`;
}

/** An origin that an entry covers. */
function instanceOf(text: string, labels: readonly string[], number: number): string {
  return text
    .replace('://*.', `://${labels.join('.')}.`)
    .replace(':*', number === 0 ? '' : `:${String(number)}`)
    .replace('*', 'x');
}

const labels = fc.array(label, { minLength: 1, maxLength: 4 });
/** No default port of any scheme. */
const anyPort = fc.constantFrom(0, 1, 81, 3000, 8443, 65_535);

describe('An origin matcher', () => {
  it('agrees with the rules said plainly, for lists and origins near each other', () => {
    let allowed = 0;
    fc.assert(
      fc.property(list, fc.array(nearOrigin, { minLength: 4, maxLength: 12 }), (entries, origins) => {
        const matches = matcherOf(entries);
        const expected = origins.filter(origin => allowsByTheBook(entries, origin));
        allowed += expected.length;
        expect(origins.filter(origin => matches(origin))).toEqual(expected);
      }),
      runs(3000),
    );
    // Or else the lists and the origins never meet, and this says nothing.
    expect(allowed).toBeGreaterThan(125);
  });

  it('matches every instance of each of its entries', () => {
    fc.assert(
      fc.property(list, labels, anyPort, (entries, instanceLabels, number) => {
        const matches = matcherOf(entries);
        const instances = entries
          .map(each => instanceOf(each, instanceLabels, number))
          .filter(each => each.length < 200);
        expect(instances.filter(origin => !matches(origin))).toEqual([]);
      }),
      runs(2000),
    );
  });

  it('matches no mutation of a listed origin, unless that is listed as well', () => {
    let denied = 0;
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 4 }),
        labels,
        anyPort,
        fc.array(mutation, { minLength: 1, maxLength: 2 }),
        (entries, instanceLabels, number, mutations) => {
          const matches = matcherOf(entries);
          for (const each of entries) {
            const mutant = mutations.reduce(mutate, instanceOf(each, instanceLabels, number));
            const expected = allowsByTheBook(entries, mutant);
            if (!expected) denied++;
            expect([mutant, matches(mutant)]).toEqual([mutant, expected]);
          }
        },
      ),
      runs(6000),
    );
    expect(denied).toBeGreaterThan(250);
  });

  it('matches no random bytes', () => {
    const bytes = fc.string({ unit: fc.nat(255).map(code => String.fromCharCode(code)), maxLength: 400 });
    const afterScheme = fc.tuple(scheme, bytes).map(([s, rest]) => `${s}://${rest}`);
    const beforeZone = fc.tuple(scheme, bytes, zone).map(([s, middle, end]) => `${s}://${middle}.${end}`);
    fc.assert(
      fc.property(list, fc.oneof(bytes, afterScheme, beforeZone, fc.string({ unit: 'binary' })), (entries, text) => {
        expect(matcherOf(entries)(text)).toBe(allowsByTheBook(entries, text));
      }),
      runs(4000),
    );
  });

  it('does not depend on the order of its entries, nor on their number', () => {
    fc.assert(
      fc.property(list, list, fc.array(nearOrigin, { maxLength: 8 }), (entries, others, origins) => {
        const matches = matcherOf([...others, ...entries]);
        const [one, other] = [matcherOf(entries), matcherOf([...others].reverse())];
        expect(origins.map(origin => matches(origin))).toEqual(origins.map(origin => one(origin) || other(origin)));
      }),
      runs(1000),
    );
  });
});

import fc from 'fast-check';
import type { Policy } from '../../lib/policy/compile.js';
import { findHeaderFault, judgeRequestHeaders, type HeaderFault } from '../../lib/decision/request-headers.js';
import { compilePolicy } from '../support/policy.js';
import { runs } from '../support/property.js';

const ALLOWED: ReadonlySet<string> = new Set(['content-type', 'x-csrf-token', 'x-a']);
const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** What is at fault, said plainly: split, trim, compare. */
function judgePlainly(text: string, allowed: ReadonlySet<string> | undefined): HeaderFault | undefined {
  if (text.length > 8192) return { fault: 'headers-malformed', name: '' };
  const elements = text.split(',');
  if (elements.length > (allowed === undefined ? 128 : allowed.size + 16)) {
    return { fault: 'headers-malformed', name: '' };
  }
  for (const element of elements) {
    let name = element;
    while (name.startsWith(' ') || name.startsWith('\t')) name = name.slice(1);
    while (name.endsWith(' ') || name.endsWith('\t')) name = name.slice(0, -1);
    if (name === '') continue;
    if (![...name].every(character => TOKEN_CHARACTERS.includes(character))) {
      return { fault: 'headers-malformed', name };
    }
    if (allowed !== undefined && !allowed.has(name.toLowerCase())) {
      return { fault: 'header-not-allowed', name };
    }
  }
  return undefined;
}

describe('judgeRequestHeaders', () => {
  it('agrees with splitting, trimming and comparing', () => {
    const seen = new Map<string, number>();
    const policies = new Map(
      [ALLOWED, undefined, new Set<string>()].map(allowed => [
        allowed,
        compilePolicy({ origin: '*', allowedHeaders: allowed === undefined ? '*' : [...allowed] }),
      ]),
    );
    const name = fc.oneof(
      { arbitrary: fc.constantFrom('content-type', 'X-CSRF-Token', 'x-a', '', ''), weight: 6 },
      { arbitrary: fc.constantFrom('x-b', '*', 'x a', 'x-a;', 'é', '\u212a', 'x-a\n', '\u00a0', '\v'), weight: 1 },
      { arbitrary: fc.string({ unit: 'binary', maxLength: 4 }), weight: 1 },
    );
    const space = fc.constantFrom('', '', ' ', '\t', ' \t ');
    const text = fc
      .array(
        fc.tuple(space, name, space).map(parts => parts.join('')),
        { maxLength: 5 },
      )
      .chain(elements => fc.constantFrom(elements, elements, elements, Array<string[]>(5).fill(elements).flat()))
      .map(elements => elements.join(','));
    fc.assert(
      fc.property(text, fc.constantFrom(...policies.keys()), (value, allowed) => {
        const found = findHeaderFault(value, allowed);
        const kind = found?.fault ?? 'ok';
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        expect(found).toEqual(judgePlainly(value, allowed));
        const policy = policies.get(allowed) as Policy;
        expect(judgeRequestHeaders(value, policy)).toBe(found === undefined ? 'allowed' : 'header-not-allowed');
      }),
      runs(6000),
    );
    for (const kind of ['ok', 'header-not-allowed', 'headers-malformed']) expect(seen.get(kind)).toBeGreaterThan(125);
  });

  describe('takes a time linear in the length', () => {
    const LENGTH = 8000;
    const ROUNDS = 9;
    const CALLS = 20;
    const fill = (unit: string) => unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);

    /** How long the calls of one round take, in nanoseconds; a round that takes longer than the limit is cut short. */
    function timeRound(text: string, limit = 10_000_000_000n): bigint {
      const start = process.hrtime.bigint();
      let elapsed = 0n;
      for (let call = 0; call < CALLS && elapsed <= limit; call++) {
        findHeaderFault(text, ALLOWED);
        elapsed = process.hrtime.bigint() - start;
      }
      return elapsed;
    }

    /** The shortest of several rounds: what else the machine does can only make one longer. */
    function shortestTime(text: string, limit?: bigint): bigint {
      const times = Array.from({ length: ROUNDS }, () => timeRound(text, limit));
      return times.reduce((least, time) => (time < least ? time : least));
    }

    /** Allowed, and read from its beginning to its end. */
    const benign = 'content-type'.padEnd(LENGTH);

    it.each([
      ['commas', fill(',')],
      ['commas and spaces', fill(', ')],
      ['spaces', fill(' ')],
      ['tabs', fill('\t')],
      ['spaces before a name', `${fill(' ').slice(3)}x-a`],
      ['spaces after a name', `x-a${fill(' ').slice(3)}`],
      ['spaces inside a name', `x${fill(' ').slice(2)}a`],
      ['one long name', fill('a')],
      ['one long name that ends badly', `${fill('a').slice(1)}\0`],
      ['names with spaces at every place', fill('x-a , \t')],
      ['short names', fill('x-a,')],
      ['names and bad bytes', `${fill('x-a,').slice(1)}\0`],
    ])('for %s', (_, text) => {
      expect([benign.length, text.length]).toEqual([LENGTH, LENGTH]);
      expect(findHeaderFault(benign, ALLOWED)).toBeUndefined();
      const allowance = shortestTime(benign) * 20n;
      expect(shortestTime(text, allowance)).toBeLessThan(allowance);
    });

    it('and none at all over the cap', () => {
      const allowance = shortestTime(benign) * 20n;
      const text = 'content-type,'.repeat(1_000_000);
      expect(shortestTime(text, allowance)).toBeLessThan(allowance);
      expect(findHeaderFault(text, ALLOWED)).toEqual({ fault: 'headers-malformed', name: '' });
    });
  });
});

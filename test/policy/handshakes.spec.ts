import { readHandshakes } from '../../lib/policy/handshakes.js';
import type { Problem } from '../../lib/issues/problem.js';

function read(value: unknown) {
  const problems: Problem[] = [];
  return { mode: readHandshakes(value, each => problems.push(each)), hints: problems.map(({ hint }) => hint) };
}

describe('The option handshakes', () => {
  it.each([['enforce'], ['report'], [false]])('takes %j', value => {
    expect(read(value)).toEqual({ mode: value, hints: [] });
  });

  it('enforces by default', () => {
    expect(read(undefined)).toEqual({ mode: 'enforce', hints: [] });
  });

  it.each<[unknown, string]>([
    [true, "'enforce'"],
    ['Enforce', "'enforce'"],
    ['on', "'enforce'"],
    ['report-only', "'report'"],
    ['off', 'false'],
    ['false', 'false'],
  ])('says what was meant by %j', (value, meant) => {
    expect(read(value)).toEqual({ mode: 'enforce', hints: [`Write handshakes: ${meant}.`] });
  });

  it.each([[0], [''], [[]], [{}], ['deny']])('says what it takes in place of %j', value => {
    expect(read(value)).toEqual({
      mode: 'enforce',
      hints: [
        "Write handshakes: 'report' to log what would be refused, handshakes: false for no check, or leave it out: 'enforce' is the default.",
      ],
    });
  });
});

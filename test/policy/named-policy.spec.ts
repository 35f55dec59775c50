import { problem, type Problem } from '../../lib/issues/problem.js';
import type { Level } from '../../lib/policy/merge.js';
import { readLevels } from '../../lib/policy/named-policy.js';
import { INVALID } from '../../lib/policy/fields.js';

const PUBLIC: Level = { source: 'policy:public', options: { origin: '*' }, replaces: true };

function readAll(...args: readonly unknown[]): readonly [levels: readonly Level[], problems: readonly Problem[]] {
  const problems: Problem[] = [];
  const levels = readLevels(args, 'handler', new Map([['public', PUBLIC]]), found => problems.push(found));
  return [levels, problems];
}

const handler = (options: object): unknown => ({ source: 'handler', options });

describe('What stands in @Cors()', () => {
  it('adds an empty level where it is nothing', () => {
    expect(readAll()).toEqual([[handler({})], []]);
  });

  it('adds one level for options', () => {
    expect(readAll({ maxAge: 5 })).toEqual([[handler({ maxAge: 5 })], []]);
  });

  it('adds a level without cross-origin access for false', () => {
    expect(readAll(false)).toEqual([[handler({ origin: false })], []]);
  });

  it('adds the level of a named policy, that very one', () => {
    const [levels, problems] = readAll('public');
    expect([levels.length, levels[0] === PUBLIC, problems]).toEqual([1, true, []]);
  });

  it('adds the overrides of a named policy after it', () => {
    expect(readAll('public', { maxAge: 5 })).toEqual([[PUBLIC, handler({ maxAge: 5 })], []]);
  });

  it('has an error for a name that there is none of, and still reads the overrides', () => {
    expect(readAll('publik', { maxAge: -1 })).toEqual([
      [handler({ maxAge: INVALID })],
      [problem('policy_unknown', '', 'publik', 'public'), problem('max_age', 'maxAge', -1, '0')],
    ]);
    expect(readAll('')).toEqual([[], [problem('policy_unknown', '', '')]]);
    expect(readAll('toString')).toEqual([[], [problem('policy_unknown', '', 'toString')]]);
  });

  it.each([[undefined], [null], [true], [7], [[]]])('has an error for %j', value => {
    expect(readAll(value)).toEqual([[handler({})], [problem('options_type', '', value)]]);
  });

  it('has an error for overrides that are undefined', () => {
    expect(readAll('public', undefined)).toEqual([[PUBLIC, handler({})], [problem('options_type', '', undefined)]]);
  });
});

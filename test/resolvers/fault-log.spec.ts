import { jest } from '@jest/globals';
import type { ResolverFault } from '../../lib/resolvers/ask.js';
import { faultLog } from '../../lib/resolvers/fault-log.js';

const MINUTE = 60_000;

function recording() {
  const told: (readonly [ResolverFault, unknown, number])[] = [];
  return { report: faultLog((...fault) => told.push(fault)), told };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('The log of faults', () => {
  it('tells a cause once a minute, with the number of times it was left untold', () => {
    const { report, told } = recording();
    for (let at = 0; at < 5; at++) {
      report('threw', at);
      jest.advanceTimersByTime(1000);
    }
    expect(told).toEqual([['threw', 0, 0]]);
    jest.advanceTimersByTime(MINUTE - 5001);
    report('threw', 'early');
    expect(told).toHaveLength(1);
    jest.advanceTimersByTime(1);
    report('threw', 'due');
    expect(told.slice(1)).toEqual([['threw', 'due', 5]]);
    jest.advanceTimersByTime(MINUTE);
    report('threw', 'again');
    expect(told.slice(2)).toEqual([['threw', 'again', 0]]);
  });

  it('counts each cause by itself', () => {
    const { report, told } = recording();
    const faults = ['threw', 'rejected', 'timed-out', 'not-boolean', 'too-many-open'] as const;
    for (const fault of [...faults, ...faults, 'threw'] as const) report(fault, undefined);
    expect(told).toEqual(faults.map(fault => [fault, undefined, 0]));
    jest.advanceTimersByTime(MINUTE);
    for (const fault of faults) report(fault, undefined);
    expect(told.slice(faults.length).map(([fault, , untold]) => [fault, untold])).toEqual([
      ['threw', 2],
      ['rejected', 1],
      ['timed-out', 1],
      ['not-boolean', 1],
      ['too-many-open', 1],
    ]);
  });

  it('goes on where the logger throws, and does not ask it more often', () => {
    let calls = 0;
    const report = faultLog(() => {
      calls++;
      throw new Error('no log');
    });
    expect(() => {
      report('threw', 1);
      report('threw', 2);
    }).not.toThrow();
    expect(calls).toBe(1);
  });

  it('is one for each resolver', () => {
    const [one, two] = [recording(), recording()];
    one.report('threw', 1);
    two.report('threw', 2);
    expect([one.told, two.told]).toEqual([[['threw', 1, 0]], [['threw', 2, 0]]]);
  });
});

import { HourlyBudget } from '../../lib/request/hourly-budget.js';

describe('An hourly budget', () => {
  it('counts down to the first one that is too many, and begins again an hour after its first', () => {
    let now = 5;
    const budget = new HourlyBudget(2, () => now);
    const take = (times: number) => Array.from({ length: times }, () => budget.take());

    expect(take(5)).toEqual([1, 0, -1, -2, -2]);
    now += 3_599_999;
    expect(take(1)).toEqual([-2]);
    now += 1;
    expect(take(4)).toEqual([1, 0, -1, -2]);
  });
});

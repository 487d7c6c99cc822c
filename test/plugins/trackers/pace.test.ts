import { describe, expect, it } from 'vitest';
import { Pace } from '../../../plugins/trackers/pace.ts';

/** Speeds of a run whose clocks stood so, first to last. */
const speeds = ([from, ...moments]: readonly (readonly [seconds: number, steps: number])[]): number[] => {
  const pace = new Pace(from![1], from![0]);
  return moments.map(([seconds, steps]) => pace.after(steps, seconds));
};

describe('Pace', () => {
  it('is steps a second', () => { for (const speed of speeds([[0, 0], [5, 100], [10, 200]])) expect(speed).toBeCloseTo(20, 10); });
  it('is not known at first, and 0 while nothing moves', () => { expect(speeds([[0, 0], [0, 0], [0.5, 50], [60, 50]]).map(x => x < 1)).toEqual([true, true, true]); });
  it('starts from where a resumed run goes on', () => { expect(speeds([[500, 500], [510, 600]])).toEqual([10]); });
  it('believes the last half minute more than what was before', () => {
    const slow = Array.from({ length: 100 }, (_, i) => [i, i] as const), fast = Array.from({ length: 30 }, (_, i) => [100 + i, 100 + 20 * i] as const);
    expect(speeds([...slow, ...fast]).at(-1)).toBeGreaterThan(10);
  });
  it('is even where the steps come unevenly: bursts, evaluations, log points', () => {
    // 100 ticks of one step in 1 ms each, then 0.4 s of something else: 200 steps/s
    const moments = Array.from({ length: 6000 }, (_, i) => [Math.floor(i / 100) * 0.5 + (i % 100) / 1000, i] as const);
    for (const speed of speeds(moments).slice(1000)) expect(Math.abs(speed - 200)).toBeLessThan(30);
  });
});

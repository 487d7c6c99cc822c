/** Numbers on a schedule: exact at both ends, constant after the last, between the ends on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOCKS, exponential, isSchedule, linear, valueAt, type Clocks } from '../../core/schedule.ts';

const at = (steps: number): Clocks => ({ steps, updates: 0, episodes: 0 });
const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true }), ticks = fc.integer({ min: 1, max: 1_000_000 });

describe('linear', () => {
  it('is the epsilon of the value pages: 1 at 0, 0.525 halfway of 50,000, 0.05 from there on', () => {
    const epsilon = linear({ from: 1, to: 0.05, steps: 50_000 });
    expect([0, 10_000, 25_000, 50_000, 1e9].map(t => valueAt(epsilon, at(t)))).toEqual([1, 0.81, 0.525, 0.050000000000000044, 0.050000000000000044]);
  });
  it('begins at `from`, ends at `to`, and stays between', () => {
    fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), ticks, fc.nat({ max: 2_000_000 }), (from, to, steps, t) => {
      const s = linear({ from, to, steps }), scale = Math.abs(from) + Math.abs(to) + 1;
      expect(valueAt(s, at(0)) === from).toBe(true);           // 0 is -0
      expect(Math.abs(valueAt(s, at(steps)) - to)).toBeLessThan(1e-12 * scale);
      expect(valueAt(s, at(steps + t))).toBe(valueAt(s, at(steps)));
      expect(valueAt(s, at(t))).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-12 * scale);
      expect(valueAt(s, at(t))).toBeLessThanOrEqual(Math.max(from, to) + 1e-12 * scale);
    }));
  });
  it('loses as much in every tick', () => {
    const s = linear({ from: 3, to: 1, steps: 4 });
    expect([0, 1, 2, 3, 4, 5].map(t => valueAt(s, at(t)))).toEqual([3, 2.5, 2, 1.5, 1, 1]);
  });
});

describe('exponential', () => {
  it('multiplies by the same factor in every tick: 16, 8, 4, 2, 1', () => {
    const s = exponential({ from: 16, to: 1, steps: 4 });
    [16, 8, 4, 2, 1, 1].forEach((x, t) => { expect(valueAt(s, at(t))).toBeCloseTo(x, 12); });
  });
  it('begins at `from`, ends at `to`, and stays there', () => {
    fc.assert(fc.property(positive, positive, ticks, (from, to, steps) => {
      const s = exponential({ from, to, steps });
      expect(valueAt(s, at(0))).toBe(from);
      expect(Math.abs(valueAt(s, at(steps)) / to - 1)).toBeLessThan(1e-9);
      expect(valueAt(s, at(3 * steps))).toBe(valueAt(s, at(steps)));
    }));
  });
});

describe('a clock', () => {
  it('is the one that the length is given in, and no other moves it', () => {
    for (const clock of CLOCKS) {
      const s = linear({ from: 0, to: 10, [clock]: 10 } as unknown as Parameters<typeof linear>[0]), clocks = { steps: 0, updates: 0, episodes: 0 };
      expect(s.clock).toBe(clock);
      expect(valueAt(s, { ...clocks, [clock]: 3 })).toBeCloseTo(3, 12);
      expect(valueAt(s, { steps: 7, updates: 7, episodes: 7, [clock]: 0 })).toBe(0);
    }
  });
});
describe('a plain number', () => {
  it('is itself at any time, and no schedule', () => {
    expect(valueAt(0.25, at(1e9))).toBe(0.25);
    expect([0.25, undefined, null, 'linear', {}].map(isSchedule)).toEqual([false, false, false, false, false]);
    expect(isSchedule(linear({ from: 0, to: 1, updates: 5 }))).toBe(true);
  });
});

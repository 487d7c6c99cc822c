/** Rewards standardised by their mean and variance over the whole run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runningMoments, scale, standardiseBy } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

interface Kept { readonly mean: number; readonly variance: number; readonly count: number }
const START: Kept = { mean: 0, variance: 1, count: 1e-4 }, one = (x: number) => ({ shape: [], data: Float32Array.of(x) });
async function further(kept: Kept, x: readonly number[], mask = x.map(() => 1)): Promise<Kept> {
  const { outputs } = await evaluateNode(runningMoments, { sizes: {}, inputs: { x: floats([x]), mask: floats([mask]), mean: one(kept.mean), variance: one(kept.variance), count: one(kept.count) } });
  return Object.fromEntries(Object.entries(outputs).map(([k, v]) => [k, v.data[0]!])) as unknown as Kept;
}

describe('runningMoments', () => {
  it('by hand: after 1, 2, 6 and then 0 and 4', async () => {
    const first = await further({ mean: 0, variance: 0, count: 0 }, [1, 2, 6]);
    near(floats([first.mean, first.variance, first.count]), [3, 7, 3]);
    // batch mean 2, variance 8, 2 of them; (2 - 3)^2 3 2 / 5 between
    const second = await further(first, [0, 4]);
    near(floats([second.mean, second.variance, second.count]), [13 / 5, (3 * 7 + 2 * 8 + 6 / 5) / 5, 5]);
  });
  it('is of what counts alone, and where nothing counts stays as it is', async () => {
    expect(await further(START, [1, 1e4, 2, 6], [1, 0, 1, 1])).toEqual(await further(START, [1, 2, 6]));
    const kept = { mean: 3, variance: 7, count: 12 };
    expect(await further(kept, [5, 9], [0, 0])).toEqual(kept);
  });
  it('over batches has the mean of all numbers, and their variance but for one less in every divisor', () => fc.assert(fc.asyncProperty(fc.nat(9999), fc.integer({ min: 1, max: 5 }), async (seed, batches) => {
    const all: number[] = [];
    let kept = START, within = 0;
    for (let b = 0; b < batches; b++) {
      const n = 2 + (seed + 3 * b) % 7, x = numbers(normals(seed + b, 'x', [n], 3)).map(v => v + b), mean = x.reduce((a, v) => a + v) / n, squares = x.reduce((a, v) => a + (v - mean) ** 2, 0);
      within += n * squares / (n - 1) - squares;
      all.push(...x);
      kept = await further(kept, x);
    }
    const mean = all.reduce((a, v) => a + v) / all.length, variance = (all.reduce((a, v) => a + (v - mean) ** 2, 0) + within) / all.length;
    // the count of 1e-4 with which it begins weighs less than that
    expect(Math.abs(kept.mean - mean)).toBeLessThan(2e-3);
    expect(Math.abs(kept.variance - variance)).toBeLessThan(2e-2);
    expect(kept.count).toBeCloseTo(all.length, 2);
  }), { numRuns: 30 }));
  it('of rewards that are all the same keeps a variance above 0', async () => {
    let kept = START;
    for (let i = 0; i < 50; i++) kept = await further(kept, Array<number>(250).fill(7));
    expect(kept.variance).toBeGreaterThan(0);
    const { outputs } = await evaluateNode(standardiseBy, { sizes: {}, inputs: { x: floats([7, 8]), mean: one(kept.mean), variance: one(kept.variance) } });
    expect(numbers(outputs['x']).every(Number.isFinite)).toBe(true);
  });
});

it('standardiseBy by hand, and scale leaves rewards as they are', async () => {
  near((await evaluateNode(standardiseBy, { sizes: {}, inputs: { x: floats([1, 5, -3]), mean: one(1), variance: one(4) } })).outputs['x'], [0, 2, -2]);
  const x = floats([1, 5, -3]);
  expect(numbers((await evaluateNode(scale, { sizes: {}, inputs: { x } })).outputs['x'])).toEqual([1, 5, -3]);
  near((await evaluateNode(scale, { sizes: {}, inputs: { x }, knobs: { factor: 0.5 } })).outputs['x'], [0.5, 2.5, -1.5]);
});

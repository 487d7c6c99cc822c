import { describe, expect, it } from 'vitest';
import { epsilonGreedy } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, numbers } from '../arrays.ts';

const inputs = { q: floats([[1, 5, 9], [1, 5, 9], [3, 2, 1]]), avail: flags([[1, 1, 0], [1, 1, 0], [0, 1, 1]]) };
const noise = { coin: floats([0.29, 0.31, 0.1]), lot: floats([[7, 1, 8], [7, 1, 8], [9, 1, 2]]) };

describe('epsilonGreedy', () => {
  it('equals a calculation by hand', async () => {
    const { outputs } = await evaluateNode(epsilonGreedy, { sizes: { action: 3 }, inputs, noise, knobs: { epsilon: 0.3 } });
    near(outputs['action'], [0, 1, 2], 0);                    // below 0.3 the lot decides: 7 and 2, since 8 and 9 are not available
    near(outputs['best'], [1, 1, 1], 0);
  });
  it('is greedy at 0 and never at 1', async () => {
    near((await evaluateNode(epsilonGreedy, { sizes: { action: 3 }, inputs, noise: { ...noise, coin: floats([0, 0.5, 0.9999]) }, knobs: { epsilon: 0 } })).outputs['action'], [1, 1, 1], 0);
    near((await evaluateNode(epsilonGreedy, { sizes: { action: 3 }, inputs, noise: { ...noise, coin: floats([0, 0.5, 0.9999]) }, knobs: { epsilon: 1 } })).outputs['action'], [0, 0, 2], 0);
  });
  it('explores epsilon of the time, each available action alike, every row with a coin of its own', async () => {
    const rows = 30_000, repeat = (list: readonly number[]) => ({ shape: [rows, 4], data: Float32Array.from({ length: 4 * rows }, (_, i) => list[i % 4]!) });
    const many = { q: repeat([4, 3, 2, 1]), avail: { shape: [rows, 4], data: Uint8Array.from(repeat([1, 0, 1, 1]).data) } };
    const { outputs } = await evaluateNode(epsilonGreedy, { sizes: { action: 4 }, inputs: many, knobs: { epsilon: 0.6 }, seed: 5 });
    const share = [0, 0, 0, 0];
    for (const a of numbers(outputs['action'])) share[a]! += 1 / rows;
    const sigma = Math.sqrt(0.25 / rows);
    [0.4 + 0.2, 0, 0.2, 0.2].forEach((expected, a) => expect(Math.abs(share[a]! - expected)).toBeLessThan(4 * sigma));
    expect(share[1]).toBe(0);
  });
});

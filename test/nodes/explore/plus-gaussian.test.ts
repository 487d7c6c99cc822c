import { describe, expect, it } from 'vitest';
import { plusGaussian } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, numbers } from '../arrays.ts';

const run = (action: number[], eps: number[], knobs: object = {}) => evaluateNode(plusGaussian, { sizes: {}, knobs: { std: 0.1, clip: 1e9, ...knobs }, inputs: { action: floats([action]) }, noise: { eps: floats([eps]) } });

describe('plusGaussian', () => {
  it('by hand: noise of its spread, and no action beyond its bounds', async () => {
    const { outputs } = await run([0.5, 0.95, -0.95], [2, 1, -3]);
    near(outputs['action'], [[0.7, 1, -1]]);
    near(outputs['best'], [[0.5, 0.95, -0.95]]);
  });
  it('bounds the noise before the action: what smooths the target of TD3', async () => {
    near((await run([0, 0.8, 0], [10, 10, -2], { std: 0.2, clip: 0.5 })).outputs['action'], [[0.5, 1, -0.4]]);
  });
  it('without spread is the action', async () => {
    near((await run([0.3], [5], { std: 0 })).outputs['action'], [[0.3]]);
  });
  it('draws for every number apart, with the spread that it says', async () => {
    const n = 20_000, drawn = numbers((await evaluateNode(plusGaussian, { sizes: {}, knobs: { std: 0.1, clip: 1e9 }, inputs: { action: filled([n, 1], 0) }, seed: 3 })).outputs['action']), mean = drawn.reduce((a, b) => a + b) / n;
    expect(Math.abs(mean)).toBeLessThan(4 * 0.1 / Math.sqrt(n));
    expect(Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n) / 0.1).toBeCloseTo(1, 1);
  });
});

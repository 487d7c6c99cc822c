import { describe, expect, it } from 'vitest';
import { beliefDecoder, beliefLoss } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, flags, floats, near, normals, numbers, wholes } from '../arrays.ts';

const bernoulli = (logit: number) => 1 / (1 + Math.exp(-logit));
describe('beliefLoss', () => {
  it('equals a calculation by hand: 3 steps, 2 others, of which some are not seen and a step is padding', async () => {
    const inputs = {
      logits: floats([[[0, 2], [1, 0]], [[0, -1], [5, 5]], [[9, 0], [0, 9]]]), seenAction: wholes([[1, 0], [1, 0], [1, 1]]), seen: flags([[1, 1], [1, 0], [1, 1]]),
      mean: floats([[1, 0], [0, 2], [7, 7]]), logStd: floats([[0, 0], [Math.log(2), 0], [3, 3]]), mask: floats([1, 1, 0]),
    };
    const surprise = -(Math.log(bernoulli(2)) + Math.log(bernoulli(1)) + Math.log(bernoulli(-1))) / 3;                  // of two actions the logits' difference is all that counts
    const kl = (2 * 0.5 + 0.5 * (4 - 1 - Math.log(4) + 4)) / 3;        // the first step counts for both others, the second for one
    const { outputs } = await evaluateNode(beliefLoss, { knobs: { beta: 0.25 }, inputs });
    near(outputs['crossEntropy'], surprise);
    near(outputs['kl'], kl);
    near(outputs['loss'], surprise + 0.25 * kl);
  });
  it('has a divergence that is never below 0, and 0 only at the prior', async () => {
    const of = async (mean: number, logStd: number) => numbers((await evaluateNode(beliefLoss, { inputs: { logits: filled([1, 1, 2], 0), seenAction: wholes([[0]]), seen: flags([[1]]), mean: floats([[mean]]), logStd: floats([[logStd]]), mask: floats([1]) } })).outputs['kl'])[0]!;
    expect(await of(0, 0)).toBe(0);
    for (const mean of [-2, -0.1, 0, 0.5]) for (const logStd of [-5, -0.2, 0, 0.3, 2]) if (mean !== 0 || logStd !== 0) expect(await of(mean, logStd)).toBeGreaterThan(0);
  });
  it('takes no notice of actions that were not seen, nor of a belief about them', async () => {
    const seen = flags([[1, 0], [0, 0]]), run = (actions: number[][], seed: number) => {
      const logits = normals(1, 'logits', [2, 2, 3]), mean = normals(2, 'mean', [2, 4]), other = normals(seed, 'other', [2, 2, 3]), far = normals(seed, 'far', [2, 4]);
      return evaluateNode(beliefLoss, { inputs: { seenAction: wholes(actions), seen, mask: floats([1, 1]), logStd: filled([2, 4], 0),
        logits: { shape: logits.shape, data: Float32Array.from(logits.data, (x, i) => (i < 3 ? x : other.data[i]!)) }, mean: { shape: mean.shape, data: Float32Array.from(mean.data, (x, i) => (i < 4 ? x : far.data[i]!)) } } });
    };
    const [a, b] = [await run([[1, 0], [0, 0]], 3), await run([[1, 2], [1, 2]], 4)];
    expect(b.outputs).toEqual(a.outputs);
    expect(numbers(a.gradients.inputs['logits']).slice(3).every(x => x === 0)).toBe(true);
    expect(numbers(a.gradients.inputs['mean']).slice(4).every(x => x === 0)).toBe(true);
  });
  it('with beta 1 bounds the log-probability of what was seen from below, whatever the belief; the nearest belief of a grid comes within 0.1 of it', async () => {
    const grid = Array.from({ length: 1601 }, (_, i) => -8 + i / 100), normal = (z: number, mean = 0, logStd = 0) => Math.exp(-0.5 * ((z - mean) / Math.exp(logStd)) ** 2 - logStd) / Math.sqrt(2 * Math.PI);
    const x = filled([grid.length, 1], 0.7), z = floats(grid.map(v => [v]));
    for (const seed of [1, 2, 3]) {
      const weights = drawWeights(seed, layerTable(beliefDecoder({ hidden: 4 }), { x: 1, latent: 1, other: 1, action: 3 }), 1.5), logits = (await evaluateNode(beliefDecoder, { config: { hidden: 4 }, sizes: { other: 1, action: 3 }, weights, inputs: { x, z } })).outputs['logits']!;
      const likelihood = grid.map((_, i) => { const [a, b, c] = [0, 1, 2].map(k => Math.exp(logits.data[3 * i + k]!)) as [number, number, number]; return a / (a + b + c); });
      const evidence = Math.log(grid.reduce((sum, v, i) => sum + likelihood[i]! * normal(v) / 100, 0));
      let nearest = -Infinity;
      for (const mean of [-2, -1, -0.5, 0, 0.5, 1, 2]) for (const logStd of [-1.5, -0.5, -0.2, 0, 0.2]) {
        const { outputs } = await evaluateNode(beliefLoss, { knobs: { beta: 1 }, cotangents: {}, inputs: {       // the mask as the law of z
          logits: { shape: [grid.length, 1, 3], data: logits.data }, seenAction: wholes(grid.map(() => [0])), seen: flags(grid.map(() => [1])),
          mean: filled([grid.length, 1], mean), logStd: filled([grid.length, 1], logStd), mask: floats(grid.map(v => normal(v, mean, logStd))) } });
        const bound = -numbers(outputs['loss'])[0]!;
        expect(bound).toBeLessThanOrEqual(evidence + 1e-4);
        nearest = Math.max(nearest, bound);
      }
      expect(evidence - nearest).toBeLessThan(0.1);
    }
  });
});

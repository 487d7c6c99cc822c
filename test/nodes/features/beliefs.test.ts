import { describe, expect, it } from 'vitest';
import { beliefEncoder, pooledBelief, seenActions } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, flags, floats, near, normals, numbers, off, wholes } from '../arrays.ts';

describe('seenActions', () => {
  it('shows what was seen as one-hots side by side, and of the rest zeros', async () => {
    const { outputs } = await evaluateNode(seenActions, { sizes: { action: 3 }, inputs: { seenAction: wholes([[2, 0], [1, 1], [0, 0]]), seen: flags([[1, 1], [0, 1], [0, 0]]) } });
    near(outputs['x'], [[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0]], 0);
  });
  it('lets nothing pass of an action that was not seen', async () => {
    const seen = flags([[1, 0], [0, 1], [0, 0]]), run = async (actions: number[][]) => numbers((await evaluateNode(seenActions, { sizes: { action: 3 }, inputs: { seenAction: wholes(actions), seen } })).outputs['x']);
    expect(await run([[2, 1], [0, 1], [2, 2]])).toEqual(await run([[2, 0], [2, 1], [0, 1]]));
    expect(await run([[2, 1], [0, 1], [2, 2]])).not.toEqual(await run([[1, 1], [0, 1], [2, 2]]));
  });
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
describe('beliefEncoder', () => {
  const weights = {
    'first/kernel': floats([[2]]), 'first/bias': floats([-1]),
    'cell/kernel': floats([[[0.5]], [[-1]], [[2]]]), 'cell/bias': floats([[0.1], [0.2], [-0.3]]),
    'cell/recurrent': floats([[[1]], [[-0.5]], [[0.7]]]), 'cell/recurrentBias': floats([[0], [0.3], [0.4]]),
    'law/kernel': floats([[3, -2]]), 'law/bias': floats([0.5, 0.25]),
  };
  /** The cell written out for one unit. */
  const cell = (x: number, h: number) => {
    const r = sigmoid(0.5 * x + 0.1 + h), u = sigmoid(-x + 0.2 - 0.5 * h + 0.3), n = Math.tanh(2 * x - 0.3 + r * (0.7 * h + 0.4));
    return (1 - u) * n + u * h;
  };
  const h1 = cell(0, 0), h2 = cell(3, h1), eps = [-1, 2], config = { hidden: 1, latent: 1 };      // relu(2 * 0.5 - 1) = 0, relu(2 * 2 - 1) = 3
  it('equals a calculation by hand: 1 unit, 1 latent number, 2 steps', async () => {
    const { outputs } = await evaluateNode(beliefEncoder, { config, weights, inputs: { x: floats([[[0.5], [2]]]) }, noise: { eps: floats([[[-1], [2]]]) } });
    near(outputs['mean'], [3 * h1 + 0.5, 3 * h2 + 0.5]);
    near(outputs['logStd'], [-2 * h1 + 0.25, -2 * h2 + 0.25]);
    near(outputs['z'], [h1, h2].map((h, t) => 3 * h + 0.5 + Math.exp(-2 * h + 0.25) * eps[t]!));
  });
  it('goes on from a carry', async () => {
    const { outputs, carry } = await evaluateNode(beliefEncoder, { config, weights, inputs: { x: floats([[[2]]]) }, carry: floats([[h1]]) });
    near(outputs['mean'], [3 * h2 + 0.5]);
    near(carry, [h2]);
  });
});

describe('pooledBelief', () => {
  const config = { hidden: 2, latent: 1 }, weights = {
    'told/kernel0': floats([[1, -1]]), 'told/bias0': floats([0, 1]), 'told/kernel1': floats([[1, 0], [0, 2]]), 'told/bias1': floats([0, -1]),
    'law/kernel': floats([[1, 0.5], [-1, 0.25]]), 'law/bias': floats([0.1, 0.2]),
  };
  /** told(x) = (relu(x), 2 relu(1 - x) - 1). */
  const law = (a: number, b: number) => { const [p, q] = [Math.max(0, a), Math.max(0, b)]; return [p - q + 0.1, 0.5 * p + 0.25 * q + 0.2] as const; };
  it('equals a calculation by hand: the mean of what 1 and then 2 steps tell', async () => {
    const { outputs } = await evaluateNode(pooledBelief, { config, weights, inputs: { x: floats([[[0.5], [-1]]]) }, noise: { eps: floats([[[1], [-3]]]) } });
    const [one, two] = [law(0.5, 0), law(0.25, (0 + 3) / 2)];          // told(0.5) = (0.5, 0), told(-1) = (0, 3)
    near(outputs['mean'], [one[0], two[0]]);
    near(outputs['logStd'], [one[1], two[1]]);
    near(outputs['z'], [one[0] + Math.exp(one[1]), two[0] - 3 * Math.exp(two[1])]);
  });
  it('does not mind the order of the steps before, and the recurrent belief does', async () => {
    const x = normals(1, 'x', [1, 3, 4]), turned = { shape: x.shape, data: Float32Array.from([4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11], i => x.data[i]!) }, own = { hidden: 5, latent: 3 };
    for (const [node, minds] of [[pooledBelief, false], [beliefEncoder, true]] as const) {
      const drawn = drawWeights(2, layerTable(node(own), { x: 4 })), last = async (x: typeof turned) => { const { shape, data } = (await evaluateNode(node, { config: own, weights: drawn, inputs: { x } })).outputs['mean']!; return { shape, data: data.slice(6) }; };
      expect(off(await last(turned), await last(x as typeof turned)) > 1e-3).toBe(minds);
    }
  });
  it('goes on from a carry: a sum and a number of steps', async () => {
    const { outputs, carry } = await evaluateNode(pooledBelief, { config, weights, inputs: { x: floats([[[-1]]]) }, carry: floats([[0.5, 0, 1]]) });
    near(outputs['mean'], [law(0.25, 1.5)[0]]);
    near(carry, [0.5, 3, 2]);
  });
});

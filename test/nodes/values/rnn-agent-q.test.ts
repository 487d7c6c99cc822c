import { describe, expect, it } from 'vitest';
import { rnnAgentQ } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('rnnAgentQ', () => {
  const weights = {
    'first/kernel': floats([[2]]), 'first/bias': floats([-1]),
    'cell/kernel': floats([[[0.5]], [[-1]], [[2]]]), 'cell/bias': floats([[0.1], [0.2], [-0.3]]),
    'cell/recurrent': floats([[[1]], [[-0.5]], [[0.7]]]), 'cell/recurrentBias': floats([[0], [0.3], [0.4]]),
    'q/kernel': floats([[1, -2]]), 'q/bias': floats([0, 1]),
  };
  /** The cell written out for one unit. */
  const cell = (x: number, h: number) => {
    const r = sigmoid(0.5 * x + 0.1 + 1 * h + 0), z = sigmoid(-1 * x + 0.2 - 0.5 * h + 0.3), n = Math.tanh(2 * x - 0.3 + r * (0.7 * h + 0.4));
    return (1 - z) * n + z * h;
  };
  const h1 = cell(0, 0), h2 = cell(3, h1), h3 = cell(1, h2);             // relu(2 * 0.5 - 1) = 0, relu(2 * 2 - 1) = 3, relu(2 * 1 - 1) = 1

  it('equals a calculation by hand: 1 unit over 3 steps', async () => {
    const { outputs } = await evaluateNode(rnnAgentQ, { config: { hidden: 1 }, sizes: { action: 2 }, weights, inputs: { x: floats([[[0.5], [2], [1]]]) } });
    expect(outputs['q']?.shape).toEqual([1, 3, 2]);
    near(outputs['hidden'], [h1, h2, h3]);
    near(outputs['q'], [h1, 1 - 2 * h1, h2, 1 - 2 * h2, h3, 1 - 2 * h3]);
  });
  it('goes on from a carry', async () => {
    const { outputs, carry } = await evaluateNode(rnnAgentQ, { config: { hidden: 1 }, sizes: { action: 2 }, weights, inputs: { x: floats([[[2], [1]]]) }, carry: floats([[h1]]) });
    near(outputs['hidden'], [h2, h3]);
    near(carry, [h3]);
  });
  it('keeps agents apart, with the same weights', async () => {
    const x = normals(1, 'x', [2, 3, 2, 4]), swapped = { shape: x.shape, data: Float32Array.from(x.data) };       // batch time agent x
    for (let row = 0; row < 6; row++) for (let i = 0; i < 4; i++) { swapped.data[8 * row + i] = x.data[8 * row + 4 + i]!; swapped.data[8 * row + 4 + i] = x.data[8 * row + i]!; }
    const run = async (x: typeof swapped) => numbers((await evaluateNode(rnnAgentQ, { config: { hidden: 5 }, sizes: { action: 3 }, inputs: { x }, dims: { x: 'batch time agent x' }, seed: 3 })).outputs['q']);
    const q = await run(x as typeof swapped), p = await run(swapped);
    q.forEach((value, i) => expect(p[i - i % 6 + (i + 3) % 6]).toBeCloseTo(value, 6));
  });
  it('has 28,297 weights on 42 features, 64 units and 9 actions', () => {
    const table = layerTable(rnnAgentQ({ hidden: 64 }), { x: 42, action: 9 });
    expect(table.reduce((sum, t) => sum + t.shape.reduce((a, n) => a * n, 1), 0)).toBe(42 * 64 + 64 + 6 * 64 ** 2 + 6 * 64 + 64 * 9 + 9);
    expect(42 * 64 + 64 + 6 * 64 ** 2 + 6 * 64 + 64 * 9 + 9).toBe(28_297);
  });
});

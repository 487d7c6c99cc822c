import { describe, expect, it } from 'vitest';
import { mlpQ } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('mlpQ', () => {
  it('equals a calculation by hand: 2 features, 2 hidden units, 3 actions', async () => {
    const weights = {
      'net/kernel0': floats([[1, 2], [3, -1]]), 'net/bias0': floats([0.5, 0]),
      'net/kernel1': floats([[1, 2, 3], [0.5, -1, 2]]), 'net/bias1': floats([0, 1, -1]),
    };
    const { outputs, gradients } = await evaluateNode(mlpQ, { config: { hidden: [2] }, sizes: { action: 3 }, weights, inputs: { obs: floats([[1, -2]]) }, cotangents: { q: floats([[1, 0, 0]]) } });
    // hidden: 1 - 6 + 0.5 = -4.5 -> 0, and 2 + 2 + 0 = 4; q: 0.5 * 4 = 2, -1 * 4 + 1 = -3, 2 * 4 - 1 = 7
    near(outputs['q'], [[2, -3, 7]]);
    near(gradients.weights['net/kernel1'], [[0, 0, 0], [4, 0, 0]]);
    near(gradients.weights['net/bias0'], [0, 0.5]);
    near(gradients.inputs['obs'], [[2 * 0.5, -1 * 0.5]]);
  });
  it('has one layer more than hidden widths', () => {
    const names = (hidden: readonly number[]) => layerTable(mlpQ({ hidden }), { obs: 4, action: 2 }).map(t => `${t.name} ${t.shape.join('x')}`);
    expect(names([])).toEqual(['net/kernel0 4x2', 'net/bias0 2']);
    expect(names([64, 64])).toEqual(['net/kernel0 4x64', 'net/bias0 64', 'net/kernel1 64x64', 'net/bias1 64', 'net/kernel2 64x2', 'net/bias2 2']);
  });
});

import { describe, expect, it } from 'vitest';
import { maskedMse, weightedMse } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

const inputs = { prediction: floats([[1, 2, 3], [4, 5, 6]]), target: floats([[0, 2, 5], [4, 8, 100]]), mask: floats([[1, 1, 1], [1, 1, 0]]), weight: floats([[1, 9, 0.5], [2, 0.1, 7]]) };

describe('weightedMse', () => {
  it('equals a calculation by hand: divided by what counts, not by the weights', async () => {
    const { outputs, gradients } = await evaluateNode(weightedMse, { sizes: {}, inputs, cotangents: { loss: floats(1), error: filled([2, 3], 0) } });
    near(outputs['loss'], (1 * 1 + 0.5 * 4 + 0.1 * 9) / 5);
    near(outputs['error'], [[1, 0, 2], [0, 3, 94]]);
    near(gradients.inputs['prediction'], [[2 / 5, 0, -2 / 5], [0, -0.6 / 5, 0]]);
    for (const port of ['target', 'mask', 'weight']) if (gradients.inputs[port]) expect(numbers(gradients.inputs[port]).every(x => x === 0)).toBe(true);
  });
  it('is maskedMse with weights of 1', async () => {
    const many = { prediction: normals(1, 'p', [5, 4]), target: normals(1, 't', [5, 4]), mask: floats(Array.from({ length: 5 }, (_, i) => [1, 1, i % 2, 0])) };
    const [a, b] = [await evaluateNode(weightedMse, { sizes: {}, inputs: { ...many, weight: filled([5, 4], 1) } }), await evaluateNode(maskedMse, { sizes: {}, inputs: many })];
    expect(a.outputs['loss']).toEqual(b.outputs['loss']);
  });
  it('is 0, with no gradient, where nothing counts', async () => {
    const { outputs, gradients } = await evaluateNode(weightedMse, { sizes: {}, inputs: { ...inputs, mask: filled([2, 3], 0) }, cotangents: { loss: floats(1), error: filled([2, 3], 0) } });
    near(outputs['loss'], 0, 0);
    near(gradients.inputs['prediction'], [[0, 0, 0], [0, 0, 0]], 0);
  });
});

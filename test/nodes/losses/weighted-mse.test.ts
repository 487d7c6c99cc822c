import { describe, expect, it } from 'vitest';
import { maskedMse, weightedMse } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

describe('weightedMse', () => {
  it('equals a calculation by hand', async () => {
    const inputs = { prediction: floats([1, 2, 3, 9]), target: floats([0, 4, 3, 0]), mask: floats([1, 1, 1, 0]), weight: floats([0.5, 0.25, 1, 1]) };
    const { outputs, gradients } = await evaluateNode(weightedMse, { inputs, cotangents: { loss: floats(1) } });
    near(outputs['loss'], (0.5 * 1 + 0.25 * 4 + 0) / 3);
    near(outputs['priority'], [1, 2, 0, 0]);
    near(gradients.inputs['prediction'], [2 * 0.5 / 3, 2 * 0.25 * -2 / 3, 0, 0]);
  });
  it('gives every transition a priority above 0, by a number that may be chosen', async () => {
    const inputs = { prediction: floats([1, 2]), target: floats([1, 0]), mask: floats([1, 0]), weight: floats([1, 1]) };
    expect(numbers((await evaluateNode(weightedMse, { inputs })).outputs['priority']).every(p => p > 0)).toBe(true);
    near((await evaluateNode(weightedMse, { inputs, knobs: { eps: 0.5 } })).outputs['priority'], [0.5, 0.5]);
  });
  it('with weights of 1 is maskedMse', async () => {
    const inputs = { prediction: normals(1, 'p', [3, 4]), target: normals(1, 't', [3, 4]), mask: floats([[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]]) }, cotangents = { loss: floats(1) };
    const [a, b] = [await evaluateNode(weightedMse, { inputs: { ...inputs, weight: filled([3, 4], 1) }, cotangents }), await evaluateNode(maskedMse, { inputs, cotangents })];
    expect(a.outputs['loss']).toEqual(b.outputs['loss']);
    expect(a.gradients.inputs['prediction']).toEqual(b.gradients.inputs['prediction']);
  });
});

import { describe, expect, it } from 'vitest';
import { maskedMse } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, numbers } from '../arrays.ts';

describe('maskedMse', () => {
  it('equals a calculation by hand', async () => {
    const inputs = { prediction: floats([[1, 2, 3], [4, 5, 6]]), target: floats([[0, 2, 5], [4, 8, 100]]), mask: floats([[1, 1, 1], [1, 1, 0]]) };
    const { outputs, gradients } = await evaluateNode(maskedMse, { sizes: {}, inputs, cotangents: { loss: floats(1) } });
    near(outputs['loss'], (1 + 0 + 4 + 0 + 9) / 5);
    near(gradients.inputs['prediction'], [[2 / 5, 0, -4 / 5], [0, -6 / 5, 0]]);
    for (const port of ['target', 'mask']) if (gradients.inputs[port]) expect(numbers(gradients.inputs[port]).every(x => x === 0)).toBe(true);
  });
  it('is 0, with no gradient, where nothing counts', async () => {
    const inputs = { prediction: floats([1, 2]), target: floats([5, 5]), mask: floats([0, 0]) };
    const { outputs, gradients } = await evaluateNode(maskedMse, { sizes: {}, inputs, cotangents: { loss: floats(1) } });
    near(outputs['loss'], 0, 0);
    near(gradients.inputs['prediction'], [0, 0], 0);
  });
  it('counts agents in the divisor: the loss of a team is the mean of its agents', async () => {
    const [a, b] = [[1, 2, 3], [2, 2, 2]], target = [0, 0, 0], mask = [1, 1, 0], one = async (p: number[]) => numbers((await evaluateNode(maskedMse, { sizes: {}, inputs: { prediction: floats([p]), target: floats([target]), mask: floats([mask]) } })).outputs['loss'])[0]!;
    const both = (x: number[], y: number[]) => floats([x.map((v, t) => [v, y[t]!])]);
    const { outputs } = await evaluateNode(maskedMse, { sizes: {}, inputs: { prediction: both(a!, b!), target: both(target, target), mask: both(mask, mask) }, dims: { prediction: 'batch time agent', target: 'batch time agent', mask: 'batch time agent' } });
    near(outputs['loss'], (await one(a!) + await one(b!)) / 2);
  });
});

import { describe, expect, it } from 'vitest';
import { actionValue, allActionValues, linearValue } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

describe('actionValue', () => {
  const weights = { 'net/kernel0': floats([[1, -1], [2, 0.5], [-3, 1]]), 'net/bias0': floats([0.5, 0]), 'net/kernel1': floats([[2], [-1]]), 'net/bias1': floats([0.25]) };
  it('equals a calculation by hand: two features and an action of one number', async () => {
    const { outputs, gradients } = await evaluateNode(actionValue, { config: { hidden: [2] }, sizes: {}, weights, inputs: { x: floats([[1, 2], [0, 1]]), action: floats([[0.5], [1]]) } });
    // relu(1 + 4 - 1.5 + 0.5) = 4, relu(-1 + 1 + 0.5) = 0.5: 8 - 0.5 + 0.25; relu(2 - 3 + 0.5) = 0, relu(0.5 + 1) = 1.5: -1.5 + 0.25
    near(outputs['q'], [7.75, -1.25]);
    near(gradients.inputs['action'], [[2 * -3 - 1], [-1]]);
  });
  it('takes features before actions, with 256 and 256 units', () => {
    expect(layerTable(actionValue(), { x: 3, a: 2 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual(['net/kernel0 5x256', 'net/bias0 256', 'net/kernel1 256x256', 'net/bias1 256', 'net/kernel2 256x1', 'net/bias2 1']);
  });
});

describe('allActionValues', () => {
  it('equals a calculation by hand', async () => {
    const { outputs } = await evaluateNode(allActionValues, { config: { hidden: [1] }, sizes: { action: 2 }, weights: { 'net/kernel0': floats([[1], [-2]]), 'net/bias0': floats([1]), 'net/kernel1': floats([[3, -1]]), 'net/bias1': floats([0.5, 0]) }, inputs: { x: floats([[2, 1], [0, 3]]) } });
    near(outputs['q'], [[3.5, -1], [0.5, 0]]);
  });
  it('has the two layers of 128 units of the code of PyMARL', () => {
    expect(layerTable(allActionValues(), { x: 10, action: 4 }).filter(t => t.name.includes('kernel')).map(t => t.shape)).toEqual([[10, 128], [128, 128], [128, 4]]);
  });
});

describe('linearValue', () => {
  it('equals a calculation by hand', async () => {
    near((await evaluateNode(linearValue, { sizes: {}, weights: { 'v/kernel': floats([[2], [-1]]), 'v/bias': floats([0.5]) }, inputs: { z: floats([[1, 3], [0, 0]]) } })).outputs['value'], [-0.5, 0.5]);
  });
  it('starts with a kernel of length 1, and no bias', async () => {
    const { weights } = await evaluateNode(linearValue, { sizes: {}, inputs: { z: normals(1, 'z', [1, 9]) } });
    expect(Math.hypot(...numbers(weights['v/kernel']))).toBeCloseTo(1, 5);
    expect(numbers(weights['v/bias'])).toEqual([0]);
  });
});

import { describe, expect, it } from 'vitest';
import { encoder, stateValue } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

describe('encoder', () => {
  it('by hand, two layers with tanh behind each', async () => {
    const weights = { 'net/kernel0': floats([[1, 2]]), 'net/bias0': floats([0, -1]), 'net/kernel1': floats([[0.5], [1]]), 'net/bias1': floats([0.1]) }, { outputs } = await evaluateNode(encoder, { config: { hidden: [2, 1] }, sizes: {}, inputs: { x: floats([[0.5]]) }, weights });
    near(outputs['z'], [[Math.tanh(0.5 * Math.tanh(0.5) + Math.tanh(0) + 0.1)]]);
  });
  it('of no layers gives what it is given', async () => {
    const x = normals(1, 'x', [3, 4]), { outputs } = await evaluateNode(encoder, { config: { hidden: [] }, sizes: {}, inputs: { x } });
    expect(outputs['z']).toEqual({ shape: x.shape, data: x.data });
  });
  it('starts orthogonal with gain sqrt(2) and without biases', async () => {
    const { weights } = await evaluateNode(encoder, { config: { hidden: [6, 3] }, sizes: {}, inputs: { x: normals(1, 'x', [1, 4]) } }), w = numbers(weights['net/kernel1']);
    // columns of [6, 3] are at right angles, each of length sqrt(2)
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) expect(w.reduce((sum, x, i) => (i % 3 === a ? sum + x * w[i - a + b]! : sum), 0)).toBeCloseTo(a === b ? 2 : 0, 5);
    expect(numbers(weights['net/bias0'])).toEqual(Array(6).fill(0));
  });
});

describe('stateValue', () => {
  it('by hand: tanh behind the hidden layer, nothing behind the last', async () => {
    const weights = { 'net/kernel0': floats([[1], [-1]]), 'net/bias0': floats([0.5]), 'net/kernel1': floats([[3]]), 'net/bias1': floats([-1]) }, { outputs } = await evaluateNode(stateValue, { config: { hidden: [1] }, sizes: {}, inputs: { x: floats([[1, 0.2]]) }, weights });
    near(outputs['value'], [3 * Math.tanh(1.3) - 1]);
  });
});

/** Normal distributions over actions: worked by hand, and against what integrals give. */
import { describe, expect, it } from 'vitest';
import { gaussian, gaussianLogProb, meanAndStd, temperature } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

describe('gaussian', () => {
  it('is W z + b, and the same spread in every row', async () => {
    const { outputs } = await evaluateNode(gaussian(), { inputs: { z: floats([[1, 2], [3, -1]]) }, sizes: { action: 1 }, weights: { 'head/kernel': floats([[0.5], [0.25]]), 'head/bias': floats([-1]), 'logStd/value': floats([0.7]) } });
    near(outputs['mean'], [[0], [0.25]]);
    near(outputs['logStd'], [[0.7], [0.7]]);
  });
  it('starts with means near 0 and a standard deviation of 1', async () => {
    const { outputs } = await evaluateNode(gaussian(), { inputs: { z: normals(1, 'z', [50, 64]) }, sizes: { action: 3 } });
    expect(Math.max(...numbers(outputs['mean']).map(Math.abs))).toBeLessThan(0.05);
    expect(new Set(numbers(outputs['logStd']))).toEqual(new Set([0]));
  });
  it('learns its spread from all rows', async () => {
    const { gradients } = await evaluateNode(gaussian(), { inputs: { z: normals(1, 'z', [5, 2]) }, sizes: { action: 2 }, cotangents: { logStd: normals(2, 'c', [5, 2]) } }), c = normals(2, 'c', [5, 2]).data;
    near(gradients.weights['logStd/value'], [0, 1].map(i => [0, 1, 2, 3, 4].reduce((sum, row) => sum + c[row * 2 + i]!, 0)));
  });
});

describe('gaussianLogProb', () => {
  const of = (mean: number, logStd: number, actions: readonly number[]) => evaluateNode(gaussianLogProb(), { inputs: { mean: floats(actions.map(() => [mean])), logStd: floats(actions.map(() => [logStd])), action: floats(actions.map(a => [a])) } });
  it('is a density: it integrates to 1, and -its mean logarithm is the entropy', async () => {
    const step = 0.01, grid = Array.from({ length: 2001 }, (_, i) => -10 + i * step), { outputs } = await of(0.4, -0.3, grid), log = numbers(outputs['logProb']);
    expect(log.reduce((sum, x) => sum + Math.exp(x) * step, 0)).toBeCloseTo(1, 4);
    expect(log.reduce((sum, x) => sum - Math.exp(x) * x * step, 0)).toBeCloseTo(numbers(outputs['entropy'])[0]!, 4);
  });
  it('adds up over the numbers of an action, also beyond its range', async () => {
    const { outputs } = await evaluateNode(gaussianLogProb(), { inputs: { mean: floats([[0, 1]]), logStd: floats([[0, Math.log(2)]]), action: floats([[3, -3]]) } }), half = 0.5 * Math.log(2 * Math.PI);
    near(outputs['logProb'], [-4.5 - half - 2 - Math.log(2) - half]);
    near(outputs['entropy'], [1 + 2 * half + Math.log(2)]);
  });
});

describe('meanAndStd', () => {
  it('keeps log std between its bounds, smoothly: the gradient ends nowhere', async () => {
    const weights = { 'mean/kernel': floats([[2]]), 'mean/bias': floats([1]), 'logStd/kernel': floats([[1]]), 'logStd/bias': floats([0]) }, x = floats([[-9], [0], [0.5], [9]]);
    const { outputs, gradients } = await evaluateNode(meanAndStd({ hidden: [] }), { inputs: { obs: x }, sizes: { action: 1 }, weights, cotangents: { logStd: floats([[1], [1], [1], [1]]) } });
    near(outputs['mean'], [[-17], [1], [2], [19]]);
    near(outputs['logStd'], [-9, 0, 0.5, 9].map(v => [-5 + 3.5 * (Math.tanh(v) + 1)]));
    expect(numbers(gradients.inputs['obs']).slice(0, 3).every(g => g > 0)).toBe(true);
  });
  it('takes other bounds', async () => {
    const { outputs } = await evaluateNode(meanAndStd({ hidden: [4] }), { inputs: { obs: normals(1, 'obs', [20, 3]) }, sizes: { action: 2 }, knobs: { least: -20, most: -19 } });
    expect(numbers(outputs['logStd']).every(s => s > -20 && s < -19)).toBe(true);
  });
});

it('a temperature starts at its number, and its logarithm is what is learned', async () => {
  const { outputs, gradients } = await evaluateNode(temperature({ start: 0.2 }), { inputs: {} });
  expect(numbers(outputs['alpha'])[0]).toBeCloseTo(0.2, 6);
  expect(numbers(gradients.weights['logAlpha/value'])[0]).toBeCloseTo(0.2, 6);
});

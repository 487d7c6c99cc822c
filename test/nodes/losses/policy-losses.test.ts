import { describe, expect, it } from 'vitest';
import { clippedHuberValue, clippedPolicy, clippedValue, entropyLoss, maskedMse, policyGradient } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

const cotangents = { loss: floats(1) };

describe('policyGradient', () => {
  it('equals a calculation by hand', async () => {
    const inputs = { logProb: floats([[-1, -2, -9]]), advantage: floats([[3, -0.5, 100]]), mask: floats([[1, 1, 0]]) }, { outputs, gradients } = await evaluateNode(policyGradient, { sizes: {}, inputs, cotangents });
    near(outputs['loss'], (3 - 1) / 2);
    near(gradients.inputs['logProb'], [[-1.5, 0.25, 0]]);
  });
  it('doubles where all advantages do', async () => {
    const logProb = normals(1, 'p', [3, 4]), advantage = normals(1, 'a', [3, 4]), mask = filled([3, 4], 1), twice = { shape: [3, 4], data: Float32Array.from(advantage.data, x => 2 * x) };
    const [one, two] = [await evaluateNode(policyGradient, { sizes: {}, inputs: { logProb, advantage, mask }, cotangents }), await evaluateNode(policyGradient, { sizes: {}, inputs: { logProb, advantage: twice, mask }, cotangents })];
    near(two.gradients.inputs['logProb'], numbers(one.gradients.inputs['logProb']).map(x => 2 * x));
  });
});

describe('entropyLoss', () => {
  it('is the mean entropy of what counts, to be lowered', async () => {
    const { outputs, gradients } = await evaluateNode(entropyLoss, { sizes: {}, inputs: { entropy: floats([[0.5, 1.5, 7]]), mask: floats([[1, 1, 0]]) }, cotangents });
    near(outputs['loss'], -1);
    near(gradients.inputs['entropy'], [[-0.5, -0.5, 0]]);
  });
});

describe('clippedPolicy', () => {
  const clipped = (ratio: number[], advantage: number[], clip = 0.2) => evaluateNode(clippedPolicy, { sizes: {}, knobs: { clip }, inputs: { logProb: floats([ratio.map(x => Math.log(x) - 1)]), oldLogProb: floats([ratio.map(() => -1)]), advantage: floats([advantage]), mask: filled([1, ratio.length], 1) }, cotangents });
  // the gradient to log rho is rho times that to rho
  it.each([[1.3, 2, -2.4, 0], [1.3, -2, 2.6, 2], [0.7, 2, -1.4, -2], [0.7, -2, 1.6, 0]])('with a ratio of %f and an advantage of %f is %f, and its gradient to the ratio %f', async (ratio, advantage, loss, slope) => {
    const { outputs, gradients } = await clipped([ratio], [advantage]);
    near(outputs['loss'], loss);
    near(gradients.inputs['logProb'], [[slope * ratio]]);
    near(outputs['ratio'], [[ratio]]);
  });
  it('at a ratio of 1 has the gradient of the policy gradient, and no divergence', async () => {
    const inputs = { logProb: normals(1, 'p', [3, 4]), advantage: normals(1, 'a', [3, 4]), mask: filled([3, 4], 1) };
    const [ours, plain] = [await evaluateNode(clippedPolicy, { sizes: {}, inputs: { ...inputs, oldLogProb: inputs.logProb }, cotangents }), await evaluateNode(policyGradient, { sizes: {}, inputs, cotangents })];
    near(ours.gradients.inputs['logProb'], numbers(plain.gradients.inputs['logProb']));
    expect(numbers(ours.outputs['ratio'])).toEqual(Array(12).fill(1));
    expect(numbers(ours.outputs['kl'])).toEqual([0]);
  });
  it('without a clip is the policy gradient with weights by importance: rho A', async () => {
    near((await clipped([2, 0.1], [3, -4], 1e9)).outputs['loss'], -(6 - 0.4) / 2);
  });
  it('estimates the divergence: mean of rho - 1 - log rho', async () => {
    near((await clipped([1.5, 0.5], [1, 1])).outputs['kl'], (0.5 - Math.log(1.5) + -0.5 - Math.log(0.5)) / 2);
  });
});

describe('clippedValue', () => {
  const valued = (value: number[], old: number[], returns: number[]) => evaluateNode(clippedValue, { sizes: {}, knobs: { clip: 0.2 }, inputs: { value: floats([value]), oldValue: floats([old]), returns: floats([returns]), mask: filled([1, value.length], 1) }, cotangents });
  it('by hand, where the clipped value is further off: 1/2 (1.5 - 0.7)^2, and nothing to learn', async () => {
    const { outputs, gradients } = await valued([0.9], [0.5], [1.5]);
    near(outputs['loss'], 0.32);
    near(gradients.inputs['value'], [[0]]);
  });
  it('by hand, where it moved away from the return: 1/2 (0.9 - 0)^2, and back', async () => {
    const { outputs, gradients } = await valued([0.9], [0.5], [0]);
    near(outputs['loss'], 0.405);
    near(gradients.inputs['value'], [[0.9]]);
  });
  it('is half the squared error while values are near the old ones, and never less', async () => {
    const value = numbers(normals(1, 'v', [8])), returns = numbers(normals(1, 'r', [8])), near_ = value.map((x, i) => x + (i % 2 ? 0.1 : -0.1)), far = value.map((x, i) => x + (i % 2 ? 2 : -2));
    const mse = numbers((await evaluateNode(maskedMse, { sizes: {}, inputs: { prediction: floats([value]), target: floats([returns]), mask: filled([1, 8], 1) } })).outputs['loss'])[0]!;
    near((await valued(value, near_, returns)).outputs['loss'], mse / 2);
    expect(numbers((await valued(value, far, returns)).outputs['loss'])[0]).toBeGreaterThan(mse / 2);
  });
});

describe('clippedHuberValue', () => {
  const valued = (value: number[], old: number[], returns: number[], knobs = { clip: 0.2, huber: 10 }) => evaluateNode(clippedHuberValue, { sizes: {}, knobs, inputs: { value: floats([value]), oldValue: floats([old]), returns: floats([returns]), mask: filled([1, value.length], 1) }, cotangents });
  it('by hand, where the clipped value is further off: 1/2 (1.5 - 0.7)^2', async () => {
    const { outputs, gradients } = await valued([0.9], [0.5], [1.5]);
    near(outputs['loss'], 0.32);
    near(gradients.inputs['value'], [[0]]);
  });
  it('by hand, where the error is large: 2 (5 - 2 / 2), and its slope', async () => {
    const { outputs, gradients } = await valued([1], [1], [6], { clip: 0.2, huber: 2 });
    near(outputs['loss'], 8);
    near(gradients.inputs['value'], [[-2]]);
  });
  it('is that of squares where errors are small, whatever is clipped', async () => {
    const [value, old, returns] = ['v', 'o', 'r'].map(what => numbers(normals(1, what, [40]))) as [number[], number[], number[]], inputs = { value: floats([value]), oldValue: floats([old]), returns: floats([returns]), mask: filled([1, 40], 1) };
    const [ours, squares] = [await valued(value, old, returns, { clip: 0.2, huber: 100 }), await evaluateNode(clippedValue, { sizes: {}, knobs: { clip: 0.2 }, inputs, cotangents })];
    near(ours.outputs['loss'], numbers(squares.outputs['loss'])[0]!);
    near(ours.gradients.inputs['value'], [numbers(squares.gradients.inputs['value'])]);
  });
});

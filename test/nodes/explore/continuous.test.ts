/** Draws of continuous actions, and noise on them. */
import { describe, expect, it } from 'vitest';
import { plusGaussian, plusOrnsteinUhlenbeck, sampleGaussian, sampleSquashed } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

describe('sampleGaussian', () => {
  it('draws from where the distribution lies, beyond the range too; the best action is within it', async () => {
    const { outputs } = await evaluateNode(sampleGaussian(), { inputs: { mean: floats([[0.5], [-3]]), logStd: floats([[Math.log(2)], [0]]) }, noise: { eps: floats([[1], [0.25]]) } });
    near(outputs['action'], [[2.5], [-2.75]]);
    near(outputs['best'], [[0.5], [-1]]);
  });
});

describe('sampleSquashed', () => {
  it('is golden vector 4 of the density: mean 0.3, log std -0.5, u 0.8', async () => {
    const { outputs } = await evaluateNode(sampleSquashed(), { inputs: { mean: floats([[0.3]]), logStd: floats([[-0.5]]) }, noise: { eps: floats([[0.5 / Math.exp(-0.5)]]) } });
    near(outputs['action'], [[1.328074 / 2]]);                             // there on a range of twice the width, whose logarithm is log 2 less
    near(outputs['logProb'], [-0.177217]);
    near(outputs['logProb'], [-0.870364 + Math.LN2]);
  });
  /** The draw of eps that gives an action. */
  const drawn = (a: readonly number[], mean: number, logStd: number) => evaluateNode(sampleSquashed(), { inputs: { mean: filled([a.length, 1], mean), logStd: filled([a.length, 1], logStd) }, noise: { eps: floats(a.map(x => [(Math.atanh(x) - mean) / Math.exp(logStd)])) } });
  it.each([[0.3, -0.5], [-1, 0.2], [0, -2]])('is a density over [-1, 1]: it integrates to 1 (mean %d, log std %d)', async (mean, logStd) => {
    // on a grid that is fine near the ends
    const u = Array.from({ length: 4001 }, (_, i) => -8 + i * 0.004), a = u.map(Math.tanh), { outputs } = await drawn(a, mean, logStd), p = numbers(outputs['logProb']).map(Math.exp);
    expect(a.slice(1).reduce((sum, x, i) => sum + (x - a[i]!) * (p[i]! + p[i + 1]!) / 2, 0)).toBeCloseTo(1, 3);
  });
  it('gives the same density as from the action by atanh', async () => {
    const a = [-0.95, -0.5, -0.01, 0, 0.3, 0.9], [mean, logStd] = [0.2, -0.4], { outputs } = await drawn(a, mean, logStd);
    const want = a.map(x => -0.5 * ((Math.atanh(x) - mean) / Math.exp(logStd)) ** 2 - logStd - 0.5 * Math.log(2 * Math.PI) - Math.log(1 - x * x));
    numbers(outputs['logProb']).forEach((x, i) => { expect(Math.abs(x - want[i]!)).toBeLessThan(1e-4); });
    near(outputs['action'], a.map(x => [x]), 1e-6);
  });
  it('stays finite far from 0, where 1 - tanh^2 is 0 in floats', async () => {
    const { outputs, gradients } = await evaluateNode(sampleSquashed(), { inputs: { mean: floats([[30], [-30]]), logStd: floats([[0], [0]]) }, noise: { eps: floats([[1], [1]]) } });
    near(outputs['logProb'], [31, -29].map(u => -0.5 - 0.5 * Math.log(2 * Math.PI) - 2 * (Math.LN2 - u - (u > 0 ? 0 : -2 * u))), 1e-3);
    for (const g of Object.values(gradients.inputs)) expect(numbers(g).every(Number.isFinite)).toBe(true);
  });
  it('passes the gradient through the draw, both of the action and of the density', async () => {
    const { gradients } = await evaluateNode(sampleSquashed(), { inputs: { mean: floats([[0.3]]), logStd: floats([[-0.5]]) }, noise: { eps: floats([[0.8]]) }, cotangents: { logProb: floats([1]) } }), u = 0.3 + Math.exp(-0.5) * 0.8;
    near(gradients.inputs['mean'], [[2 * Math.tanh(u)]]);                  // of the normal density alone it is 0: the draw moves with its mean
    near(gradients.inputs['logStd'], [[-1 + 2 * Math.tanh(u) * Math.exp(-0.5) * 0.8]]);
  });
});

describe('plusOrnsteinUhlenbeck', () => {
  const run = (more: object) => evaluateNode(plusOrnsteinUhlenbeck(), { inputs: { action: filled([1, 4, 1], 0.25) }, knobs: { theta: 0.5, std: 0.2 }, noise: { eps: floats([[[1], [1], [-2], [0]]]) }, ...more });
  it('is worked by hand, from nothing and from what it carries', async () => {
    const first = await run({});
    near(first.outputs['action'], [[[0.45], [0.55], [0], [0.125]]]);        // noise 0.2, 0.3, -0.25, -0.125
    near(first.outputs['best'], [[[0.25], [0.25], [0.25], [0.25]]]);
    near(first.carry, [[-0.125]]);
    near((await run({ carry: floats([[0.4]]) })).outputs['action'], [[[0.65], [0.65], [0.05], [0.15]]]);
  });
  it('stays within the range of actions', async () => {
    near((await run({ inputs: { action: floats([[[1], [-1], [-1], [1]]]) } })).outputs['action'], [[[1], [-0.7], [-1], [0.875]]]);
  });
  it('with theta 1 it is the noise of plusGaussian', async () => {
    const noise = { eps: normals(1, 'eps', [3, 5, 2]) }, inputs = { action: normals(2, 'a', [3, 5, 2], 0.3) };
    const [a, b] = [await evaluateNode(plusOrnsteinUhlenbeck(), { inputs, noise, knobs: { theta: 1, std: 0.3 } }), await evaluateNode(plusGaussian(), { inputs, noise, knobs: { std: 0.3 } })];
    near(a.outputs['action'], [...b.outputs['action']!.data], 1e-6);
  });
  it('comes to its variance, and remembers', async () => {
    const T = 4000, { outputs } = await evaluateNode(plusOrnsteinUhlenbeck(), { inputs: { action: filled([1, T, 1], 0) }, knobs: { theta: 0.15, std: 0.05 }, cotangents: {} }), x = numbers(outputs['action']).slice(100);
    const cov = (lag: number) => x.slice(lag).reduce((sum, v, i) => sum + v * x[i]!, 0) / (x.length - lag);
    expect(Math.sqrt(cov(0)) / (0.05 / Math.sqrt(1 - 0.85 ** 2))).toBeCloseTo(1, 1);
    expect(cov(1) / cov(0)).toBeCloseTo(0.85, 1);
    expect(cov(5) / cov(0)).toBeGreaterThan(0.25);
  });
});

import { describe, expect, it } from 'vitest';
import { categorical, categoricalLogProb, sampleCategorical, softmaxPolicy } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers, wholes } from '../arrays.ts';

const softmax = (x: readonly number[]) => { const e = x.map(Math.exp), sum = e.reduce((a, b) => a + b, 0); return e.map(v => v / sum); };

describe('categorical', () => {
  it('by hand: a linear layer, and no chance for what is unavailable', async () => {
    const weights = { 'head/kernel': floats([[1, 0, 2], [0, 1, -1]]), 'head/bias': floats([0, 0.5, 0]) }, { outputs } = await evaluateNode(categorical, { sizes: {}, inputs: { z: floats([[1, 2], [1, 2]]), avail: flags([[1, 1, 1], [1, 1, 0]]) }, weights });
    near(outputs['raw'], [[1, 2.5, 0], [1, 2.5, 0]]);
    near(outputs['pi'], [softmax([1, 2.5, 0]), [...softmax([1, 2.5]), 0]]);
    expect(numbers(outputs['logits'])[5]).toBe(-1e9);
  });
  it('has no gradient to the layer of what is unavailable, and is even where nothing is available', async () => {
    const inputs = { z: normals(1, 'z', [4, 3]), avail: flags([[1, 0, 1, 1], [1, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]]) }, { gradients, outputs } = await evaluateNode(categorical, { sizes: {}, inputs, cotangents: { pi: normals(1, 'c', [4, 4]) } });
    numbers(gradients.weights['head/kernel']).forEach((g, i) => { if (i % 4 === 1) expect(g).toBe(0); });
    near({ shape: [4], data: outputs['pi']!.data.slice(12) }, [0.25, 0.25, 0.25, 0.25]);
  });
  it('starts nearly even', async () => {
    const { outputs } = await evaluateNode(categorical, { sizes: {}, inputs: { z: normals(1, 'z', [20, 8]), avail: flags(Array.from({ length: 20 }, () => [1, 1, 1])) } });
    for (const p of numbers(outputs['pi'])) expect(Math.abs(p - 1 / 3)).toBeLessThan(0.02);
    expect(layerTable(categorical(), { batch: 2, z: 8, action: 3 }).map(({ name, shape }) => [name, shape])).toEqual([['head/kernel', [8, 3]], ['head/bias', [3]]]);
  });
});

describe('softmaxPolicy', () => {
  it('is categorical but for its start, which is within 1 / sqrt(width) of 0 as PyTorch draws it', async () => {
    const inputs = { z: normals(1, 'z', [4, 3]), avail: flags([[1, 0, 1, 1], [1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]]) }, weights = { 'head/kernel': normals(1, 'kernel', [3, 4]), 'head/bias': normals(1, 'bias', [4]) };
    expect((await evaluateNode(softmaxPolicy, { sizes: {}, inputs, weights })).outputs).toEqual((await evaluateNode(categorical, { sizes: {}, inputs, weights })).outputs);
    const { weights: drawn } = await evaluateNode(softmaxPolicy, { sizes: {}, inputs: { z: normals(1, 'z', [1, 64]), avail: flags([Array<number>(50).fill(1)]) } }), kernel = numbers(drawn['head/kernel']), bound = 1 / 8;
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.sqrt(kernel.reduce((sum, x) => sum + x * x, 0) / kernel.length)).toBeCloseTo(bound / Math.sqrt(3), 2);
    expect(numbers(drawn['head/bias']).some(x => x !== 0)).toBe(true);
  });
});

describe('categoricalLogProb', () => {
  it('by hand, and the entropy of an even choice is log n', async () => {
    const { outputs } = await evaluateNode(categoricalLogProb, { sizes: {}, inputs: { logits: floats([[0, 0, -1e9], [1, 2.5, 0]]), action: wholes([1, 2]) } }), pi = softmax([1, 2.5, 0]);
    near(outputs['logProb'], [-Math.LN2, Math.log(pi[2]!)]);
    near(outputs['entropy'], [Math.LN2, -pi.reduce((sum, p) => sum + p * Math.log(p), 0)]);
  });
  it('has a score whose mean is 0 under the policy itself', async () => {
    const logits = [0.3, -1, 2, 0.5], pi = softmax(logits), rows = floats(logits.map(() => logits)), { gradients } = await evaluateNode(categoricalLogProb, { sizes: {}, inputs: { logits: rows, action: wholes([0, 1, 2, 3]) }, cotangents: { logProb: floats(pi) } }), g = numbers(gradients.inputs['logits']);
    for (let a = 0; a < 4; a++) expect(Math.abs(g.reduce((sum, x, i) => (i % 4 === a ? sum + x : sum), 0))).toBeLessThan(1e-6);
  });
  it('of a bandit that pays 1 and 0: the expected gradient at an even choice is (1/4, -1/4)', async () => {
    const { gradients } = await evaluateNode(categoricalLogProb, { sizes: {}, inputs: { logits: floats([[0, 0], [0, 0]]), action: wholes([0, 1]) }, cotangents: { logProb: floats([0.5 * 1, 0.5 * 0]) } }), g = numbers(gradients.inputs['logits']);
    near(floats([g[0]! + g[2]!, g[1]! + g[3]!]), [0.25, -0.25]);
  });
});

describe('sampleCategorical', () => {
  it('draws each action as often as it is likely, and never one that is unavailable', async () => {
    const logits = [1, 0, -1e9, -1], rows = 20_000, { outputs } = await evaluateNode(sampleCategorical, { sizes: {}, inputs: { logits: { shape: [rows, 4], data: Float32Array.from({ length: 4 * rows }, (_, i) => logits[i % 4]!) } } }), counts = [0, 0, 0, 0];
    for (const a of numbers(outputs['action'])) counts[a]!++;
    // within five standard deviations of the binomial law
    softmax(logits).forEach((p, a) => { expect(Math.abs(counts[a]! / rows - p)).toBeLessThanOrEqual(5 * Math.sqrt(p * (1 - p) / rows)); });
    expect(new Set(numbers(outputs['best']))).toEqual(new Set([0]));
  });
});

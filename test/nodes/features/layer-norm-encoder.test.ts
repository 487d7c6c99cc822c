import { describe, expect, it } from 'vitest';
import { layerNormEncoder, layerNormRecurrentEncoder, rnnAgentQ } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers, off } from '../arrays.ts';

/** Rows of [2 or more] numbers at mean 0 and variance 1. */
const even = (x: number[]) => { const m = x.reduce((a, b) => a + b) / x.length, v = x.reduce((a, b) => a + (b - m) ** 2, 0) / x.length; return x.map(y => (y - m) / Math.sqrt(v + 1e-5)); };
const columns = (w: number[], from: number, to: number) => Array.from({ length: to }, (_, a) => Array.from({ length: to }, (__, b) => Array.from({ length: from }, (___, i) => w[i * to + a]! * w[i * to + b]!).reduce((x, y) => x + y)));

describe('layerNormEncoder', () => {
  it('by hand: LayerNorm, and a layer with ReLU and LayerNorm', async () => {
    const weights = { 'trunk/scale': floats([2, 1, 1]), 'trunk/shift': floats([0, 0.5, 0]), 'trunk/kernel0': floats([[1, 0], [1, -1], [0, 2]]), 'trunk/bias0': floats([0.1, -0.2]), 'trunk/scale0': floats([1, 3]), 'trunk/shift0': floats([-1, 0]) };
    const { outputs } = await evaluateNode(layerNormEncoder, { config: { hidden: [2] }, sizes: {}, inputs: { x: floats([[3, 1, -2]]) }, weights }), [a, b, c] = even([3, 1, -2]).map((x, i) => x * [2, 1, 1][i]! + [0, 0.5, 0][i]!) as [number, number, number];
    const deep = even([a + b + 0.1, -b + 2 * c - 0.2].map(x => Math.max(0, x)));
    near(outputs['z'], [[deep[0]! - 1, 3 * deep[1]!]]);
  });
  it('does not see how an observation is scaled or moved', async () => {
    const x = normals(1, 'x', [4, 6]), moved = { shape: x.shape, data: x.data.map(v => 300 * v - 70) } as typeof x, of = async (given: typeof x) => (await evaluateNode(layerNormEncoder, { config: { hidden: [8, 5] }, sizes: {}, inputs: { x: given } })).outputs['z'];
    expect(off(await of(moved), await of(x))).toBeLessThan(1e-4);
  });
  it('starts orthogonal with gain sqrt(2), at scale 1, without biases and shifts', async () => {
    const { weights } = await evaluateNode(layerNormEncoder, { config: { hidden: [6, 3] }, sizes: {}, inputs: { x: normals(1, 'x', [1, 4]) } });
    near(floats(columns(numbers(weights['trunk/kernel1']), 6, 3)), [[2, 0, 0], [0, 2, 0], [0, 0, 2]]);
    for (const [k, w] of Object.entries(weights)) if (!k.includes('kernel')) expect(new Set(numbers(w)), k).toEqual(new Set([k.includes('scale') ? 1 : 0]));
  });
});

describe('layerNormRecurrentEncoder', () => {
  const config = { hidden: [5, 4] };
  it('is a GRU over the features of the feed-forward one, with LayerNorm behind it', async () => {
    const x = normals(1, 'x', [2, 3, 6]), { outputs, weights } = await evaluateNode(layerNormRecurrentEncoder, { config, sizes: {}, inputs: { x }, weights: { 'cell/bias': normals(1, 'b', [3, 4]), 'norm/shift': normals(1, 's', [4]), 'norm/scale': normals(1, 'k', [4]) } });
    const trunk = Object.fromEntries(Object.entries(weights).filter(([k]) => k.startsWith('trunk/'))), z = (await evaluateNode(layerNormEncoder, { config, sizes: {}, inputs: { x }, weights: trunk })).outputs['z']!;
    // the GRU of another node, whose first layer lets through what is not below 0: features moved up by 10, and its bias down
    const eye = (n: number, by: number) => floats(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? by : 0))));
    const both = { shape: [2, 3, 8], data: Float32Array.from({ length: 48 }, (_, i) => { const row = Math.floor(i / 8), v = z.data[row * 4 + i % 4]!; return i % 8 < 4 ? v : -v; }) };
    const first = { shape: [8, 8], data: eye(8, 1).data }, split = (k: string) => { const w = weights[`cell/${k}`]!; return w; };
    const kernel = { shape: [3, 8, 8], data: new Float32Array(192) }, recurrent = { shape: [3, 8, 8], data: new Float32Array(192) }, bias = { shape: [3, 8], data: new Float32Array(24) }, recurrentBias = { shape: [3, 8], data: new Float32Array(24) };
    for (let g = 0; g < 3; g++) for (let o = 0; o < 4; o++) {
      bias.data[g * 8 + o] = split('bias').data[g * 4 + o]!;
      recurrentBias.data[g * 8 + o] = split('recurrentBias').data[g * 4 + o]!;
      for (let i = 0; i < 4; i++) {
        const w = split('kernel').data[(g * 4 + i) * 4 + o]!;
        kernel.data[(g * 8 + i) * 8 + o] = w; kernel.data[(g * 8 + i + 4) * 8 + o] = -w;      // relu(v) - relu(-v) = v
        recurrent.data[(g * 8 + i) * 8 + o] = split('recurrent').data[(g * 4 + i) * 4 + o]!;
      }
    }
    const { outputs: { hidden } } = await evaluateNode(rnnAgentQ, { config: { hidden: 8 }, sizes: { action: 2 }, inputs: { x: both }, weights: { 'first/kernel': first, 'first/bias': floats(Array<number>(8).fill(0)), 'cell/kernel': kernel, 'cell/recurrent': recurrent, 'cell/bias': bias, 'cell/recurrentBias': recurrentBias } });
    const want = Array.from({ length: 6 }, (_, row) => even(numbers(hidden).slice(row * 8, row * 8 + 4)).map((v, i) => v * weights['norm/scale']!.data[i]! + weights['norm/shift']!.data[i]!));
    near(outputs['z'], [want.slice(0, 3), want.slice(3)], 1e-4);
  });
  it('starts with all gates of the GRU as one orthogonal matrix, [gate out, in], without biases', async () => {
    const { weights } = await evaluateNode(layerNormRecurrentEncoder, { config, sizes: {}, inputs: { x: normals(1, 'x', [1, 2, 6]) } });
    for (const k of ['cell/kernel', 'cell/recurrent']) {
      const w = weights[k]!.data, gram = Array.from({ length: 4 }, (_, a) => Array.from({ length: 4 }, (__, b) => { let s = 0; for (let g = 0; g < 3; g++) for (let o = 0; o < 4; o++) s += w[(g * 4 + a) * 4 + o]! * w[(g * 4 + b) * 4 + o]!; return s; }));
      near(floats(gram), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]);
    }
    for (const k of ['cell/bias', 'cell/recurrentBias']) expect(new Set(numbers(weights[k]))).toEqual(new Set([0]));
  });
});

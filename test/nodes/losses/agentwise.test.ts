/** Losses of agents that share no weights: each agent's mean, summed over agents. */
import { describe, expect, it } from 'vitest';
import { agentwiseMeanSquare, agentwiseMse, agentwiseNegate, maskedMse, meanSquare, negate } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers, off } from '../arrays.ts';

const mask = floats([[[1, 1], [1, 0]], [[1, 0], [0, 0]]]);             // three transitions of the first agent count, one of the second
describe('by hand', () => {
  it('agentwiseMse: (1 + 4 + 9) / 3 + 16', async () => {
    near((await evaluateNode(agentwiseMse, { inputs: { prediction: floats([[[1, 4], [2, 9]], [[3, 9], [9, 9]]]), target: filled([2, 2, 2], 0), mask } })).outputs['loss'], 14 / 3 + 16);
  });
  it('agentwiseNegate: -((1 + 2 + 3) / 3 + 4)', async () => { near((await evaluateNode(agentwiseNegate, { inputs: { value: floats([[[1, 4], [2, 9]], [[3, 9], [9, 9]]]), mask } })).outputs['loss'], -6); });
  it('agentwiseMeanSquare: ((1 + 9) / 2 + 4 + 0) / 3 + (16 + 4) / 2', async () => {
    const x = floats([[[[1, 3], [4, 2]], [[2, 2], [9, 9]]], [[[0, 0], [9, 9]], [[9, 9], [9, 9]]]]);
    near((await evaluateNode(agentwiseMeanSquare, { inputs: { x, mask } })).outputs['loss'], 3 + 10);
  });
});
it('are N times the means over agents where all count alike', async () => {
  const shape = [4, 2, 3], all = filled(shape, 1), a = normals(1, 'a', shape), b = normals(1, 'b', shape), x = normals(1, 'x', [...shape, 5]);
  for (const [own, shared, inputs] of [[agentwiseMse, maskedMse, { prediction: a, target: b, mask: all }], [agentwiseNegate, negate, { value: a, mask: all }], [agentwiseMeanSquare, meanSquare, { x, mask: all }]] as const) {
    const [sum, mean] = [await evaluateNode(own, { inputs }), await evaluateNode(shared, { inputs })], key = Object.keys(inputs)[0]!;
    expect(numbers(sum.outputs['loss'])[0]!).toBeCloseTo(3 * numbers(mean.outputs['loss'])[0]!, 4);
    const g = mean.gradients.inputs[key]!;
    expect(off(sum.gradients.inputs[key], { shape: g.shape, data: Float32Array.from(g.data, v => 3 * v) })).toBeLessThan(1e-5);
  }
});

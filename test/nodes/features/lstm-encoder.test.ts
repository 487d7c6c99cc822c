import { describe, expect, it } from 'vitest';
import { lstmEncoder } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { arrayOf, type Encoded, type State } from '../../graphs/policy-fixture.ts';
import { fixture, ownOf } from '../../graphs/primal-fixture.ts';
import { drawWeights, near, normals, numbers, off } from '../arrays.ts';

interface Case { readonly hidden: number; readonly x: Encoded; readonly carry: Encoded; readonly cotangent: Encoded; readonly weights: State; readonly z: Encoded; readonly left: Encoded; readonly gradients: { readonly x: Encoded; readonly weights: State } }
const { memory } = fixture<{ readonly memory: readonly Case[] }>('encoders.json');
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('lstmEncoder', () => {
  it.each(memory.map(c => [c.x.shape.join(' x '), c] as const))('is PyTorch\'s LSTM over %s: values, what it leaves, and all gradients', async (_, c) => {
    const { outputs, gradients, carry } = await evaluateNode(lstmEncoder, { config: { hidden: c.hidden }, inputs: { x: arrayOf(c.x) }, carry: arrayOf(c.carry), weights: ownOf(c.weights), cotangents: { z: arrayOf(c.cotangent) } });
    for (const [got, want] of [[outputs['z'], c.z], [carry, c.left], [gradients.inputs['x'], c.gradients.x]] as const) { expect(got!.shape).toEqual(want.shape); expect(off(got, arrayOf(want))).toBeLessThan(1e-5); }
    const want = ownOf(c.gradients.weights);
    expect(Object.keys(gradients.weights).sort()).toEqual(Object.keys(want).sort());
    for (const [name, x] of Object.entries(want)) expect(off(gradients.weights[name], x), name).toBeLessThan(1e-5);
  });
  it('by hand of one unit over two steps, from nothing', async () => {
    const [i, f, g, o] = [0.5, -0.3, 0.8, 1.2], [ui, uf, ug, uo] = [0.2, 0.4, -0.6, 0.1], gates = (w: number[]) => ({ shape: [4, 1, 1], data: Float32Array.from(w) });
    const { outputs } = await evaluateNode(lstmEncoder, { config: { hidden: 1 }, inputs: { x: { shape: [1, 2, 1], data: Float32Array.of(1, -2) } }, weights: { 'cell/kernel': gates([i, f, g, o]), 'cell/recurrent': gates([ui, uf, ug, uo]), 'cell/bias': { shape: [4, 1], data: Float32Array.of(0.1, 0.2, 0, 0) }, 'cell/recurrentBias': { shape: [4, 1], data: Float32Array.of(0, 0.1, 0, -0.1) } } });
    const c1 = sigmoid(i + 0.1) * Math.tanh(g), h1 = sigmoid(o - 0.1) * Math.tanh(c1), c2 = sigmoid(-2 * f + uf * h1 + 0.3) * c1 + sigmoid(-2 * i + ui * h1 + 0.1) * Math.tanh(-2 * g + ug * h1), h2 = sigmoid(-2 * o + uo * h1 - 0.1) * Math.tanh(c2);
    near(outputs['z'], [[h1, h2]]);
  });
  it('goes on from a carry: one step after another is the same as all at once', async () => {
    const weights = drawWeights(1, layerTable(lstmEncoder({ hidden: 5 }), { x: 4 })), x = normals(2, 'x', [1, 6, 4]);
    const run = (from: number, to: number, carry?: object) => evaluateNode(lstmEncoder, { config: { hidden: 5 }, weights, inputs: { x: { shape: [1, to - from, 4], data: x.data.slice(4 * from, 4 * to) as Float32Array } }, ...carry });
    const whole = await run(0, 6), first = await run(0, 2), second = await run(2, 6, { carry: first.carry });
    near(second.outputs['z'], numbers(whole.outputs['z']).slice(10), 1e-6);
  });
  it('has the weights of PyTorch\'s cell: 4 hidden (x + hidden + 2)', () => {
    expect(layerTable(lstmEncoder({ hidden: 512 }), { x: 512 }).reduce((sum, t) => sum + t.weights, 0)).toBe(4 * 512 * (512 + 512 + 2));
  });
});

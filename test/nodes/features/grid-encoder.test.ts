import { describe, expect, it } from 'vitest';
import { gridEncoder } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { arrayOf, type Encoded, type State } from '../../graphs/policy-fixture.ts';
import { fixture, ownOf } from '../../graphs/primal-fixture.ts';
import { floats, near, numbers, off, type Arrays } from '../arrays.ts';

interface Case { readonly config: Readonly<Record<string, number>>; readonly inputs: State; readonly cotangent: Encoded; readonly weights: State; readonly x: Encoded; readonly gradients: { readonly inputs: State; readonly weights: State } }
const { look } = fixture<{ readonly look: readonly Case[] }>('encoders.json');
const inputsOf = (x: State): Arrays => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, arrayOf(v)]));

describe('gridEncoder', () => {
  it.each(look.map(c => [c.inputs['grid']!.shape.slice(1).join(' x '), c] as const))('is two stages of PyTorch\'s convolutions and a residual block, over %s: values and all gradients', async (_, c) => {
    const { outputs, gradients } = await evaluateNode(gridEncoder, { config: c.config, inputs: inputsOf(c.inputs), weights: ownOf(c.weights), cotangents: { x: arrayOf(c.cotangent) } });
    expect(off(outputs['x'], arrayOf(c.x))).toBeLessThan(1e-5);
    for (const [got, want] of [[gradients.inputs, inputsOf(c.gradients.inputs)], [gradients.weights, ownOf(c.gradients.weights)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x), name).toBeLessThan(1e-5); }
    }
  });
  it('by hand of one cell: only the middle of each kernel meets it, no pool halves it', async () => {
    const middle = (x: number) => ({ shape: [3, 3, 1, 1], data: Float32Array.from({ length: 9 }, (_, i) => (i === 4 ? x : 7)) });
    const weights = {
      'near1/kernel': middle(2), 'near1/bias': floats([-1]), 'near2/kernel': middle(1), 'near2/bias': floats([0.5]), 'near3/kernel': middle(-1), 'near3/bias': floats([4]),
      'far1/kernel': middle(1), 'far1/bias': floats([0]), 'far2/kernel': middle(3), 'far2/bias': floats([-1]), 'far3/kernel': middle(0.5), 'far3/bias': floats([0]),
      'view/kernel': floats([[2]]), 'view/bias': floats([-3]), 'goal/kernel': floats([[1], [2]]), 'goal/bias': floats([0.25]),
      'first/kernel': floats([[1, -1], [1, 1]]), 'first/bias': floats([0, 0]), 'second/kernel': floats([[-1, 1], [0, 5]]), 'second/bias': floats([0.5, 0]),
    };
    const { outputs } = await evaluateNode(gridEncoder, { config: { near: 1, far: 1, hidden: 2, goalUnits: 1 }, inputs: { grid: floats([[[[1.5]]], [[[-3]]]]), goal: floats([[0.5, 0.25], [-1, 0]]) }, weights });
    // 1.5: 2, 2.5, 1.5 | 1.5, 3.5, 1.75 | view 0.5, goal 1.25; first (1.75, 0.75), second (-1.25, 5.5)
    // -3: 0, 0.5, 3.5 | 3.5, 9.5, 4.75 | view 6.5, goal 0; first (6.5, 0), second (-6, 6.5)
    near(outputs['x'], [[0, 6.75], [0.5, 6.5]]);
  });
  it('of the authors\' sizes has as many weights as their network', () => {
    const conv = (from: number, to: number, size = 3) => (size * size * from + 1) * to, dense = (from: number, to: number) => (from + 1) * to;
    const count = layerTable(gridEncoder({ near: 128, far: 256, hidden: 512 }), { channel: 4, row: 10, column: 10, goal: 3 }).reduce((sum, t) => sum + t.weights, 0);
    expect(count).toBe(conv(4, 128) + 2 * conv(128, 128) + conv(128, 256) + 2 * conv(256, 256) + conv(256, 500, 2) + dense(3, 12) + 2 * dense(512, 512));
  });
  it('starts without biases, with kernels of variance 2 / (9 channels), and dense ones within sqrt(6 / (in + out))', async () => {
    const table = layerTable(gridEncoder(), { channel: 4, row: 10, column: 10, goal: 3 }), { weights } = await evaluateNode(gridEncoder, { inputs: { grid: { shape: [1, 4, 10, 10], data: new Float32Array(400) }, goal: floats([[0, 0, 0]]) }, cotangents: {} });
    for (const { name, shape } of table) {
      const w = numbers(weights[name]), most = Math.max(...w.map(Math.abs)), bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
      if (name.endsWith('bias')) expect(most, name).toBe(0);
      else if (shape.length === 2) { expect(most, name).toBeLessThanOrEqual(bound); expect(most, name).toBeGreaterThan(0.8 * bound); }
      else expect(Math.sqrt(w.reduce((sum, x) => sum + x * x, 0) / w.length) / Math.sqrt(2 / (9 * shape[2]!)), name).toSatisfy((ratio: number) => Math.abs(ratio - 1) < 5 / Math.sqrt(2 * w.length));
    }
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeFactory } from '../../../core/node.ts';
import type { NamedArray } from '../../../core/store.ts';
import { duelingMax, duelingMean, duelingQ } from '../../../nodes/index.ts';
import { evaluateNode, importTorch, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, floats, near, normals, numbers, off, type Arrays } from '../arrays.ts';

const both: readonly (readonly [string, NodeFactory, (list: readonly number[]) => number])[] = [
  ['duelingMean', duelingMean, list => list.reduce((a, x) => a + x, 0) / list.length], ['duelingMax', duelingMax, list => Math.max(...list)],
];
const rowsOf = (x: NamedArray | undefined) => { const width = x!.shape.at(-1)!, all = numbers(x); return Array.from({ length: all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width)); };
const best = (list: readonly number[]) => list.indexOf(Math.max(...list));
const RUNS = { numRuns: 25 };
const sized = fc.record({ rows: fc.integer({ min: 1, max: 6 }), actions: fc.integer({ min: 1, max: 7 }), seed: fc.nat(1000) });

describe.each(both)('%s', (_, node, reference) => {
  const run = (value: NamedArray, advantage: NamedArray) => evaluateNode(node, { inputs: { value, advantage } });
  it('has the value of the state as mean, or greatest, of its values, and the greedy action of the advantages', () => fc.assert(fc.asyncProperty(sized, async ({ rows, actions, seed }) => {
    const value = normals(seed, 'value', [rows]), advantage = normals(seed, 'advantage', [rows, actions]), q = rowsOf((await run(value, advantage)).outputs['q']);
    q.forEach((row, i) => { expect(reference(row)).toBeCloseTo(value.data[i]!, 5); expect(best(row)).toBe(best(rowsOf(advantage)[i]!)); });
  }), RUNS));
  it('takes no notice of a number that is added to all advantages of a state', () => fc.assert(fc.asyncProperty(sized, async ({ rows, actions, seed }) => {
    const value = normals(seed, 'value', [rows]), advantage = normals(seed, 'advantage', [rows, actions]), more = { shape: advantage.shape, data: Float32Array.from(advantage.data, (x, i) => x + 3 * Math.floor(i / actions) - 5) };
    expect(off((await run(value, more)).outputs['q'], (await run(value, advantage)).outputs['q'])).toBeLessThan(1e-5);
  }), RUNS));
  it('of advantages that are alike is the value for every action', async () => { near((await run(floats([2, -1]), filled([2, 3], 7))).outputs['q'], [[2, 2, 2], [-1, -1, -1]]); });
});

describe('the two aggregations', () => {
  const inputs = { value: floats([10, -1]), advantage: floats([[1, 2, 6], [0, -3, 3]]) }, cotangents = { q: floats([[1, 0, 0], [0, 2, 1]]) };
  it('equal calculations by hand: the mean', async () => {
    const { outputs, gradients } = await evaluateNode(duelingMean, { inputs, cotangents });
    near(outputs['q'], [[10 + 1 - 3, 10 + 2 - 3, 10 + 6 - 3], [-1, -4, 2]]);
    near(gradients.inputs['value'], [1, 3]);
    near(gradients.inputs['advantage'], [[1 - 1 / 3, -1 / 3, -1 / 3], [-1, 2 - 1, 1 - 1]]);
  });
  it('equal calculations by hand: the greatest', async () => {
    const { outputs, gradients } = await evaluateNode(duelingMax, { inputs, cotangents });
    near(outputs['q'], [[10 + 1 - 6, 10 + 2 - 6, 10], [-1 - 3, -1 - 6, -1]]);
    near(gradients.inputs['value'], [1, 3]);
    near(gradients.inputs['advantage'], [[1, 0, -1], [0, 2, 1 - 3]]);
  });
});

describe('duelingQ', () => {
  it('equals a calculation by hand: 2 features, 2 units in the trunk, 1 in each stream, 3 actions', async () => {
    const weights = {
      'trunk/kernel0': floats([[1, 2], [3, -1]]), 'trunk/bias0': floats([0.5, 0]),
      'value/kernel0': floats([[1], [2]]), 'value/bias0': floats([-1]), 'value/kernel1': floats([[3]]), 'value/bias1': floats([0.5]),
      'advantage/kernel0': floats([[0], [1]]), 'advantage/bias0': floats([0]), 'advantage/kernel1': floats([[1, 2, 0]]), 'advantage/bias1': floats([0, 1, 2]),
    };
    const { outputs } = await evaluateNode(duelingQ, { config: { hidden: [2], stream: [1] }, sizes: { action: 3 }, weights, inputs: { obs: floats([[1, -2]]) } });
    // trunk: 1 - 6 + 0.5 -> 0, and 4; value: 2 * 4 - 1 = 7, 3 * 7 + 0.5 = 21.5; advantages: 4, 2 * 4 + 1 = 9, 2, whose mean is 5
    near(outputs['q'], [[21.5 - 1, 21.5 + 4, 21.5 - 3]]);
  });
  const obs = normals(3, 'obs', [6, 4]), sizes = { obs: 4, action: 3 }, table = layerTable(duelingQ({ hidden: [5], stream: [6] }), sizes), config = { hidden: [5], stream: [6] };
  const q = async (weights: Arrays) => rowsOf((await evaluateNode(duelingQ, { config, sizes: { action: 3 }, weights, inputs: { obs } })).outputs['q']);
  it('has a trunk and two streams, and no other weights', () => {
    expect(table.map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      'trunk/kernel0 4x5', 'trunk/bias0 5', 'value/kernel0 5x6', 'value/bias0 6', 'value/kernel1 6x1', 'value/bias1 1', 'advantage/kernel0 5x6', 'advantage/bias0 6', 'advantage/kernel1 6x3', 'advantage/bias1 3',
    ]);
    expect(layerTable(duelingQ({ hidden: [], stream: [] }), sizes).map(t => t.name)).toEqual(['value/kernel0', 'value/bias0', 'advantage/kernel0', 'advantage/bias0']);
  });
  it('is one value for every action where the last layer of the advantages is zero', async () => {
    const weights = drawWeights(1, table);
    for (const row of await q({ ...weights, 'advantage/kernel1': filled([6, 3], 0), 'advantage/bias1': filled([3], 4) })) for (const x of row) expect(x).toBeCloseTo(row[0]!, 5);
    for (const row of await q(weights)) expect(Math.max(...row) - Math.min(...row)).toBeGreaterThan(1e-3);
  });
  it('takes no notice of a number that is added to the last bias of the advantages', async () => {
    const weights = drawWeights(1, table), bias = weights['advantage/bias1']!, [a, b] = [await q(weights), await q({ ...weights, 'advantage/bias1': { shape: bias.shape, data: Float32Array.from(bias.data, x => x + 8) } })];
    a.flat().forEach((x, i) => { expect(b.flat()[i]).toBeCloseTo(x, 5); });
  });

  interface Encoded { readonly shape: readonly number[]; readonly data: readonly number[] }
  type State = Readonly<Record<string, Encoded>>;
  interface Fixture { readonly torch: string; readonly cases: readonly { readonly hidden: readonly number[]; readonly stream: readonly number[]; readonly obs: Encoded; readonly cotangent: Encoded; readonly weights: State; readonly value: Encoded; readonly advantage: Encoded; readonly mean: Encoded; readonly max: Encoded; readonly gradients: State; readonly obsGradient: Encoded }[] }
  const array = ({ shape, data }: Encoded): NamedArray => ({ shape, data: Float32Array.from(data) });
  const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/dqn/dueling.json', import.meta.url), 'utf8')) as Fixture;
  it.each(cases.map((c, i) => [i, c] as const))('has the values and gradients that PyTorch has, case %i; so have both aggregations', async (_, c) => {
    const layers = (to: string, from: string, depth: number) => Array.from({ length: depth }, (__, i) => [[`${to}/kernel${i}`, { from: `${from}.${2 * i}.weight`, transpose: true }], [`${to}/bias${i}`, { from: `${from}.${2 * i}.bias` }]] as const).flat();
    const map = Object.fromEntries([...layers('trunk', 'trunk', c.hidden.length), ...layers('value', 'value', c.stream.length + 1), ...layers('advantage', 'advantage', c.stream.length + 1)]);
    const read = (state: State) => importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, array(x)])), map), inputs = { obs: array(c.obs) }, actions = c.mean.shape.at(-1)!;
    const { outputs, gradients } = await evaluateNode(duelingQ, { config: { hidden: c.hidden, stream: c.stream }, sizes: { action: actions }, weights: read(c.weights), inputs, cotangents: { q: array(c.cotangent) } });
    expect(off(outputs['q'], array(c.mean))).toBeLessThan(1e-5);
    expect(off(gradients.inputs['obs'], array(c.obsGradient))).toBeLessThan(1e-5);
    for (const [name, g] of Object.entries(read(c.gradients))) expect(off(gradients.weights[name], g), name).toBeLessThan(1e-5);
    for (const [node, want] of [[duelingMean, c.mean], [duelingMax, c.max]] as const) expect(off((await evaluateNode(node, { inputs: { value: array(c.value), advantage: array(c.advantage) } })).outputs['q'], array(want))).toBeLessThan(1e-5);
  });
});

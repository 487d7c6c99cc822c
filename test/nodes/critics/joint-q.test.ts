/** QTRAN's joint networks and state values. */
import { describe, expect, it } from 'vitest';
import type { NodeFactory } from '../../../core/node.ts';
import { centralValue, counterfactualJointQ, historyJointQ, historyValue, jointQ } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, floats, near, normals, numbers, wholes, type Nested } from '../arrays.ts';

const I = (n: number): Nested => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
/** relu(x), as an mlp of two layers. */
const pass = (layer: string, n: number) => ({ [`${layer}/kernel0`]: floats(I(n)), [`${layer}/bias0`]: floats(Array<number>(n).fill(0)), [`${layer}/kernel1`]: floats(I(n)), [`${layer}/bias1`]: floats(Array<number>(n).fill(0)) });
const inputs = { state: floats([[5]]), hidden: floats([[[2], [-1]]]), action: wholes([[1, 0]]) };
const drawn = (rows: number, order = [0, 1, 2]) => {
  const h = numbers(normals(3, 'hidden', [rows, 3, 4])), u = Array.from({ length: rows * 3 }, (_, i) => (i * 7 + Math.floor(i / 3)) % 5);
  const rowsOf = <T>(f: (row: number, agent: number) => T) => Array.from({ length: rows }, (_, row) => order.map(agent => f(row, agent)));
  return { state: normals(2, 'state', [rows, 6]), hidden: floats(rowsOf((row, agent) => h.slice((row * 3 + agent) * 4, (row * 3 + agent + 1) * 4))), action: wholes(rowsOf((row, agent) => u[row * 3 + agent]!)) };
};

describe('jointQ', () => {
  const weights = drawWeights(1, layerTable(jointQ({ hidden: [8] }), { state: 6, agent: 3, hidden: 4, action: 5 })), run = (x: ReturnType<typeof drawn>) => evaluateNode(jointQ, { config: { hidden: [8] }, sizes: { action: 5 }, weights, inputs: x });
  it('equals a calculation by hand: 2 agents, 2 actions, hidden 1, state 1', async () => {
    const { outputs, gradients } = await evaluateNode(jointQ, { config: { hidden: [] }, sizes: { action: 2 }, weights: { ...pass('encode', 3), 'net/kernel0': floats([[1], [0.5], [0.25], [-2]]), 'net/bias0': floats([0.5]) }, inputs });
    // relu(2, 0, 1) + relu(-1, 1, 0) = 2, 1, 1; 5 + 0.5 * 2 + 0.25 * 1 - 2 * 1 + 0.5
    near(outputs['q'], [4.75]);
    near(gradients.inputs['hidden'], [[[0.5], [0]]]);
  });
  it('is the same for agents in another order, each with its action, and another with histories alone moved', async () => {
    const order = [2, 0, 1], before = numbers((await run(drawn(6))).outputs['q']), after = numbers((await run(drawn(6, order))).outputs['q']);
    before.forEach((x, i) => { expect(after[i]).toBeCloseTo(x, 3); });
    const apart = numbers((await run({ ...drawn(6), hidden: drawn(6, order).hidden })).outputs['q']);
    expect(Math.max(...apart.map((x, i) => Math.abs(x - before[i]!)))).toBeGreaterThan(0.01);
  });
  it('has the layers of the sheet, and a third one where it is big', () => {
    const table = (options: object) => layerTable(jointQ(options), { agent: 2, state: 7, hidden: 64, action: 5 }).map(t => `${t.name} ${t.shape.join('x')}`), encode = ['encode/kernel0 69x69', 'encode/bias0 69', 'encode/kernel1 69x69', 'encode/bias1 69'];
    expect(table({})).toEqual([...encode, 'net/kernel0 76x64', 'net/bias0 64', 'net/kernel1 64x64', 'net/bias1 64', 'net/kernel2 64x1', 'net/bias2 1']);
    expect(table({ hidden: [64, 64, 64] }).at(-2)).toBe('net/kernel3 64x1');
  });
});

describe('counterfactualJointQ', () => {
  it('equals a calculation by hand: 2 agents, 2 actions, hidden 1, state 1', async () => {
    const { outputs } = await evaluateNode(counterfactualJointQ, {
      config: { hidden: [] }, sizes: { action: 2 }, inputs,
      weights: { ...pass('history', 1), ...pass('other', 2), 'net/kernel0': floats([[1, 0], [0.5, 0], [0, 0.25], [0, 2], [3, 0], [0, -1]]), 'net/bias0': floats([0, 0.1]) },
    });
    // agent 0 reads 5 | 1 0 | relu(2) + relu(-1) = 2 | the other's action 0: 1 0;  agent 1 reads 5 | 0 1 | 2 | the other's action 1: 0 1
    near(outputs['q'], [[[5 + 0.5 + 3, 2 * 2 + 0.1], [5, 0.25 + 2 * 2 - 1 + 0.1]]]);
  });
  it('has the layers of the sheet', () => {
    expect(layerTable(counterfactualJointQ(), { agent: 2, state: 7, hidden: 64, action: 5 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      'history/kernel0 64x64', 'history/bias0 64', 'history/kernel1 64x64', 'history/bias1 64', 'other/kernel0 5x5', 'other/bias0 5', 'other/kernel1 5x5', 'other/bias1 5',
      'net/kernel0 78x64', 'net/bias0 64', 'net/kernel1 64x64', 'net/bias1 64', 'net/kernel2 64x5', 'net/bias2 5',
    ]);
  });
});
describe('historyJointQ', () => {
  it('equals a calculation by hand: 3 agents, 2 actions, hidden 1', async () => {
    const { outputs } = await evaluateNode(historyJointQ, {
      config: { embed: 1, hidden: [] }, sizes: { action: 2 }, inputs: { hidden: floats([[[2], [-1], [4]]]), action: wholes([[1, 0, 0]]) },
      weights: { ...pass('own', 1), 'pair/kernel0': floats([[1], [10], [30]]), 'pair/bias0': floats([0]), 'pair/kernel1': floats([[1]]), 'pair/bias1': floats([1]), 'net/kernel0': floats([[1, -1]]), 'net/bias0': floats([0, 0.5]) },
    });
    // pairs: 2 + 30 + 1 = 33, -1 + 10 + 1 = 10, 4 + 10 + 1 = 15; own: relu of 2, -1, 4; the others' pairs over 3
    const x = [2 + 25 / 3, 0 + 48 / 3, 4 + 43 / 3];
    near(outputs['q'], [x.map(v => [v, 0.5 - v])]);
  });
  it('has the layers of the sheet', () => {
    expect(layerTable(historyJointQ(), { agent: 2, hidden: 64, action: 5 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      'own/kernel0 64x64', 'own/bias0 64', 'own/kernel1 64x64', 'own/bias1 64', 'pair/kernel0 69x64', 'pair/bias0 64', 'pair/kernel1 64x64', 'pair/bias1 64',
      'net/kernel0 64x64', 'net/bias0 64', 'net/kernel1 64x64', 'net/bias1 64', 'net/kernel2 64x5', 'net/bias2 5',
    ]);
  });
});
describe.each([['counterfactualJointQ', counterfactualJointQ, { hidden: [8] }], ['historyJointQ', historyJointQ, { embed: 6, hidden: [8] }]] as const)('%s', (_, node, config) => {
  const weights = drawWeights(1, layerTable(node(config as never), { state: 6, agent: 3, hidden: 4, action: 5 })), run = ({ state, ...rest }: ReturnType<typeof drawn>) => evaluateNode(node as NodeFactory, { config, sizes: { action: 5 }, weights, inputs: 'state' in node.spec.in ? { state, ...rest } : rest });
  it('does not know an agent\'s own action, and does know that of each other one', async () => {
    const x = drawn(6), before = numbers((await run(x)).outputs['q']);
    for (let agent = 0; agent < 3; agent++) {
      const action = { shape: [6, 3], data: Int32Array.from(x.action.data, (a, i) => (i % 3 === agent ? (a + 1) % 5 : a)) }, after = numbers((await run({ ...x, action })).outputs['q']), of = (q: readonly number[], i: number) => q.filter((_, k) => Math.floor(k / 5) % 3 === i);
      for (let i = 0; i < 3; i++) if (i === agent) expect(of(after, i)).toEqual(of(before, i)); else expect(of(after, i)).not.toEqual(of(before, i));
    }
  });
  it('passes its gradient to the histories of all agents', async () => {
    const g = numbers((await run(drawn(6))).gradients.inputs['hidden']);
    for (let agent = 0; agent < 3; agent++) expect(g.some((v, i) => Math.floor(i / 4) % 3 === agent && v !== 0)).toBe(true);
  });
});

describe('the state values', () => {
  it('equal calculations by hand', async () => {
    near((await evaluateNode(centralValue, { config: { hidden: [1] }, sizes: {}, weights: { 'net/kernel0': floats([[2]]), 'net/bias0': floats([-3]), 'net/kernel1': floats([[0.5]]), 'net/bias1': floats([1]) }, inputs: { state: floats([[5], [1]]) } })).outputs['value'], [0.5 * 7 + 1, 1]);
    const { state, hidden } = inputs, { outputs, gradients } = await evaluateNode(historyValue, { config: { hidden: [] }, sizes: {}, weights: { ...pass('encode', 1), 'net/kernel0': floats([[1], [3]]), 'net/bias0': floats([0.5]) }, inputs: { state, hidden } });
    near(outputs['value'], [5 + 3 * 2 + 0.5]);
    near(gradients.inputs['hidden'], [[[3], [0]]]);
  });
});

import { describe, expect, it } from 'vitest';
import { shapleyMixer, sumMixer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, floats, near, normals, numbers, type Arrays } from '../arrays.ts';
import { game, jointActions } from './joint.ts';

const EMBED = 3, STATE = 2, state = [0.7, -1.2], ALL = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
const configOf = (samples: number) => ({ samples, embed: EMBED, hypernet: [] }), weightsOf = (seed: number) => drawWeights(seed, layerTable(shapleyMixer(configOf(1)), { agent: 3, state: STATE }));

/** The mixer in float64 from the formula; an order is a list of agents, the first one first. */
function byHand(q: readonly number[], greedy: readonly number[], orders: readonly (readonly number[])[], weights: Arrays): { alpha: number[]; qTot: number } {
  const w = (name: string) => numbers(weights[name]), affine = (x: readonly number[], layer: string, i: number | '' = '') => { const bias = w(`${layer}/bias${i}`), kernel = w(`${layer}/kernel${i}`); return bias.map((b, j) => x.reduce((sum, v, k) => sum + v * kernel[k * bias.length + j]!, b)); };
  const W1 = affine(state, 'w1', 0).map(Math.abs), b1 = affine(state, 'b1'), W2 = affine(state, 'w2', 0).map(Math.abs), [b2] = affine(affine(state, 'b2', 0).map(x => Math.max(0, x)), 'b2', 1);
  const F = (coalition: number, own: number) => b1.reduce((sum, b, k) => { const h = coalition * W1[k]! + own * W1[EMBED + k]! + b; return sum + W2[k]! * (h > 0 ? h : Math.expm1(h)); }, b2!);
  const alpha = q.map((own, a) => 1 + orders.reduce((sum, order) => { const before = order.slice(0, order.indexOf(a)); return sum + Math.abs(F(before.length ? before.reduce((s, i) => s + q[i]!, 0) / before.length : 0, own)); }, 0) / orders.length);
  return { alpha, qTot: q.reduce((sum, x, a) => sum + x * (greedy[a] ? 1 : alpha[a]!), 0) };
}
/** Lots that put the agents in this order. */
const lots = (order: readonly number[]) => order.map((_, a) => (order.indexOf(a) + 0.5) / order.length);
/** Rows of agents' values and greediness, with the orders of each row. */
const mix = (q: readonly (readonly number[])[], greedy: readonly (readonly number[])[], orders: readonly (readonly (readonly number[])[])[] | undefined, weights: Arrays, samples = orders![0]!.length, seed = 1) => evaluateNode(shapleyMixer, {
  config: configOf(samples), sizes: {}, weights, seed, inputs: { agentQs: floats(q), isGreedy: floats(greedy), state: floats(q.map(() => state)) },
  ...(orders ? { noise: { order: floats(orders.map(row => row.map(lots))) } } : {}), cotangents: { qTot: filled([q.length], 1), alpha: filled([q.length, q[0]!.length], 0) },
});
const values = [1.5, -0.4, 0.8], none = [0, 0, 0], all = [1, 1, 1];

describe('shapleyMixer', () => {
  it('is the formula, for each order of three agents: a cycle and its inverse are told apart', async () => {
    const weights = weightsOf(1), { outputs } = await mix(ALL.map(() => values), ALL.map(() => none), ALL.map(order => [order]), weights), want = ALL.map(order => byHand(values, none, [order], weights));
    near(outputs['alpha'], want.map(w => w.alpha), 1e-5);
    near(outputs['qTot'], want.map(w => w.qTot), 1e-5);
    const [there, back] = [want[3]!, want[4]!];                            // 1 2 0 and 2 0 1
    expect(Math.max(...there.alpha.map((x, a) => Math.abs(x - back.alpha[a]!)))).toBeGreaterThan(0.01);
  });
  it('is the formula for many draws: some agents greedy, several orders a row', async () => {
    for (const seed of [2, 3, 4]) {
      const weights = weightsOf(seed), { values: drawn } = game({ agents: 4, actions: 3, state: 1, seed }), greedy = drawn.map((_, row) => [0, 1, 2].map(a => (row >> a) & 1)), orders = drawn.map((_, row) => [ALL[row]!, ALL[5 - row]!]);
      const { outputs } = await mix(drawn, greedy, orders, weights);
      near(outputs['qTot'], drawn.map((q, row) => byHand(q, greedy[row]!, orders[row]!, weights).qTot), 1e-4);
      expect(Math.min(...numbers(outputs['alpha']))).toBeGreaterThanOrEqual(1);
    }
  });
  it('is the sum, with a gradient of 1 to each value and none to the mixer, where every agent is greedy', async () => {
    const { outputs, gradients } = await mix([values], [all], [[ALL[3]!]], weightsOf(1)), sum = await evaluateNode(sumMixer, { sizes: {}, inputs: { agentQs: floats([values]) } });
    expect(numbers(outputs['qTot'])).toEqual(numbers(sum.outputs['qTot']));
    near(gradients.inputs['agentQs'], [[1, 1, 1]], 0);
    for (const [name, g] of Object.entries(gradients.weights)) expect(numbers(g).every(x => x === 0), name).toBe(true);
  });
  it('trains every layer where an agent is not, and passes the gradient to agents that stand before it', async () => {
    const { gradients } = await mix([values], [[1, 1, 0]], [[[0, 1, 2]]], weightsOf(1)), q = numbers(gradients.inputs['agentQs']);
    for (const [name, g] of Object.entries(gradients.weights)) expect(numbers(g).some(x => x !== 0), name).toBe(true);
    for (const a of [0, 1]) expect(Math.abs(q[a]! - 1)).toBeGreaterThan(1e-3);
    expect(q[0]).toBeCloseTo(q[1]!, 6);                                    // both are halves of one mean
    const behind = numbers((await mix([values], [[1, 1, 0]], [[[2, 0, 1]]], weightsOf(1))).gradients.inputs['agentQs']);
    expect(behind.slice(0, 2)).toEqual([1, 1]);                            // nobody stands before the third
  });
  it('depends on the orders only where an agent is not greedy', async () => {
    const weights = weightsOf(1), rows = [[1, 1, 1], [1, 1, 0], [0, 0, 0]], at = async (order: number[]) => numbers((await mix(rows.map(() => values), rows, rows.map(() => [order]), weights)).outputs['qTot']);
    const [a, b] = [await at([0, 1, 2]), await at([2, 1, 0])];
    expect(a.map((x, row) => x !== b[row])).toEqual([false, true, true]);
  });
  it('is VDN bit for bit where F is 0 and so alpha 1', async () => {
    const q = normals(3, 'q', [20, 3], 3), zero = Object.fromEntries(Object.entries(weightsOf(1)).map(([k, x]) => [k, filled(x.shape, 0)]));
    const { outputs } = await evaluateNode(shapleyMixer, { config: configOf(5), sizes: {}, weights: zero, inputs: { agentQs: q, isGreedy: floats(Array.from({ length: 20 }, (_, i) => [i % 2, i % 3 ? 1 : 0, 0])), state: normals(3, 's', [20, STATE]) } });
    expect(numbers(outputs['qTot'])).toEqual(numbers((await evaluateNode(sumMixer, { sizes: {}, inputs: { agentQs: q } })).outputs['qTot']));
  });
  it('has for one agent the empty coalition, whatever is drawn', async () => {
    const weights = weightsOf(1), { outputs } = await mix([[1.5]], [[0]], undefined, weights, 4);
    near(outputs['alpha'], [byHand([1.5], [0], [[0]], weights).alpha], 1e-5);
  });
  it('draws each order of two agents as often as the other: alpha is 1 + (|F(0, q_a)| + |F(q_b, q_a)|) / 2', async () => {
    const weights = weightsOf(2), q = [1.5, -2], samples = 4000, { alpha } = byHand(q, [0, 0], [[0, 1], [1, 0]], weights), apart = byHand(q, [0, 0], [[0, 1]], weights).alpha.map((x, a) => Math.abs(x - byHand(q, [0, 0], [[1, 0]], weights).alpha[a]!));
    const drawn = numbers((await mix([q], [[0, 0]], undefined, weights, samples)).outputs['alpha']);
    expect(Math.min(...apart)).toBeGreaterThan(0.1);
    drawn.forEach((x, a) => { expect(Math.abs(x - alpha[a]!)).toBeLessThan(4 * (apart[a]! / 2) / Math.sqrt(samples)); });      // a mean of coins worth apart / 2
  });
  it('takes no notice of the order in which agents are listed, if their lots move along', async () => {
    const weights = weightsOf(1), move = [2, 0, 1], order = [1, 2, 0], moved = order.map(a => move.indexOf(a)), greedy = [0, 1, 0];
    const { outputs: a } = await mix([values], [greedy], [[order]], weights), { outputs: b } = await mix([move.map(i => values[i]!)], [move.map(i => greedy[i]!)], [[moved]], weights);
    expect(numbers(b['qTot'])[0]).toBeCloseTo(numbers(a['qTot'])[0]!, 5);
    near(b['alpha'], [move.map(i => numbers(a['alpha'])[i]!)], 1e-5);
  });
  it('is not greatest where all are greedy if values are above 0 and alpha is large: no mixer to choose actions by', async () => {
    const q = [[2, 1.5], [1, 0.5]], joint = jointActions(2, 2), weights = { ...weightsOf(1), 'b2/bias1': floats([50]) };
    const { outputs } = await mix(joint.map(u => u.map((a, i) => q[i]![a]!)), joint.map(u => u.map(a => 1 - a)), joint.map(() => [[0, 1]]), weights), qTot = numbers(outputs['qTot']);
    expect(qTot[0]).toBe(3);
    expect(qTot.indexOf(Math.max(...qTot))).not.toBe(0);
  });
  it('has the layers of the sheet', () => {
    expect(layerTable(shapleyMixer(), { agent: 3, state: 5 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      'w1/kernel0 5x64', 'w1/bias0 64', 'w1/kernel1 64x64', 'w1/bias1 64', 'b1/kernel 5x32', 'b1/bias 32', 'w2/kernel0 5x64', 'w2/bias0 64', 'w2/kernel1 64x32', 'w2/bias1 32',
      'b2/kernel0 5x32', 'b2/bias0 32', 'b2/kernel1 32x1', 'b2/bias1 1']);
  });
});

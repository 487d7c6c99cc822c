/** QTRAN's conditions as losses: numbers by hand, where gradients go, and what holds where the losses are 0. */
import { describe, expect, it } from 'vitest';
import { noptLoss, noptMinLoss, optLoss } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers } from '../arrays.ts';
import { jointActions } from '../mixers/joint.ts';

describe('optLoss and noptLoss', () => {
  // Q' - Q_jt + V = 1, -2, and 5 that does not count
  const inputs = { sum: floats([[1, 2, 3]]), joint: floats([[0.5, 5, 0]]), value: floats([[0.5, 1, 2]]), mask: floats([[1, 1, 0]]) };
  it('the first is the mean square, from both sides', async () => {
    const { outputs, gradients: { inputs: g } } = await evaluateNode(optLoss, { sizes: {}, inputs });
    near(outputs['loss'], (1 + 4) / 2);
    near(g['sum'], [[1, -2, 0]]);
    near(g['value'], [[1, -2, 0]]);
    near(g['joint'], [[0, 0, 0]], 0);
  });
  it('the second counts what falls below the joint value only', async () => {
    const { outputs, gradients: { inputs: g } } = await evaluateNode(noptLoss, { sizes: {}, inputs });
    near(outputs['loss'], 4 / 2);
    near(g['sum'], [[0, -2, 0]], 0);
    near(g['value'], [[0, -2, 0]], 0);
    near(g['joint'], [[0, 0, 0]], 0);
  });
});

describe('noptMinLoss', () => {
  const inputs = {
    q: floats([[[1, 2, -50], [4, 3, 0]]]), avail: flags([[[1, 1, 0], [1, 1, 1]]]), chosen: floats([[2, 4]]),
    joint: floats([[[2, 9, 70], [5, 4.25, 1]]]), value: floats([0.5]), mask: floats([1]),
  };
  it('equals a calculation by hand: each agent\'s own value once, unavailable actions never (a learner in circulation counts the one twice and the others, too)', async () => {
    const { outputs, gradients: { inputs: g } } = await evaluateNode(noptMinLoss, { sizes: {}, inputs });
    // agent 0: 1 + 4 - 2 + 0.5 = 3.5, 2 + 4 - 9 + 0.5 = -2.5, closed;  agent 1: 4 + 2 - 5 + 0.5 = 1.5, 3 + 2 - 4.25 + 0.5 = 1.25, 0 + 2 - 1 + 0.5 = 1.5
    near(outputs['loss'], (2.5 ** 2 + 1.25 ** 2) / 2);
    near(g['joint'], [[[0, 0, 0], [0, 0, 0]]], 0);
    near(g['q'], [[[0, -2.5, 0], [0, 1.25, 0]]]);
  });
  it('is pushed to 0 from above, too', async () => {
    const { outputs, gradients: { inputs: g } } = await evaluateNode(noptMinLoss, { sizes: {}, inputs: { ...inputs, joint: floats([[[-5, -6, 0], [-9, -9, -2]]]) } });
    // agent 0: 1 + 4 + 5 + 0.5 = 10.5 and 12.5;  agent 1: 15.5, 14.5 and 0 + 2 + 2 + 0.5 = 4.5
    near(outputs['loss'], (10.5 ** 2 + 4.5 ** 2) / 2);
    expect(numbers(g['q'])[5]).toBeCloseTo(4.5, 5);
  });
});

describe('where the losses are 0', () => {
  const agents = 3, actions = 3, joint = jointActions(agents, actions), all = (f: (u: readonly number[]) => number) => floats(joint.map(f)), mask = floats(joint.map(() => 1));
  it.each([1, 2, 3, 4, 5])('the greedy actions of the agents are the greatest joint value, and are not where a cell rises above (seed %i)', async seed => {
    const q = numbers(normals(seed, 'q', [agents * actions])), own = (i: number, a: number) => q[i * actions + a]!, greedy = Array.from({ length: agents }, (_, i) => [0, 1, 2].reduce((best, a) => (own(i, a) > own(i, best) ? a : best), 0));
    const sum = (u: readonly number[]) => u.reduce((s, a, i) => s + own(i, a), 0), slack = numbers(normals(seed, 'slack', [joint.length])).map(Math.abs), V = numbers(normals(seed, 'V', [1]))[0]!;
    const table = joint.map((u, k) => sum(u) + V - (u.join() === greedy.join() ? 0 : slack[k]!)), Q = (u: readonly number[]) => table[joint.findIndex(w => w.join() === u.join())]!;
    const losses = async (value: (u: readonly number[]) => number) => ({
      opt: numbers((await evaluateNode(optLoss, { sizes: {}, inputs: { sum: all(() => sum(greedy)), joint: all(() => value(greedy)), value: all(() => V), mask } })).outputs['loss'])[0]!,
      nopt: numbers((await evaluateNode(noptLoss, { sizes: {}, inputs: { sum: all(sum), joint: all(value), value: all(() => V), mask } })).outputs['loss'])[0]!,
    });
    const right = await losses(Q);
    expect([right.opt, right.nopt].every(x => x < 1e-10)).toBe(true);
    expect(Q(greedy)).toBe(Math.max(...table));
    const other = joint.find(u => u.join() !== greedy.join())!, wrong = await losses(u => (u === other ? Q(greedy) + 1 : Q(u)));
    expect(wrong.opt).toBeLessThan(1e-10);
    expect(wrong.nopt).toBeGreaterThan(1 / joint.length);               // Q' + V is at most Q(greedy), so the cell is 1 or more above
  });
});

import { describe, expect, it } from 'vitest';
import { duplexMixer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, numbers, wholes } from '../arrays.ts';
import { game, jointActions, mix, offers, weightsOf, type Team } from './joint.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const config = { heads: 3, hypernet: [8], advHypernet: [6] }, team: Team = { agents: 3, actions: 3, state: 4, seed: 3 }, { values, state } = game(team), joint = jointActions(3, 3);
const greedy = values.map(q => q.indexOf(Math.max(...q)));

describe('duplexMixer', () => {
  it('equals a calculation by hand: 2 agents, 2 actions, 1 head, state 2', async () => {
    const weights = {
      'w/kernel0': floats([[0.5, -1]]), 'w/bias0': floats([0, 0]), 'v/kernel0': floats([[1, 0]]), 'v/bias0': floats([0, 0.5]),
      'key/kernel0': floats([[[-2]]]), 'key/bias0': floats([[1]]), 'agents/kernel0': floats([[[0, 1]]]), 'agents/bias0': floats([[0.5, -1]]),
      'actions/kernel0': floats([[[0, 0.5], [1, 0], [0, 0], [0, 0], [-1, 2]]]), 'actions/bias0': floats([[0, -1]]),
    };
    const { outputs, gradients } = await evaluateNode(duplexMixer, {
      config: { heads: 1, hypernet: [] }, sizes: { action: 2 }, weights,
      inputs: { agentQs: floats([[3, -1]]), maxAgentQs: floats([[3, 2]]), action: wholes([[0, 1]]), state: floats([[2]]) }, cotangents: { qTot: floats([1]), lambda: floats([[0, 0]]) },
    });
    // w = |1, -2| = 1, 2; v = 2, 0.5; chosen 3 + 2 = 5, -2 + 0.5 = -1.5; best 5, 4.5; key = |-4 + 1| = 3
    // agents: sigmoid(0.5), sigmoid(2 - 1); inputs of actions: 2 | 1 0 | 0 1, so 1 - 1 = 0 and 2 * 0.5 + 2 - 1 = 2
    const lambda = [3 * sigmoid(0.5) * sigmoid(0), 3 * sigmoid(1) * sigmoid(2)], advantage = (lambda[0]! - 1) * 0 + (lambda[1]! - 1) * (-1.5 - 4.5);
    near(outputs['lambda'], [lambda]);
    near(outputs['qTot'], [5 - 1.5 + advantage]);
    near(gradients.inputs['agentQs'], [[1, 2]]);
    near(gradients.weights['w/bias0'], [3, -(-1)]);                                   // through V_tot alone: q_a with the sign of |.|
    near(gradients.weights['v/bias0'], [1, 1]);
    near(gradients.weights['agents/bias0'], [[0, -6 * lambda[1]! * (1 - sigmoid(1))]]);
  });
  it('is the greedy value and lambda w times what each agent gives away', async () => {
    const weights = weightsOf(duplexMixer, team, config), { qTot, outputs, gradients } = await mix(duplexMixer, team, weights, offers(values, joint, state), config);
    const lambda = numbers(outputs['lambda']), w = numbers(gradients.inputs['agentQs']), most = qTot[joint.findIndex(u => u.join() === greedy.join())]!;
    expect(Math.min(...lambda)).toBeGreaterThan(0);
    joint.forEach((u, row) => {
      const given = u.reduce((sum, a, i) => sum + lambda[3 * row + i]! * w[3 * row + i]! * (values[i]![a]! - Math.max(...values[i]!)), 0);
      expect(qTot[row]! - most).toBeCloseTo(given, 4);
      if (u.join() !== greedy.join()) expect(qTot[row]!).toBeLessThan(most);
    });
  });
  it('gives each agent the gradient w_a, where a finite difference gives lambda_a w_a: the advantage is stopped', async () => {
    const weights = weightsOf(duplexMixer, team, config), u = joint.filter(u => u.every((a, i) => a !== greedy[i])), offered = offers(values, u, state), { gradients, outputs } = await mix(duplexMixer, team, weights, offered, config), h = 0.05;
    const w = numbers(gradients.inputs['agentQs']), lambda = numbers(outputs['lambda']);
    for (let agent = 0; agent < 3; agent++) {
      const moved = async (by: number) => (await mix(duplexMixer, team, weights, { ...offered, agentQs: { shape: [u.length, 3], data: Float32Array.from(offered['agentQs']!.data, (x, i) => (i % 3 === agent ? x + by : x)) } }, config)).qTot;
      const [up, down] = [await moved(h), await moved(-h)];
      up.forEach((x, row) => expect((x - down[row]!) / (2 * h)).toBeCloseTo(lambda[3 * row + agent]! * w[3 * row + agent]!, 3));
    }
    expect(lambda.some(x => Math.abs(x - 1) > 0.1)).toBe(true);
    expect(w.slice(0, 3)).toEqual(w.slice(3, 6).map(x => expect.closeTo(x, 6)));      // w depends on the state alone
  });
  it('trains lambda through what is given away: not at all where every agent is greedy, and with no gradient to maxAgentQs', async () => {
    const weights = weightsOf(duplexMixer, team, config), at = async (u: readonly number[]) => (await mix(duplexMixer, team, weights, offers(values, [u], state), config)).gradients;
    const touched = (g: Awaited<ReturnType<typeof at>>) => [...new Set(Object.entries(g.weights).filter(([, x]) => numbers(x).some(y => y !== 0)).map(([name]) => name.split('/')[0]!))].sort();
    expect(touched(await at(greedy))).toEqual(['v', 'w']);
    const other = await at(greedy.map(a => (a + 1) % 3));
    expect(touched(other)).toEqual(['actions', 'agents', 'key', 'v', 'w']);
    if (other.inputs['maxAgentQs']) expect(numbers(other.inputs['maxAgentQs']).every(x => x === 0)).toBe(true);
  });
  it('has no number that nothing reads: the advantage is always attended to and always stopped (the authors\' files have options for both)', () => {
    expect(Object.keys(duplexMixer().config)).toEqual(['heads', 'hypernet', 'advHypernet']);
  });
  it('has the layers of the sheet', () => {
    const table = (options: object) => layerTable(duplexMixer(options), { agent: 3, action: 2, state: 5 }).map(t => `${t.name} ${t.shape.join('x')}`);
    const outer = ['w/kernel0 5x64', 'w/bias0 64', 'w/kernel1 64x3', 'w/bias1 3', 'v/kernel0 5x64', 'v/bias0 64', 'v/kernel1 64x3', 'v/bias1 3'];
    expect(table({})).toEqual([...outer, 'key/kernel0 4x5x1', 'key/bias0 4x1', 'agents/kernel0 4x5x3', 'agents/bias0 4x3', 'actions/kernel0 4x11x3', 'actions/bias0 4x3']);
    expect(table({ heads: 10, advHypernet: [64, 64] }).filter(t => t.startsWith('actions'))).toEqual(
      ['actions/kernel0 10x11x64', 'actions/bias0 10x64', 'actions/kernel1 10x64x64', 'actions/bias1 10x64', 'actions/kernel2 10x64x3', 'actions/bias2 10x3']);
  });
});

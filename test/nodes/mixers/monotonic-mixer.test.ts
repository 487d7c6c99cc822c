import { describe, expect, it } from 'vitest';
import { monotonicMixer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, numbers } from '../arrays.ts';
import { game, mix, offers, weightsOf } from './joint.ts';

describe('monotonicMixer', () => {
  const weights = {
    'w1/kernel0': floats([[0.5, -1.5]]), 'w1/bias0': floats([0, 1]), 'b1/kernel': floats([[-1]]), 'b1/bias': floats([0.5]),
    'w2/kernel0': floats([[-1.5]]), 'w2/bias0': floats([0]),
    'v/kernel0': floats([[1]]), 'v/bias0': floats([-1]), 'v/kernel1': floats([[2]]), 'v/bias1': floats([0.5]),
  };
  it('equals a calculation by hand: 2 agents, embed 1, state 2', async () => {
    const { outputs, gradients } = await evaluateNode(monotonicMixer, {
      config: { embed: 1, hypernet: [] }, sizes: {}, weights, inputs: { agentQs: floats([[3, -1]]), state: floats([[2]]) }, cotangents: { qTot: floats([1]) },
    });
    // W1 = |1, -2| = 1, 2; b1 = -2 + 0.5 = -1.5; 3 * 1 - 1 * 2 - 1.5 = -0.5, elu gives e^-0.5 - 1; W2 = |-3| = 3; v = 2 relu(2 - 1) + 0.5 = 2.5
    near(outputs['qTot'], [3 * (Math.exp(-0.5) - 1) + 2.5]);
    near(gradients.inputs['agentQs'], [[3 * Math.exp(-0.5) * 1, 3 * Math.exp(-0.5) * 2]]);
    near(gradients.weights['w2/bias0'], [-(Math.exp(-0.5) - 1)]);          // |x| turns the sign
    near(gradients.weights['v/bias1'], [1]);
  });
  it('reads W1 agent by agent', async () => {
    const zero = { 'w1/kernel0': floats([[0, 0, 0, 0]]), 'b1/kernel': floats([[0, 0]]), 'b1/bias': floats([0, 0]), 'w2/kernel0': floats([[0, 0]]), 'v/kernel0': floats([[0, 0]]), 'v/bias0': floats([0, 0]), 'v/kernel1': floats([[0], [0]]), 'v/bias1': floats([0]) };
    const { outputs } = await evaluateNode(monotonicMixer, {
      config: { embed: 2, hypernet: [] }, sizes: {}, weights: { ...zero, 'w1/bias0': floats([1, 10, 2, 20]), 'w2/bias0': floats([1, 100]) }, inputs: { agentQs: floats([[3, 5]]), state: floats([[1]]) },
    });
    near(outputs['qTot'], [(3 * 1 + 5 * 2) + 100 * (3 * 10 + 5 * 20)], 1e-2);
  });
  it('is v(s) alone where the hypernetworks give 0', async () => {
    const team = { agents: 3, actions: 2, state: 4, seed: 1 }, { values, state } = game(team), joint = [[0, 0, 0], [1, 1, 1]], config = { embed: 4, hypernet: [8] };
    const none = Object.fromEntries(Object.entries(weightsOf(monotonicMixer, team, config)).map(([name, x]) => [name, name.startsWith('v/') ? x : { shape: x.shape, data: new Float32Array(x.data.length) }]));
    const { qTot } = await mix(monotonicMixer, team, none, offers(values, joint, state), config);
    const w = (name: string) => numbers(none[`v/${name}`]), hidden = w('bias0').map((b, j) => Math.max(0, state.reduce((sum, s, i) => sum + s * w('kernel0')[4 * i + j]!, b)));
    const v = hidden.reduce((sum, h, j) => sum + h * w('kernel1')[j]!, w('bias1')[0]!);
    expect(qTot).toEqual([expect.closeTo(v, 5), expect.closeTo(v, 5)]);
  });
  it('trains every layer', async () => {
    const team = { agents: 3, actions: 2, state: 4, seed: 2 }, { values, state } = game(team), config = { embed: 4, hypernet: [8] };
    const { gradients } = await mix(monotonicMixer, team, weightsOf(monotonicMixer, team, config), offers(values, [[0, 1, 0], [1, 1, 1]], state), config);
    for (const [name, g] of Object.entries(gradients.weights)) expect(numbers(g).some(x => x !== 0), name).toBe(true);
  });
  it('has 17,761 weights for 3 agents, a state of 48 and embed 32', () => {
    const count = (config: object) => layerTable(monotonicMixer(config), { agent: 3, state: 48 }).reduce((sum, t) => sum + t.shape.reduce((a, n) => a * n, 1), 0), [S, N, E] = [48, 3, 32];
    expect(count({})).toBe(2 * (64 * S + 64) + 64 * N * E + N * E + 64 * E + E + (S * E + E) + (S * E + E + E + 1));
    expect(count({})).toBe(17_761);
    expect(count({ hypernet: [] })).toBe(S * N * E + N * E + (S * E + E) + (S * E + E) + (S * E + E + E + 1));
  });
});

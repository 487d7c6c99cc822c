import { describe, expect, it } from 'vitest';
import { aliveAttentionMixer, attentionMixer, evenAttentionMixer, nonlinearAttentionMixer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, numbers, wholes, type Arrays } from '../arrays.ts';
import { game, jointActions, mix, offers, weightsOf, type Team } from './joint.ts';

const config = { heads: 3, embed: 4, hypernet: [8] }, team: Team = { agents: 3, actions: 3, state: 4, seed: 5 }, { values, state } = game(team), joint = jointActions(3, 3), offered = offers(values, joint, state);
const both = [['attentionMixer', attentionMixer], ['evenAttentionMixer', evenAttentionMixer]] as const, all = [...both, ['nonlinearAttentionMixer', nonlinearAttentionMixer], ['aliveAttentionMixer', aliveAttentionMixer]] as const;

describe('attentionMixer', () => {
  const weights = {
    'query/kernel0': floats([[[0.5, 0.5]]]), 'key/kernel0': floats([[[0.25, 0.5]]]),
    'w/kernel0': floats([[-1.5]]), 'w/bias0': floats([1]), 'c/kernel0': floats([[1, 0]]), 'c/bias0': floats([-1, -1]), 'c/kernel1': floats([[2], [9]]), 'c/bias1': floats([0.5]),
  };
  const inputs = { agentQs: floats([[3, -1]]), state: floats([[2]]), unitState: floats([[[4], [-4]]]), mask: floats([1]) };
  it('equals a calculation by hand: 2 agents, 1 head, embed 2', async () => {
    const { outputs, gradients } = await evaluateNode(attentionMixer, { config: { heads: 1, embed: 2, hypernet: [] }, knobs: { logitPenalty: 0.1 }, sizes: {}, weights, inputs, cotangents: { qTot: floats([1]) } });
    // query = 1, 1; keys = 1, 2 and -1, -2; logits 3 and -3; w = |-3 + 1| = 2; c = 2 relu(2 - 1) + 9 relu(-1) + 0.5 = 2.5
    const [a, b] = [Math.exp(3 / Math.SQRT2), Math.exp(-3 / Math.SQRT2)], lambda = [a / (a + b), b / (a + b)];
    near(outputs['lambda'], [lambda.map(x => [x])]);
    near(outputs['qTot'], [2 * (3 * lambda[0]! - lambda[1]!) + 2.5]);
    near(outputs['penalty'], 0.1 * 9);
    near(gradients.inputs['agentQs'], [lambda.map(x => 2 * x)]);
    near(gradients.weights['w/bias0'], [-(3 * lambda[0]! - lambda[1]!)]);          // |x| turns the sign
  });
  it('the variants by hand, too: heads alike, keys that see values, the dead unheard', async () => {
    const { 'w/kernel0': _, 'w/bias0': __, ...even } = weights, one = { heads: 1, embed: 2, hypernet: [] }, dead = { action: wholes([[0, 2]]) };
    const [a, b] = [Math.exp(3 / Math.SQRT2), Math.exp(-3 / Math.SQRT2)], of = async (...[node, c]: Parameters<typeof evaluateNode>) => (await evaluateNode(node, c)).outputs;
    near((await of(evenAttentionMixer, { config: one, sizes: {}, weights: even, inputs }))['qTot'], [(3 * a - b) / (a + b) + 2.5]);
    // a key reads (u, q): 4 * 0.25 + 3 * 1 = 4 and 4 * 0.5 + 3 * 0 = 2; -1 - 1 = -2 and -2: logits 6 and -4
    const [x, y] = [Math.exp(6 / Math.SQRT2), Math.exp(-4 / Math.SQRT2)];
    near((await of(nonlinearAttentionMixer, { config: one, sizes: {}, weights: { ...weights, 'key/kernel0': floats([[[0.25, 0.5], [1, 0]]]) }, inputs }))['qTot'], [2 * (3 * x - y) / (x + y) + 2.5]);
    const heard = await of(aliveAttentionMixer, { config: one, sizes: { action: 3 }, knobs: { logitPenalty: 1 }, weights, inputs: { ...inputs, ...dead } });
    near(heard['qTot'], [2 * -1 + 2.5]);
    near(heard['penalty'], 9);
  });
  it('penalises undivided logits, a sum over heads of means over agents and transitions, without the padding', async () => {
    const weighed = weightsOf(attentionMixer, team, config), wide = { ...config, logitPenalty: 1 }, run = async (mask: number[]) => numbers((await mix(attentionMixer, team, weighed, { ...offered, mask: { shape: [27], data: Float32Array.from({ length: 27 }, (_, i) => mask[i % mask.length]!) } }, wide)).outputs['penalty'])[0]!;
    const w = (name: string) => numbers(weighed[name]), S = 4, [H, E, L] = [3, 4, 8], at = (x: readonly number[], from: number, n: number) => x.slice(from, from + n);
    let want = 0;
    for (let h = 0; h < H; h++) {
      const hidden = Array.from({ length: L }, (_, j) => Math.max(0, state.reduce((sum, s, i) => sum + s * w('query/kernel0')[(h * S + i) * L + j]!, w('query/bias0')[h * L + j]!)));
      const query = Array.from({ length: E }, (_, e) => hidden.reduce((sum, x, j) => sum + x * w('query/kernel1')[(h * L + j) * E + e]!, 0));
      for (let agent = 0; agent < 3; agent++) {
        const key = Array.from({ length: E }, (_, e) => at(numbers(offered['unitState']), agent * S, S).reduce((sum, u, i) => sum + u * w('key/kernel0')[(h * S + i) * E + e]!, 0));
        want += key.reduce((sum, k, e) => sum + k * query[e]!, 0) ** 2 / 3;
      }
    }
    expect(await run([1])).toBeCloseTo(want, 3);
    expect(await run([1, 0, 1])).toBeCloseTo(want, 3);                             // all rows have one state here
    expect(await run([0])).toBe(0);
  });
});

describe.each(both)('%s', (name, mixer) => {
  const weights = weightsOf(mixer, team, config);
  it('spreads the weight of its heads over the agents: what all agents gain, Q_tot gains heads, or w, times', async () => {
    const { outputs, gradients } = await mix(mixer, team, weights, offered, config), lambda = numbers(outputs['lambda']), g = numbers(gradients.inputs['agentQs']);
    const w = (k: string) => numbers(weights[k]), hidden = name === 'attentionMixer' ? Array.from({ length: 8 }, (_, j) => Math.max(0, state.reduce((sum, s, i) => sum + s * w('w/kernel0')[8 * i + j]!, w('w/bias0')[j]!))) : [];
    const total = name === 'attentionMixer' ? [0, 1, 2].reduce((sum, h) => sum + Math.abs(hidden.reduce((y, x, j) => y + x * w('w/kernel1')[3 * j + h]!, w('w/bias1')[h]!)), 0) : 3;
    for (let row = 0; row < 27; row++) {
      for (let h = 0; h < 3; h++) expect([0, 1, 2].reduce((sum, i) => sum + lambda[9 * row + 3 * i + h]!, 0)).toBeCloseTo(1, 5);
      expect([0, 1, 2].reduce((sum, i) => sum + g[3 * row + i]!, 0)).toBeCloseTo(total, 4);
    }
  });
  it('is linear in the values of one state', async () => {
    const with_ = async (f: (row: number, i: number) => number) => (await mix(mixer, team, weights, { ...offered, agentQs: { shape: [27, 3], data: Float32Array.from({ length: 81 }, (_, k) => f(Math.floor(k / 3), k % 3)) } }, config)).qTot;
    const q = (row: number, i: number) => Math.sin(row * 3 + i), r = (row: number, i: number) => Math.cos(2 * row - i), [c, a, b, sum] = [await with_(() => 0), await with_(q), await with_(r), await with_((row, i) => 2 * q(row, i) - 3 * r(row, i))];
    sum.forEach((x, row) => { expect(x - c[row]!).toBeCloseTo(2 * (a[row]! - c[row]!) - 3 * (b[row]! - c[row]!), 4); });
  });
  it('could not train a bias of keys: of what is the same in all units, only the penalty hears', async () => {
    // the last feature of every unit is 1, so its row of the keys is their bias
    const units = offered['unitState']!, same: Arrays = { ...offered, unitState: { shape: units.shape, data: Float32Array.from(units.data, (x, i) => (i % 4 === 3 ? 1 : x)) } }, row = (g: readonly number[]) => g.filter((_, i) => Math.floor(i / 4) % 4 === 3).map(Math.abs), rest = (g: readonly number[]) => g.filter((_, i) => Math.floor(i / 4) % 4 !== 3).map(Math.abs);
    const key = numbers((await mix(mixer, team, weights, same, config)).gradients.weights['key/kernel0']);
    expect(Math.max(...row(key))).toBeLessThan(1e-5 * Math.max(...rest(key)));
    expect(Math.max(...rest(key))).toBeGreaterThan(0.1);
  });
  it('listens to all alike where their units are alike', async () => {
    const alike: Arrays = { ...offered, unitState: { shape: [27, 3, 4], data: new Float32Array(27 * 12).fill(-1.3) } };
    for (const x of numbers((await mix(mixer, team, weights, alike, config)).outputs['lambda'])) expect(x).toBeCloseTo(1 / 3, 5);
  });
});
describe.each(all)('%s', (name, mixer) => {
  it('trains every layer, queries and keys too', async () => {
    const { gradients } = await mix(mixer, team, weightsOf(mixer, team, config), offered, config);
    for (const [tensor, g] of Object.entries(gradients.weights)) expect(numbers(g).some(x => x !== 0), tensor).toBe(true);
  });
  it('has the layers of the sheet, and no bias of keys, which nothing could train', () => {
    const table = layerTable(mixer(), { agent: 3, action: 2, state: 5, unit: 6 }).map(t => `${t.name} ${t.shape.join('x')}`), unit = name === 'nonlinearAttentionMixer' ? 7 : 6;
    const heads = name === 'evenAttentionMixer' ? [] : ['w/kernel0 5x64', 'w/bias0 64', 'w/kernel1 64x4', 'w/bias1 4'];
    expect(table).toEqual(['query/kernel0 4x5x64', 'query/bias0 4x64', 'query/kernel1 4x64x32', `key/kernel0 4x${unit}x32`, ...heads, 'c/kernel0 5x32', 'c/bias0 32', 'c/kernel1 32x1', 'c/bias1 1']);
  });
});

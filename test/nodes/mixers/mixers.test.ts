/** What holds for every mixer whose greedy joint action is the agents' own. */
import { describe, expect, it } from 'vitest';
import { aliveAttentionMixer, attentionMixer, duplexMixer, evenAttentionMixer, freeMixer, guarantees, monotonicMixer, nonlinearAttentionMixer, sumMixer } from '../../../nodes/index.ts';
import { numbers, type Arrays } from '../arrays.ts';
import { game, jointActions, mix, offers, weightsOf, type Team } from './joint.ts';

const mixers = [
  { name: 'sumMixer', mixer: sumMixer, config: {} },
  { name: 'monotonicMixer', mixer: monotonicMixer, config: { embed: 4, hypernet: [8] } },
  { name: 'monotonicMixer, one layer', mixer: monotonicMixer, config: { embed: 4, hypernet: [] } },
  { name: 'attentionMixer', mixer: attentionMixer, config: { heads: 3, embed: 4, hypernet: [8] } },
  { name: 'attentionMixer, one layer', mixer: attentionMixer, config: { heads: 2, embed: 4, hypernet: [] } },
  { name: 'evenAttentionMixer', mixer: evenAttentionMixer, config: { heads: 3, embed: 4, hypernet: [8] } },
  { name: 'duplexMixer', mixer: duplexMixer, config: { heads: 3, hypernet: [8], advHypernet: [] } },
  { name: 'duplexMixer, three layers', mixer: duplexMixer, config: { heads: 2, hypernet: [8], advHypernet: [6, 5] } },
];
const teams: Team[] = [1, 2, 3, 4].flatMap((agents, i) => [0, 1, 2, 3].map(seed => ({ agents, actions: [5, 4, 3, 2][i]!, state: 3, seed: 10 * i + seed })));

describe.each(mixers)('$name', ({ mixer, config }) => {
  it('is greatest exactly where every agent is greedy, on all joint actions', async () => {
    for (const team of teams) {
      const { values, state } = game(team), joint = jointActions(team.agents, team.actions), { qTot } = await mix(mixer, team, weightsOf(mixer, team, config), offers(values, joint, state), config);
      const own = values.map(q => q.indexOf(Math.max(...q))), greedy = joint.findIndex(u => u.join() === own.join());
      expect(qTot.every(Number.isFinite)).toBe(true);
      expect(qTot[greedy]).toBeGreaterThanOrEqual(Math.max(...qTot) - 1e-5);
    }
  });
  it('never lowers qTot when one agent value rises', async () => {
    for (const team of teams) {
      const { values, state } = game(team), weights = weightsOf(mixer, team, config), { gradients } = await mix(mixer, team, weights, offers(values, jointActions(team.agents, team.actions), state), config);
      expect(Math.min(...numbers(gradients.inputs['agentQs']))).toBeGreaterThanOrEqual(0);
    }
  });
  it.each([1, 2, 5, 8])('takes %i agents and one row', async agents => {
    const team = { agents, actions: 1, state: 4, seed: agents }, { values, state } = game(team), { outputs, qTot } = await mix(mixer, team, weightsOf(mixer, team, config), offers(values, [values.map(() => 0)], state), config);
    expect(outputs['qTot']?.shape).toEqual([1]);
    expect(Number.isFinite(qTot[0])).toBe(true);
  });
});

describe('aliveAttentionMixer', () => {
  const config = { heads: 3, embed: 4, hypernet: [8] };
  it('never lowers qTot when one agent value rises, and gives the dead no say', async () => {
    for (const team of teams) {
      const { values, state } = game(team), joint = jointActions(team.agents, team.actions), { gradients } = await mix(aliveAttentionMixer, team, weightsOf(aliveAttentionMixer, team, config), offers(values, joint, state), config), g = numbers(gradients.inputs['agentQs']);
      expect(Math.min(...g)).toBeGreaterThanOrEqual(0);
      joint.forEach((u, row) => { u.forEach((a, i) => { if (u.some(x => x > 0)) expect(g[row * team.agents + i]! > 1e-6).toBe(a > 0); }); });
    }
  });
  it('is greatest where every agent is greedy as long as action 0 is no choice, and not always where it is one', async () => {
    let missed = 0;
    for (const team of teams.filter(t => t.actions > 2)) {
      const { values, state } = game(team), joint = jointActions(team.agents, team.actions), { qTot } = await mix(aliveAttentionMixer, team, weightsOf(aliveAttentionMixer, team, config), offers(values, joint, state), config);
      const best = (open: (a: number) => boolean) => { const greedy = values.map(q => q.reduce((most, x, a) => (open(a) && (most < 0 || x > q[most]!) ? a : most), -1)); return qTot[joint.findIndex(u => u.join() === greedy.join())]!; };
      expect(best(a => a > 0)).toBeGreaterThanOrEqual(Math.max(...qTot.filter((_, i) => joint[i]!.every(a => a > 0))) - 1e-5);
      if (best(() => true) < Math.max(...qTot) - 1e-3) missed++;
    }
    expect(missed).toBeGreaterThan(0);
  });
});
describe('nonlinearAttentionMixer', () => {
  it('promises nothing: where attention goes to low values, a value that rises lowers qTot, and the greedy joint action is not the best', async () => {
    const two: Team = { agents: 2, actions: 2, state: 1, seed: 1 }, config = { heads: 1, embed: 1, hypernet: [] }, values = [[0.7, 2], [0.5, 0.5]];
    const zero = Object.fromEntries(Object.entries(weightsOf(nonlinearAttentionMixer, two, config)).map(([name, x]) => [name, { shape: x.shape, data: new Float32Array(x.data.length) }])), one = (name: string, ...x: number[]) => ({ [name]: { shape: zero[name]!.shape, data: Float32Array.from(x) } });
    const weights = { ...zero, ...one('query/kernel0', 1), ...one('key/kernel0', 0, -5), ...one('w/bias0', 1) };          // logits -5 q
    const { qTot, gradients } = await mix(nonlinearAttentionMixer, two, weights, offers(values, [[0, 0], [1, 0]], [1]), config), heard = (q: number) => 0.5 + (q - 0.5) / (1 + Math.exp(5 * (q - 0.5)));
    expect(qTot).toEqual([expect.closeTo(heard(0.7), 5), expect.closeTo(heard(2), 5)]);
    expect(qTot[1]).toBeLessThan(qTot[0]! - 0.05);
    expect(numbers(gradients.inputs['agentQs'])[2]).toBeLessThan(0);
    expect(guarantees.get('nonlinearAttentionMixer')).toEqual([]);
  });
});

/** Columns of the last dim in another order, in blocks: what moving agents does to the layers that make their weights. */
const reorder = (array: Arrays[string], blocks: readonly number[]): Arrays[string] => {
  const width = array.shape.at(-1)!, size = width / blocks.length, data = new Float32Array(array.data.length);
  for (let i = 0; i < data.length; i += width) blocks.forEach((from, to) => { for (let k = 0; k < size; k++) data[i + to * size + k] = array.data[i + from * size + k]!; });
  return { shape: array.shape, data };
};
const last = (weights: Arrays, layers: readonly string[], f: (name: string, x: Arrays[string]) => Arrays[string]) => Object.fromEntries(Object.entries(weights).map(([name, x]) => [name, layers.some(l => name === l) ? f(name, x) : x]));

describe('agents in another order', () => {
  const order = [2, 0, 1], team: Team = { agents: 3, actions: 2, state: 3, seed: 4 }, { values, state } = game(team), joint = jointActions(3, 2), moved = offers(order.map(i => values[i]!), joint.map(u => order.map(i => u[i]!)), state);

  it('leave the sum as it is', async () => {
    expect((await mix(sumMixer, team, {}, moved)).qTot).toEqual((await mix(sumMixer, team, {}, offers(values, joint, state))).qTot.map(x => expect.closeTo(x, 5)));
  });
  it('leave QMIX as it is if the rows of W1 move along, and change it if not', async () => {
    const config = { embed: 4, hypernet: [8] }, weights = weightsOf(monotonicMixer, team, config), before = (await mix(monotonicMixer, team, weights, offers(values, joint, state), config)).qTot;
    const along = last(weights, ['w1/kernel1', 'w1/bias1'], (_, x) => reorder(x, order));
    expect((await mix(monotonicMixer, team, along, moved, config)).qTot).toEqual(before.map(x => expect.closeTo(x, 4)));
    expect(Math.max(...(await mix(monotonicMixer, team, weights, moved, config)).qTot.map((x, i) => Math.abs(x - before[i]!)))).toBeGreaterThan(0.01);
  });
  it('leave Qatten as it is if their units move along, and change it if not', async () => {
    const config = { heads: 3, embed: 4, hypernet: [8] }, weights = weightsOf(attentionMixer, team, config), at = offers(values, joint, state), before = (await mix(attentionMixer, team, weights, at, config)).qTot, units = at['unitState']!;
    const along = { ...moved, unitState: { shape: units.shape, data: Float32Array.from(units.data, (_, i) => units.data[9 * Math.floor(i / 9) + 3 * order[Math.floor(i / 3) % 3]! + i % 3]!) } };
    expect((await mix(attentionMixer, team, weights, along, config)).qTot).toEqual(before.map(x => expect.closeTo(x, 4)));
    expect(Math.max(...(await mix(attentionMixer, team, weights, moved, config)).qTot.map((x, i) => Math.abs(x - before[i]!)))).toBeGreaterThan(0.01);
  });
  it('leave QPLEX as it is if the weights of every agent and of its actions move along', async () => {
    const config = { heads: 3, hypernet: [8], advHypernet: [] }, weights = weightsOf(duplexMixer, team, config), before = (await mix(duplexMixer, team, weights, offers(values, joint, state), config)).qTot;
    const outputs = last(weights, ['w/kernel1', 'w/bias1', 'v/kernel1', 'v/bias1', 'agents/kernel0', 'agents/bias0', 'actions/kernel0', 'actions/bias0'], (_, x) => reorder(x, order));
    const along = last(outputs, ['actions/kernel0'], (_, x) => {                    // head in out: the inputs after the state are one-hots, agent by agent
      const [heads, from, to] = x.shape as [number, number, number], data = Float32Array.from(x.data), row = (h: number, i: number) => (h * from + i) * to;
      for (let h = 0; h < heads; h++) order.forEach((old, now) => { for (let a = 0; a < 2; a++) data.set(x.data.slice(row(h, 3 + 2 * old + a), row(h, 3 + 2 * old + a) + to), row(h, 3 + 2 * now + a)); });
      return { shape: x.shape, data };
    });
    expect((await mix(duplexMixer, team, along, moved, config)).qTot).toEqual(before.map(x => expect.closeTo(x, 4)));
  });
});

describe('agents of a free mixer in another order', () => {
  it('leave it as it is if the inputs of its first layer move along', async () => {
    const order = [2, 0, 1], team: Team = { agents: 3, actions: 2, state: 3, seed: 4 }, { values, state } = game(team), joint = jointActions(3, 2), config = { hidden: 8 }, weights = weightsOf(freeMixer, team, config), { shape, data } = weights['net/kernel0']!;
    const rows = (from: (row: number) => number) => ({ shape, data: Float32Array.from(data, (_, i) => data[from(Math.floor(i / 8)) * 8 + i % 8]!) }), along = { ...weights, 'net/kernel0': rows(row => (row < team.state ? row : team.state + order[row - team.state]!)) };
    const before = (await mix(freeMixer, team, weights, offers(values, joint, state), config)).qTot, after = (await mix(freeMixer, team, along, offers(order.map(i => values[i]!), joint.map(u => order.map(i => u[i]!)), state), config)).qTot;
    expect(after).toEqual(before.map(x => expect.closeTo(x, 4)));
  });
});

describe('mixers that are VDN in disguise', () => {
  const team: Team = { agents: 3, actions: 3, state: 2, seed: 6 }, { values, state } = game(team), joint = jointActions(3, 3), offered = offers(values, joint, state);
  it('duplexMixer with lambda 1, w 1 and v 0', async () => {
    const weights = Object.fromEntries(Object.entries(weightsOf(duplexMixer, team, { heads: 1, hypernet: [] })).map(([name, x]) => [name, { shape: x.shape, data: new Float32Array(x.data.length).fill(name === 'w/bias0' ? 1 : name === 'key/bias0' ? 4 : 0) }]));
    const { qTot, outputs } = await mix(duplexMixer, team, weights, offered, { heads: 1, hypernet: [] }), sum = (await mix(sumMixer, team, {}, offered)).qTot;      // |4| sigmoid(0) sigmoid(0) = 1
    expect(numbers(outputs['lambda']).every(x => Math.abs(x - 1) < 1e-6)).toBe(true);
    expect(qTot).toEqual(sum.map(x => expect.closeTo(x, 5)));
  });
  it('evenAttentionMixer with as many heads as agents, units alike and no bias', async () => {
    const config = { heads: 3, embed: 2, hypernet: [] }, weights = Object.fromEntries(Object.entries(weightsOf(evenAttentionMixer, team, config)).map(([name, x]) => [name, name.startsWith('c/') ? { shape: x.shape, data: new Float32Array(x.data.length) } : x]));
    const alike = { ...offered, unitState: { shape: offered['unitState']!.shape, data: new Float32Array(offered['unitState']!.data.length).fill(0.7) } }, sum = (await mix(sumMixer, team, {}, offered)).qTot;
    expect((await mix(evenAttentionMixer, team, weights, alike, config)).qTot).toEqual(sum.map(x => expect.closeTo(x, 4)));
  });
  it('monotonicMixer of one agent with weight 1 and no offset, where its value is positive', async () => {
    const one: Team = { agents: 1, actions: 3, state: 2, seed: 7 }, config = { embed: 1, hypernet: [] }, positive = [[0.5, 2, 3]];
    const weights = Object.fromEntries(Object.entries(weightsOf(monotonicMixer, one, config)).map(([name, x]) => [name, { shape: x.shape, data: new Float32Array(x.data.length).fill(name === 'w1/bias0' || name === 'w2/bias0' ? 1 : 0) }]));
    expect((await mix(monotonicMixer, one, weights, offers(positive, jointActions(1, 3), state), config)).qTot).toEqual(positive[0]!.map(x => expect.closeTo(x, 5)));
  });
});

/** HAPPO: whole updates against the authors' own code, and what one agent's turn must and must not know of another's. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, each, once, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import type { World } from '../../core/world.ts';
import { happo, mappo } from '../../graphs/index.ts';
import { categorical, join, layerNormEncoder, stateValue } from '../../nodes/index.ts';
import { evaluateStep, importTorch, layerTable, type StepCase, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { drawWeights, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';
import { arrayOf, batchOf, type Encoded, type State } from './policy-fixture.ts';

interface Case {
  readonly case: string; readonly sizes: Readonly<Record<string, number>>; readonly batch: State; readonly slots: readonly (readonly number[])[];
  readonly config: Readonly<Record<'gamma' | 'lambda' | 'clip' | 'entropy' | 'clipNorm' | 'lr' | 'eps' | 'epochs' | 'hidden', number>> & { readonly normalised: boolean };
  readonly weights: State; readonly updated: State; readonly order: readonly number[]; readonly logProb: Encoded; readonly value: Encoded; readonly returns: Encoded; readonly factor: Encoded;
  readonly losses: Readonly<Record<'policyLoss' | 'valueLoss' | 'entropy', number>>;
}
const { learners } = JSON.parse(readFileSync(new URL('../fixtures/sequential/happo.json', import.meta.url), 'utf8')) as { readonly learners: readonly Case[] };
const page = happo as unknown as Definition<unknown, World>;

/** The weights of all agents, one after another. */
const ours = ({ sizes }: Case, state: State): Arrays => {
  const of = (net: string, name: string) => Array.from({ length: sizes['agent']! }, (_, i) => `${net}.${i}.${name}`);
  const linear = (to: string, net: string, name: string, i: number | '' = ''): [string, TorchTensor][] => [[`${to}/kernel${i}`, { from: of(net, `${name}.weight`), transpose: true }], [`${to}/bias${i}`, { from: of(net, `${name}.bias`) }]];
  const norm = (to: string, net: string, name: string, i: number | '' = ''): [string, TorchTensor][] => [[`${to}/scale${i}`, { from: of(net, `${name}.weight`) }], [`${to}/shift${i}`, { from: of(net, `${name}.bias`) }]];
  const trunk = (to: string, net: string) => [...norm(to, net, 'base.feature_norm'), ...linear(to, net, 'base.mlp.fc1.0', 0), ...norm(to, net, 'base.mlp.fc1.2', 0), ...linear(to, net, 'base.mlp.fc2.0.0', 1), ...norm(to, net, 'base.mlp.fc2.0.2', 1)];
  return importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries([
    ...trunk('encoder/trunk', 'actor'), ...linear('policy/head', 'actor', 'act.action_out.linear'), ...trunk('criticEncoder/trunk', 'critic'), ...linear('critic/net', 'critic', 'v_out', 0)]));
};
/** The authors' critics see the state and what their agent sees, dead or not; without a normaliser values are in units of return. */
const pageOf = ({ config: c }: Case): Definition => derive(page, 'fixture', g => {
  const ro = g.rollout({ steps: 4, copies: 3, epochs: c.epochs, minibatches: 1 }), input = g.replace('criticInput', join(), { state: each('agent', ro['state']!), obs: ro['obs']! } as never), critic = g.at('critic');
  g.rewire('criticEncoder', { x: input['x'] as never });
  g.remove('deathMask');
  for (const encoder of ['encoder', 'criticEncoder']) g.set(encoder, { hidden: [c.hidden, c.hidden] });
  g.set('advantage', { gamma: c.gamma, lambda: c.lambda });
  for (const loss of ['policyLoss', 'valueLoss']) g.set(loss, { clip: c.clip });
  if (!c.normalised) {
    g.rewire('advantage', { value: { text: `${critic.value.text} | now` }, nextValue: { text: `${critic.value.text} | next` } });
    g.rewire('valueLoss', { returns: once(g.at('advantage').returns), target: once(g.at('advantage').returns) });
  }
  const inTurn = { optimiser: adam({ lr: c.lr, eps: c.eps }), clipNorm: c.clipNorm, sweep: { over: 'agent', order: 'shuffled' } } as const;
  g.train('actor', [g.at('policyLoss').loss, weigh(c.entropy, g.at('entropy').loss)], inTurn);
  g.train('critic', g.at('valueLoss').loss, inTurn);
}) as Definition;

describe.each(learners.map(c => [c.case, c] as const))('%s, as the authors\' code computes it', (_, c) => {
  const d = pageOf(c), N = c.sizes['agent']!, TAPS = { logProb: 'logProb.logProb', value: 'critic.value', returns: 'advantage.returns' } as const;
  const run = (more: Partial<StepCase> = {}) => evaluateStep(d, { sizes: c.sizes, batch: batchOf(c.batch), weights: ours(c, c.weights), order: { sweep: Int32Array.from(c.order) }, taps: Object.values(TAPS), ...more });
  let done: StepResult, after: StepResult;
  beforeAll(async () => { done = await run(); after = await run({ weights: ours(c, c.updated) }); });
  /** Of our slots those that are steps. */
  const steps = (x: Arrays[string]) => { const all = numbers(x), slots = x.shape[1]!; return { shape: [], data: Float32Array.from(c.slots.flatMap((own, e) => own.flatMap(t => all.slice((e * slots + t) * N, (e * slots + t + 1) * N)))) }; };
  it('has the same log-probabilities, values and returns before', async () => {
    const first = await evaluateStep(derive(d as Definition<unknown, World>, 'first', g => { g.rollout({ steps: 4, copies: 3 }); }), { sizes: c.sizes, batch: batchOf(c.batch), weights: ours(c, c.weights), order: { sweep: Int32Array.from([0]) }, taps: Object.values(TAPS) });
    for (const [name, wire] of Object.entries(TAPS) as [keyof typeof TAPS, string][]) expect(off(steps(first.taps[wire]!), arrayOf(c[name])), name).toBeLessThan(1e-5);
  });
  it('has the same losses, and weights of all agents after all turns', () => {
    expect(done.failed).toBeUndefined();
    for (const [name, key] of [['policyLoss', 'actor/policyLoss'], ['entropy', 'actor/entropy'], ['valueLoss', 'critic']] as const) expect(Math.abs(done.losses[key]! - c.losses[name]), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(c.losses[name])));
    const want = ours(c, c.updated);
    expect(Object.keys(done.weights).sort()).toEqual(Object.keys(want).sort());
    for (const [name, x] of Object.entries(want)) { expect(done.weights[name]!.shape, name).toEqual(x.shape); expect(off(done.weights[name], x, 0.1), name).toBeLessThan(1e-5); }
  });
  it('counts advantages by how much those before have moved: not at all for the first, and for the last by all others', () => {
    const last = c.order.at(-1)!, [old, now] = [arrayOf(c.logProb).data, steps(after.taps['logProb.logProb']!).data], factor = arrayOf(c.factor).data, rows = old.length / N;
    for (let row = 0; row < rows; row++) {
      expect(factor[row * N + c.order[0]!]).toBe(1);
      const moved = c.order.slice(0, -1).reduce((sum, agent) => sum + now[row * N + agent]! - old[row * N + agent]!, 0);
      expect(Math.abs(factor[row * N + last]! / Math.exp(moved) - 1)).toBeLessThan(1e-5);
    }
  });
});
it('the cases hold what they are there for: factors far from 1, in orders that are not that of the agents, and the dead', () => {
  const factors = learners.flatMap(c => c.factor.data);
  expect(Math.min(...factors)).toBeLessThan(0.9);
  expect(Math.max(...factors)).toBeGreaterThan(1.1);
  expect(learners.some(c => c.order.join() !== [...c.order].sort().join())).toBe(true);
  for (const name of ['valid', 'alive', 'avail']) expect(learners.flatMap(c => c.batch[name]!.data)).toContain(0);
});

describe('the page', () => {
  const small = (d: Definition<unknown, World>) => derive(d, 'small', g => { g.rollout({ steps: 4, copies: 3, epochs: 2, minibatches: 1 }); for (const encoder of ['encoder', 'criticEncoder']) g.set(encoder, { hidden: [8, 8] }); });
  const tiny = small(page), sizes: Sizes = { ...sizesOf(tiny), agent: 3, id: 3 }, batch = drawBatch(tiny, sizes), weights = drawWeights(1, layerTable(tiny, sizes));
  const update = (order: readonly number[], more: Partial<StepCase> = {}, d: Definition = tiny) => evaluateStep(d, { sizes, batch, weights, order: { sweep: Int32Array.from(order) }, ...more });
  /** The weights of one agent. */
  const own = (all: Arrays, agent: number) => Object.fromEntries(Object.entries(all).map(([name, x]) => { const one = x.data.length / x.shape[0]!; return [name, numbers(x).slice(agent * one, (agent + 1) * one)]; }));
  const actor = (all: Record<string, number[]>) => Object.fromEntries(Object.entries(all).filter(([name]) => /^(encoder|policy)\//.test(name)));
  it('has the numbers of its sheet', () => {
    const { sources, train, nodes } = page.page;
    expect({ ...sources['data'] }).toEqual({ cut: 'rollout', steps: 160, copies: 20, epochs: 5, minibatches: 1 });
    expect([nodes['advantage']!.config, nodes['policyLoss']!.config, nodes['encoder']!.config].map(x => ({ ...x }))).toEqual([{ gamma: 0.95, lambda: 0.95 }, { clip: 0.2 }, { hidden: [64, 64] }]);
    for (const rule of ['actor', 'critic']) expect(train[rule]).toMatchObject({ clipNorm: 10, optimiser: { type: 'adam', lr: 5e-4, eps: 1e-5 }, sweep: { over: 'agent', order: 'shuffled' } });
    expect(['encoder', 'policy', 'criticEncoder', 'critic', 'standardAdvantage'].map(n => nodes[n]!.per)).toEqual(Array.from({ length: 5 }, () => 'agent'));
  });
  it('lets the first agent learn as it would without the others: the factor is 1', async () => {
    const alone = derive(tiny, 'alone', g => { g.rewire('policyLoss', { advantage: once(g.at('standardAdvantage').x) }); });
    for (const agent of [0, 1, 2]) expect(own((await update([agent]), await update([agent])).weights, agent)).toEqual(own((await update([agent], {}, alone)).weights, agent));
    expect(own((await update([0, 1])).weights, 1)).not.toEqual(own((await update([0, 1], {}, alone)).weights, 1));
  });
  it('moves the weights of the agent whose turn it is, and no other\'s', async () => {
    const { weights: after } = await update([1]);
    expect([0, 2].map(agent => own(after, agent))).toEqual([0, 2].map(agent => own(weights, agent)));
    for (const [name, x] of Object.entries(own(after, 1))) expect(x, name).not.toEqual(own(weights, 1)[name]);
  });
  it('passes the factor on unchanged where an agent does not move', async () => {
    // an agent that is dead throughout learns nothing
    const alive = batch['data.alive']!, dead = { ...batch, 'data.alive': { shape: alive.shape, data: Float32Array.from(alive.data, (x, i) => (i % 3 === 1 ? 0 : x)) } }, with1 = await update([0, 1, 2], { batch: dead }), without = await update([0, 2], { batch: dead });
    expect(actor(own(with1.weights, 1))).toEqual(actor(own(weights, 1)));
    expect(own(with1.weights, 2)).toEqual(own(without.weights, 2));
    expect(own((await update([0, 1, 2])).weights, 2)).not.toEqual(own((await update([0, 2])).weights, 2));
  });
  it('depends on the order of its turns', async () => {
    const [a, b] = [await update([0, 1, 2]), await update([2, 1, 0])];
    expect(actor(own(a.weights, 0))).not.toEqual(actor(own(b.weights, 0)));
    expect(a.weights['critic/net/kernel0']).toEqual(b.weights['critic/net/kernel0']);
  });
  it('of one agent is MAPPO without memory: the same step', async () => {
    const one = { ...sizes, agent: 1, id: 1 }, plain = small(derive(mappo as unknown as Definition<unknown, World>, 'plain', g => {
      for (const encoder of ['encoder', 'criticEncoder']) g.swap(encoder, layerNormEncoder());
      g.swap('policy', categorical()); g.swap('critic', stateValue({ hidden: [] }));
      g.replace('agentInput', join(), { obs: g.data()['obs']! } as never);
      g.set('advantage', { gamma: 0.95 });
      for (const [rule, losses] of [['actor', [g.at('policyLoss').loss, weigh(0.01, g.at('entropy').loss)]], ['critic', g.at('valueLoss').loss]] as const) g.train(rule, losses, { optimiser: adam({ lr: 5e-4, eps: 1e-5 }), clipNorm: 10 });
    })), both = drawBatch(tiny, one), w = drawWeights(2, layerTable(plain, one)), stacked = Object.fromEntries(Object.entries(w).map(([name, x]) => [name, { shape: [1, ...x.shape], data: x.data }]));
    const [single, team] = [await evaluateStep(plain, { sizes: one, batch: both, weights: w }), await evaluateStep(tiny, { sizes: one, batch: both, weights: stacked })];
    for (const [name, x] of Object.entries(single.weights)) expect(off(team.weights[name], { shape: [1, ...x.shape], data: x.data }), name).toBeLessThan(1e-6);
    for (const [name, x] of Object.entries(single.losses)) expect(Math.abs(team.losses[name]! - x), name).toBeLessThan(1e-6);
  });
});

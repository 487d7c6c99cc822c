/** MAT: whole updates against the authors' own code, and what acting in turn must and must not know. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { Random } from '../../core/random.ts';
import type { World } from '../../core/world.ts';
import { mat } from '../../graphs/index.ts';
import { evaluateAct, evaluateStep, importTorch, layerTable, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { drawWeights, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';
import { arrayOf, batchOf, type Encoded, type State } from './policy-fixture.ts';
import { evaluate, reorderAgents } from './team.ts';

interface Case {
  readonly case: string; readonly sizes: Readonly<Record<string, number>>; readonly batch: State; readonly slots: readonly (readonly number[])[]; readonly orders: readonly (readonly number[])[];
  readonly config: Readonly<Record<'gamma' | 'lambda' | 'clip' | 'entropy' | 'value' | 'clipNorm' | 'lr' | 'eps' | 'epochs' | 'minibatches' | 'embed' | 'heads' | 'blocks', number>>;
  readonly weights: State; readonly updated: State; readonly lastGradients: State; readonly lastNorm: number; readonly losses: Readonly<Record<'all' | 'policyLoss' | 'valueLoss' | 'entropy', number>>;
  readonly ratios: readonly (readonly [number, number])[]; readonly logProb: Encoded; readonly value: Encoded; readonly advantage: Encoded; readonly returns: Encoded;
  readonly known: Readonly<Record<'mean' | 'square' | 'weight', number>>; readonly learned: Case['known'];
}
const { learners } = JSON.parse(readFileSync(new URL('../fixtures/sequential/mat.json', import.meta.url), 'utf8')) as { readonly learners: readonly Case[] };
const page = mat as unknown as Definition<unknown, World>;

const linear = (to: string, from: string, i: number | '' = '', bias = true): [string, TorchTensor][] => [[`${to}/kernel${i}`, { from: `${from}.weight`, transpose: true }], ...(bias ? [[`${to}/bias${i}`, { from: `${from}.bias` }] as [string, TorchTensor]] : [])];
const norm = (to: string, from: string): [string, TorchTensor][] => [[`${to}/scale`, { from: `${from}.weight` }], [`${to}/shift`, { from: `${from}.bias` }]];
const attention = (to: string, from: string) => [...linear(`${to}/query`, `${from}.query`), ...linear(`${to}/key`, `${from}.key`, '', false), ...linear(`${to}/value`, `${from}.value`), ...linear(`${to}/out`, `${from}.proj`)];
const inner = (to: string, from: string) => [...linear(to, `${from}.0`, 0), ...linear(to, `${from}.2`, 1)];
const head = (to: string, from: string) => [...linear(`${to}/token/dense`, `${from}.0`), ...norm(`${to}/token/norm`, `${from}.2`), ...linear(`${to}/out`, `${from}.3`)];
const ours = ({ config: { blocks } }: Case, state: State): Arrays => importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries([
  ...norm('encoder/norm', 'encoder.obs_encoder.0'), ...linear('encoder/token/dense', 'encoder.obs_encoder.1'), ...norm('encoder/token/norm', 'encoder.ln'), ...head('critic/head', 'encoder.head'),
  ...linear('decoder/token/dense', 'decoder.action_encoder.0', '', false), ...norm('decoder/token/norm', 'decoder.ln'), ...head('decoder/head', 'decoder.head'),
  ...Array.from({ length: blocks }, (_, i) => [[`encoder/blocks/block${i}`, `encoder.blocks.${i}`], [`decoder/blocks/block${i}`, `decoder.blocks.${i}`]] as const).flatMap(([[e, theirE], [d, theirD]]) => [
    ...attention(`${e}/attention`, `${theirE}.attn`), ...norm(`${e}/norm1`, `${theirE}.ln1`), ...inner(`${e}/mlp`, `${theirE}.mlp`), ...norm(`${e}/norm2`, `${theirE}.ln2`),
    ...attention(`${d}/own`, `${theirD}.attn1`), ...norm(`${d}/norm1`, `${theirD}.ln1`), ...attention(`${d}/cross`, `${theirD}.attn2`), ...norm(`${d}/norm2`, `${theirD}.ln2`), ...inner(`${d}/mlp`, `${theirD}.mlp`), ...norm(`${d}/norm3`, `${theirD}.ln3`),
  ]),
]));
const small = (config: Case['config']): Definition => derive(page, 'fixture', g => {
  g.rollout({ steps: 4, copies: 3, epochs: config.epochs, minibatches: config.minibatches });
  g.set('encoder', { embed: config.embed, heads: config.heads, blocks: config.blocks });
  g.set('decoder', { heads: config.heads, blocks: config.blocks });
  g.set('advantage', { gamma: config.gamma, lambda: config.lambda });
  for (const loss of ['policyLoss', 'valueLoss']) g.set(loss, { clip: config.clip });
  g.train('all', [g.at('policyLoss').loss, weigh(config.value, g.at('valueLoss').loss), weigh(config.entropy, g.at('entropy').loss)], { optimiser: adam({ lr: config.lr, eps: config.eps }), clipNorm: config.clipNorm });
}) as Definition;

describe.each(learners.map(c => [c.case, c] as const))('%s, as the authors\' code computes it', (_, c) => {
  const d = small(c.config), N = c.sizes['agent']!, T = c.sizes['time']!, TAPS = { logProb: 'logProb.logProb', value: 'critic.value', advantage: 'advantage.advantage', returns: 'advantage.returns' } as const;
  const given = { sizes: { ...c.sizes, id: N, state: c.batch['state']!.shape[2]! }, batch: batchOf(c.batch), weights: ours(c, c.weights), memory: Object.fromEntries(Object.entries(c.known).map(([k, x]) => [`valueNorm.${k}`, x])) };
  let done: StepResult, first: StepResult;
  beforeAll(async () => {
    done = await evaluateStep(d, { ...given, ...(c.orders.length ? { order: { epochs: c.orders.map(x => Int32Array.from(x)) } } : {}) });
    first = await evaluateStep(small({ ...c.config, epochs: 1, minibatches: 1 }), { ...given, taps: [...Object.values(TAPS), 'policyLoss.ratio'] });
  });
  /** Of our slots those that are steps. */
  const steps = (x: Arrays[string]) => { const all = numbers(x), slots = x.shape[1]!; return { shape: [], data: Float32Array.from(c.slots.flatMap((own, e) => own.flatMap(t => all.slice((e * slots + t) * N, (e * slots + t + 1) * N)))) }; };
  it('says the same of actions that were drawn agent by agent, and has the same values, advantages and returns', () => {
    for (const [name, wire] of Object.entries(TAPS) as [keyof typeof TAPS, string][]) expect(off(steps(first.taps[wire]!), arrayOf(c[name])), name).toBeLessThan(1e-5);
    expect(first.taps['policyLoss.ratio']!.shape[1]).toBe(T);
  });
  it('begins with ratios of 1', () => { for (const x of numbers(first.taps['policyLoss.ratio'])) expect(x).toBe(1); });
  it('has the same losses, last gradients and norm, weights and statistics after all steps', () => {
    expect(done.failed).toBeUndefined();
    expect(done.slots['all']!.count).toBe(c.config.epochs * c.config.minibatches);
    for (const [name, want] of Object.entries(c.losses)) expect(Math.abs(done.losses[name === 'all' ? 'all' : `all/${name}`]! - want), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
    expect(Math.abs(done.gradientNorms['all']! / c.lastNorm - 1)).toBeLessThan(1e-4);
    for (const [got, want] of [[done.gradients, ours(c, c.lastGradients)], [done.weights, ours(c, c.updated)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x, 0.1), name).toBeLessThan(1e-5); }
    }
    for (const [name, want] of Object.entries(c.learned)) expect(Math.abs(Number(done.memory[`valueNorm.${name}`]) / want - 1), name).toBeLessThan(1e-5);
  });
});
it('the cases hold what they are there for: ends, agents that are dead, clips that bite, statistics that are known', () => {
  const all = (name: string) => learners.flatMap(c => c.batch[name]!.data);
  expect(all('terminated')).toContain(1);
  for (const name of ['valid', 'alive', 'avail']) expect(all(name)).toContain(0);
  for (const c of learners) expect(c.ratios[0]!.every(r => Math.abs(r - 1) < 1e-5), c.case).toBe(true);
  expect(learners.some(c => c.ratios.some(([least, most]) => least < 1 - c.config.clip && most > 1 + c.config.clip))).toBe(true);
  expect(learners.some(c => c.lastNorm > c.config.clipNorm) && learners.some(c => c.lastNorm < c.config.clipNorm)).toBe(true);
  expect(learners.some(c => c.known.weight === 0) && learners.some(c => c.known.weight > 0)).toBe(true);
});

describe('the page', () => {
  const tiny = derive(page, 'tiny', g => { g.rollout({ steps: 4, copies: 3 }); g.set('encoder', { embed: 8, heads: 2, blocks: 2 }); g.set('decoder', { heads: 2, blocks: 2 }); });
  const sizes: Sizes = { ...sizesOf(tiny), agent: 4, id: 4 }, batch = drawBatch(tiny, sizes);
  /** What normalises scales by about 1. */
  const drawn = (own: Sizes): Arrays => Object.fromEntries(Object.entries(drawWeights(1, layerTable(tiny, own))).map(([name, x]) => [name, name.endsWith('/scale') ? { shape: x.shape, data: Float32Array.from(x.data, v => 1 + v) } : x]));
  const weights = drawn(sizes);
  it('has the numbers of its sheet', () => {
    const { sources, train, nodes, act } = page.page;
    expect({ ...sources['data'] }).toEqual({ cut: 'rollout', steps: 26, copies: 128, epochs: 10, minibatches: 1 });
    expect([nodes['encoder']!.config, nodes['decoder']!.config, nodes['policyLoss']!.config, nodes['advantage']!.config].map(x => ({ ...x }))).toEqual([{ embed: 64, heads: 1, blocks: 1 }, { heads: 1, blocks: 1 }, { clip: 0.05 }, { gamma: 0.99, lambda: 0.95 }]);
    expect(train['all']).toMatchObject({ losses: [{ loss: 'policyLoss.loss', weight: 1 }, { loss: 'valueLoss.loss', weight: 1 }, { loss: 'entropy.loss', weight: 0.01 }], clipNorm: 10, optimiser: { type: 'adam', lr: 7e-4, eps: 1e-5 } });
    expect(act!.inTurn).toBe('agent');
  });
  it('acts as it learns: what is best for each agent in turn is the largest of its logits, given what the others then do', async () => {
    const copies = 40, fields = Object.fromEntries(['obs', 'avail'].map(name => {
      const { shape } = batch[`data.${name}`]!, own = shape.slice(2), width = own.reduce((a, n) => a * n, 1), r = Random.of(3, name), data = name === 'obs' ? r.fill('normal', new Float32Array(copies * width)) : Uint8Array.from({ length: copies * width }, (_, i) => (i % 3 === 0 ? 1 : r.integer(2)));
      return [name, { shape: [copies, 1, ...own], data }];
    }));
    const { action } = await evaluateAct(tiny, { sizes: { ...sizes, batch: copies }, fields, weights, best: true });
    const slot = (x: Arrays[string]) => ({ shape: [copies, 2, ...x.shape.slice(2)], data: Float32Array.from({ length: 2 * x.data.length }, (_, i) => { const width = x.data.length / copies; return x.data[Math.floor(i / width / 2) * width + i % width]!; }) });
    const { taps } = await evaluateStep(tiny, {
      sizes: { ...sizes, batch: copies, time: 1 }, weights, taps: ['decoder.logits'],
      batch: { ...drawBatch(tiny, { ...sizes, batch: copies, time: 1 }), 'data.obs': slot(fields['obs']!), 'data.avail': { ...slot(fields['avail']!), data: Uint8Array.from(slot(fields['avail']!).data) }, 'data.action': { shape: [copies, 1, 4], data: Int32Array.from(action.data) } },
    });
    const logits = numbers(taps['decoder.logits']), A = sizes['action']!;
    numbers(action).forEach((a, i) => { const row = logits.slice(i * A, (i + 1) * A); expect(row.indexOf(Math.max(...row)), `agent ${i % 4} of copy ${Math.floor(i / 4)}`).toBe(a); });
    expect(new Set(numbers(action)).size).toBeGreaterThan(1);
  });
  it('acts by the noise that it is given', async () => {
    const A = sizes['action']!, g = new Float32Array(3 * 4 * A), wanted = Array.from({ length: 12 }, (_, i) => (5 * i + 1) % A), of = (name: string) => { const [, , ...own] = batch[`data.${name}`]!.shape; return [3, 1, ...own]; };
    wanted.forEach((a, i) => { g[i * A + a] = 1e4; });
    const fields = { obs: { shape: of('obs'), data: new Float32Array(3 * 4 * sizes['obs']!) }, avail: { shape: of('avail'), data: new Uint8Array(3 * 4 * A).fill(1) } };
    const act = (data: Float32Array, shape: readonly number[]) => evaluateAct(tiny, { sizes: { ...sizes, batch: 3 }, fields, weights, noise: { 'explore.g': { shape, data } } });
    expect(numbers((await act(g, [3, 1, 4, A])).action)).toEqual(wanted);
    await expect(act(g.slice(A), [3, 1, 3, A])).rejects.toThrow(/noise explore\.g/);
  });
  it('draws each agent\'s action by the policy that those before it left it', async () => {
    const copies = 4000, O = sizes['obs']!, own: Sizes = { ...sizes, agent: 2, id: 2, batch: copies }, obs = Random.of(1, 'obs').fill('normal', new Float32Array(2 * O)), w = drawn(own);
    const everywhere = (x: Float32Array) => Float32Array.from({ length: copies * x.length }, (_, i) => x[i % x.length]!), { action } = await evaluateAct(tiny, { sizes: own, weights: w, fields: { obs: { shape: [copies, 1, 2, O], data: everywhere(obs) } } });
    const { taps } = await evaluateStep(tiny, {
      sizes: { ...own, batch: 9, time: 1 }, weights: w, taps: ['logProb.logProb'],
      batch: { ...drawBatch(tiny, { ...own, batch: 9, time: 1 }), 'data.obs': { shape: [9, 2, 2, O], data: everywhere(obs).slice(0, 36 * O) }, 'data.avail': { shape: [9, 2, 2, 3], data: new Uint8Array(108).fill(1) }, 'data.action': { shape: [9, 1, 2], data: Int32Array.from({ length: 18 }, (_, i) => (i % 2 ? Math.floor(i / 2) % 3 : Math.floor(i / 6))) } },
    });
    const log = numbers(taps['logProb.logProb']), count = new Array<number>(9).fill(0);
    for (let i = 0; i < copies; i++) count[action.data[2 * i]! * 3 + action.data[2 * i + 1]!]!++;
    // each joint action as often as it is likely: chi squared of 8 degrees of freedom, 26.1 at 0.001
    const expected = count.map((_, joint) => copies * Math.exp(log[2 * joint]! + log[2 * joint + 1]!));
    expect(expected.reduce((a, b) => a + b, 0)).toBeCloseTo(copies, 1);
    expect(expected.reduce((sum, e, joint) => sum + (count[joint]! - e) ** 2 / e, 0)).toBeLessThan(26.1);
  });
  it('has values that do not know agents apart, and policies that know who goes first', async () => {
    const order = [2, 0, 3, 1], taps = ['critic.value', 'logProb.logProb'], before = await evaluate(tiny, { sizes, batch, weights, taps }), after = await evaluate(tiny, { sizes, batch: reorderAgents(tiny, batch, order), weights, taps });
    const moved = (x: Arrays[string]) => ({ shape: x.shape, data: Float32Array.from(x.data, (_, i) => x.data[i - i % 4 + order[i % 4]!]!) }), real = (x: Arrays[string]) => ({ shape: [], data: Float32Array.from(x.data).filter(v => v > -1e8) });
    expect(off(after.taps['critic.value'], moved(before.taps['critic.value']!))).toBeLessThan(1e-5);
    expect(off(real(after.taps['logProb.logProb']!), real(moved(before.taps['logProb.logProb']!)))).toBeGreaterThan(1e-2);
  });
  it('takes no notice of the state, nor of the ids: everything it knows is observed', async () => {
    const before = await evaluate(tiny, { sizes, batch, weights });
    for (const name of ['state', 'agentId', 'lastAction', 'agentReward']) { const x = batch[`data.${name}`]!; expect((await evaluate(tiny, { sizes, batch: { ...batch, [`data.${name}`]: { shape: x.shape, data: x.data.map(() => 7) as Float32Array } }, weights })).losses, name).toEqual(before.losses); }
  });
  it('passes the gradient of the policy to the encoder', async () => {
    const actor = derive(tiny, 'actor', g => { g.train('all', [g.at('policyLoss').loss, weigh(0, g.at('valueLoss').loss)], { optimiser: { type: 'sgd', lr: 1 } }); }), { gradients } = await evaluate(actor, { sizes, batch, weights });
    for (const [name, g] of Object.entries(gradients)) expect(numbers(g).some(x => x !== 0), name).toBe(!name.startsWith('critic/'));
  });
});

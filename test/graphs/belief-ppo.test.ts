/** Belief-PPO: its belief against PyTorch, and what the abstract asks for: beliefs of what was seen alone, that PPO reads and does not train. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap, weigh } from '../../core/graph.ts';
import { defineNode, type NodeUse } from '../../core/node.ts';
import { adam, sgd } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import { mul, zeros } from '@tensorflow/tfjs-core';
import { beliefPpo, ippo } from '../../graphs/index.ts';
import { encoder, pooledBelief, stationaryDecoder } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep, importTorch, layerTable, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { arrayOf, type Encoded, type State } from './policy-fixture.ts';

interface Case {
  readonly case: string; readonly sizes: { readonly batch: number; readonly time: number; readonly agent: number; readonly action: number; readonly obs: number; readonly other: number };
  readonly config: { readonly beta: number; readonly lr: number; readonly clip: number; readonly epochs: number; readonly hidden: number; readonly width: number; readonly latent: number };
  readonly batch: State; readonly eps: Encoded; readonly weights: State; readonly updated: State; readonly lastGradients: State; readonly lastNorm: number;
  readonly first: { readonly crossEntropy: number; readonly kl: number; readonly loss: number; readonly pairs: number }; readonly losses: readonly number[];
}
const { learners } = JSON.parse(readFileSync(new URL('../fixtures/belief/learners.json', import.meta.url), 'utf8')) as { readonly learners: readonly Case[] };
const linear = (ours: string, theirs: string, i = '') => ({ [`${ours}/kernel${i}`]: { from: `${theirs}.weight`, transpose: true }, [`${ours}/bias${i}`]: { from: `${theirs}.bias` } });
const MAP = {
  ...linear('belief/first', 'belief.first'), ...linear('belief/law', 'belief.law'), ...linear('beliefDecoder/net', 'decoder.0', '0'), ...linear('beliefDecoder/net', 'decoder.2', '1'),
  'belief/cell/kernel': { from: 'belief.cell.weight_ih', transpose: true, gates: 3 }, 'belief/cell/bias': { from: 'belief.cell.bias_ih', gates: 3 },
  'belief/cell/recurrent': { from: 'belief.cell.weight_hh', transpose: true, gates: 3 }, 'belief/cell/recurrentBias': { from: 'belief.cell.bias_hh', gates: 3 },
};
const oursOf = (state: State): Arrays => importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), MAP);

describe.each(learners.map(c => [c.case, c] as const))('the belief is trained as PyTorch trains it: %s', (_, { sizes: own, config: c, ...x }) => {
  const page = (epochs: number) => derive(beliefPpo, 'fixture', (g, { loss }) => {
    g.rollout({ steps: own.time, copies: own.batch, epochs });
    g.set('belief', { hidden: c.hidden, latent: c.latent });
    g.set('beliefDecoder', { hidden: c.width });
    g.set('beliefLoss', { beta: c.beta });
    g.train('belief', loss.loss, { optimiser: adam({ lr: c.lr }), clipNorm: c.clip });
  });
  const sizes = { ...own, id: own.agent, state: 2 }, drawn = drawBatch(beliefPpo, sizes), given = Object.fromEntries(Object.entries(x.batch).map(([k, v]) => [`data.${k}`, arrayOf(v, { seenAction: Int32Array, seen: Uint8Array, start: Uint8Array }[k])]));
  // episodes end where a step is no transition: what PPO makes of the batch is all the same to the belief
  const learn = (epochs: number) => evaluateStep(page(epochs), { sizes, batch: { ...drawn, ...given }, weights: oursOf(x.weights), noise: { 'belief.eps': arrayOf(x.eps) }, taps: ['beliefLoss.crossEntropy', 'beliefLoss.kl', 'beliefLoss.loss'] });
  it('has the same loss and parts of it, last gradients, norm and weights after all steps', async () => {
    const [one, done] = [await learn(1), await learn(c.epochs)];
    expect(done.failed).toBeUndefined();
    for (const part of ['crossEntropy', 'kl', 'loss'] as const) expect(Math.abs(numbers(one.taps[`beliefLoss.${part}`])[0]! - x.first[part]), part).toBeLessThan(1e-5 * Math.max(1, Math.abs(x.first[part])));
    expect(Math.abs(done.losses['belief']! - x.losses.reduce((a, v) => a + v, 0) / x.losses.length)).toBeLessThan(1e-5 * Math.max(1, ...x.losses.map(Math.abs)));
    expect(Math.abs(done.gradientNorms['belief']! / x.lastNorm - 1)).toBeLessThan(1e-5);
    const got = (of: Arrays) => Object.fromEntries(Object.entries(of).filter(([k]) => k.startsWith('belief')));
    for (const [a, b] of [[got(done.gradients), oursOf(x.lastGradients)], [got(done.weights), oursOf(x.updated)]] as const) {
      expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
      for (const [name, want] of Object.entries(b)) expect(off(a[name], want), name).toBeLessThan(1e-5);
    }
  });
});
it('the cases hold what they are there for: a clip that bites and one that does not, ends on the way, padding, actions not seen', () => {
  expect(learners.some(c => c.lastNorm > c.config.clip) && learners.some(c => c.lastNorm < c.config.clip)).toBe(true);
  expect(learners.some(c => c.batch['start']!.data.filter(s => s === 1).length > c.sizes.batch)).toBe(true);
  for (const c of learners.slice(0, 2)) { expect(c.batch['valid']!.data).toContain(0); expect(c.batch['seen']!.data).toContain(0); }
});

/** A batch used once, so that taps show what the weights given make of it. */
const once = derive(beliefPpo, 'once', g => { g.rollout({ steps: 5, copies: 3 }); });
const sizes = { ...sizesOf(beliefPpo), batch: 3, time: 5, agent: 3, id: 3, action: 3, obs: 5, other: 2 }, batch = drawBatch(beliefPpo, sizes);
const weightsOf = (d: Definition, seed = 1, of = sizes) => drawWeights(seed, layerTable(d, of));
const step = (d: unknown, more: Partial<Parameters<typeof evaluateStep>[1]> = {}): Promise<StepResult> => evaluateStep(d as Definition, { sizes, batch, weights: weightsOf(d as Definition), ...more });
const isBelief = (name: string) => /^belief(Decoder)?\//.test(name);

describe('the page', () => {
  it('trains the belief by its own rule, actor and critic by theirs, and nothing twice', () => {
    const p = plan(beliefPpo as Definition, sizes), trained = Object.fromEntries([...p.rules].map(([name, rule]) => [name, [...new Set(rule.slices.map(s => s.name.split('/')[0]))].sort()]));
    expect(trained).toEqual({ actor: ['encoder', 'policy'], critic: ['critic', 'criticEncoder'], belief: ['belief', 'beliefDecoder'] });
  });
  it('lets no gradient of the losses of PPO into the belief, which would get one if the wires were not stopped', async () => {
    const all = (stopped: boolean) => derive(once, 'all', (g, { belief, policyLoss, valueLoss, entropy, loss }) => {
      if (!stopped) for (const input of ['agentInput', 'criticInput']) g.rewire(input, { belief: belief.mean });
      const rule = { optimiser: sgd({ lr: 1 }) };
      g.train('critic', weigh(0, valueLoss.loss), { ...rule, only: [g.at('critic')] });
      g.train('belief', weigh(0, loss.loss), { ...rule, only: [g.at('beliefDecoder')] });
      g.train('actor', [policyLoss.loss, valueLoss.loss, entropy.loss, weigh(0, loss.loss)], { ...rule, only: ['encoder', 'policy', 'criticEncoder', 'belief'].map(n => g.at(n) as never) });
    });
    for (const stopped of [true, false]) {
      const { gradients } = await step(all(stopped));
      expect(Object.entries(gradients).filter(([k, g]) => k.startsWith('belief/') && numbers(g).some(v => v !== 0)).length > 0).toBe(!stopped);
      expect(numbers(gradients['encoder/' + Object.keys(gradients).find(k => k.startsWith('encoder/'))!.slice('encoder/'.length)]).some(v => v !== 0)).toBe(true);
    }
  });
  it('with a belief of zeros is IPPO: the same losses, gradients and weights after an update', async () => {
    const nothing = defineNode({
      type: 'nothing', config: { latent: 8 }, in: { x: f32('... ?x') }, out: { mean: f32('... latent'), logStd: f32('... latent'), z: f32('... latent') }, sizes: (_, { latent }) => ({ latent }),
      forward: ({ x }, _, { latent }) => { const none = mul(zeros([1, latent]), x.slice([0, 0], [-1, 1])); return { mean: none, logStd: none, z: none }; },
    });
    // encoders that do not normalise over their inputs, among which zeros would count
    const plain = (d: Definition, ...more: readonly [string, NodeUse][]) => derive(d as typeof ippo, 'plain', g => { g.rollout({ steps: 5, copies: 3, epochs: 3 }); for (const [slot, use] of [['encoder', encoder()], ['criticEncoder', encoder()], ...more] as const) g.swap(slot, use); });
    const [none, without] = [plain(beliefPpo as never, ['belief', nothing()]), plain(ippo as never)], weights = weightsOf(without), own = sizes.obs + sizes.id;
    const wide = (of: Arrays, fill: Arrays) => Object.fromEntries(Object.entries(fill).map(([k, x]) => [k, of[k] === undefined || of[k].data.length === x.data.length ? of[k] ?? x : { shape: x.shape, data: Float32Array.from(x.data, (v, i) => of[k]!.data[i] ?? v) }]));
    const first = wide(weights, weightsOf(none, 2)), cut = (of: Arrays) => Object.fromEntries(Object.keys(weights).map(k => [k, { shape: weights[k]!.shape, data: of[k]!.data.slice(0, weights[k]!.data.length) }]));
    expect(first['encoder/net/kernel0']!.shape).toEqual([own + 8, 64]);
    const taps = ['policy.logits', 'critic.value', 'advantage.advantage'], [a, b] = [await step(none, { weights: first, taps }), await step(without, { weights, taps, batch: Object.fromEntries(Object.entries(batch).filter(([k]) => !/\.seen/.test(k))) })];
    for (const wire of taps) expect(off(a.taps[wire], b.taps[wire]), wire).toBeLessThan(1e-6);
    for (const rule of ['actor', 'critic']) { expect(Math.abs(a.losses[rule]! - b.losses[rule]!)).toBeLessThan(1e-6); expect(Math.abs(a.gradientNorms[rule]! / b.gradientNorms[rule]! - 1)).toBeLessThan(1e-5); }
    for (const [k, x] of Object.entries(cut(a.gradients))) expect(off(x, b.gradients[k]), k).toBeLessThan(1e-5);
    for (const [k, x] of Object.entries(cut(a.weights))) expect(off(x, b.weights[k]), k).toBeLessThan(1e-5);
    const beliefRows = a.gradients['encoder/net/kernel0']!.data.slice(own * 64);
    expect(beliefRows.every(v => v === 0)).toBe(true);
  });
  it('believes what an agent saw, and nothing else: not what it did not see, not what others saw, not the state', async () => {
    const seen = batch['data.seen']!, actions = batch['data.seenAction']!, others = sizes.other, wire = 'belief.mean';
    const { taps: { [wire]: before } } = await step(once, { taps: [wire] }), mean = async (more: Arrays) => numbers((await step(once, { batch: { ...batch, ...more }, taps: [wire] })).taps[wire]);
    const turned = (pick: (i: number) => boolean) => ({ shape: actions.shape, data: Int32Array.from(actions.data, (x, i) => (pick(i) ? (x + 1) % sizes.action : x)) });
    expect(seen.data.includes(0) && seen.data.includes(1)).toBe(true);
    expect(await mean({ 'data.seenAction': turned(i => seen.data[i] === 0), 'data.state': normals(9, 'state', batch['data.state']!.shape) })).toEqual(numbers(before));
    // what agent 0 of copy 0 saw at slot 2 moves its own belief from then on
    const slots = sizes.time + 1, at = (b: number, t: number, n: number) => (b * slots + t) * 3 + n, from = at(0, 2, 0) * others, sight = { shape: seen.shape, data: Uint8Array.from(seen.data, (x, i) => (i === from ? 1 : x)) };
    const [a, b] = [await mean({ 'data.seen': sight }), await mean({ 'data.seen': sight, 'data.seenAction': turned(i => i === from) })], latent = 8;
    const moved = new Set(a.flatMap((x, i) => (x !== b[i] ? [Math.floor(i / latent)] : [])));
    expect([...moved].sort((p, q) => p - q)).toEqual([2, 3, 4, 5].map(t => at(0, t, 0)));
  });
  it('acts on the mean of the belief, without noise of it', async () => {
    const fields = Object.fromEntries(Object.entries(beliefPpo.page.world).filter(([, f]) => f.sight === 'local').map(([k]) => { const x = batch[`data.${k}`]!, one = x.data.length / (sizes.time + 1) / sizes.batch; return [k, { shape: [sizes.batch, 1, ...x.shape.slice(2)], data: x.data.filter((_, i) => Math.floor(i / one) % (sizes.time + 1) === 0) }]; }));
    const best = (seed: number) => evaluateAct(beliefPpo as Definition, { sizes, fields, weights: weightsOf(beliefPpo as Definition), best: true, seed });
    expect(numbers((await best(1)).action)).toEqual(numbers((await best(2)).action));
  });
  it('takes another belief and another decoder in their slots', async () => {
    for (const d of [swap(once, 'belief', pooledBelief(), { name: 'pooled' }), swap(once, 'beliefDecoder', stationaryDecoder(), { name: 'stationary' })]) {
      const { failed, losses, gradients } = await step(d, { weights: drawWeights(1, layerTable(d as Definition, sizes), 0.1) });
      expect(failed).toBeUndefined();
      expect(Number.isFinite(losses['belief'])).toBe(true);
      expect(Object.entries(gradients).filter(([k]) => isBelief(k)).every(([, g]) => numbers(g).some(v => v !== 0))).toBe(true);
    }
  });
});

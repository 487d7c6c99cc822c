/** REINFORCE with a baseline and without: whole updates against Spinning Up's, and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { reach } from '../../core/topology.ts';
import type { World } from '../../core/world.ts';
import { pages, reinforce, reinforceBaseline } from '../../graphs/index.ts';
import { gae } from '../../nodes/index.ts';
import { evaluateStep, type StepResult } from '../../plugins/testing.ts';
import { normals, numbers, off } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { arrayOf, batchOf, hiddenOf, oursOf, type Encoded, type State } from './policy-fixture.ts';
import { evaluate } from './team.ts';

interface Case { readonly page: string; readonly config: { readonly lr: number }; readonly batch: State; readonly weights: State; readonly returns: Encoded; readonly losses: readonly number[]; readonly valueLosses: readonly number[]; readonly gradients: State; readonly updated: State }
const { reinforce: cases } = JSON.parse(readFileSync(new URL('../fixtures/policy-gradients/learners.json', import.meta.url), 'utf8')) as { readonly reinforce: readonly Case[] };
const pageOf = (c: Case): Definition => derive(pages[c.page] as Definition<unknown, World>, 'fixture', g => {
  for (const node of ['encoder', 'critic']) if (node in pages[c.page]!.page.nodes) g.set(node, { hidden: hiddenOf(c.weights) });
  for (const [rule, { losses }] of Object.entries(pages[c.page]!.page.train)) g.train(rule, g.at(losses[0]!.loss.split('.')[0]!).loss, { optimiser: adam({ lr: c.config.lr }) });
});

describe.each(cases.map(c => [c.page, c] as const))('%s, as Spinning Up computes it', (_, c) => {
  const [batch, slots] = c.batch['reward']!.shape as [number, number];
  let one: StepResult, three: StepResult;
  beforeAll(async () => {
    const run = (updates: number) => evaluateStep(pageOf(c), { sizes: { batch, time: slots, obs: 4, action: 3 }, batch: batchOf(c.batch), weights: oursOf(c.weights), updates, taps: ['weight.returns'] });
    [one, three] = [await run(1), await run(3)];
  });
  it('has the same returns, of ends, limits and padding', () => {
    for (const name of ['terminated', 'truncated']) expect(c.batch[name]!.data).toContain(1);
    expect(c.batch['valid']!.data).toContain(0);
    expect(off(one.taps['weight.returns'], arrayOf(c.returns))).toBeLessThan(1e-5);
  });
  it('has the same losses, gradients and weights after three updates', () => {
    three.history.forEach((losses, i) => {
      expect(Math.abs(losses['policy']! - c.losses[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(c.losses[i]!)));
      if (c.valueLosses.length) expect(Math.abs(losses['critic']! - c.valueLosses[i]!)).toBeLessThan(1e-5 * Math.max(1, c.valueLosses[i]!));
    });
    for (const [got, want] of [[one.gradients, oursOf(c.gradients)], [three.weights, oursOf(c.updated)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) expect(off(got[name], x), name).toBeLessThan(1e-5);
    }
  });
});

describe('the pages', () => {
  it('have the numbers of their sheet', () => {
    for (const { page } of [reinforce, reinforceBaseline]) {
      expect({ ...page.sources['data'] }).toEqual({ cut: 'episodes', batch: 10 });
      expect({ ...page.nodes['encoder']!.config }).toEqual({ hidden: [32] });
      expect({ ...page.nodes['weight']!.config }).toEqual({ gamma: 1 });
      for (const { optimiser } of Object.values(page.train)) expect({ ...optimiser }).toEqual({ type: 'adam', lr: 1e-2, eps: 1e-8 });
    }
  });
  it('train the policy by its loss, and the baseline by its own alone', () => {
    expect(reach(reinforceBaseline, 'policy').trained).toEqual(['encoder', 'policy']);
    expect(reach(reinforceBaseline, 'critic').trained).toEqual(['critic']);
  });
  it('twice the rewards, twice the gradient', async () => {
    const sizes = sizesOf(reinforce), batch = drawBatch(reinforce, sizes), reward = batch['data.reward']!, twice = { ...batch, 'data.reward': { shape: reward.shape, data: Float32Array.from(reward.data, r => 2 * r) } };
    const [a, b] = [await evaluate(reinforce, { sizes, batch }), await evaluate(reinforce, { sizes, batch: twice })];
    for (const [name, g] of Object.entries(a.gradients)) expect(off(b.gradients[name], { shape: g.shape, data: Float32Array.from(g.data, x => 2 * x) }), name).toBeLessThan(1e-5);
  });
  it('a baseline that says 0 is no baseline', async () => {
    const sizes = sizesOf(reinforce), batch = drawBatch(reinforce, sizes), weights = Object.fromEntries([['encoder/net/kernel0', [5, 32]], ['encoder/net/bias0', [32]], ['policy/head/kernel', [32, 3]], ['policy/head/bias', [3]]].map(([name, shape]) => [name, normals(1, name as string, shape as number[], 0.5)]));
    const none = Object.fromEntries([['critic/net/kernel1', 32], ['critic/net/bias1', 1]].map(([name, n]) => [name, new Float32Array(n as number)]));
    const [plain, based] = [await evaluateStep(reinforce, { sizes, batch, weights }), await evaluateStep(reinforceBaseline, { sizes, batch, weights: { ...weights, ...none } })];
    expect(based.losses['policy']).toBeCloseTo(plain.losses['policy']!, 6);
    for (const [name, g] of Object.entries(plain.gradients)) expect(off(based.gradients[name], g), name).toBeLessThan(1e-6);
  });
  it('the baseline takes the lambda-return in place of rewards to go: the same with lambda 1, where every episode ends truly; and a limit bootstraps', async () => {
    const d = swap(reinforceBaseline, 'weight', gae({ gamma: 1, lambda: 1 }), { name: 'bootstrapped' }), sizes = sizesOf(d), batch = drawBatch(d, sizes), { 'data.terminated': ends, 'data.truncated': limits } = batch;
    const truly = { ...batch, 'data.terminated': { shape: ends!.shape, data: Uint8Array.from(ends!.data, (x, i) => x | limits!.data[i]!) }, 'data.truncated': { shape: limits!.shape, data: new Uint8Array(limits!.data.length) } };
    const [mc, lambda, cut] = [await evaluate(reinforceBaseline, { sizes, batch: truly }), await evaluate(d, { sizes, batch: truly }), await evaluate(d, { sizes, batch })];
    for (const rule of ['policy', 'critic']) expect(lambda.losses[rule]).toBeCloseTo(mc.losses[rule]!, 4);
    expect(cut.losses).not.toEqual(lambda.losses);
    expect(numbers(cut.weights['encoder/net/kernel0'])).not.toEqual(numbers(lambda.weights['encoder/net/kernel0']));
  });
});

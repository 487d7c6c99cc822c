/** A2C and PPO: whole updates against CleanRL's and Stable-Baselines3's own code, and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { derive, swap, weigh } from '../../core/graph.ts';
import { adam, rmsprop, sgd } from '../../core/optimiser.ts';
import type { World } from '../../core/world.ts';
import { a2c, pages, ppo } from '../../graphs/index.ts';
import { clippedValue, gae, maskedMse, policyGradient } from '../../nodes/index.ts';
import { evaluateStep, layerTable, type StepResult } from '../../plugins/testing.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { drawWeights, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { arrayOf, batchOf, hiddenOf, oursOf, type Encoded, type State } from './policy-fixture.ts';

interface Case {
  readonly case: string; readonly source: string; readonly page: 'a2c' | 'ppo'; readonly valueLoss: 'clippedValue' | 'maskedMse';
  readonly config: { readonly gamma: number; readonly lambda: number; readonly clip?: number; readonly entropy: number; readonly value: number; readonly clipNorm: number; readonly lr: number; readonly eps: number; readonly epochs: number; readonly minibatches: number; readonly targetKl?: number };
  readonly batch: State; readonly slots: readonly (readonly number[])[]; readonly orders: readonly (readonly number[])[]; readonly weights: State; readonly updated: State;
  readonly advantage: Encoded; readonly returns: Encoded; readonly losses: Readonly<Partial<Record<'all' | 'policyLoss' | 'valueLoss' | 'entropy', number>>>; readonly steps?: number;
  readonly lastGradients: State; readonly lastNorm: number; readonly clipped?: readonly number[];
}
const { learners } = JSON.parse(readFileSync(new URL('../fixtures/policy-gradients/learners.json', import.meta.url), 'utf8')) as { readonly learners: readonly Case[] };
/** The page with the sizes and numbers of a case. */
function pageOf({ page, valueLoss, weights, config: c }: Case): Definition {
  return derive(pages[page] as Definition<unknown, World>, 'fixture', g => {
    const { steps, copies } = pages[page]!.page.sources['data']!;
    g.rollout({ steps: steps!, copies: copies!, ...(page === 'ppo' ? { epochs: c.epochs, minibatches: c.minibatches } : {}) });
    for (const node of ['encoder', 'critic']) g.set(node, { hidden: hiddenOf(weights) });
    g.set('advantage', { gamma: c.gamma, lambda: c.lambda });
    if (valueLoss === 'clippedValue') g.swap('valueLoss', clippedValue({ clip: c.clip! })); else g.swap('valueLoss', maskedMse());
    if (page === 'ppo') g.set('policyLoss', { clip: c.clip });
    const { lr, eps } = c;
    g.train('all', [g.at('policyLoss').loss, weigh(c.value, g.at('valueLoss').loss), weigh(c.entropy, g.at('entropy').loss)], { optimiser: page === 'ppo' ? adam({ lr, eps }) : rmsprop({ lr, eps }), clipNorm: c.clipNorm, ...(c.targetKl === undefined ? {} : { until: { wire: g.at('policyLoss').kl, above: 1.5 * c.targetKl } }) });
  });
}

describe.each(learners.map(c => [c.case, c.source, c] as const))('%s, as %s computes it', (_, __, c) => {
  const [batch, time] = c.batch['reward']!.shape as [number, number], order = c.orders.length ? { order: { epochs: c.orders.map(x => Int32Array.from(x)) } } : {};
  let done: StepResult;
  beforeAll(async () => { done = await evaluateStep(pageOf(c), { sizes: { batch, time, obs: 4, action: 3 }, batch: batchOf(c.batch), weights: oursOf(c.weights), ...order }); });
  const steps = (x: Arrays[string] | undefined) => { const all = numbers(x); return { shape: [], data: Float32Array.from(c.slots.flatMap((own, e) => own.map(t => all[e * time + t]!))) }; };
  it('has the same advantages and returns', async () => {
    const whole = await evaluateStep(derive(pageOf(c) as Definition<unknown, World>, 'whole', g => { g.rollout({ steps: 1, copies: 1 }); }), { sizes: { batch, time, obs: 4, action: 3 }, batch: batchOf(c.batch), weights: oursOf(c.weights), taps: ['advantage.advantage', 'advantage.returns'] });
    expect(off(steps(whole.taps['advantage.advantage']), arrayOf(c.advantage))).toBeLessThan(1e-5);
    expect(off(steps(whole.taps['advantage.returns']), arrayOf(c.returns))).toBeLessThan(1e-5);
  });
  it('has the same losses, last gradients, norm and weights after all steps', () => {
    expect(done.failed).toBeUndefined();
    expect(done.slots['all']!.count).toBe(c.steps ?? c.config.epochs * c.config.minibatches);
    for (const [name, want] of Object.entries(c.losses)) expect(Math.abs(done.losses[name === 'all' ? 'all' : `all/${name}`]! - want), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
    expect(Math.abs(done.gradientNorms['all']! / c.lastNorm - 1)).toBeLessThan(1e-5);
    for (const [got, want] of [[done.gradients, oursOf(c.lastGradients)], [done.weights, oursOf(c.updated)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) expect(off(got[name], x), name).toBeLessThan(1e-5);
    }
  });
});
it('the cases hold what they are there for: ends, limits, clips that bite', () => {
  const all = (name: string) => learners.flatMap(c => c.batch[name]!.data);
  for (const name of ['terminated', 'truncated']) expect(all(name)).toContain(1);
  expect(all('valid')).toContain(0);
  const left = learners.find(c => c.config.targetKl !== undefined)!;
  expect(left.steps! > 1 && left.steps! < left.config.epochs * left.config.minibatches).toBe(true);
  const clipped = learners.find(c => c.case === 'ppo, clipped')!.clipped!;
  expect(clipped[0]).toBe(0);
  expect(Math.max(...clipped)).toBeGreaterThan(0.2);
  expect(learners.some(c => c.lastNorm > c.config.clipNorm) && learners.some(c => c.lastNorm < c.config.clipNorm)).toBe(true);
});

describe('the pages', () => {
  const draw = (d: Definition) => { const sizes = sizesOf(d), batch = drawBatch(d, sizes); return { sizes, batch, weights: drawWeights(1, layerTable(d, sizes)) }; };
  it('have the numbers of their sheets', () => {
    expect({ ...a2c.page.sources['data'] }).toEqual({ cut: 'rollout', steps: 5, copies: 16 });
    expect({ ...ppo.page.sources['data'] }).toEqual({ cut: 'rollout', steps: 128, copies: 4, epochs: 4, minibatches: 4 });
    expect({ ...a2c.page.nodes['advantage']!.config }).toEqual({ gamma: 0.99, lambda: 1 });
    expect({ ...ppo.page.nodes['advantage']!.config }).toEqual({ gamma: 0.99, lambda: 0.95 });
    for (const { page } of [a2c, ppo]) expect([page.train['all']!.clipNorm, page.train['all']!.losses.map(l => l.weight)]).toEqual([0.5, [1, 0.5, 0.01]]);
    expect({ ...a2c.page.train['all']!.optimiser }).toEqual({ type: 'rmsprop', lr: 7e-4, decay: 0.99, eps: 1e-5 });
  });
  it('PPO on CartPole has 9,155 weights: 4,610 of the actor and 4,545 of the critic', () => {
    const count = (own: RegExp) => layerTable(ppo, { obs: 4, action: 2 }).filter(t => own.test(t.name)).reduce((sum, t) => sum + t.shape.reduce((a, n) => a * n, 1), 0);
    expect([count(/^(encoder|policy)\//), count(/^critic\//), count(/./)]).toEqual([4610, 4545, 9155]);
  });
  it('PPO at its first step has ratios of 1, no divergence, and the gradient of A2C on the same advantages', async () => {
    const once = derive(ppo, 'once', g => { g.rollout({ steps: 4, copies: 3 }); g.swap('valueLoss', maskedMse()); }), plain = derive(once as typeof ppo, 'plain', g => { g.swap('policyLoss', policyGradient()); });
    const c = draw(once), [a, b] = [await evaluateStep(once, { ...c, taps: ['policyLoss.ratio', 'policyLoss.kl'] }), await evaluateStep(plain, c)];
    expect(new Set(numbers(a.taps['policyLoss.ratio']))).toEqual(new Set([1]));
    expect(numbers(a.taps['policyLoss.kl'])).toEqual([0]);
    for (const [name, g] of Object.entries(b.gradients)) expect(off(a.gradients[name], g), name).toBeLessThan(1e-5);
  });
  it('A2C: rollouts of one step learn from the one-step target', async () => {
    const one = derive(a2c, 'one', g => { g.rollout({ steps: 1, copies: 3 }); }), short = swap(one, 'advantage', gae({ gamma: 0.99, lambda: 0 }), { name: 'short' }), sizes = { ...sizesOf(one), time: 1 }, batch = drawBatch(one, sizes), weights = drawWeights(1, layerTable(one, sizes));
    expect((await evaluateStep(short, { sizes, batch, weights })).gradients).toEqual((await evaluateStep(one, { sizes, batch, weights })).gradients);
  });
  it('no gradient passes through advantages: the policy loss leaves the critic as it is', async () => {
    const d = derive(a2c, 'actor', g => { g.train('all', [g.at('policyLoss').loss, weigh(0, g.at('valueLoss').loss)], { optimiser: sgd({ lr: 1 }) }); }), { gradients } = await evaluateStep(d, draw(d));
    for (const [name, g] of Object.entries(gradients)) expect(numbers(g).some(x => x !== 0), name).toBe(!name.startsWith('critic/'));
  });
  it('the actor of PPO does not see how rewards are scaled', async () => {
    const d = derive(ppo, 'scaled', g => { g.rollout({ steps: 4, copies: 3 }); g.train('all', [g.at('policyLoss').loss, weigh(0, g.at('valueLoss').loss)], { optimiser: sgd({ lr: 1 }) }); }), c = draw(d), reward = c.batch['data.reward']!;
    // a critic that says 0, so that advantages are linear in rewards
    const weights = Object.fromEntries(Object.entries(c.weights).map(([k, x]) => [k, /critic\/net\/(kernel|bias)2/.test(k) ? { shape: x.shape, data: new Float32Array(x.data.length) } : x]));
    const [a, b] = [await evaluateStep(d, { ...c, weights }), await evaluateStep(d, { ...c, weights, batch: { ...c.batch, 'data.reward': { shape: reward.shape, data: Float32Array.from(reward.data, r => 50 * r) } } })];
    for (const [name, g] of Object.entries(a.gradients)) if (!name.startsWith('critic/')) expect(off(b.gradients[name], g), name).toBeLessThan(1e-4);
  });
});

describe('a rule that ends its steps on a batch early', () => {
  const early = (above: number) => derive(ppo, 'early', g => {
    g.rollout({ steps: 4, copies: 3, epochs: 3, minibatches: 2 });
    g.train('all', [g.at('policyLoss').loss, weigh(0.5, g.at('valueLoss').loss)], { optimiser: adam({ lr: 1e-2 }), until: { wire: g.at('policyLoss').kl, above } });
  });
  const update = async (d: Definition) => { const sizes = sizesOf(d); return evaluateStep(d, { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, layerTable(d, sizes)) }); };
  it('makes no step at all where even no divergence is too much, all of them where none is, and some in between', async () => {
    const [none, some, all] = [await update(early(-1)), await update(early(0.02)), await update(early(1e9))], sizes = sizesOf(ppo);
    expect([none.slots['all']!.count, all.slots['all']!.count]).toEqual([0, 6]);
    expect(some.slots['all']!.count).toBeGreaterThan(0);
    expect(some.slots['all']!.count).toBeLessThan(6);
    for (const [name, w] of Object.entries(drawWeights(1, layerTable(ppo, sizes)))) expect(numbers(none.weights[name]), name).toEqual(numbers(w));
    // its number is told of with the losses, that of the step not made too
    expect(none.losses).toEqual({ 'all/policyLoss.kl': 0 });
    expect(all.losses['all/policyLoss.kl']).toBeGreaterThan(0);
  });
  it('is part of the page: in its file, and its number can be set', () => {
    const d = fromJson(JSON.parse(JSON.stringify(toJson(early(0.02)))), early(0.02).specs);
    const until = (above: number) => ({ wire: 'policyLoss.kl', above });
    expect(d.page.train['all']!.until).toEqual(until(0.02));
    expect(applySettings(d, { 'all.until': until(0.5) }).page.train['all']!.until).toEqual(until(0.5));
    expect(applySettings(ppo, { 'all.until': until(0.015) }).page.train['all']!.until).toEqual(until(0.015));
  });
  it('is refused without its number, and where it is no number', () => {
    expect(() => applySettings(ppo, { 'all.until': { wire: 'policyLoss.kl' } })).toThrow('train.all.until.above: a finite number');
    expect(() => applySettings(ppo, { 'all.until': { above: 1 } })).toThrow('train.all.until.wire');
    expect(() => applySettings(ppo, { 'all.until': { wire: 'policyLoss.ratio', above: 1 } })).toThrow('rule all: until policyLoss.ratio, which is f32 [batch time]');
    expect(() => applySettings(ppo, { 'all.until': { wire: 'policyLoss.divergence', above: 1 } })).toThrow('policyLoss');
  });
});

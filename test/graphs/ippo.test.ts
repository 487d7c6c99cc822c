/** IPPO: what holds of it by its definition. */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, next, now, once, weigh } from '../../core/graph.ts';
import { sgd } from '../../core/optimiser.ts';
import type { NamedArray } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { ippo, ppo } from '../../graphs/index.ts';
import { clippedHuberValue, encoder, gae, join, layerNormEncoder, standardise } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep, layerTable } from '../../plugins/testing.ts';
import { drawWeights, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';

const narrow = derive(ippo, 'narrow', g => { for (const n of ['encoder', 'criticEncoder']) g.set(n, { hidden: [6, 5] }); });
const draw = (d: Definition, more: Sizes = {}) => { const sizes = sizesOf(d, more); return { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, layerTable(d, sizes)) }; };
/** The batch with agents in another order, those of `order`; identities stay where they are unless they are to go with the agents. */
function permuted(batch: Arrays, d: Definition, order: readonly number[]): Arrays {
  return Object.fromEntries(Object.entries(batch).map(([k, x]) => {
    if (!d.page.world[k.split('.')[1]!]!.spec.startsWith('agent')) return [k, x];
    const N = order.length, width = x.shape.slice(3).reduce((a, n) => a * n, 1), data = x.data.slice();
    for (let row = 0; row < data.length / width / N; row++) order.forEach((from, to) => { for (let i = 0; i < width; i++) data[(row * N + to) * width + i] = x.data[(row * N + from) * width + i]!; });
    return [k, { shape: x.shape, data }];
  }));
}

describe('ippo', () => {
  it('has the numbers of the on-policy code for spread', () => {
    expect({ ...ippo.page.sources['data'] }).toEqual({ cut: 'rollout', steps: 26, copies: 128, epochs: 10, minibatches: 1, length: 13 });
    expect({ ...ippo.page.nodes['advantage']!.config }).toEqual({ gamma: 0.99, lambda: 0.95 });
    expect([ippo.page.nodes['policyLoss']!.config!['clip'], { ...ippo.page.nodes['valueLoss']!.config }]).toEqual([0.2, { clip: 0.2, huber: 10 }]);
    for (const rule of ['actor', 'critic']) { expect({ ...ippo.page.train[rule]!.optimiser }).toEqual({ type: 'adam', lr: 7e-4, eps: 1e-5 }); expect(ippo.page.train[rule]!.clipNorm).toBe(10); }
    expect(ippo.page.train['actor']!.losses.map(l => l.weight)).toEqual([1, 0.01]);
  });

  it('of one agent is PPO: the same advantages, losses and gradients', async () => {
    const team = derive(ippo, 'team', (g, { ro, criticInput, input }) => {
      g.rollout({ steps: 4, copies: 3 });
      for (const [slot, from] of [['encoder', input], ['criticEncoder', criticInput]] as const) g.replace(slot, encoder({ hidden: [6] }), { x: from.x });
      for (const slot of ['agentInput', 'criticInput']) g.replace(slot, join(), { obs: ro.obs });
      g.swap('standardAdvantage', standardise());
    });
    const single = derive(ppo, 'single', (g, { critic, adv }) => {
      const ro = g.rollout({ steps: 4, copies: 3 });
      g.set('encoder', { hidden: [6] });
      g.set('critic', { hidden: [6] });
      g.replace('advantage', gae({ gamma: 0.99, lambda: 0.95 }), { ...ro.outcome, value: now(critic.value), nextValue: next(critic.value) });
      g.replace('valueLoss', clippedHuberValue(), { value: now(critic.value), oldValue: once(now(critic.value)), returns: once(adv.returns), mask: ro.valid });
      g.train('all', [g.at('policyLoss').loss, weigh(1, g.at('valueLoss').loss), weigh(0.01, g.at('entropy').loss)], { optimiser: sgd({ lr: 1 }) });
    });
    const sizes = { ...sizesOf(team), agent: 1, id: 1 }, all = drawBatch(team, sizes), weights = drawWeights(1, layerTable(team, sizes));
    const batch = Object.fromEntries(Object.entries(all).filter(([k]) => k.slice(5) in single.page.world).map(([k, x]) => [k, team.page.world[k.slice(5) as keyof typeof team.page.world]!.spec.startsWith('agent') ? { shape: [...x.shape.slice(0, 2), ...x.shape.slice(3)], data: x.data } : x]));
    const theirs = (name: string) => name.replace('critic/v/kernel', 'critic/net/kernel1').replace('critic/v/bias', 'critic/net/bias1').replace('criticEncoder/', 'critic/');
    const one = await evaluateStep(team, { sizes, batch: all, weights, taps: ['advantage.advantage', 'policyLoss.ratio'] });
    const other = await evaluateStep(single, { sizes: sizesOf(single), batch, weights: Object.fromEntries(Object.entries(weights).map(([k, x]) => [theirs(k), x])), taps: ['advantage.advantage'] });
    expect(numbers(one.taps['advantage.advantage'])).toEqual(numbers(other.taps['advantage.advantage']));
    expect(new Set(numbers(one.taps['policyLoss.ratio']))).toEqual(new Set([1]));
    for (const loss of ['policyLoss', 'entropy']) expect(one.losses[`actor/${loss}`]).toBe(other.losses[`all/${loss}`]);
    expect(one.losses['critic']).toBe(other.losses['all/valueLoss']);
    expect(Object.keys(one.gradients).map(theirs).sort()).toEqual(Object.keys(other.gradients).sort());
    for (const [k, g] of Object.entries(one.gradients)) expect(off(other.gradients[theirs(k)], g), k).toBeLessThan(1e-6);
  });

  it('does not see in which order agents stand: outputs go with them, losses and gradients stay', async () => {
    const c = draw(narrow, { agent: 3, id: 3 }), order = [2, 0, 1], taps = ['policy.logits', 'critic.value'], [a, b] = [await evaluateStep(narrow, { ...c, taps }), await evaluateStep(narrow, { ...c, batch: permuted(c.batch, narrow, order), taps })];
    for (const tap of taps) { const x = { ...a.taps[tap]! }, shaped: NamedArray = { shape: x.shape, data: x.data }; expect(off(b.taps[tap], permuted({ 'data.obs': shaped }, narrow, order)['data.obs']), tap).toBeLessThan(1e-6); }
    for (const [k, loss] of Object.entries(a.losses)) expect(Math.abs(b.losses[k]! - loss), k).toBeLessThan(1e-5);
    for (const [k, g] of Object.entries(a.gradients)) expect(off(b.gradients[k], g), k).toBeLessThan(1e-5);
  });

  it('learns nothing from an agent that is dead, whatever it saw and did', async () => {
    const c = draw(narrow), { alive, obs, action } = Object.fromEntries(['alive', 'obs', 'action'].map(k => [k, { shape: c.batch[`data.${k}`]!.shape, data: c.batch[`data.${k}`]!.data.slice() }])) as Record<'alive' | 'obs' | 'action', NamedArray>;
    const slots = alive.shape[1]!, N = alive.shape[2]!, O = obs.shape[3]!;
    for (let b = 0; b < alive.shape[0]!; b++) for (let t = 2; t < slots; t++) alive.data[(b * slots + t) * N + 1] = 0;
    const dead = { ...c.batch, 'data.alive': alive }, lively = await evaluateStep(narrow, c), first = await evaluateStep(narrow, { ...c, batch: dead });
    for (let b = 0; b < alive.shape[0]!; b++) for (let t = 2; t < slots; t++) {
      for (let i = 0; i < O; i++) obs.data[((b * slots + t) * N + 1) * O + i]! += 3;
      if (t < slots - 1) action.data[(b * (slots - 1) + t) * N + 1] = 0;
    }
    const other = await evaluateStep(narrow, { ...c, batch: { ...dead, 'data.obs': obs, 'data.action': action } }), actor = Object.entries(first.gradients).filter(([k]) => !k.startsWith('critic'));
    for (const [k, g] of actor) expect(off(other.gradients[k], g), k).toBeLessThan(1e-6);
    expect(actor.some(([k, g]) => off(lively.gradients[k], g) > 1e-3)).toBe(true);
  });

  it('without memory, by other encoders in two slots, is cut into transitions, and what one agent sees is not carried on', async () => {
    const fed = derive(narrow as typeof ippo, 'fed', g => { for (const n of ['encoder', 'criticEncoder']) g.swap(n, layerNormEncoder({ hidden: [6, 5] })); g.rollout({ steps: 4, copies: 3, epochs: 2, minibatches: 4 }); }), c = draw(fed), done = await evaluateStep(fed, c);
    expect(done.failed).toBeUndefined();
    expect(done.slots['actor']!.count).toBe(8);
    const { carry } = await evaluateAct(fed, { sizes: { ...c.sizes, batch: 2 }, fields: { obs: { shape: [2, 1, 2, 5], data: new Float32Array(20) } }, weights: c.weights });
    expect(carry).toEqual({});
  });
  it('has 4 layers and a GRU in actor and critic, 64 wide', () => {
    const sizes = { obs: 18, action: 5, agent: 3, id: 3, state: 54 }, count = (own: RegExp) => layerTable(ippo as Definition<unknown, World>, sizes).filter(t => own.test(t.name)).reduce((sum, t) => sum + t.weights, 0), x = 21;
    const trunk = 2 * x + (x * 64 + 64 + 128) + (64 * 64 + 64 + 128) + (2 * 3 * 64 * 64 + 6 * 64) + 128;
    expect([count(/^encoder\//), count(/^criticEncoder\//), count(/^policy\//), count(/^critic\//)]).toEqual([trunk, trunk, 64 * 5 + 5, 65]);
  });
});

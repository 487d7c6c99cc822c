/** DDPG, TD3, SAC, SAC-discrete and PPO with continuous actions: whole updates against Fujimoto's and CleanRL's own code, and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { neg, scalar, square, sub, sum, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, graph, now, weigh } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { adam, sgd } from '../../core/optimiser.ts';
import { f32, still } from '../../core/port.ts';
import { reach } from '../../core/topology.ts';
import { continuous, single, type World } from '../../core/world.ts';
import { ddpg, pages, ppo, ppoContinuous, sac, sacDiscrete, td3 } from '../../graphs/index.ts';
import { categorical, deterministic, gaussian, meanAndStd, negate, sampleCategorical, softExpectedValue } from '../../nodes/index.ts';
import { evaluateStep, layerTable, type StepCase, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, filled, flags, floats, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { arrayOf, batchOf, type Encoded, type State } from './policy-fixture.ts';

interface Case {
  readonly case: string; readonly source: string; readonly config: Readonly<Record<string, number>>; readonly batch: State; readonly weights: State; readonly updated: State;
}
interface OffPolicy extends Case { readonly noise: State; readonly targets: State; readonly losses: Readonly<Record<string, readonly number[]>>; readonly gradients: State; readonly lagged: State }
type Moments = Readonly<Record<string, number | readonly number[]>>;
interface OnPolicy extends Case {
  readonly slots: readonly (readonly number[])[]; readonly spare: readonly number[]; readonly orders: readonly (readonly (readonly number[])[])[];
  readonly memory: Readonly<Record<string, Moments>>; readonly kept: Readonly<Record<string, Moments>>; readonly advantage: Encoded; readonly returns: Encoded; readonly reward: Encoded;
  readonly losses: Readonly<Record<'all' | 'policyLoss' | 'valueLoss', number>>; readonly lastNorm: number; readonly lastGradients: State;
}
const { offPolicy, onPolicy } = JSON.parse(readFileSync(new URL('../fixtures/continuous/learners.json', import.meta.url), 'utf8')) as { readonly offPolicy: readonly OffPolicy[]; readonly onPolicy: readonly OnPolicy[] };
const arrays = (x: State): Arrays => Object.fromEntries(Object.entries(x).map(([k, a]) => [k, arrayOf(a)]));
/** Actions are numbers where they have a dim of their own. */
const fieldsOf = (x: State): Arrays => ({ ...batchOf(x), ...(x['action']!.shape.length > 2 ? { 'data.action': arrayOf(x['action']!) } : {}) });
const close = (got: Arrays, want: State, tolerance = 1e-5) => {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  for (const [k, x] of Object.entries(arrays(want))) expect(off(got[k], x), k).toBeLessThan(tolerance);
};
const HIDDEN = [6, 5], NETS = ['actor', 'critic', 'critic1', 'critic2', 'encoder'];
const narrow = (name: string, more: (g: Parameters<Parameters<typeof derive<unknown, unknown, World>>[2]>[0]) => void = () => undefined) => derive(pages[name] as Definition<unknown, World>, 'fixture', g => {
  for (const node of NETS) if (node in pages[name]!.page.nodes) g.set(node, { hidden: HIDDEN });
  more(g);
});

describe.each(offPolicy.map(c => [c.case, c.source, c] as const))('%s, as %s computes it', (name, _, c) => {
  /** CleanRL's losses of SAC-discrete are divided by the number of actions. With eps as many times as large the steps are the same. */
  const share = name === 'sacDiscrete' ? c.config['actions']! : 1, shares = (rule: string) => (rule === 'critics' || rule === 'critic' ? 1 : share);
  const page = narrow(name, g => {
    if (name !== 'sacDiscrete') return;
    const eps = share * 1e-4;
    g.train('actor', g.at('actorLoss').loss, { optimiser: adam({ lr: 3e-4, eps }), after: 'critics' });
    g.train('temperature', g.at('temperatureLoss').loss, { optimiser: adam({ lr: 3e-4, eps }), after: 'critics' });
  });
  let done: StepResult;
  beforeAll(async () => {
    const batch = fieldsOf(c.batch), sizes = { batch: 8, time: 1, obs: 3, action: name === 'sacDiscrete' ? 3 : 2 };
    done = await evaluateStep(page, { sizes, batch, weights: arrays(c.weights), targets: arrays(c.targets), noise: arrays(c.noise), updates: c.config['updates']! });
  });
  it('has the same losses in every update', () => {
    expect(done.failed).toBeUndefined();
    for (const [rule, losses] of Object.entries(c.losses)) {
      const got = done.history.flatMap(h => (rule in h ? [h[rule]!] : []));
      expect(got.length, rule).toBe(losses.length);
      got.forEach((x, i) => { expect(Math.abs(x - shares(rule) * losses[i]!), `${rule} ${i}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(shares(rule) * losses[i]!))); });
    }
  });
  it('has the same last gradients', () => {
    const scaled = Object.fromEntries(Object.entries(c.gradients).map(([k, x]) => [k, { ...x, data: x.data.map(v => (/^(encoder|policy|temperature)\//.test(k) ? share : 1) * v) }]));
    close(done.gradients, scaled);
  });
  it('has the same weights and lagged weights in the end', () => {
    close(done.weights, c.updated);
    const lagged = name === 'sacDiscrete' ? c.targets : c.lagged;
    for (const [k, x] of Object.entries(arrays(lagged))) expect(off(done.targets[k], x), k).toBeLessThan(1e-5);
  });
});

describe.each(onPolicy.map(c => [c.case, c.source, c] as const))('%s, as %s computes it', (_, __, c) => {
  const { config: o } = c, [batch, time] = c.batch['reward']!.shape as [number, number], items = batch * time, parts = o['minibatches']!;
  const page = narrow('ppoContinuous', g => {
    g.rollout({ steps: time, copies: batch, epochs: o['epochs']!, minibatches: parts });
    g.train('all', [g.at('policyLoss').loss, weigh(o['value']!, g.at('valueLoss').loss)], { optimiser: adam({ lr: o['lr']!, eps: o['eps']! }), clipNorm: o['clipNorm']! });
  });
  /** Slots that are no transitions stand in the minibatches that are one longer. */
  const order = c.orders.map(epoch => {
    const spare = [...c.spare];
    return Int32Array.from(epoch.flatMap((own, m) => { const more = Math.floor(((m + 1) * items) / parts) - Math.floor((m * items) / parts) - own.length; return [...own, ...spare.splice(0, more)]; }));
  });
  const given = { sizes: { batch, time, obs: 3, action: 2 }, batch: fieldsOf(c.batch), weights: arrays(c.weights), memory: Object.fromEntries(Object.entries(c.memory).flatMap(([n, m]) => Object.entries(m).map(([k, x]) => [`${n}.${k}`, x]))) };
  const steps = (x: Arrays[string] | undefined) => { const all = numbers(x); return { shape: [], data: Float32Array.from(c.slots.flatMap((own, e) => own.map(t => all[e * time + t]!))) }; };
  let done: StepResult;
  beforeAll(async () => { done = await evaluateStep(page, { ...given, order: { epochs: order } }); });
  it('has the same rewards, advantages and returns', async () => {
    const whole = await evaluateStep(derive(page as Definition<unknown, World>, 'whole', g => { g.rollout({ steps: time, copies: batch }); }), { ...given, taps: ['reward.reward', 'advantage.advantage', 'advantage.returns', 'policyLoss.ratio'] });
    expect(off(steps(whole.taps['reward.reward']), steps(arrayOf(c.reward)))).toBeLessThan(1e-5);
    expect(off(steps(whole.taps['advantage.advantage']), arrayOf(c.advantage))).toBeLessThan(1e-5);
    expect(off(steps(whole.taps['advantage.returns']), arrayOf(c.returns))).toBeLessThan(1e-5);
    for (const x of numbers(whole.taps['policyLoss.ratio'])) expect(x).toBeCloseTo(1, 6);
  });
  it('has the same losses, last gradients, norm and weights after all steps', () => {
    expect(done.failed).toBeUndefined();
    expect(done.slots['all']!.count).toBe(o['epochs']! * parts);
    for (const [name, want] of Object.entries(c.losses)) expect(Math.abs(done.losses[name === 'all' ? 'all' : `all/${name}`]! - want), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
    expect(Math.abs(done.gradientNorms['all']! / c.lastNorm - 1)).toBeLessThan(1e-5);
    close(done.gradients, c.lastGradients);
    close(done.weights, c.updated);
  });
  it('keeps the same statistics, of the whole batch and not of a minibatch', () => {
    for (const [n, m] of Object.entries(c.kept)) for (const [k, want] of Object.entries(m)) {
      const got = done.memory[`${n}.${k}`]!;
      expect([got].flat().length, `${n}.${k}`).toBe([want].flat().length);
      [want].flat().forEach((x, i) => { expect(Math.abs(([got].flat() as number[])[i]! - x), `${n}.${k}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(x))); });
    }
  });
});

/** Eight transitions, of which two end; weights wide enough to matter. */
const SIZES = { batch: 8, time: 1, obs: 3, action: 2 }, ends = flags([0, 1, 0, 0, 1, 0, 0, 0].map(x => [x]));
const batch: Arrays = { 'data.obs': normals(1, 'obs', [8, 2, 3]), 'data.action': floats([...normals(2, 'action', [16]).data].map(Math.tanh)), 'data.reward': normals(3, 'reward', [8, 1]), 'data.terminated': ends };
batch['data.action'] = { shape: [8, 1, 2], data: batch['data.action']!.data };
const small = (name: string, more: Parameters<typeof narrow>[1] = () => undefined) => narrow(name, more);
const draw = (d: Definition, seed = 1) => drawWeights(seed, layerTable(d, SIZES));
const learn = (d: Definition, more: Partial<StepCase> = {}) => evaluateStep(d, { sizes: SIZES, batch, weights: draw(d), targets: draw(d, 2), ...more });

describe('numbers of the pages', () => {
  const source = (d: Definition) => ({ ...d.page.sources['data'] }), rates = (d: Definition) => Object.fromEntries(Object.entries(d.page.train).map(([k, r]) => [k, r.optimiser.lr]));
  it('are those of their sheets', () => {
    for (const d of [ddpg, td3]) {
      expect(source(d)).toEqual({ cut: 'transitions', keep: 1_000_000, batch: 256, start: 25_000 });
      expect([rates(d), d.page.targets['*']!.polyak, d.page.act!.randomSteps, d.page.nodes['explore']!.config!['std']]).toEqual([{ critic: 3e-4, actor: 3e-4 }, 0.005, 25_000, 0.1]);
    }
    expect([{ ...td3.page.nodes['smoothedAction']!.config }, td3.page.train['actor']!.every, { ...td3.page.targets['*'] }]).toEqual([{ std: 0.2, clip: 0.5 }, 2, { polyak: 0.005, everyUpdates: 2 }]);
    expect([source(sac).start, rates(sac), { ...sac.page.targets['*'] }]).toEqual([5000, { critics: 1e-3, actor: 3e-4, temperature: 1e-3 }, { polyak: 0.005 }]);
    expect([source(sacDiscrete), rates(sacDiscrete), { ...sacDiscrete.page.targets['*'] }]).toEqual([{ cut: 'transitions', keep: 1_000_000, batch: 64, start: 20_000, every: 4 }, { critics: 3e-4, actor: 3e-4, temperature: 3e-4 }, { everySteps: 8000 }]);
    expect([source(ppoContinuous), ppoContinuous.page.train['all']!.losses.map(l => l.weight)]).toEqual([{ cut: 'rollout', steps: 2048, copies: 1, epochs: 10, minibatches: 32 }, [1, 0.5]]);
  });
  it('count weights as the networks of CleanRL do', () => {
    const count = (d: Definition, own: RegExp) => layerTable(d, { obs: 17, action: 6 }).filter(t => own.test(t.name)).reduce((sum, t) => sum + t.weights, 0), net = (i: number, o: number) => 256 * i + 256 + 256 * 256 + 256 + 256 * o + o;
    expect([count(ddpg, /^actor/), count(ddpg, /^critic/), count(td3, /^critic/), count(sac, /^actor/), count(sac, /^temperature/)]).toEqual([net(17, 6), net(23, 1), 2 * net(23, 1), net(17, 12), 1]);
    expect(count(ppoContinuous, /^(encoder|policy)/)).toBe(64 * 17 + 64 + 64 * 64 + 64 + 64 * 6 + 6 + 6);
  });
});

describe('DDPG', () => {
  it('with no discount learns rewards alone, and no rule of an actor reaches a critic', async () => {
    const d = small('ddpg', g => { g.set('tdTarget', { gamma: 0 }); }), { taps } = await learn(d, { taps: ['tdTarget.value'] });
    expect(numbers(taps['tdTarget.value'])).toEqual(numbers(batch['data.reward']));
    expect([reach(ddpg, 'actor').trained, reach(ddpg, 'critic').trained]).toEqual([['actor'], ['critic']]);
  });
  it('bootstraps at a time limit, and not at an end (CleanRL stores ends only, too; its PPO takes a limit for one)', async () => {
    const y = async (more: Arrays) => numbers((await learn(small('ddpg'), { batch: { ...batch, ...more }, taps: ['tdTarget.value'] })).taps['tdTarget.value']), none = filled([8, 1], 0), open = await y({ 'data.terminated': flags(Array.from({ length: 8 }, () => [0])) });
    expect(await y({ 'data.terminated': flags([...none.data].map(() => [0])), 'data.truncated': ends })).toEqual(open);
    (await y({})).forEach((v, i) => { if (ends.data[i]) expect(v).toBe(batch['data.reward']!.data[i]); else expect(v).toBe(open[i]); });
  });
  it('lagged weights that follow at once are the online ones', async () => {
    const { weights, targets } = await learn(small('ddpg', g => { g.targets({ polyak: 1 }); }));
    for (const [k, x] of Object.entries(weights)) expect(targets[k]!.data, k).toEqual(x.data);
  });
  it('an actor that climbs -(a - a*)^2 comes to a*', async () => {
    const best = [0.4, -0.7], hill = defineNode({ type: 'hill', in: { action: f32('... action') }, out: { q: f32('...') }, forward: ({ action }) => { const off_ = sub(action, tensor1d(best)); return { q: neg(sum(square(off_), -1)) }; } });
    const d = graph('climb', continuous, g => {
      const b = g.transitions({ keep: 10, batch: 8 }), actor = g.slot('actor', deterministic({ hidden: [8] }), { obs: b.obs });
      const gain = g.add('gain', negate(), { value: g.add('hill', hill(), { action: now(actor.action) }).q, mask: b.valid });
      g.train('actor', gain.loss, { optimiser: adam({ lr: 1e-2 }) });
      g.act(actor);
    });
    const { taps, losses } = await evaluateStep(d, { sizes: SIZES, batch, updates: 1500, taps: ['actor.action'], seed: 1 }), a = taps['actor.action']!;
    expect(losses['actor']).toBeLessThan(1e-4);
    for (let row = 0; row < 8; row++) best.forEach((x, i) => { expect(Math.abs(a.data[row * 4 + i]! - x)).toBeLessThan(0.02); });
  }, 60_000);
});

describe('TD3', () => {
  it('with no noise, no delay and twice the same critic makes the step of DDPG', async () => {
    const d = small('td3', g => { g.set('smoothedAction', { std: 0 }); g.train('actor', g.at('actorLoss').loss, { optimiser: adam({ lr: 3e-4 }), after: 'critic' }); g.targets({ polyak: 0.005 }); });
    const twin = (x: Arrays) => ({ ...x, ...Object.fromEntries(Object.entries(x).filter(([k]) => k.startsWith('critic/')).map(([k, v]) => [k.replace('critic/', 'critic2/'), v])) }), base = small('ddpg');
    const [a, b] = [await learn(d, { weights: twin(draw(base)), targets: twin(draw(base, 2)), taps: ['tdTarget.value'] }), await learn(base, { taps: ['tdTarget.value'] })];
    expect(numbers(a.taps['tdTarget.value'])).toEqual(numbers(b.taps['tdTarget.value']));
    for (const [k, x] of Object.entries(b.weights)) { expect(off(a.weights[k], x), k).toBeLessThan(1e-6); expect(off(a.targets[k], b.targets[k]), k).toBeLessThan(1e-6); }
  });
  it('believes the lesser critic: its target is at most that of either, and sometimes that of each', async () => {
    const { taps } = await learn(small('td3'), { taps: ['tdTarget.value', 'targetCritic.q', 'targetCritic2.q'] }), [y, a, b] = ['tdTarget.value', 'targetCritic.q', 'targetCritic2.q'].map(k => numbers(taps[k])) as [number[], number[], number[]];
    y.forEach((v, i) => { const one = (q: number) => batch['data.reward']!.data[i]! + 0.99 * (1 - ends.data[i]!) * q; expect(v).toBeCloseTo(Math.min(one(a[i]!), one(b[i]!)), 5); });
    expect(new Set(a.map((q, i) => q < b[i]!)).size).toBe(2);
  });
  it('smooths within its clip and within the range of actions', async () => {
    const { taps } = await learn(small('td3'), { noise: { 'smoothedAction.eps': normals(9, 'eps', [8, 1, 2], 10) }, taps: ['smoothedAction.action', 'targetActor.action'] }), calm = numbers(taps['targetActor.action']).filter((_, i) => Math.floor(i / 2) % 2 === 1), smooth = numbers(taps['smoothedAction.action']);
    smooth.forEach((x, i) => { expect(Math.abs(x - calm[i]!)).toBeLessThan(0.5 + 1e-6); expect(Math.abs(x)).toBeLessThanOrEqual(1); });
    expect(smooth.some((x, i) => Math.abs(Math.abs(x - calm[i]!) - 0.5) < 1e-6)).toBe(true);
  });
});

describe('SAC', () => {
  const cold = (x: Arrays): Arrays => ({ ...x, 'temperature/logAlpha/value': { shape: [], data: Float32Array.of(-60) } });
  it('where entropy is worth nothing and nothing is left to chance, its target is that of two critics at tanh(mean)', async () => {
    const d = small('sac', g => { g.set('actor', { least: -20, most: -19.9 }); }), { taps } = await learn(d, { weights: cold(draw(d)), taps: ['tdTarget.value', 'actor.mean', 'sample.action', 'leastNextQ.value'] });
    numbers(taps['sample.action']).forEach((a, i) => { expect(a).toBeCloseTo(Math.tanh(taps['actor.mean']!.data[i]!), 6); });
    numbers(taps['tdTarget.value']).forEach((y, i) => { expect(y).toBeCloseTo(batch['data.reward']!.data[i]! + 0.99 * (1 - ends.data[i]!) * taps['leastNextQ.value']!.data[i]!, 5); });
  });
  it('its target holds the surprise of the next action, with its sign', async () => {
    const { taps } = await learn(small('sac'), { taps: ['tdTarget.value', 'sample.logProb', 'leastNextQ.value', 'temperature.alpha'] }), alpha = numbers(taps['temperature.alpha'])[0]!;
    numbers(taps['tdTarget.value']).forEach((y, i) => { expect(y).toBeCloseTo(batch['data.reward']!.data[i]! + 0.99 * (1 - ends.data[i]!) * (taps['leastNextQ.value']!.data[i]! - alpha * taps['sample.logProb']!.data[2 * i + 1]!), 4); });
  });
  it('each rule trains its own nodes: no gradient from the temperature or the target into the actor, from the actor into critics', () => {
    expect(Object.keys(sac.page.train).map(r => [...reach(sac, r).trained].sort())).toEqual([['critic1', 'critic2'], ['actor'], ['temperature']]);
    expect(Object.keys(sacDiscrete.page.train).map(r => [...reach(sacDiscrete, r).trained].sort())).toEqual([['critic1', 'critic2'], ['encoder', 'policy'], ['temperature']]);
  });
  it('alpha falls where the policy is less decided than its target, and rises where it is more so', async () => {
    const moved = async (least: number, most: number) => { const d = small('sac', g => { g.set('actor', { least, most }); }), weights = Object.fromEntries(Object.entries(draw(d)).map(([k, x]) => [k, /^actor/.test(k) ? filled(x.shape, 0) : x])); return (await learn(d, { weights })).weights['temperature/logAlpha/value']!.data[0]! - weights['temperature/logAlpha/value']!.data[0]!; };
    expect(await moved(-0.1, 0.1)).toBeLessThan(0);
    expect(await moved(-20, -19)).toBeGreaterThan(0);
  });
});

describe('SAC-discrete', () => {
  it('comes to pi = softmax(Q / alpha) in a bandit', async () => {
    const d = graph('bandit', single, g => {
      const b = g.transitions({ keep: 10, batch: 4 }), pi = g.slot('policy', categorical(), { z: b.obs, avail: b.avail });
      const fixed = defineNode({ type: 'fixed', in: { x: still(f32('... obs')), pi: f32('... action') }, out: { q: f32('... action') }, forward: ({ x }) => ({ q: x }) }), alpha = defineNode({ type: 'warm', in: {}, out: { alpha: f32('') }, forward: () => ({ alpha: scalar(0.5) }) });
      const soft = g.add('soft', softExpectedValue(), { q: now(g.add('fixed', fixed(), { x: b.obs, pi: pi.pi }).q), logits: now(pi.logits), alpha: g.add('alpha', alpha(), {}).alpha });
      g.train('policy', g.add('gain', negate(), { value: soft.value, mask: b.valid }).loss, { optimiser: sgd({ lr: 1 }) });
      g.act(g.add('explore', sampleCategorical(), { logits: pi.logits }));
    });
    const q = [1, 0.2, -0.5], { taps } = await evaluateStep(d, { sizes: { batch: 4, time: 1, obs: 3, action: 3 }, batch: { 'data.obs': floats(Array.from({ length: 4 }, () => [q, q])), 'data.action': { shape: [4, 1], data: new Int32Array(4) }, 'data.reward': filled([4, 1], 0) }, updates: 400, taps: ['policy.pi'] });
    const e = q.map(x => Math.exp(x / 0.5)), all = e.reduce((a, b) => a + b, 0);
    e.forEach((x, i) => { expect(taps['policy.pi']!.data[i]).toBeCloseTo(x / all, 3); });
  }, 60_000);
  it('takes no notice of values of unavailable actions', async () => {
    const d = small('sacDiscrete'), sizes = { ...SIZES, action: 3 }, open = normals(4, 'x', [8, 2, 3]), avail = flags([...Array(16).keys()].map(i => [1, Number(i % 3 > 0), Number(i % 2 > 0)]));
    const given = { sizes, batch: { ...batch, 'data.obs': open, 'data.action': { shape: [8, 1], data: new Int32Array(8) }, 'data.avail': { shape: [8, 2, 3], data: avail.data } }, weights: drawWeights(1, layerTable(d, sizes)), targets: drawWeights(2, layerTable(d, sizes)), taps: ['tdTarget.value', 'policy.pi'] };
    const { taps, failed, losses } = await evaluateStep(d, given);
    expect(failed).toBeUndefined();
    numbers(taps['policy.pi']).forEach((p, i) => { if (!avail.data[i]) expect(p).toBe(0); });
    const raised = Object.fromEntries(Object.entries(given.targets).map(([k, x]) => [k, /net\/bias2/.test(k) ? { shape: x.shape, data: x.data.map((v, a) => (a === 2 ? v + 50 : v)) } : x])), other = await evaluateStep(d, { ...given, targets: raised });
    numbers(taps['tdTarget.value']).forEach((y, i) => { const seen = avail.data[(2 * i + 1) * 3 + 2]! && !ends.data[i]; if (seen) expect(other.taps['tdTarget.value']!.data[i]).not.toBeCloseTo(y, 2); else expect(other.taps['tdTarget.value']!.data[i]).toBeCloseTo(y, 5); });
    expect(Object.values(losses).every(Number.isFinite)).toBe(true);
  });
});

describe('PPO with continuous actions', () => {
  it('takes another head in its slot, and a head of the other world neither there nor here', () => {
    expect(derive(ppoContinuous, 'wide', g => { g.swap('policy', meanAndStd({ hidden: [] })); }).page.nodes['policy']!.type).toBe('meanAndStd');
    expect(() => derive(ppoContinuous, 'wrong', g => { g.swap('policy', categorical()); })).toThrow('slot policy: categorical asks for avail');
    expect(() => derive(ppo, 'wrong', g => { g.swap('policy', gaussian()); })).toThrow('policy has no output logits; did you mean logStd?');
  });
  it('in the first rollout observations are as they are, and behind it in units of their spread, while acting as while learning', async () => {
    const d = small('ppoContinuous', g => { g.rollout({ steps: 6, copies: 2 }); }), sizes = { ...SIZES, batch: 2, time: 6 }, obs = normals(5, 'obs', [2, 7, 3], 4), given = { sizes, batch: { 'data.obs': obs, 'data.action': normals(6, 'a', [2, 6, 2], 2), 'data.reward': normals(7, 'r', [2, 6]) } };
    const first = await evaluateStep(d, { ...given, taps: ['observation.x'] });
    obs.data.forEach((x, i) => { expect(first.taps['observation.x']!.data[i]).toBeCloseTo(Math.max(-10, Math.min(10, x)), 5); });
    const second = await evaluateStep(d, { ...given, memory: first.memory, taps: ['observation.x', 'policyLoss.ratio'] }), x = numbers(second.taps['observation.x']).filter((_, i) => Math.floor(i / 3) % 7 < 6);
    expect(x.reduce((a, b) => a + b, 0) / x.length).toBeCloseTo(0, 3);
    expect(x.reduce((a, b) => a + b * b, 0) / x.length).toBeCloseTo(1, 3);
    for (const r of numbers(second.taps['policyLoss.ratio'])) expect(r).toBeCloseTo(1, 5);
  });
});

it('a number that is not finite stops the update with its place', async () => {
  const { failed, weights } = await learn(small('sac'), { batch: { ...batch, 'data.reward': floats([...batch['data.reward']!.data].map((x, i) => [i === 3 ? NaN : x])) } });
  expect(failed).toContain('reward of the batch holds a number that is not finite');
  expect(weights['critic1/net/kernel0']!.data).toEqual(draw(small('sac'))['critic1/net/kernel0']!.data);
});

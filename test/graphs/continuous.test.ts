/** DDPG, TD3, SAC, SAC-discrete and PPO with continuous actions: whole updates against Fujimoto's and CleanRL's own code, and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import type { World } from '../../core/world.ts';
import { ddpg, pages, ppoContinuous } from '../../graphs/index.ts';
import { evaluateStep, type StepResult } from '../../plugins/testing.ts';
import { numbers, off, type Arrays } from '../nodes/arrays.ts';
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
void ddpg; void ppoContinuous;

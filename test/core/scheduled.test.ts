/** What a schedule may stand for: an update is bit for bit that of the number which the schedule has come to, and no number makes another program. And what it may not. */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { structuralHash } from '../../core/describe.ts';
import { GraphError, InputError } from '../../core/error.ts';
import { derive, weigh, type Graph } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { linear, type Schedule } from '../../core/schedule.ts';
import { Learner } from '../../core/step.ts';
import type { World } from '../../core/world.ts';
import { coma, maddpg, ppo, prioritisedDqn, td3 } from '../../graphs/index.ts';
import { evaluateStep, layerTable, type StepResult } from '../../plugins/testing.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { drawWeights } from '../nodes/arrays.ts';
import { drawBatch, drawNoise, sizesOf } from '../properties/batch.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { Watched } from '../plugins/training/tiny.ts';

type Number_ = number | Schedule;
type Edit = (g: Graph<World>, x: Number_) => void;
const optimiser = adam({ lr: 0.05 });
/** PPO of narrow networks whose second epoch meets ratios off 1. */
const narrow = derive(ppo, 'narrow', g => {
  g.set('encoder', { hidden: [6] });
  g.set('critic', { hidden: [6] });
  g.rollout({ steps: 5, copies: 2, epochs: 2, minibatches: 1 });
  g.train('all', [g.at('policyLoss').loss, weigh(0.5, g.at('valueLoss').loss), weigh(0.01, g.at('entropy').loss)], { optimiser });
}) as unknown as Definition;
const small = (d: unknown, nodes: readonly string[]): Definition => derive(d as Definition<unknown, World>, 'small', g => { for (const n of nodes) g.set(n, { hidden: [5] }); }) as Definition;
const twins = small(td3, ['actor', 'critic', 'critic2']), others = derive(small(coma, ['critic']) as Definition<unknown, World>, 'small', g => { g.set('encoder', { hidden: 5 }); }) as Definition;
const rule = (more: (x: Number_) => object, weight = (_: Number_): Number_ => 0.01): Edit => (g, x) => { g.train('all', [g.at('policyLoss').loss, weigh(0.5, g.at('valueLoss').loss), weigh(weight(x), g.at('entropy').loss)], { optimiser, ...more(x) }); };
/** By what is set: on which page, how, from what to what. */
const KINDS: Readonly<Record<string, readonly [Definition, Edit, number, number]>> = {
  'gamma, a knob': [narrow, (g, x) => { g.set('advantage', { gamma: x }); }, 0.5, 0.9],
  'lambda, a knob': [narrow, (g, x) => { g.set('advantage', { lambda: x }); }, 0.5, 0.9],
  'the clip of ratios, a knob': [narrow, (g, x) => { g.set('policyLoss', { clip: x }); }, 0.001, 0.4],
  'the clip of values, a knob': [narrow, (g, x) => { g.set('valueLoss', { clip: x }); }, 0.001, 0.4],
  'epsilon, a knob': [others, (g, x) => { g.set('policy', { epsilon: x }); }, 0.5, 0.1],
  'the spread of noise, a knob': [twins, (g, x) => { g.set('smoothedAction', { std: x }); }, 0.05, 0.4],
  'the weight of the entropy': [narrow, rule(() => ({}), x => x), 0.1, 1],
  'a learning rate': [narrow, rule(x => ({ optimiser: adam({ lr: x }) })), 0.01, 0.1],
  'the norm of gradients': [narrow, rule(x => ({ optimiser: { type: 'sgd', lr: 1 }, clipNorm: x })), 0.01, 0.1],
  'the norm of each gradient': [small(maddpg, ['actor', 'critic']), (g, x) => { g.train('critic', g.at('criticLoss').loss, { optimiser: { type: 'sgd', lr: 1 }, clipEach: x }); }, 0.001, 0.01],
  'a divergence that ends it': [narrow, rule(x => ({ until: { wire: { text: 'policyLoss.kl' }, above: x } })), -1, 1],
  'epochs': [narrow, (g, x) => { g.rollout({ steps: 5, copies: 2, epochs: x, minibatches: 1 }); }, 1, 5],
  'polyak': [twins, (g, x) => { g.targets({ polyak: x }); }, 0.1, 0.9],
};
const at = (d: Definition, edit: Edit, x: Number_): Definition => derive(d as Definition<unknown, World>, 'edited', g => { edit(g, x); });
async function update(d: Definition, updates: number): Promise<Pick<StepResult, 'weights' | 'targets' | 'losses'>> {
  const sizes = sizesOf(d), { weights, targets, losses, failed } = await evaluateStep(d, { sizes, batch: drawBatch(d, sizes), noise: drawNoise(d, sizes), weights: drawWeights(1, layerTable(d, sizes)), counters: { updates } });
  expect(failed).toBeUndefined();
  return { weights, targets, losses };
}

describe('a schedule stands for', () => {
  it.each(Object.entries(KINDS))('%s', async (kind, [page, edit, from, to]) => {
    const said = (share: number) => at(page, edit, kind === 'epochs' ? Math.round(from + (to - from) * share) : from + (to - from) * share);
    // an odd update, since actors of TD3 and their lagged weights follow at every second
    const scheduled = at(page, edit, linear({ from, to, updates: 20 })), early = await update(scheduled, 1), late = await update(scheduled, 15);
    expect(early).toEqual(await update(said(0.05), 1));
    expect(late).toEqual(await update(said(0.75), 15));
    expect(late).not.toEqual(early);
    expect(structuralHash(scheduled)).toBe(structuralHash(at(page, edit, linear({ from: to, to: from, updates: 7 }))));
  }, 30_000);
  it('epochs that are the nearest whole number', async () => {
    const scheduled = at(narrow, KINDS['epochs']![1], linear({ from: 1, to: 3, updates: 8 }));
    for (const [updates, epochs] of [[0, 1], [1, 1], [2, 2], [3, 2], [6, 3], [8, 3], [99, 3]] as const) expect((await update(scheduled, updates)).weights, String(updates)).toEqual((await update(at(narrow, KINDS['epochs']![1], epochs), updates)).weights);
  }, 30_000);
  it('nothing that another program is made for: at all its numbers the same programs run, and none is compiled anew', async () => {
    const engine = new Watched(await engineOn('cpu')), d = at(at(narrow, KINDS['the norm of gradients']![1], linear({ from: 1, to: 0.1, updates: 10 })), KINDS['gamma, a knob']![1], linear({ from: 0.9, to: 0.5, updates: 10 })), sizes = sizesOf(d);
    let compiled = 0;
    const counting = Object.create(engine, { compile: { value: (program: Parameters<typeof engine.compile>[0]) => { compiled++; return engine.compile(program); } } }) as typeof engine, learner = new Learner(plan(d, sizes), counting);
    const { freshState } = await import('../../core/weights.ts'), batch = drawBatch(d, sizes), fields = Object.fromEntries(Object.entries(batch).map(([k, x]) => [k, x.data]));
    let state = freshState(learner.plan, 1);
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) { state = (await learner.update(state, { cuts: { data: { batch: sizes['batch']!, time: sizes['time']! } }, fields }, { seed: 1 })).state; counts.push(compiled); }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
    learner.dispose();
  });
  it('each is told with the metrics as it stands, by its place', () => {
    const s = linear({ from: 1, to: 3, updates: 10 }), page = derive(narrow as Definition<unknown, World>, 'told', g => {
      g.rollout({ steps: 5, copies: 2, epochs: s, minibatches: 1 });
      g.set('policyLoss', { clip: s });
      g.train('all', [g.at('policyLoss').loss, weigh(s, g.at('entropy').loss), g.at('valueLoss').loss], { optimiser: adam({ lr: s }), clipNorm: s, until: { wire: g.at('policyLoss')['kl'] as never, above: s } });
    });
    const told = (d: Definition) => new Learner(plan(d, sizesOf(d)), undefined as never).scheduled({ steps: 0, updates: 5, episodes: 0 });
    expect(told(page)).toEqual(Object.fromEntries(['policyLoss.clip', 'all.lr', 'all.entropy', 'all.clipNorm', 'all.until', 'data.epochs'].map(name => [name, 2])));
    expect(told(derive(td3, 'told', g => { g.targets({ polyak: linear({ from: 0, to: 1, updates: 10 }) as never }, []); g.targets({ polyak: linear({ from: 0.5, to: 1, updates: 10 }) }); }) as unknown as Definition)).toMatchObject({ 'targets.polyak': 0.75 });
    expect(Object.keys(told(prioritisedDqn as unknown as Definition))).toContain('data.beta');
  });
});

describe('a schedule is refused, with its place and the remedy,', () => {
  const said = (run: () => unknown): string => { try { run(); } catch (e) { if (e instanceof InputError || e instanceof GraphError) return e.message; throw e; } return 'nothing'; };
  const S = { schedule: 'linear', from: 4, to: 1, over: 100, clock: 'updates' };
  it.each([
    ['data.minibatches', /sources\.data\.minibatches: a whole number above 0: no schedule can stand for it/], ['data.steps', /sources\.data\.steps: a whole number above 0: no schedule can stand for it/],
    ['encoder.hidden', /encoder\.hidden: no schedule can stand for it, since programs are made for it/],
  ])('in the place of %s', (place, why) => { expect(said(() => applySettings(ppo, { [place]: S }))).toMatch(why); });
  it.each([
    ['data.epochs', { ...S, to: 0.5 }, 'a schedule between two whole numbers above 0'], ['data.epochs', { ...S, from: 2.5 }, 'a schedule between two whole numbers above 0'], ['all.clipNorm', { ...S, to: 0 }, 'clipNorm: one end is not above 0'],
    ['policyLoss.clip', { ...S, to: -1 }, 'a schedule from 4 to -1 leaves 0 to'], ['all.lr', { ...S, to: -1 }, 'lr: a schedule from 4 to -1 leaves 0 to'],
  ])('of %s: %j', (place, x, why) => { expect(said(() => applySettings(ppo, { [place]: x }))).toContain(why); });
  it.each([{ ...S, from: 1, to: 0 }, { ...S, from: 2, to: 1 }])('of polyak: %j', x => { expect(said(() => applySettings(td3, { 'targets.polyak': x }))).toContain('LAG      targets of *'); });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { toJson } from '../../core/definition.ts';
import { derive } from '../../core/graph.ts';
import { doubleDqn, dqn } from '../../graphs/index.ts';
import { layerTable, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, filled, normals, numbers } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';
import { evaluate } from './team.ts';

describe('dqn', () => {
  const sizes: Sizes = { ...sizesOf(dqn), batch: 40 }, batch = drawBatch(dqn, sizes), A = sizes['action']!, taps = ['tdTarget.value', 'targetQ.q', 'q.q', 'chosenQ.value'];
  const weights = drawWeights(1, layerTable(dqn, sizes)), targets = drawWeights(2, layerTable(dqn, sizes));
  let single: StepResult, double: StepResult;
  beforeAll(async () => { [single, double] = [await evaluate(dqn, { sizes, batch, weights, targets, taps }), await evaluate(doubleDqn, { sizes, batch, weights, targets, taps })]; });
  const field = (name: string) => numbers(batch[`data.${name}`]), next = (r: StepResult, wire: string, b: number) => numbers(r.taps[wire]).slice((2 * b + 1) * A, (2 * b + 2) * A);
  const available = (b: number) => field('avail').slice((2 * b + 1) * A, (2 * b + 2) * A);
  const best = (q: readonly number[], avail: readonly number[]) => q.reduce((most, x, a) => (avail[a] && (most < 0 || x > q[most]!) ? a : most), -1);

  it('has the numbers of its sheet', () => {
    const { sources, train, targets, nodes } = dqn.page;
    expect({ ...sources['data'] }).toEqual({ cut: 'transitions', keep: 10_000, batch: 128, start: 10_000, every: 10 });
    expect({ ...train['q']!.optimiser }).toEqual({ type: 'adam', lr: 2.5e-4, eps: 1e-8 });
    expect({ ...targets['*'] }).toEqual({ everySteps: 500 });
    expect({ ...nodes['q']!.config }).toEqual({ hidden: [120, 84] });
    expect({ ...(nodes['explore']!.config!['epsilon'] as object) }).toEqual({ schedule: 'linear', from: 1, to: 0.05, over: 250_000, clock: 'steps' });
  });
  it('bootstraps on the best available next action of the lagged network, unless the episode ended truly', () => {
    const y = numbers(single.taps['tdTarget.value']), ended = field('terminated'), cut = field('truncated');
    expect(ended.includes(1) && cut.includes(1)).toBe(true);
    y.forEach((value, b) => { const q = next(single, 'targetQ.q', b); expect(value).toBeCloseTo(field('reward')[b]! + 0.99 * (1 - ended[b]!) * q[best(q, available(b))]!, 4); });
    expect(y.some((_, b) => best(next(single, 'targetQ.q', b), available(b)) !== best(next(single, 'targetQ.q', b), [1, 1, 1]))).toBe(true);
  });
  it('has loss 0 and no gradient where the values are right', async () => {
    const right = { ...batch, 'data.terminated': { shape: [40, 1], data: new Uint8Array(40).fill(1) }, 'data.reward': { shape: [40, 1], data: Float32Array.from(numbers(single.taps['chosenQ.value'])) } };
    const r = await evaluate(dqn, { sizes, batch: right, weights, targets });
    expect(r.losses['q']).toBe(0);
    expect(r.gradientNorms['q']).toBe(0);
  });
  it('becomes double by one wire', () => {
    const { name: _, about: __, paper: ___, ...one } = toJson(dqn), { name: ____, about: _____, paper: ______, parent, ...two } = toJson(doubleDqn);
    expect(parent).toBe('dqn');
    expect(two).toEqual({ ...one, nodes: { ...one.nodes, nextGreedy: { ...one.nodes['nextGreedy'], in: { ...one.nodes['nextGreedy']!.in, q: 'q.q | next' } } } });
  });
  it('double: the online network chooses, the lagged one judges, so no target is higher', () => {
    const [y, most] = [numbers(double.taps['tdTarget.value']), numbers(single.taps['tdTarget.value'])];
    y.forEach((value, b) => {
      expect(value).toBeCloseTo(field('reward')[b]! + 0.99 * (1 - field('terminated')[b]!) * next(double, 'targetQ.q', b)[best(next(double, 'q.q', b), available(b))]!, 4);
      expect(value).toBeLessThanOrEqual(most[b]!);
    });
    expect(y).not.toEqual(most);
  });
  // E max of A independent standard normal numbers: order statistics
  it.each([[2, 0.564], [5, 1.163], [10, 1.539]])('where all values are 0 and estimates N(0, 1) over %i actions, the target of DQN is %f too high on the mean, that of Double DQN is not', async (actions, bias) => {
    const states = 1000, seen = { batch: states, time: 1, obs: states, action: actions };
    // a network without hidden layers over one-hot states is a table of estimates, the lagged one another
    const tables = [dqn, doubleDqn].map(d => derive(d, d.page.name, g => { g.set('q', { hidden: [] }); g.set('tdTarget', { gamma: 1 }); }));
    const hot = new Float32Array(states * 2 * states), estimates = (seed: number) => ({ 'q/net/kernel0': normals(seed, 'estimates', [states, actions]), 'q/net/bias0': filled([actions], 0) });
    for (let b = 0; b < states; b++) hot[(2 * b + 1) * states + b] = 1;
    const none = { shape: [states, 1], data: new Uint8Array(states) }, one = { 'data.obs': { shape: [states, 2, states], data: hot }, 'data.action': { shape: [states, 1], data: new Int32Array(states) }, 'data.reward': filled([states, 1], 0), 'data.terminated': none, 'data.truncated': none };
    const [high, fair] = await Promise.all(tables.map(async d => { const y = numbers((await evaluate(d, { sizes: seen, batch: one, weights: estimates(1), targets: estimates(2), taps: ['tdTarget.value'] })).taps['tdTarget.value']); return y.reduce((a, x) => a + x, 0) / states; }));
    expect(Math.abs(high! - bias)).toBeLessThan(4 * 0.83 / Math.sqrt(states));      // four standard errors
    expect(Math.abs(fair!)).toBeLessThan(4 / Math.sqrt(states));
  });
  it('double is single where both networks are one', async () => {
    const same = { sizes, batch, weights, targets: weights };
    expect((await evaluate(doubleDqn, same)).gradients).toEqual((await evaluate(dqn, same)).gradients);
  });
});

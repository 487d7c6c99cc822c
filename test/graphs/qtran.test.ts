import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap, weigh, type Graph } from '../../core/graph.ts';
import type { World } from '../../core/world.ts';
import { qmix, qtranAlt, qtranBase } from '../../graphs/index.ts';
import { historyValue, mlpAgentQ } from '../../nodes/index.ts';
import { layerTable, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, numbers, off } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

type Page = Definition<unknown, World>;
const PAGES = [['qtranBase', qtranBase as unknown as Page, 'noptLoss', 0.1], ['qtranAlt', qtranAlt as unknown as Page, 'noptMinLoss', 1]] as const;

describe.each(PAGES)('%s', (_, page, nopt, weight) => {
  /** The page with one of its losses alone: the others weigh nothing. */
  const alone = (loss: string) => derive(page, 'alone', (g: Graph<World>) => { g.train('q', ['tdLoss', 'optLoss', nopt].map(name => weigh(name === loss ? 1 : 0, g.at(name).loss)), { optimiser: { type: 'sgd', lr: 1 } }); });
  /** A state value so low that the second condition fails everywhere. */
  const low = Object.fromEntries(Object.entries(drawWeights(1, layerTable(page, sizesOf(page)))).map(([name, x]) => [name, name === 'value/net/bias2' ? { ...x, data: new Float32Array([-1e4]) } : x]));
  let td: StepResult, opt: StepResult, second: StepResult;
  beforeAll(async () => { [td, opt, second] = [await evaluate(alone('tdLoss')), await evaluate(alone('optLoss')), await evaluate(alone(nopt), { weights: low })]; });
  const reached = (r: StepResult) => [...new Set(Object.entries(r.gradients).filter(([, g]) => numbers(g).some(x => x !== 0)).map(([name]) => name.split('/').slice(0, name.startsWith('agentQ') ? 2 : 1).join('/')))].sort();

  it('has the numbers of its sheet', () => {
    const { sources, train, targets, nodes } = page.page;
    expect({ ...sources['data'] }).toEqual({ ...qmix.page.sources['data'] });
    expect({ ...targets['*'] }).toEqual({ everyEpisodes: 200 });
    expect({ ...train['q']!.optimiser, clipNorm: train['q']!.clipNorm }).toEqual({ type: 'rmsprop', lr: 5e-4, decay: 0.99, eps: 1e-5, clipNorm: 10 });
    expect(train['q']!.losses).toEqual([{ loss: 'tdLoss.loss', weight: 1 }, { loss: 'optLoss.loss', weight: 1 }, { loss: `${nopt}.loss`, weight }]);
    expect([nodes['jointQ']!.config, nodes['value']!.config].map(c => ({ ...c }))).toEqual([{ hidden: [64, 64] }, { hidden: [64, 64] }]);
  });
  it('teaches the joint network by the TD error alone, which reaches the agents through their histories and not the state value', () => {
    expect(reached(td)).toEqual(['agentQ/cell', 'agentQ/first', 'jointQ']);
  });
  it('teaches the agents\' own values and the state value by the conditions, the greatest value too (a learner in circulation stops it), and the joint network not at all', () => {
    expect(reached(opt)).toEqual(['agentQ/cell', 'agentQ/first', 'agentQ/q', 'value']);
    expect(reached(second)).toEqual(['agentQ/cell', 'agentQ/first', 'agentQ/q', 'value']);
  });
  it('asks the conditions of online networks only: other lagged weights change the TD error and nothing else', async () => {
    const taps = ['tdLoss.loss', 'optLoss.loss', `${nopt}.loss`], run = async (seed: number) => { const r = await evaluate(page, { taps, targets: drawWeights(seed, layerTable(page, sizesOf(page))) }); return taps.map(tap => numbers(r.taps[tap])[0]!); }, [a, b] = [await run(101), await run(7)];
    expect(b[0]).not.toBeCloseTo(a[0]!, 3);
    expect(b.slice(1)).toEqual(a.slice(1));
  });
  it('adds its losses by their weights', async () => {
    const taps = ['tdLoss.loss', 'optLoss.loss', `${nopt}.loss`], r = await evaluate(page, { taps }), [a, b, c] = taps.map(tap => numbers(r.taps[tap])[0]!);
    expect(Math.abs(r.losses['q']! - (a! + b! + weight * c!))).toBeLessThan(1e-5 * r.losses['q']!);
  });
  it('takes the next joint action from the online agents and its value from the lagged networks', async () => {
    const taps = ['agentQ.q', 'nextGreedy.action', 'tdTarget.value', 'targetJointQ.q'], sizes = sizesOf(page), batch = drawBatch(page, sizes), r = await evaluate(page, { taps, batch, sizes }), [q, greedy, y, lagged] = taps.map(tap => numbers(r.taps[tap])) as [number[], number[], number[], number[]];
    const field = (name: string) => numbers(batch[`data.${name}`]), { batch: B, time: T, agent: N, action: A } = sizes as Record<string, number> as { batch: number; time: number; agent: number; action: number }, each = y.length / (B * T);
    for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) for (let n = 0; n < N; n++) {
      const row = (b * T + t) * N + n, slot = ((b * (T + 1) + t + 1) * N + n) * A, open = field('avail').slice(slot, slot + A), own = q.slice(slot, slot + A);
      if (open.some(Boolean)) expect(greedy[row]).toBe(own.reduce((best, x, a) => (open[a] && (best < 0 || x > own[best]!) ? a : best), -1));
      const step = b * T + t, i = each === 1 ? step : row, next = each === 1 ? lagged[step]! : lagged[row * A + greedy[row]!]!;
      expect(Math.abs(y[i]! - field('reward')[step]! - 0.99 * (1 - field('terminated')[step]!) * next)).toBeLessThan(1e-5 * Math.max(1, Math.abs(next)));
    }
  });
  it('asks the conditions of every transition of the batch, by values of its own step (the code of himelbrand asks one row, and the actions of the next step)', async () => {
    const sizes = sizesOf(page), lengths = [4, 3, 2], batch = drawBatch(page, sizes, { lengths }), obs = batch['data.obs']!, T = sizes['time']! + 1, width = obs.data.length / sizes['batch']! / T, taps = ['tdLoss.loss', 'optLoss.loss', `${nopt}.loss`];
    const at = async (b: number, slot: number) => { const r = await evaluate(page, { sizes, taps, weights: low, batch: { ...batch, 'data.obs': { shape: obs.shape, data: Float32Array.from(obs.data, (x, i) => (Math.floor(i / width) === b * T + slot ? x + 1 : x)) } } }); return taps.map(tap => numbers(r.taps[tap])[0]!); }, before = await at(-1, 0);          // nobody
    for (const [b, n] of lengths.entries()) {
      for (let slot = 0; slot < n; slot++) (await at(b, slot)).forEach((loss, i) => { expect(loss, `${taps[i]!}, item ${b}, slot ${slot}`).not.toBe(before[i]); });
      expect((await at(b, n)).slice(1)).toEqual(before.slice(1));
    }
  });
  it('learns from the last transition of an episode, and its own values may be below 0 (the code of himelbrand leaves the one out and cuts the other)', async () => {
    const sizes = sizesOf(page), batch = drawBatch(page, sizes, { lengths: [4, 3, 2] }), reward = batch['data.reward']!, last = { ...batch, 'data.reward': { shape: reward.shape, data: Float32Array.from(reward.data, (x, i) => (i === 3 ? x + 1 : x)) } };
    const [one, other] = [await evaluate(page, { sizes, batch, taps: ['agentQ.q'] }), await evaluate(page, { sizes, batch: last })];
    expect(batch['data.terminated']!.data[3]).toBe(1);
    expect(other.losses['q']).not.toBe(one.losses['q']);
    expect(Math.min(...numbers(one.taps['agentQ.q']))).toBeLessThan(0);
  });
  it('takes agents without memory, and a value of all histories', async () => {
    for (const there of [swap(page, 'agentQ', mlpAgentQ({ hidden: [16] }), { name: 'plain' }), swap(page, 'value', historyValue({ hidden: [8] }), { name: 'histories' })]) expect(Number.isFinite((await evaluate(there)).losses['q'])).toBe(true);
  });
});

it('qtranBase does not know its agents apart: in another order they have the same loss and gradients', async () => {
  const sizes = { ...sizesOf(qtranBase), agent: 3, id: 3 }, batch = drawBatch(qtranBase, sizes), before = await evaluate(qtranBase, { sizes, batch }), after = await evaluate(qtranBase, { sizes, batch: reorderAgents(qtranBase, batch, [2, 0, 1]) });
  expect(Math.abs(after.losses['q']! - before.losses['q']!)).toBeLessThan(1e-5 * before.losses['q']!);
  for (const [name, g] of Object.entries(before.gradients)) expect(off(after.gradients[name], g), name).toBeLessThan(1e-5);
});

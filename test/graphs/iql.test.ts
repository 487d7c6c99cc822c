import { describe, expect, it } from 'vitest';
import { iql, vdn } from '../../graphs/index.ts';
import { numbers, off } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

describe('iql', () => {
  it('has the numbers of its sheet', () => {
    const { sources, train, targets, nodes } = iql.page;
    expect({ ...sources['data'] }).toEqual({ cut: 'episodes', keep: 5000, batch: 32 });
    expect({ ...train['q']!.optimiser, clipNorm: train['q']!.clipNorm }).toEqual({ type: 'rmsprop', lr: 5e-4, decay: 0.99, eps: 1e-5, clipNorm: 10 });
    expect({ ...targets['*'] }).toEqual({ everyEpisodes: 200 });
    expect({ ...nodes['tdTarget']!.config }).toEqual({ gamma: 0.99 });
    expect({ ...(nodes['explore']!.config!['epsilon'] as object) }).toEqual({ schedule: 'linear', from: 1, to: 0.05, over: 50_000, clock: 'steps' });
  });
  it('has the same loss and gradients with its agents in another order', async () => {
    const sizes = { ...sizesOf(iql), agent: 3, id: 3 }, batch = drawBatch(iql, sizes), before = await evaluate(iql, { sizes, batch }), after = await evaluate(iql, { sizes, batch: reorderAgents(iql, batch, [2, 0, 1]) });
    expect(after.losses['q']).toBeCloseTo(before.losses['q']!, 4);
    for (const [name, g] of Object.entries(before.gradients)) expect(off(after.gradients[name], g), name).toBeLessThan(1e-5);
  });
  it('gives the team reward to every agent, and its loss is the mean over agents', async () => {
    const sizes = { ...sizesOf(iql), agent: 3, id: 3 }, batch = drawBatch(iql, sizes), r = await evaluate(iql, { sizes, batch, taps: ['chosenActionQ.value', 'nextChosenActionQ.value', 'tdTarget.value'] });
    const field = (name: string) => numbers(batch[`data.${name}`]), tap = (name: string) => numbers(r.taps[name]), [chosen, next, y] = [tap('chosenActionQ.value'), tap('nextChosenActionQ.value'), tap('tdTarget.value')];
    let sum = 0;
    y.forEach((value, i) => {
      const step = Math.floor(i / 3);
      expect(value).toBeCloseTo(field('reward')[step]! + 0.99 * (1 - field('terminated')[step]!) * next[i]!, 4);
      sum += field('valid')[step]! * (chosen[i]! - value) ** 2;
    });
    expect(r.losses['q']).toBeCloseTo(sum / (3 * field('valid').reduce((a, x) => a + x, 0)), 3);
  });
  it('is VDN where there is one agent', async () => {
    const sizes = { ...sizesOf(iql), agent: 1, id: 1 }, [a, b] = [await evaluate(iql, { sizes, batch: drawBatch(iql, sizes) }), await evaluate(vdn, { sizes, batch: drawBatch(vdn, sizes) })];
    expect(b.losses['q']).toBeCloseTo(a.losses['q']!, 5);
    for (const [name, g] of Object.entries(a.gradients)) expect(off(b.gradients[name], g), name).toBeLessThan(1e-5);
  });
});

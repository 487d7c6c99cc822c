import { describe, expect, it } from 'vitest';
import { toJson } from '../../core/definition.ts';
import { derive, next, now, swap } from '../../core/graph.ts';
import { f32 } from '../../core/port.ts';
import { central, team } from '../../core/world.ts';
import { qatten, qmix } from '../../graphs/index.ts';
import { evenAttentionMixer } from '../../nodes/index.ts';
import { layerTable } from '../../plugins/testing.ts';
import { off } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

describe('qatten', () => {
  it('is QMIX with another mixer', () => {
    const { about: _, paper: __, ...mine } = toJson(qatten), { about: ___, paper: ____, ...theirs } = toJson(qmix), config = { heads: 4, embed: 32, hypernet: [64], logitPenalty: 1e-3 };
    expect(mine).toEqual({ ...theirs, name: 'qatten', parent: 'qmix', nodes: { ...theirs.nodes, mixer: { ...theirs.nodes['mixer'], type: 'attentionMixer', config }, targetMixer: { ...theirs.nodes['targetMixer'], type: 'attentionMixer' } } });
  });
  it('trains and lags queries and keys as it does the rest (the port of simsimiSION keeps them where neither happens)', async () => {
    const page = derive(qatten, 'often', g => { g.targets({ everyUpdates: 1 }); }), before = await evaluate(page), names = Object.keys(before.gradients).filter(k => /^mixer\/(query|key)/.test(k));
    expect(names).toHaveLength(4);
    for (const k of names) { expect(before.gradients[k]!.data.some(x => x !== 0), k).toBe(true); expect(before.targets[k]).toEqual(before.weights[k]); }
  });
  it('adds the penalty of its own mixer, and not that of the lagged one', async () => {
    const at = (logitPenalty: number) => evaluate(derive(qatten, 'strict', g => { g.set('mixer', { logitPenalty }); }), { taps: ['mixer.penalty', 'tdLoss.loss'] }), [none, some] = [await at(0), await at(0.5)];
    expect(none.losses['q']).toBeCloseTo(none.taps['tdLoss.loss']!.data[0]!, 5);
    expect(some.losses['q']! - none.losses['q']!).toBeCloseTo(some.taps['mixer.penalty']!.data[0]!, 4);
    expect(some.taps['mixer.penalty']!.data[0]).toBeGreaterThan(0);
  });
  it('knows its agents by their units: in another order they have the same loss and gradients', async () => {
    const sizes = { ...sizesOf(qatten), agent: 3, id: 3 }, batch = drawBatch(qatten, sizes), before = await evaluate(qatten, { sizes, batch }), after = await evaluate(qatten, { sizes, batch: reorderAgents(qatten, batch, [2, 0, 1]) });
    expect(after.losses['q']).toBeCloseTo(before.losses['q']!, 4);
    for (const [name, g] of Object.entries(before.gradients)) expect(off(after.gradients[name], g), name).toBeLessThan(1e-5);
  });
  it('takes the units of a world that has some, and the mixer with heads alike', () => {
    const units = derive(qatten, 'units', g => {
      const { unitState } = g.data();
      g.rewire('mixer', { unitState: now(unitState) });
      g.rewire('targetMixer', { unitState: next(unitState) });
    }, { ...team, unitState: central(f32('agent unit')) });
    expect(layerTable(units, { ...sizesOf(units), unit: 9 }).find(t => t.name === 'mixer/key/kernel0')?.shape).toEqual([4, 9, 32]);
    expect(swap(units, 'mixer', evenAttentionMixer(), { name: 'even' }).page.nodes['targetMixer']!.type).toBe('evenAttentionMixer');
  });
});

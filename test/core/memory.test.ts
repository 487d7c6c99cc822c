/** Memory that lies over dims: typed, checked, kept whole, read while acting, written to a file and carried over a swap. */
import { add, mean, mul, sub } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { GraphError } from '../../core/error.ts';
import { derive, graph, now, once, over, type Graph } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32, still } from '../../core/port.ts';
import { freshState, migrate } from '../../core/weights.ts';
import { continuous } from '../../core/world.ts';
import { dqn } from '../../graphs/index.ts';
import { deterministic, negate } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep } from '../../plugins/testing.ts';
import { filled, floats, normals } from '../nodes/arrays.ts';

/** Half way from the old centre to that of the batch, and of each copy the sum of rewards so far. */
const middle = defineNode({
  type: 'middle',
  in: { x: still(f32('... ?x')), centre: still(f32('?x')) },
  out: { centre: f32('?x') },
  forward: ({ x, centre }) => ({ centre: mul(0.5, add(centre, mean(x, 0))) }),
});
const total = defineNode({
  type: 'total',
  in: { reward: still(f32('... time')), before: still(f32('...')) },
  out: { after: f32('...') },
  forward: ({ reward, before }) => ({ after: add(before, mean(mul(reward, reward.shape[1]!), 1)) }),
});
const minus = defineNode({ type: 'minus', in: { x: f32('... ?x'), centre: still(f32('?x')) }, out: { x: f32('... ?x') }, forward: ({ x, centre }) => ({ x: sub(x, centre) }) });
const by = defineNode({ type: 'by', in: { action: f32('... action') }, out: { value: f32('...') }, forward: ({ action }) => ({ value: mean(action, -1) }) });

const page = graph('page', continuous, g => {
  const ro = g.rollout({ steps: 3, copies: 2, epochs: 2, minibatches: 3 });
  const seen = g.memory('seen', { centre: over('obs', 2) }), paid = g.memory('paid', { sum: over('batch', 0) });
  const x = g.add('x', minus(), { x: ro.obs, centre: once(seen.centre) });
  const actor = g.slot('actor', deterministic({ hidden: [] }), { obs: x.x });
  const value = g.add('value', by(), { action: now(actor.action) });
  const loss = g.add('loss', negate(), { value: value.value, mask: ro.valid });
  g.keep('seen', { centre: once(g.add('middle', middle(), { x: now(ro.obs), centre: seen.centre }).centre) });
  g.keep('paid', { sum: once(g.add('total', total(), { reward: ro.reward, before: paid.sum }).after) });
  g.train('actor', loss.loss, { optimiser: adam({ lr: 1e-2 }) });
  g.act({ action: actor.action });
});
const sizes = { batch: 2, time: 3, obs: 2, action: 1 };
const batch = { 'data.obs': normals(1, 'obs', [2, 4, 2]), 'data.action': filled([2, 3, 1], 0), 'data.reward': floats([[1, 2, 3], [4, 5, 6]]) };
const centre = [0, 1].map(i => [0, 1].flatMap(b => [0, 1, 2].map(t => batch['data.obs'].data[(b * 4 + t) * 2 + i]!)).reduce((a, x) => a + x / 6, 0));
const saying = (edit: (g: Graph<typeof continuous>) => void): string => { try { derive(page, 'wrong', edit); return ''; } catch (e) { if (e instanceof GraphError) return e.message; throw e; } };

describe('memory over dims', () => {
  it('starts as its number everywhere, and is kept from the whole batch though minibatches have a part of it', async () => {
    const { memory, failed } = await evaluateStep(page, { sizes, batch });
    expect(failed).toBeUndefined();
    (memory['seen.centre'] as number[]).forEach((x, i) => { expect(x).toBeCloseTo((2 + centre[i]!) / 2, 5); });
    expect(memory['paid.sum']).toEqual([6, 15]);
  });
  it('goes on from what it was', async () => {
    const { memory } = await evaluateStep(page, { sizes, batch, memory: { 'seen.centre': [10, 20], 'paid.sum': [1, 2] } });
    (memory['seen.centre'] as number[]).forEach((x, i) => { expect(x).toBeCloseTo(([10, 20][i]! + centre[i]!) / 2, 5); });
    expect(memory['paid.sum']).toEqual([7, 17]);
    const twice = await evaluateStep(page, { sizes, batch, updates: 2 });
    expect(twice.memory['paid.sum']).toEqual([12, 30]);
  });
  it('is read once: every minibatch of an update sees what was there before it', async () => {
    const whole = derive(page, 'whole', g => { g.rollout({ steps: 3, copies: 2 }); }), memory = { 'seen.centre': [0.5, -0.5] }, { taps } = await evaluateStep(whole, { sizes, batch, memory, taps: ['x.x'] });
    batch['data.obs'].data.forEach((x, i) => { expect(taps['x.x']!.data[i]).toBeCloseTo(x - memory['seen.centre'][i % 2]!, 6); });
    const one = derive(page, 'one', g => { g.rollout({ steps: 3, copies: 2, epochs: 1, minibatches: 3 }); g.train('actor', g.at('loss').loss, { optimiser: adam({ lr: 0 }) }); }), two = await evaluateStep(one, { sizes, batch, memory });
    const all = await evaluateStep(derive(whole as typeof page, 'still', g => { g.train('actor', g.at('loss').loss, { optimiser: adam({ lr: 0 }) }); }), { sizes, batch, memory });
    expect(two.losses['actor']).toBeCloseTo(all.losses['actor']!, 6);
  });
  it('is read while acting, by any number of copies', async () => {
    const weights = { 'actor/net/kernel0': floats([[0.1], [0.2]]), 'actor/net/bias0': floats([0]) };
    const { action } = await evaluateAct(page, { sizes: { ...sizes, batch: 3 }, fields: { obs: floats([[[1, 1]], [[2, 0]], [[0, 3]]]) }, weights, memory: { 'seen.centre': [1, 2] } });
    [[0, -1], [1, -2], [-1, 1]].forEach(([a, b], i) => { expect(action.data[i]).toBeCloseTo(Math.tanh(0.1 * a! + 0.2 * b!), 6); });
  });
  it('goes through a file', () => {
    expect(toJson(page).memory).toEqual({ seen: { centre: { over: 'obs', start: 2 } }, paid: { sum: { over: 'batch', start: 0 } } });
    const back = fromJson(JSON.parse(JSON.stringify(toJson(page))), page.specs);
    expect(check(back)).toEqual([]);
    expect(toJson(back)).toEqual(toJson(page));
  });
  it('stays over a swap, and begins anew where it lies over something else', () => {
    const other = derive(page, 'other', g => { g.set('actor', { hidden: [4] }); }), from = plan(page, sizes), state = { ...freshState(from, 1), memory: { seen: { centre: [3, 4] }, paid: { sum: [5, 6] } } };
    expect(freshState(from, 1).memory).toEqual({ seen: { centre: 2 }, paid: { sum: 0 } });
    expect(migrate(from, plan(other, sizes), state, { seed: 1 }).state.memory).toEqual(state.memory);
    const file = toJson(page), moved = fromJson({ ...file, memory: { ...file.memory, paid: { sum: { over: 'action', start: 7 } } } }, page.specs) as Definition;
    expect(migrate(from, { ...from, d: moved }, state, { seed: 1 }).state.memory).toEqual({ seen: { centre: [3, 4] }, paid: { sum: 7 } });
  });
  it('stops a run whose copies are others than those it is of', async () => {
    await expect(evaluateStep(page, { sizes, batch, memory: { 'paid.sum': [1, 2, 3] } })).rejects.toThrow('memory paid.sum has 3 numbers, the page asks for 2: [2]');
  });
  it('is not written from numbers that are not finite', async () => {
    const { memory, failed } = await evaluateStep(page, { sizes, batch: { ...batch, 'data.reward': floats([[1, NaN, 3], [4, 5, 6]]) } });
    expect(failed).toContain('reward of the batch holds a number that is not finite');
    expect(memory).toEqual({ 'seen.centre': 2, 'paid.sum': 0 });
  });
});
describe('what does not fit', () => {
  it('memory over a dim that nothing has', () => expect(saying(g => { g.memory('seen', { centre: over('planet', 0) }); })).toMatchInlineSnapshot(`
    "3 problems in graph wrong

    1  SHAPE    x: centre has no dim x that is obs, as at another port
         x            f32 [batch time+1 obs]                   from data.obs
         centre       f32 [planet]                             from seen.centre | once   wants f32 [?x]
         fix      wire centre to something that is f32 [?x]

    2  SHAPE    middle: centre has no dim x that is obs, as at another port
         x            f32 [batch time obs]                     from data.obs | now
         centre       f32 [planet]                             from seen.centre   wants f32 [?x]
         fix      wire centre to something that is f32 [?x]

    3  MEMORY   memory seen.centre lies over planet, which nothing has
         fix      g.dim('planet', n) gives it a size"
  `));
  it('an output of another shape', () => expect(saying(g => { g.keep('seen', { centre: once(g.at('total').after) }); })).toMatchInlineSnapshot(`
    "1 problem in graph wrong

    1  MEMORY   memory is f32 [obs], and once(total.after) is f32 [batch]
         fix      keep an output that is f32 [obs]"
  `));
  it('memory of the copies that are learned from, while acting', () => {
    const odd = defineNode({ type: 'odd', in: { obs: f32('batch ?t obs'), sum: f32('batch') }, out: { x: f32('batch ?t obs') }, forward: ({ obs }) => ({ x: obs }) });
    expect(saying(g => { g.rewire('actor', { obs: g.add('odd', odd(), { obs: g.data().obs, sum: { text: 'paid.sum' } } as never).x as never }); })).toContain('odd reads paid.sum to act, which is of the copies that are learned from');
  });
  it('clipped actions that are numbered', () => {
    expect(() => derive(dqn, 'wrong', g => { g.act(g.at('explore') as never, { clipped: true }); })).toThrow('actions are clipped to [-1, 1], and those of this world are numbered');
  });
});

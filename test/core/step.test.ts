/** The learning step, worked by hand: passes, epochs and minibatches, `once`, sweeps, lagged weights, memory, noise, and what it leaves alone. */
import fc from 'fast-check';
import { add, mean, mul, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TargetRule } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import { GraphError } from '../../core/error.ts';
import { each, graph, next, now, once, weigh, type Wire } from '../../core/graph.ts';
import type { Layer } from '../../core/layers.ts';
import { constant } from '../../nodes/initial.ts';
import { dense, parameter } from '../../nodes/layers.ts';
import { defineNode, normal, per } from '../../core/node.ts';
import { adam, sgd } from '../../core/optimiser.ts';
import { f32, penalty, still, type DType } from '../../core/port.ts';
import { linear } from '../../core/schedule.ts';
import { targetsDue, type Batch } from '../../core/step.ts';
import type { LearnerState } from '../../core/weights.ts';
import { single, team } from '../../core/world.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { batchOf, factor, firstAllowed, page, squares, steps, times, Watched, weightsOf } from '../plugins/training/tiny.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

const LR = 0.1;
/** One number w that meets the reward: L = sum (w x - r)^2, dL/dw = sum 2 x (w x - r). */
const one = (options: Parameters<Parameters<typeof page>[0]>[0]['train'] extends (n: string, l: infer _, o: infer O) => void ? Partial<O> : never = {}, source?: Parameters<typeof page>[1]) => page((g, data) => {
  const y = g.add('value', times(), { x: data.obs }), loss = g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid });
  g.train('value', loss.loss, { optimiser: sgd({ lr: LR }), ...options });
  return { y, loss };
}, source);
const slope = (w: number, x: readonly number[], r: readonly number[]) => x.reduce((sum, _, i) => sum + 2 * x[i]! * (w * x[i]! - r[i]!), 0);
const close = (got: readonly number[], want: readonly number[], digits = 5) => { expect(got).toHaveLength(want.length); want.forEach((x, i) => { expect(got[i]!).toBeCloseTo(x, digits); }); };

describe('one step', () => {
  it('is w - lr dL/dw, worked by hand', async () => {
    // x = (1, 2), r = (3, 1), w = 1: errors (-2, 1), L = 4 + 1 = 5, dL/dw = 2 (1 x -2 + 2 x 1) = 0; with r = (3, 0): errors (-2, 2), L = 8, dL/dw = 2 (-2 + 4) = 4
    const s = steps(one(), engine), done = await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]]), { gradients: true });
    expect(done.losses).toEqual({ value: 8 });
    expect([...done.gradients['value/w/kernel']!]).toEqual([4]);
    expect(done.norms).toEqual({ value: 4 });
    close(weightsOf(s, done.state, 'value'), [1 - LR * 4]);
  });
  it('counts what is valid and nothing else', async () => {
    const s = steps(one(), engine), done = await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]], { 'data.valid': Float32Array.of(1, 0) }));
    expect(done.losses).toEqual({ value: 4 });
    close(weightsOf(s, done.state, 'value'), [1 - LR * -4]);
  });
  it('counts updates, and remembers its clocks', async () => {
    const s = steps(one(), engine), state: LearnerState = { ...s.state, counters: { ...s.state.counters, steps: 7, episodes: 3 } };
    const { counters } = (await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]]), {}, state)).state;
    expect(counters).toEqual({ steps: 7, updates: 1, episodes: 3, last: { steps: 7, updates: 1, episodes: 3 } });
  });
  it('refuses a batch of another size, and one that lacks a field, by name', async () => {
    const s = steps(one(), engine), batch = batchOf([[1, 9], [2, 9]], [[3], [0]]), { 'data.reward': _, ...rest } = batch.fields;
    await expect(s.update({ ...batch, fields: { ...batch.fields, 'data.obs': new Float32Array(3) } })).rejects.toThrow('data.obs of the batch has 3 values, the page asks for 4: [2, 2, 1]');
    await expect(s.update({ ...batch, fields: rest })).rejects.toThrow('the batch has no data.reward');
  });
});

describe('what a step is given', () => {
  /** A page that uses everything: a memory, lagged weights, noise, a schedule, minibatches, `once`. */
  const noisy = defineNode({ type: 'noisy', in: { x: f32('...') }, noise: { eps: normal('...') }, out: { x: f32('...') }, forward: ({ x, eps }) => ({ x: add(x, mul(0.1, eps)) }) });
  const counted = defineNode({ type: 'counted', knobs: { by: 1 }, in: { n: f32('') }, out: { n: f32('') }, forward: ({ n, by }) => ({ n: add(n, by) }) });
  const everything = page((g, data) => {
    const y = g.add('value', times(), { x: data.obs }), lagged = g.target('lagged', y, { x: data.obs }), n = g.memory('seen', { n: 0 });
    const b = g.add('noisy', noisy(), { x: data.reward }), more = g.add('more', counted({ by: linear({ from: 1, to: 2, updates: 10 }) }), n);
    const loss = g.add('loss', squares(), { a: now(y.y), b: b.x, mask: data.valid }), old = g.add('old', squares(), { a: now(y.y), b: once(next(lagged.y)), mask: data.valid });
    g.train('value', [loss.loss, weigh(0.5, old.loss)], { optimiser: adam({ lr: LR }), clipNorm: 1 });
    g.keep('seen', more);
    g.targets({ polyak: 0.5 });
  }, g => g.rollout({ steps: 2, copies: 2, epochs: 2, minibatches: 2 }));
  const batch = batchOf([[1, 2, 3], [4, 5, 6]], [[1, 0], [2, 1]]);

  it('is left as it was: state, batch and options', async () => {
    const s = steps(everything, engine), first = (await s.update(batch)).state, options = { seed: 1, knobs: { 'more.by': 3 }, noise: { 'noisy.eps': Float32Array.of(1, 2) }, order: { epochs: [Int32Array.of(3, 1, 0, 2), Int32Array.of(0, 1, 2, 3)] } };
    const before = structuredClone({ first, batch, options }), done = await s.learner.update(first, batch, options);
    expect({ first, batch, options }).toEqual(before);
    expect(done.state.weights).not.toEqual(first.weights);
    expect(done.state.lagged).not.toEqual(first.lagged);
    expect(done.state.memory).toEqual({ seen: { n: 4 + 12 } });
    expect(done.state.slots['value']!.count).toBe(8);
  });
  it('decides all of it: the same again, bit for bit, in any order of calls', async () => {
    const s = steps(everything, engine), a = await s.update(batch), between = await s.update(batch, {}, a.state), b = await s.update(batch);
    expect(b).toEqual(a);
    expect(between.state.weights).not.toEqual(a.state.weights);
    expect(await steps(everything, engine).update(batch)).toEqual(a);
  });
  it('includes its noise: another seed or another update draws other numbers, the same the same', async () => {
    const s = steps(everything, engine), wire = ['noisy.x'], sample = async (seed: number, updates: number) => [...(await s.update(batch, { seed, taps: wire }, { ...s.state, counters: { ...s.state.counters, updates } })).taps['noisy.x']!.data];
    const base = await sample(1, 0);
    expect(await sample(1, 0)).toEqual(base);
    expect(await sample(2, 0)).not.toEqual(base);
    expect(await sample(1, 1)).not.toEqual(base);
  });
  it('may include the noise itself', async () => {
    const s = steps(everything, engine), done = await s.update(batch, { noise: { 'noisy.eps': new Float32Array(2) }, order: { epochs: [Int32Array.of(0, 1, 2, 3), Int32Array.of(0, 1, 2, 3)] }, taps: ['noisy.x'] });
    expect([...done.taps['noisy.x']!.data]).toEqual([2, 1]);       // of the last minibatch: the rewards of items 2 and 3
    await expect(s.update(batch, { noise: { 'noisy.eps': new Float32Array(3) } })).rejects.toThrow('noise noisy.eps has 3 numbers, the program asks for 2: [2, 1]');
  });
});

describe('passes', () => {
  // a trains on the reward; b a x is to be 0, with a frozen; x = 1, r = 3, a = b = 1: a' = 1 - 0.1 x 2 x (1 - 3) = 1.4
  const two = (after: boolean) => page((g, data) => {
    const a = g.add('a', times(), { x: data.obs }), loss = g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid });
    const again = g.frozen('again', a, { x: data.obs }), b = g.add('b', factor(), { x: now(again.y) }), zero = g.add('lossB', squares(), { a: b.y, b: data.weight, mask: data.valid });
    g.train('a', loss.loss, { optimiser: sgd({ lr: LR }) });
    g.train('b', zero.loss, { optimiser: sgd({ lr: LR }), ...(after ? { after: 'a' } : {}) });
  }, g => g.transitions({ keep: 10, batch: 1 }));
  const batch = batchOf([[1, 9]], [[3]], { 'data.weight': Float32Array.of(0) });
  it('see the weights that they begin with: b a x with a = 1', async () => {
    const s = steps(two(false), engine), done = await s.update(batch);
    expect(done.losses).toEqual({ a: 4, b: 1 });
    close([...weightsOf(s, done.state, 'a'), ...weightsOf(s, done.state, 'b')], [1.4, 1 - LR * 2 * 1 * 1]);
  });
  it('`after` another see what it has done: b a x with a = 1.4', async () => {
    const s = steps(two(true), engine), done = await s.update(batch);
    expect(done.losses['b']).toBeCloseTo(1.96, 5);
    close([...weightsOf(s, done.state, 'a'), ...weightsOf(s, done.state, 'b')], [1.4, 1 - LR * 2 * 1.4 * 1.4]);
  });
  it('of rules without `after` do not depend on their order', async () => {
    const d = two(false), turned = { ...d, page: { ...d.page, train: Object.fromEntries(Object.entries(d.page.train).reverse()) } };
    const [x, y] = [steps(d, engine), steps(turned, engine)], [a, b] = [(await x.update(batch)).state, (await y.update(batch)).state];
    for (const n of ['a', 'b']) expect(weightsOf(y, b, n)).toEqual(weightsOf(x, a, n));
  });
  it('`every` second update: those whose number is even', async () => {
    const s = steps(one({ every: 2, optimiser: sgd({ lr: 0.01 }) }), engine), moved: boolean[] = [];
    let { state } = s;
    for (let i = 0; i < 5; i++) { const done = await s.update(batchOf([[1, 9], [2, 9]], [[5], [5]]), {}, state); moved.push(done.state.weights[0] !== state.weights[0]); state = done.state; }
    expect(moved).toEqual([false, true, false, true, false]);
    expect(state.slots['value']!.count).toBe(2);
  });
  it('keep memory and give taps in an update whose first rule is not due', async () => {
    const counted = defineNode({ type: 'counted', in: { n: f32('') }, out: { n: f32('') }, forward: ({ n }) => ({ n: add(n, 1) }) });
    const d = page((g, data) => {
      const n = g.memory('seen', { n: 0 }), more = g.add('more', counted(), n);
      const a = g.add('a', times(), { x: data.obs }), loss = g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid });
      const b = g.add('b', times(), { x: data.obs }), other = g.add('lossB', squares(), { a: now(b.y), b: data.reward, mask: data.valid });
      g.train('a', loss.loss, { optimiser: sgd({ lr: LR }), every: 2 });
      g.train('b', other.loss, { optimiser: sgd({ lr: LR }), after: 'a' });
      g.keep('seen', more);
    }), s = steps(d, engine), done = await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]]), { taps: ['b.y'] });
    expect(done.state.memory).toEqual({ seen: { n: 1 } });
    expect(Object.keys(done.taps)).toEqual(['b.y']);
  });
});

describe('epochs and minibatches', () => {
  const source = (epochs: number, minibatches: number, length = 4) => (g: Parameters<NonNullable<Parameters<typeof page>[1]>>[0]) => g.rollout({ steps: length, copies: 2, epochs, minibatches });
  const x = [[1, 2, 3, 4, 9], [-1, -2, -3, -4, 9]], r = [[1, 1, 2, 2], [0, 1, 0, 1]], batch = batchOf(x, r);
  const flat = { x: x.flatMap(v => v.slice(0, 4)), r: r.flat() };
  const quiet = { optimiser: sgd({ lr: 0.001 }) };

  it('cut a page without time into transitions: a minibatch is an update on its items alone', async () => {
    const order = Int32Array.of(5, 0, 3, 6, 1, 7, 2, 4), s = steps(one(quiet, source(1, 4)), engine), plain = steps(one(quiet), engine);
    expect(s.learner.plan.timeFree).toBe(true);
    const done = await s.update(batch, { order: { epochs: [order] } });
    let { state } = plain, losses = 0;
    for (let m = 0; m < 4; m++) {
      const items = [...order.subarray(2 * m, 2 * m + 2)], part = await plain.update(batchOf(items.map(i => [flat.x[i]!, 9]), items.map(i => [flat.r[i]!])), {}, state);
      losses += part.losses['value']!;
      state = part.state;
    }
    close(weightsOf(s, done.state, 'value'), weightsOf(plain, state, 'value'), 6);
    expect(done.losses['value']).toBeCloseTo(losses / 4, 5);
    expect(done.state.slots['value']!.count).toBe(4);
  });
  it('take every item once an epoch, whatever the order and the number of parts', () => fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.nat({ max: 100 }), async (copies, length, epochs, seed) => {
      const items = copies * length, parts = 1 + seed % items;
      const d = page((g, data) => {
        const y = g.add('value', times(), { x: data.obs }), loss = g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid });
        g.train('value', loss.loss, { optimiser: sgd({ lr: 1e-9 }) });
      }, g => g.rollout({ steps: length, copies, epochs, minibatches: parts }));
      const s = steps(d, engine), numbers = Array.from({ length: copies }, (_, c) => Array.from({ length }, (__, t) => 2 ** (c * length + t))), watched = new Watched(engine), { learner } = steps(d, watched);
      await learner.update(s.state, batchOf(numbers.map(row => [...row.map(() => 0), 0]), numbers), { seed, taps: ['loss.loss'] });
      expect(watched.outputs).toHaveLength(epochs * parts);
      // the loss of a part is the sum of its squared rewards: items are the digits to base 4
      for (let e = 0; e < epochs; e++) expect(watched.outputs.slice(e * parts, (e + 1) * parts).reduce((sum, o) => sum + o['loss.value.0']!.data[0]!, 0)).toBe((4 ** items - 1) / 3);
    }), { numRuns: 25 }));
  it('come in another order in every epoch and every update, and in the same order with the same seed', async () => {
    const d = one(quiet, source(2, 8)), order = async (seed: number, updates: number) => {
      const watched = new Watched(engine), s = steps(d, watched);
      await s.update(batchOf([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], [[1, 2, 3, 4], [5, 6, 7, 8]]), { seed }, { ...s.state, counters: { ...s.state.counters, updates } });
      return watched.outputs.map(o => Math.round(Math.sqrt(o['loss.value.0']!.data[0]!)));
    };
    const first = await order(1, 0);
    expect(first.slice(0, 8)).not.toEqual(first.slice(8));
    expect(first.slice(0, 8).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await order(1, 0)).toEqual(first);
    expect(await order(2, 0)).not.toEqual(first);
    expect(await order(1, 1)).not.toEqual(first);
  });
  it('cut a page over time into sequences, with their carries', async () => {
    const walk = defineNode({
      type: 'walk', in: { x: f32('... ?x') }, out: { y: f32('...') }, layers: () => ({ w: dense(1, 1, { kernel: constant(1), bias: false }) as Layer }), carry: () => 1,
      step: ({ x }, carry, { w }) => { const h = add(carry, w(x)); return { y: h.reshape([-1]), carry: h }; },
    });
    const d = (minibatches: number) => page((g, data) => {
      const y = g.add('walk', walk(), { x: data.obs }), loss = g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid });
      g.train('walk', loss.loss, { optimiser: sgd({ lr: 1e-3 }) });
    }, source(1, minibatches));
    const s = steps(d(2), engine), plain = steps(d(1), engine), carry = { walk: Float32Array.of(10, 20) }, running = { ...batch, fields: { ...batch.fields, 'data.start': new Uint8Array(10) }, carry };
    expect(s.learner.plan.timeFree).toBe(false);
    const done = await s.update(running, { order: { epochs: [Int32Array.of(1, 0)] } });
    let { state } = plain;
    for (const c of [1, 0]) state = (await plain.update({ ...batchOf([x[c]!], [r[c]!], { 'data.start': new Uint8Array(5) }), carry: { walk: carry.walk.subarray(c, c + 1) } }, {}, state)).state;
    close(weightsOf(s, done.state, 'walk'), weightsOf(plain, state, 'walk'), 5);
    expect(done.state.weights).not.toEqual(s.state.weights);
  });
  it('cut a page over time into pieces, which begin with what was remembered there when the rollout was made', async () => {
    const walk = defineNode({
      type: 'walk', in: { x: f32('... ?x') }, out: { y: f32('...') }, layers: () => ({ w: dense(1, 1, { kernel: constant(1), bias: false }) as Layer }), carry: () => 1,
      step: ({ x }, carry, { w }) => { const h = add(carry, w(x)); return { y: h.reshape([-1]), carry: h }; },
    });
    const d = (make: Parameters<typeof page>[1]) => page((g, data) => {
      const y = g.add('walk', walk(), { x: data.obs }), loss = g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid });
      g.train('walk', loss.loss, { optimiser: sgd({ lr: 1e-3 }) });
    }, make);
    const s = steps(d(g => g.rollout({ steps: 4, copies: 2, minibatches: 4, length: 2 })), engine), plain = steps(d(g => g.rollout({ steps: 2, copies: 1 })), engine), start = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    const order = Int32Array.of(3, 0, 2, 1), done = await s.update({ ...batch, fields: { ...batch.fields, 'data.start': start }, carry: { walk: Float32Array.of(10, 20) } }, { order: { epochs: [order] } });
    let { state } = plain, losses = 0;
    for (const item of order) {
      const c = Math.floor(item / 2), from = 2 * (item % 2), before = [10, 20][c]! + x[c]!.slice(0, from).reduce((a, b) => a + b, 0);      // with the weight that the update began with, 1
      const part = await plain.update({ ...batchOf([x[c]!.slice(from, from + 3)], [r[c]!.slice(from, from + 2)], { 'data.start': start.slice(5 * c + from, 5 * c + from + 3) }), carry: { walk: Float32Array.of(before) } }, {}, state);
      losses += part.losses['walk']!;
      state = part.state;
    }
    close(weightsOf(s, done.state, 'walk'), weightsOf(plain, state, 'walk'), 5);
    expect(done.losses['walk']! / (losses / 4)).toBeCloseTo(1, 5);
    expect(done.state.slots['walk']!.count).toBe(4);
    // a batch that is no longer than a piece is one, and another that pieces do not fill is refused
    const short = await s.update({ ...batchOf(x.map(v => v.slice(0, 3)), r.map(v => v.slice(0, 2))) }, { order: { epochs: [Int32Array.of(0, 1)] } }).catch((e: unknown) => (e as Error).message);
    expect(short).toContain('4 minibatches of 2 items');
    await expect(s.update(batchOf(x.map(v => v.slice(0, 4)), r.map(v => v.slice(0, 3))))).rejects.toThrow('pieces of 2 steps do not fill a batch of 3');
  });
  it('refuse more parts than there are items', async () => { await expect(steps(one({}, source(1, 9)), engine).update(batch)).rejects.toThrow('9 minibatches of 8 items'); });
});

describe('once', () => {
  it('is computed with the weights from before the first step, and read as data: two epochs by hand', async () => {
    // to be met: the old value + reward; x = 2, r = 1, w = 1: dL/dw = 2 x (w x - (2 + 1)); epoch 1: 4 (2 - 3) = -4, w = 1.04; epoch 2: 4 (2.08 - 3) = -3.68, w = 1.0768
    const plus = defineNode({ type: 'plus', in: { a: f32('...'), b: f32('...') }, out: { x: f32('...') }, forward: ({ a, b }) => ({ x: add(a, b) }) });
    const d = (epochs: number) => page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), goal = g.add('goal', plus(), { a: once(now(y.y)), b: data.reward });
      const open = defineNode({ type: 'open', in: { a: f32('...'), b: f32('...') }, out: { loss: f32('') }, forward: ({ a, b }) => ({ loss: mean(square(sub(a, b))) }) });
      g.train('value', g.add('loss', open(), { a: now(y.y), b: goal.x }).loss, { optimiser: sgd({ lr: 0.01 }) });
    }, g => g.rollout({ steps: 1, copies: 1, epochs }));
    for (const [epochs, w] of [[1, 1.04], [2, 1.0768]] as const) { const s = steps(d(epochs), engine); close(weightsOf(s, (await s.update(batchOf([[2, 9]], [[1]]))).state, 'value'), [w]); }
  });
  it('runs one program more, once a batch', async () => {
    const d = page((g, data) => {
      const y = g.add('value', times(), { x: data.obs });
      g.train('value', g.add('loss', squares(), { a: now(y.y), b: once(now(y.y)), mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
    }, g => g.rollout({ steps: 2, copies: 2, epochs: 3, minibatches: 2 })), watched = new Watched(engine);
    await steps(d, watched).update(batchOf([[1, 2, 3], [1, 2, 3]], [[0, 0], [0, 0]]));
    expect(watched.programs.map(p => p.split('/')[0])).toEqual(['once', ...Array<string>(6).fill('pass')]);
  });
});

describe('a sweep over agents', () => {
  /** Every agent has a weight of its own; all are to meet the reward. */
  const agents = (more: object) => graph('agents', team, g => {
    const ro = g.rollout({ steps: 1, copies: 1, epochs: 2 });
    const own = g.add('own', per('agent', times()), { x: ro.obs });
    const loss = g.add('loss', squares(), { a: now(own.y), b: each('agent', ro.reward), mask: each('agent', ro.valid) });
    g.train('own', loss.loss, { optimiser: adam({ lr: LR }), sweep: { over: 'agent', order: 'shuffled' }, ...more });
    const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
    g.act(explore);
  });
  const sizes = { agent: 3, id: 3, obs: 1, state: 3, action: 2 }, batch: Batch = { cuts: { data: { batch: 1, time: 1 } }, fields: { 'data.obs': Float32Array.of(1, 2, 3, 0, 0, 0), 'data.reward': Float32Array.of(4), 'data.valid': Float32Array.of(1) } };
  it('changes the weights of the indices it visits, and no others', async () => {
    for (const visited of [[1], [0, 2], [2, 1, 0]]) {
      const s = steps(agents({}), engine, sizes), done = await s.update(batch, { order: { sweep: Int32Array.from(visited) } });
      expect([0, 1, 2].filter(i => done.state.weights[i] !== s.state.weights[i])).toEqual([...visited].sort());
    }
  });
  it('visits every index once, in an order of its own for every update', async () => {
    const order = async (updates: number) => {
      const watched = new Watched(engine), s = steps(agents({}), watched, sizes), seen: number[] = [];
      await s.update(batch, {}, { ...s.state, counters: { ...s.state.counters, updates } });
      watched.outputs.forEach(o => { const w = o['arena.own']!.data, v = o['v.own']!.data; for (let i = 0; i < 3; i++) if (!seen.includes(i) && (v[i]! > 0 || w[i] !== s.state.weights[i])) seen.push(i); });
      return seen;
    };
    const orders = await Promise.all(Array.from({ length: 8 }, (_, u) => order(u)));
    for (const o of orders) expect([...o].sort()).toEqual([0, 1, 2]);
    expect(new Set(orders.map(o => o.join())).size).toBeGreaterThan(1);
  });
  it('takes for each index the steps that it would take alone: Adam counts per index', async () => {
    const s = steps(agents({}), engine, sizes);
    let { state } = s;
    for (let i = 0; i < 3; i++) state = (await s.update(batch, {}, state)).state;
    expect(state.slots['own']!.count).toBe(6);                     // 3 updates of 2 epochs, for each index
    // Adam in float64 for each agent alone: g = 2 x (w x - 4)
    for (const [i, x] of [1, 2, 3].entries()) {
      let w = 1, m = 0, v = 0;
      for (let t = 1; t <= 6; t++) { const g = 2 * x * (w * x - 4); m = 0.9 * m + 0.1 * g; v = 0.999 * v + 0.001 * g * g; w -= LR * (m / (1 - 0.9 ** t)) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8); }
      expect(state.weights[i]).toBeCloseTo(w, 4);
    }
  });
  /** The same without weights of an agent's own: one weight for all, or one for each index of dims of the page. */
  const shared = (use: ReturnType<typeof times>, dims: readonly string[] = []) => graph('shared', team, g => {
    for (const dim of dims) g.dim(dim, 2);
    const more = <T extends DType, P>(w: Wire<T, P>): Wire<T, P> => dims.reduce((x, dim) => each(dim, x), w);
    const ro = g.rollout({ steps: 1, copies: 1 }), all = g.add('all', use, { x: more(ro.obs) });
    const loss = g.add('loss', squares(), { a: now(all.y), b: more(each('agent', ro.reward)), mask: more(each('agent', ro.valid)) });
    g.train('all', loss.loss, { optimiser: adam({ lr: LR }), sweep: { over: 'agent', order: 'shuffled' } });
    const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
    g.act(explore);
  });
  it('counts every step of a weight that all indices share: three of Adam, one after another', async () => {
    const s = steps(shared(times()), engine, sizes), done = await s.update(batch, { order: { sweep: Int32Array.of(0, 1, 2) } });
    let w = 1, m = 0, v = 0;
    for (const [i, x] of [1, 2, 3].entries()) { const g = 2 * x * (w * x - 4), t = i + 1; m = 0.9 * m + 0.1 * g; v = 0.999 * v + 0.001 * g * g; w -= LR * (m / (1 - 0.9 ** t)) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8); }
    expect(done.state.weights[0]).toBeCloseTo(w, 4);
  });
  it('takes the index of an agent for no index of another dim: every member of an ensemble learns from every agent', async () => {
    const s = steps(shared(per('member', times()), ['member']), engine, sizes), done = await s.update(batch, { order: { sweep: Int32Array.of(0) } });
    expect([0, 1].map(i => done.state.weights[i] !== s.state.weights[i])).toEqual([true, true]);
  });
});

describe('a sweep over time', () => {
  const sweep = { over: 'time', order: 'backwards' } as const, source = (g: Parameters<NonNullable<Parameters<typeof page>[1]>>[0]) => g.episodes({ keep: 10, batch: 1 });
  const x = [0.5, 1, 0.25], r = [1, 0, 2];
  it('steps at one time index after another, the last first, each seeing the steps before it', async () => {
    const s = steps(one({ sweep }, source), engine), done = await s.update(batchOf([[...x, 9]], [r]));
    let w = 1;
    for (const t of [2, 1, 0]) w -= LR * slope(w, [x[t]!], [r[t]!]);
    close(weightsOf(s, done.state, 'value'), [w]);
    expect(done.state.slots['value']!.count).toBe(3);
  });
  it('is over before a rule that comes `after` it begins', async () => {
    const d = page((g, data) => {
      const a = g.add('a', times(), { x: data.obs }), loss = g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid });
      const again = g.frozen('again', a, { x: data.obs }), b = g.add('b', factor(), { x: now(again.y) }), zero = g.add('lossB', squares(), { a: b.y, b: data.weight, mask: data.valid });
      g.train('a', loss.loss, { optimiser: sgd({ lr: LR }), sweep });
      g.train('b', zero.loss, { optimiser: sgd({ lr: LR }), after: 'a' });
    }, source), s = steps(d, engine), done = await s.update(batchOf([[...x, 9]], [r], { 'data.weight': new Float32Array(3) }));
    const [a] = weightsOf(s, done.state, 'a') as [number];
    close(weightsOf(s, done.state, 'b'), [1 - LR * 2 * x.reduce((sum, v) => sum + (a * v) ** 2, 0)]);
  });
  it('computes at each index what is under `once` with the weights from before the step there', async () => {
    const d = page((g, data) => {
      const a = g.add('a', times(), { x: data.obs }), loss = g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid });
      const b = g.add('b', factor(), { x: once(now(a.y)) }), zero = g.add('lossB', squares(), { a: b.y, b: data.weight, mask: data.valid });
      g.train('a', loss.loss, { optimiser: sgd({ lr: LR }), sweep });
      g.train('b', zero.loss, { optimiser: sgd({ lr: LR }), after: 'a' });
    }, source), s = steps(d, engine), done = await s.update(batchOf([[...x, 9]], [r], { 'data.weight': new Float32Array(3) }));
    let w = 1, seen = 0;
    for (const t of [2, 1, 0]) { seen += (w * x[t]!) ** 2; w -= LR * slope(w, [x[t]!], [r[t]!]); }
    close(weightsOf(s, done.state, 'a'), [w]);
    close(weightsOf(s, done.state, 'b'), [1 - LR * 2 * seen]);
  });
});

describe('lagged weights', () => {
  const page_ = (rule: TargetRule, more?: TargetRule) => page((g, data) => {
    const y = g.add('value', times(), { x: data.obs }), lagged = g.target('lagged', y, { x: data.obs });
    const z = g.add('other', times(), { x: data.obs }), laggedZ = g.target('laggedOther', z, { x: data.obs });
    g.train('value', g.add('loss', squares(), { a: now(y.y), b: next(lagged.y), mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
    g.train('other', g.add('lossOther', squares(), { a: now(z.y), b: next(laggedZ.y), mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
    g.targets(rule);
    if (more) g.targets(more, [z]);
  });
  const batch = batchOf([[1, 2], [1, 3]], [[0], [0]]);
  /** When the lagged weights became other than they were, over some updates at these clocks. */
  async function follows(rule: TargetRule, clocks: readonly { readonly steps: number; readonly episodes: number }[]): Promise<number[]> {
    const s = steps(page_(rule), engine), moved: number[] = [];
    let { state } = s;
    for (const [i, at] of clocks.entries()) {
      const after = (await s.update(batch, {}, { ...state, counters: { ...state.counters, ...at } })).state;
      if (after.lagged[0] !== state.lagged[0]) { moved.push(i + 1); expect(after.lagged).toEqual(after.weights); }
      state = after;
    }
    return moved;
  }
  it('are read: the target is 2 w-, and no gradient passes to them', async () => {
    // x = 1, x' = 2, w = 1, w- = 0.5: y = 1; d/dw (w - 1)^2 = 0, and at w = 2 it is 2
    const s = steps(page_({ everyUpdates: 100 }), engine), two = batchOf([[1, 2], [1, 2]], [[0], [0]]), from = { ...s.state, weights: Float32Array.of(2, 2), lagged: Float32Array.of(0.5, 0.5) };
    const done = await s.update(two, { gradients: true }, from);
    expect([...done.gradients['value/w/kernel']!]).toEqual([4]);          // two items of 2 each
    expect([...done.state.lagged]).toEqual([0.5, 0.5]);
  });
  it.each([1, 2])('every %i updates take the room of a state that nobody reads any more, as weights do, and have the same numbers', async everyUpdates => {
    const s = steps(page_({ everyUpdates }), engine), plain: LearnerState[] = [s.state], spared: LearnerState[] = [structuredClone(s.state)];
    for (let k = 0; k < 6; k++) {
      plain.push((await s.update(batch, {}, plain[k])).state);
      const before = structuredClone(spared[k]!), { state } = await s.update(batch, { spare: spared[k - 1] }, spared[k]);
      expect(state).toEqual(plain[k + 1]);
      expect(spared[k]).toEqual(before);
      expect(state.weights.buffer === spared[k - 1]?.weights.buffer).toBe(k > 0);
      expect(state.lagged.buffer === spared[k - 1]?.lagged.buffer).toBe(everyUpdates === 1 && k > 0);      // not those that the state still has, while nothing is due
      spared.push(state);
    }
  });
  it('are copied whole, or drawn by a part', async () => {
    const s = steps(page_({ polyak: 0.25 }), engine), from = { ...s.state, lagged: Float32Array.of(5, 9) }, { state } = await s.update(batch, {}, from);
    [0, 1].forEach(i => { expect(state.lagged[i]).toBeCloseTo(0.75 * from.lagged[i]! + 0.25 * state.weights[i]!, 6); });
    const hard = steps(page_({ everyUpdates: 1 }), engine), copied = (await hard.update(batch, {}, { ...hard.state, lagged: Float32Array.of(5, 9) })).state;
    expect(copied.lagged).toEqual(copied.weights);
  });
  it('follow by the rule of their node, and else by the common one', async () => {
    const s = steps(page_({ everyUpdates: 2 }, { polyak: 1 }), engine), after = (await s.update(batch)).state, slot = (node: string) => s.learner.plan.slices.find(x => x.node === node)!.from;
    expect(after.lagged[slot('value')]).toBe(s.state.lagged[slot('value')]);
    expect(after.lagged[slot('other')]).toBe(after.weights[slot('other')]);
  });
  it('follow when the clock has passed a multiple, not only when it stands on one', async () => {
    const at = (steps: number, episodes = 0) => ({ steps, episodes });
    expect(await follows({ everyUpdates: 3 }, Array.from({ length: 7 }, () => at(0)))).toEqual([3, 6]);
    expect(await follows({ everySteps: 500 }, [at(32), at(499), at(501), at(999), at(1000), at(2600), at(2601)])).toEqual([3, 5, 6]);
    expect(await follows({ everyEpisodes: 200 }, [at(0, 32), at(0, 199), at(0, 203), at(0, 204), at(0, 399), at(0, 401)])).toEqual([3, 6]);
  });
  it('are due once for every multiple passed, however the clock jumps', () => {
    fc.assert(fc.property(fc.constantFrom('steps' as const, 'updates' as const, 'episodes' as const), fc.integer({ min: 1, max: 50 }), fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 40 }), (clock, every, jumps) => {
      const rule = { steps: { everySteps: every }, updates: { everyUpdates: every }, episodes: { everyEpisodes: every } }[clock], still_ = { steps: 0, updates: 0, episodes: 0 };
      let last = 0, due = 0;
      for (const jump of jumps) {
        const t = last + jump, is = targetsDue(rule, { ...still_, [clock]: t }, { ...still_, [clock]: last });
        expect(is).toBe(Array.from({ length: jump }, (_, i) => last + 1 + i).some(x => x % every === 0));
        due += Number(is); last = t;
      }
      expect(due).toBeLessThanOrEqual(Math.floor(last / every));
    }));
  });
  it('follow the rule of a place that lags as that of the node it lags, or it is refused: never ignored', async () => {
    const named = () => page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), lagged = g.target('lagged', y, { x: data.obs });
      g.train('value', g.add('loss', squares(), { a: now(y.y), b: next(lagged.y), mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
      g.targets({ everyUpdates: 1000 });
      g.targets({ everyUpdates: 1 }, [lagged]);
    });
    let made: ReturnType<typeof named> | undefined;
    try { made = named(); } catch (e) { expect(e).toBeInstanceOf(GraphError); }
    if (made) { const { state } = await steps(made, engine).update(batch); expect(state.lagged).toEqual(state.weights); }
  });
  it('catch up with a multiple that passed at an update which was not applied', async () => {
    const s = steps(page_({ everyEpisodes: 200 }), engine), bad = batchOf([[NaN, 2], [1, 3]], [[0], [0]]);
    const first = (await s.update(batch, {}, { ...s.state, counters: { ...s.state.counters, episodes: 190 } })).state;
    const failed = await s.update(bad, {}, { ...first, counters: { ...first.counters, episodes: 201 } });
    expect(failed.failed).toBeDefined();
    expect(failed.state.lagged).toEqual(first.lagged);
    const after = (await s.update(batch, {}, { ...failed.state, counters: { ...failed.state.counters, episodes: 202 } })).state;
    expect(after.lagged).toEqual(after.weights);
  });
});

describe('memory', () => {
  const counted = defineNode({ type: 'counted', in: { n: f32(''), x: still(f32('... time')) }, out: { n: f32(''), w: f32('') }, layers: () => ({ w: parameter([1], constant(1)) }), forward: ({ n, x }, { w }) => ({ n: add(n, 1), w: mul(mean(w()), mean(x)) }) });
  const d = (epochs: number, minibatches: number, after = false) => graph('counting', single, g => {
    const ro = g.rollout({ steps: 2, copies: 2, epochs, minibatches }), seen = g.memory('seen', { n: 5 });
    const more = g.add('more', counted(), { ...seen, x: ro.reward });
    g.train('w', more.w, { optimiser: sgd({ lr: 0.01 }) });
    if (after) { const y = g.add('value', times(), { x: ro.obs }); g.train('later', g.add('loss', squares(), { a: now(y.y), b: ro.reward, mask: ro.valid }).loss, { optimiser: sgd({ lr: 0.001 }), after: 'w' }); }
    g.keep('seen', { n: more.n });
    const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
    g.act(explore);
  });
  const batch = batchOf([[1, 2, 3], [4, 5, 6]], [[1, 0], [2, 1]]);
  it('is written once a minibatch, whatever the passes', async () => {
    for (const [epochs, parts, after, n] of [[1, 1, false, 6], [2, 1, false, 7], [2, 2, false, 9], [2, 2, true, 9]] as const) {
      const s = steps(d(epochs, parts, after), engine);
      expect((await s.update(batch)).state.memory).toEqual({ seen: { n } });
      expect(s.state.memory).toEqual({ seen: { n: 5 } });
    }
  });
  it('is written once an update also beside sweeps: where all rules sweep, and where rules stand before and after one', async () => {
    const more = defineNode({ type: 'more', in: { n: f32('') }, out: { n: f32('') }, forward: ({ n }) => ({ n: add(n, 1) }) }), sweep = { over: 'time', order: 'backwards' } as const;
    const swept = (rules: Readonly<Record<string, object>>) => page((g, data) => {
      const seen = g.memory('seen', { n: 0 });
      for (const [name, rule] of Object.entries(rules)) { const y = g.add(`${name}Value`, times(), { x: data.obs }); g.train(name, g.add(`${name}Loss`, squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1e-3 }), ...rule }); }
      g.keep('seen', g.add('more', more(), seen));
    }, g => g.episodes({ keep: 10, batch: 2 }));
    for (const rules of [{ only: { sweep } }, { before: {}, only: { sweep } }, { before: {}, only: { sweep, after: 'before' }, later: { after: 'only' } }]) {
      const s = steps(swept(Object.fromEntries(Object.entries(rules).map(([k, x]) => [k === 'only' ? 'swept' : k, Object.fromEntries(Object.entries(x as object).map(([o, v]) => [o, v === 'only' ? 'swept' : v]))]))), engine), done = await s.update(batch, { taps: ['more.n'] });
      expect(done.state.memory, Object.keys(rules).join()).toEqual({ seen: { n: 1 } });
      expect([...done.taps['more.n']!.data]).toEqual([1]);
    }
  });
  it('is not written by a number that is not finite: the update fails instead', async () => {
    const inverse = defineNode({ type: 'inverse', in: { n: f32('') }, out: { n: f32('') }, forward: ({ n }) => ({ n: n.div(sub(n, n)) }) });
    const poisoned = page((g, data) => {
      const n = g.memory('seen', { n: 1 }), y = g.add('value', times(), { x: data.obs });
      g.train('value', g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
      g.keep('seen', g.add('inverse', inverse(), n));
    }), s = steps(poisoned, engine), done = await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]]));
    expect(done.failed).toContain('inverse');
    expect(done.state.memory).toEqual({ seen: { n: 1 } });
  });
});

describe('losses', () => {
  it('are weighted by numbers and by schedules, and told term by term', async () => {
    // L1 = (w x - r)^2 = (1 - 3)^2 = 4, L2 = (w x)^2 = 1; at update 0 of 10 the schedule is 2: L = 4 + 2 = 6, dL/dw = -4 + 2 x 2 = 0; at 10 it is 0.5: L = 4.5, dL/dw = -4 + 1 = -3
    const d = page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), a = g.add('near', squares(), { a: now(y.y), b: data.reward, mask: data.valid }), b = g.add('small', squares(), { a: now(y.y), b: data.weight, mask: data.valid });
      g.train('value', [a.loss, weigh(linear({ from: 2, to: 0.5, updates: 10 }), b.loss)], { optimiser: sgd({ lr: LR }) });
    }, g => g.transitions({ keep: 10, batch: 1 })), s = steps(d, engine), batch = batchOf([[1, 9]], [[3]], { 'data.weight': Float32Array.of(0) });
    for (const [updates, loss, w] of [[0, 6, 1], [10, 4.5, 1.3]] as const) {
      const done = await s.update(batch, {}, { ...s.state, counters: { ...s.state.counters, updates } });
      expect(done.losses).toEqual({ value: loss, 'value/near': 4, 'value/small': 1 });
      close(weightsOf(s, done.state, 'value'), [w]);
    }
  });
  it('are joined by a penalty of the node at its own place, and at no other', async () => {
    const fined = defineNode({
      type: 'fined', in: { x: f32('... ?x') }, out: { y: f32('...'), fine: penalty() }, layers: () => ({ w: dense(1, 1, { kernel: constant(1), bias: false }) as Layer }),
      forward: ({ x }: { x: Tensor }, { w }: { w: (x: Tensor) => Tensor }) => ({ y: w(x).reshape([-1]), fine: mul(10, mean(square(w(x)))) }),
    });
    const d = page((g, data) => {
      const y = g.add('value', fined(), { x: now(data.obs) }), lagged = g.target('lagged', y, { x: next(data.obs) }), again = g.shared('again', y, { x: next(data.obs) }), cold = g.frozen('cold', y, { x: next(data.obs) });
      const terms = [g.add('main', squares(), { a: y.y, b: lagged.y, mask: data.valid }), g.add('second', squares(), { a: again.y, b: cold.y, mask: data.valid }), g.add('third', squares(), { a: cold.y, b: data.reward, mask: data.valid })];
      g.train('value', terms.map(t => t.loss), { optimiser: sgd({ lr: 0 }) });
      g.targets({ everyUpdates: 1 });
    }, g => g.transitions({ keep: 10, batch: 1 })), s = steps(d, engine), done = await s.update(batchOf([[2, 3]], [[3]]));
    // main (2 - 3)^2 = 1, second 0, third 0, the fine of x = 2 alone: 10 x 4 = 40
    expect(done.losses).toEqual({ value: 41, 'value/main': 1, 'value/second': 0, 'value/third': 0, 'value/value.fine': 40 });
  });
  it('of one node trained by two rules in turn step twice, in the order of the passes', async () => {
    const d = page((g, data) => {
      const y = g.add('value', times(), { x: data.obs });
      g.train('first', g.add('near', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: LR }) });
      g.train('second', g.add('small', squares(), { a: now(y.y), b: data.weight, mask: data.valid }).loss, { optimiser: sgd({ lr: LR }), after: 'first' });
    }, g => g.transitions({ keep: 10, batch: 1 })), s = steps(d, engine), done = await s.update(batchOf([[1, 9]], [[3]], { 'data.weight': Float32Array.of(0) }));
    close(weightsOf(s, done.state, 'value'), [1.4 - LR * 2 * 1.4]);         // first to 1.4, from there down
  });
});

describe('a tap', () => {
  const d = one({}, g => g.episodes({ keep: 10, batch: 2 })), batch = batchOf([[1, 2, 3], [4, 5, 6]], [[1, 0], [2, 1]]);
  it('has the values of its wire, and changes nothing', async () => {
    const s = steps(d, engine), plain = await s.update(batch), tapped = await s.update(batch, { taps: ['value.y', 'data.reward', 'value.y | now'] });
    expect(tapped.state).toEqual(plain.state);
    expect(Object.fromEntries(Object.entries(tapped.taps).map(([wire, { shape, data }]) => [wire, { shape, data: [...data] }]))).toEqual({
      'value.y': { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }, 'data.reward': { shape: [2, 2], data: [1, 0, 2, 1] }, 'value.y | now': { shape: [2, 2], data: [1, 2, 4, 5] },
    });
    expect(plain.taps).toEqual({});
  });
  it('costs nothing where nobody asks: the same program, no output more', async () => {
    const watched = new Watched(engine), s = steps(d, watched);
    await s.update(batch);
    expect(Object.keys(watched.outputs[0]!).sort()).toEqual(['arena.value', 'finite.value', 'loss.value.0', 'norm.value']);
    await s.update(batch, { taps: ['value.y'] });
    expect(Object.keys(watched.outputs[1]!).sort()).toEqual(['arena.value', 'finite.value', 'loss.value.0', 'norm.value', 'tap.value.y']);
    await s.update(batch);
    expect(watched.programs[2]).toBe(watched.programs[0]);
  });
  it('on a wire of what was computed once shows what was computed, not what a cut batch would give', async () => {
    // `total` names time: over a minibatch of single transitions it would be another number
    const total = defineNode({ type: 'total', in: { x: f32('... time') }, out: { x: f32('... time') }, forward: ({ x }) => ({ x: x.sub(mean(x, -1, true)) }) });
    const cut = page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), t = g.add('total', total(), { x: data.reward });
      g.train('value', g.add('loss', squares(), { a: now(y.y), b: once(t.x), mask: data.valid }).loss, { optimiser: sgd({ lr: 0 }) });
    }, g => g.rollout({ steps: 2, copies: 2, minibatches: 2 })), s = steps(cut, engine);
    expect(s.learner.plan.timeFree).toBe(true);
    const seen = [...(await s.update(batch, { taps: ['total.x'] })).taps['total.x']!.data];
    // rewards (1, 0) and (2, 1) less their means: 0.5, -0.5, 0.5, -0.5
    expect(seen.every(x => Math.abs(x) === 0.5)).toBe(true);
  });

});

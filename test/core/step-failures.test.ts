/** Updates whose numbers are not finite are not applied, whatever the backend (T16): not a bit changes, and the first node to blame is named. */
import { div, log, mean, mul, sqrt, square, sub, sum } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../core/engine.ts';
import { graph, now } from '../../core/graph.ts';
import { per, defineNode, normal } from '../../core/node.ts';
import { adam, sgd } from '../../core/optimiser.ts';
import { f32, still } from '../../core/port.ts';
import type { Updated } from '../../core/step.ts';
import type { LearnerState } from '../../core/weights.ts';
import { team } from '../../core/world.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { batchOf, firstAllowed, page, squares, steps, times } from '../plugins/training/tiny.ts';

/** Relative error: 0 / 0 where a target is 0 and met. */
const relative = defineNode({ type: 'relative', in: { a: f32('...'), b: still(f32('...')) }, out: { loss: f32('') }, forward: ({ a, b }) => ({ loss: mean(square(div(sub(a, b), b))) }) });
const d = (more: object = {}) => page((g, data) => {
  const y = g.add('value', times(), { x: data.obs }), lagged = g.target('lagged', y, { x: data.obs });
  const loss = g.add('loss', relative(), { a: now(y.y), b: data.reward }), near = g.add('near', squares(), { a: now(y.y), b: now(lagged.y), mask: data.valid });
  g.train('value', [loss.loss, near.loss], { optimiser: adam({ lr: 0.1 }), clipNorm: 1, ...more });
  g.targets({ polyak: 0.5 });
  g.memory('seen', { n: 1 });
  g.keep('seen', { n: loss.loss });
}, g => g.rollout({ steps: 2, copies: 1, minibatches: 2 }));
const good = batchOf([[1, 2, 3]], [[2, 3]]), bad = batchOf([[1, 2, 3]], [[2, 0]]);
const untouched = (done: Updated, before: LearnerState) => {
  const { weights, lagged, slots, memory } = done.state;
  expect({ weights, lagged, slots, memory }).toEqual({ weights: before.weights, lagged: before.lagged, slots: before.slots, memory: before.memory });
};

describe.each(['cpu', 'wasm'] as const)('on %s', backend => {
  let engine: Engine;
  beforeAll(async () => { engine = await engineOn(backend); });

  it('an update with a loss that is not a number leaves weights, slots, lagged weights and memory as they were, bit for bit', async () => {
    const s = steps(d(), engine);
    let { state } = s;
    for (let k = 0; k < 6; k++) {
      const done = await s.update(k === 3 ? bad : good, {}, state);
      if (k === 3) {
        expect(done.failed).toContain('loss.loss (relative) is the first wire that is not finite');
        expect(done.losses).toEqual({});
        untouched(done, state);
      } else { expect(done.failed).toBeUndefined(); expect(done.state.weights).not.toEqual(state.weights); }
      expect(done.state.counters.updates).toBe(k + 1);
      state = done.state;
    }
    expect([...state.weights, ...state.lagged].every(Number.isFinite)).toBe(true);
  });
  it('in whatever minibatch it comes: nothing of those before it stays', async () => {
    for (const order of [Int32Array.of(0, 1), Int32Array.of(1, 0)]) { const s = steps(d(), engine), done = await s.update(bad, { order: { epochs: [order] } }); expect(done.failed).toBeDefined(); untouched(done, s.state); }
  });
  it('a gradient that is not finite, though the loss is: the root at 0', async () => {
    const root = defineNode({ type: 'root', in: { a: f32('...') }, out: { loss: f32('') }, forward: ({ a }) => ({ loss: sum(sqrt(a)) }) });
    const s = steps(page((g, data) => { const y = g.add('value', times(), { x: data.obs }); g.train('value', g.add('loss', root(), { a: now(y.y) }).loss, { optimiser: sgd({ lr: 0.1 }), clipNorm: 1 }); }), engine), done = await s.update(batchOf([[0, 9], [1, 9]], [[0], [0]]));
    expect(done.failed).toBe('rule value: its gradient is not finite, though every wire is');
    untouched(done, s.state);
  });
  it('a batch that is not finite, by the name of its field', async () => {
    for (const x of [NaN, Infinity, -Infinity]) { const s = steps(d(), engine), done = await s.update(batchOf([[1, x, 3]], [[2, 3]])); expect(done.failed).toContain('data.obs of the batch holds a number that is not finite'); untouched(done, s.state); }
  });
  it('a weight that is not finite already, by its name', async () => {
    const s = steps(d(), engine), state = { ...s.state, weights: Float32Array.of(NaN) };
    expect((await s.update(good, {}, state)).failed).toContain('the weight value/w/kernel holds a number that is not finite');
  });
  it('a step that would make a weight infinite', async () => {
    // g = -1e15, its norm is finite; lr g = -1e39 is beyond float32
    const s = steps(page((g, data) => { const y = g.add('value', times(), { x: data.obs }); g.train('value', g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1e24 }) }); }), engine);
    const done = await s.update(batchOf([[1, 0], [1, 0]], [[5e14], [0]]));
    expect(done.failed).toBeDefined();
    untouched(done, s.state);
  });
  it('but not weights that are finite, however large', async () => {
    const s = steps(page((g, data) => {
      g.train('both', ['one', 'other'].map(n => g.add(`${n}Loss`, squares(), { a: now(g.add(n, times(), { x: data.obs }).y), b: data.reward, mask: data.valid }).loss), { optimiser: sgd({ lr: 0.1 }) });
    }), engine), from = { ...s.state, weights: Float32Array.of(3e38, 3e38) };
    const done = await s.update(batchOf([[0, 0], [0, 0]], [[1], [2]]), {}, from);
    expect(done.failed).toBeUndefined();
    expect(done.state.weights).toEqual(from.weights);
  });
  it('that the optimiser blows up: a mask of clipped NaN does not hide it', async () => {
    // wasm turns NaN into the bound when it clips: the check stands before any clipping
    const s = steps(d({ clipNorm: 1, clipEach: 1 }), engine), done = await s.update(bad);
    expect(done.failed).toBeDefined();
    untouched(done, s.state);
  });
});

describe('a failure', () => {
  let engine: Engine;
  beforeAll(async () => { engine = await engineOn('cpu'); });
  it('in a later pass takes the passes before it back', async () => {
    const s = steps(page((g, data) => {
      const a = g.add('a', times(), { x: data.obs }), b = g.add('b', times(), { x: data.obs });
      g.train('a', g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0.01 }) });
      g.train('b', g.add('lossB', relative(), { a: now(b.y), b: data.reward }).loss, { optimiser: sgd({ lr: 0.01 }), after: 'a' });
    }), engine), done = await s.update(batchOf([[1, 9], [2, 9]], [[3], [0]]));
    expect(done.failed).toContain('rule b: lossB.loss (relative)');
    untouched(done, s.state);
  });
  it('at one index of a sweep takes the indices before it back', async () => {
    const s = steps(graph('sweeping', team, g => {
      const ro = g.rollout({ steps: 1, copies: 1 }), own = g.add('own', per('agent', times()), { x: ro.obs });
      g.train('own', g.add('loss', relative(), { a: now(own.y), b: ro.agentReward }).loss, { optimiser: sgd({ lr: 0.01 }), sweep: { over: 'agent', order: 'shuffled' } });
      const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
      g.act(explore);
    }), engine, { agent: 3, id: 3, obs: 1, state: 3, action: 2 });
    const batch = { cuts: { data: { batch: 1, time: 1 } }, fields: { 'data.obs': Float32Array.of(1, 2, 3, 0, 0, 0), 'data.agentReward': Float32Array.of(4, 5, 0) } }, order = { sweep: Int32Array.of(0, 1, 2) };
    const done = await s.update(batch, { order });
    expect(done.failed).toBeDefined();
    untouched(done, s.state);
    expect((await s.update({ ...batch, fields: { ...batch.fields, 'data.agentReward': Float32Array.of(4, 5, 6) } }, { order })).failed).toBeUndefined();
  });
  it('names the first node to blame, not those after it', async () => {
    const s = steps(page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), logs = g.add('logs', defineNode({ type: 'logs', in: { x: f32('...') }, out: { x: f32('...') }, forward: ({ x }) => ({ x: log(x) }) })(), { x: now(y.y) });
      const twice = g.add('twice', defineNode({ type: 'twice', in: { x: f32('...') }, out: { x: f32('...') }, forward: ({ x }) => ({ x: mul(2, x) }) })(), { x: logs.x });
      g.train('value', g.add('loss', squares(), { a: twice.x, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0.01 }) });
    }), engine);
    expect((await s.update(batchOf([[1, 9], [-2, 9]], [[3], [0]]))).failed).toBe('rule value: logs.x (logs) is the first wire that is not finite: NaN at batch 1, time 0');
  });
  it('that came of a draw names the node that drew: it looks at the same draws', async () => {
    const risky = defineNode({ type: 'risky', in: { x: f32('...') }, noise: { eps: normal('...') }, out: { x: f32('...') }, forward: ({ x, eps }) => ({ x: mul(x, log(eps)) }) });
    const s = steps(page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), r = g.add('risky', risky(), { x: now(y.y) });
      g.train('value', g.add('loss', squares(), { a: r.x, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0 }) });
    }, g => g.transitions({ keep: 10, batch: 1 })), engine), said = new Set<string | undefined>();
    for (let updates = 0; updates < 12; updates++) said.add((await s.update(batchOf([[1, 9]], [[3]]), {}, { ...s.state, counters: { ...s.state.counters, updates } })).failed);
    expect([...said].sort()).toEqual(['rule value: risky.x (risky) is the first wire that is not finite: NaN at batch 0, time 0', undefined]);
  });
});

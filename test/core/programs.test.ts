/** Programs as functions of named inputs: what they ask for and give, their keys, clipping, second sources, what is carried. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import { derive, each, graph, next, now, once, swap, weigh } from '../../core/graph.ts';
import { dense } from '../../nodes/layers.ts';
import { defineNode, per } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan, type SizesByDim } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import { Programs, type PassOptions } from '../../core/programs.ts';
import { Random } from '../../core/random.ts';
import { single, team } from '../../core/world.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { monotonicMixer } from '../../nodes/index.ts';
import { evaluateStep } from '../../plugins/testing.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { batchOf, firstAllowed, page, squares, steps, times, weightsOf } from '../plugins/training/tiny.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

const small: SizesByDim = { agent: 2, id: 2, obs: 3, state: 4, action: 3 }, cuts = { data: { batch: 2, time: 3 } };
const whole: PassOptions = { cuts, once: [], first: true, carries: false };
/** The inputs that a program asks for, with shape and dtype, and the outputs that it gives. */
async function signature(program: ReturnType<Programs['pass']>): Promise<{ inputs: Record<string, string>; outputs: Record<string, string> }> {
  const inputs: Record<string, string> = {}, outputs = await engine.compile(program).run((name, shape, dtype) => {
    inputs[name] = `${dtype} [${shape.join(', ')}]`;
    const n = shape.reduce((a, b) => a * b, 1), draw = Random.of(1, name);
    return dtype === 'f32' ? draw.fill('normal', new Float32Array(n)) : dtype === 'i32' ? new Int32Array(n) : new Uint8Array(n).fill(1);
  });
  return { inputs, outputs: Object.fromEntries(Object.entries(outputs).map(([k, o]) => [k, `${o.dtype} [${o.shape.join(', ')}]`])) };
}
const programs = (d: Definition, sizes = small) => new Programs(plan(d, sizes));

describe('a pass', () => {
  it('asks for the fields, weights, knobs and slots that it reads, by name, and for nothing else', async () => {
    const { inputs, outputs } = await signature(programs(derive(vdn, 'small', g => { g.set('agentQ', { hidden: 5 }); })).pass(['q'], whole));
    expect(inputs).toEqual({
      'field.data.obs': 'f32 [2, 4, 2, 3]', 'field.data.lastAction': 'f32 [2, 4, 2, 3]', 'field.data.agentId': 'f32 [2, 4, 2, 2]', 'field.data.avail': 'bool [2, 4, 2, 3]',
      'field.data.action': 'i32 [2, 3, 2]', 'field.data.reward': 'f32 [2, 3]', 'field.data.terminated': 'bool [2, 3]', 'field.data.valid': 'f32 [2, 3]',
      ...Object.fromEntries([['first/kernel', '8, 5'], ['first/bias', '5'], ['cell/kernel', '3, 5, 5'], ['cell/bias', '3, 5'], ['cell/recurrent', '3, 5, 5'], ['cell/recurrentBias', '3, 5'], ['q/kernel', '5, 3'], ['q/bias', '3']]
        .flatMap(([t, shape]) => [[`w.agentQ/${t!}`, `f32 [${shape!}]`], [`lag.agentQ/${t!}`, `f32 [${shape!}]`]])),
      'knob.tdTarget.gamma': 'f32 []', 'arena.q': 'f32 [243]', 'v.q': 'f32 [243]', 'rate.q': 'f32 []', 'eps.q': 'f32 []',
    });
    expect(outputs).toEqual({ 'loss.q.0': 'f32 []', 'arena.q': 'f32 [243]', 'v.q': 'f32 [243]', 'norm.q': 'f32 []', 'finite.q': 'f32 []' });
  });
  it('gives gradients and taps where they are asked for', async () => {
    const { outputs } = await signature(programs(vdn).pass(['q'], { ...whole, gradients: true, taps: ['mixer.qTot', 'data.reward'] }));
    expect(Object.keys(outputs).sort()).toEqual(['arena.q', 'finite.q', 'grad.q', 'loss.q.0', 'norm.q', 'tap.data.reward', 'tap.mixer.qTot', 'v.q']);
    expect(outputs['tap.mixer.qTot']).toBe('f32 [2, 3]');
  });
  it('gives memory and priorities with its first rule, and only in the first pass', async () => {
    const p = programs(allPages['prioritisedDqn']!, SIZES), cut = { data: { batch: 2, time: 1 } };
    expect((await signature(p.pass(['q'], { ...whole, cuts: cut }))).outputs).toHaveProperty('priority.data', 'f32 [2, 1]');
    expect((await signature(p.pass(['q'], { ...whole, cuts: cut, first: false }))).outputs).not.toHaveProperty('priority.data');
  });
});

describe('keys', () => {
  const key = (d: Definition, sizes = small) => programs(d, sizes).pass(['q'], whole).key;
  it('are equal for pages that differ in names, knobs, schedules and learning rates', () => {
    const other = derive(qmix, 'another', g => {
      g.about('something else');
      g.set('tdTarget', { gamma: 0.5 });
      g.set('explore', { epsilon: 0.1 });
      g.train('q', g.at('tdLoss').loss, { optimiser: { ...qmix.page.train['q']!.optimiser, lr: 1 }, clipNorm: 10 });
    });
    expect(key(other)).toBe(key(qmix));
  });
  it('differ where the program does', () => {
    const pages = [qmix, vdn, derive(qmix, 'wide', g => { g.set('agentQ', { hidden: 32 }); }), derive(qmix, 'wired', g => { g.rewire('mixer', { agentQs: g.at('chosen').best }); }), derive(qmix, 'clipped', g => { g.train('q', g.at('tdLoss').loss, { optimiser: qmix.page.train['q']!.optimiser, clipNorm: 5 }); }), derive(qmix, 'halved', g => { g.train('q', weigh(0.5, g.at('tdLoss').loss), { optimiser: qmix.page.train['q']!.optimiser, clipNorm: 10 }); })];
    expect(new Set([...pages.map(d => key(d)), key(qmix, { ...small, obs: 4 })]).size).toBe(pages.length + 1);
  });
  it('come back with a swap there and back', () => {
    const there = swap(qmix, 'mixer', vdn.specs.get('sumMixer') ? { spec: vdn.specs.get('sumMixer')!, config: {} } : monotonicMixer(), { name: 'there' });
    expect(key(swap(there, 'mixer', monotonicMixer({ embed: 32 }), { name: 'back' }))).toBe(key(qmix));
  });
});

describe('clipping', () => {
  /** Two weights with the gradients (6, 8): norm 10. */
  const two = (clip: object) => page((g, data) => {
    const a = g.add('a', times(), { x: data.obs }), b = g.add('b', times(), { x: data.obs });
    // at w = 1: 2 x (x - r) with x = 1: r = -2 gives 6, r = -3 gives 8
    g.train('both', [g.add('lossA', squares(), { a: now(a.y), b: data.reward, mask: data.valid }).loss, g.add('lossB', squares(), { a: now(b.y), b: data.weight, mask: data.valid }).loss], { optimiser: sgd({ lr: 0.1 }), ...clip });
  }, g => g.transitions({ keep: 10, batch: 1 }));
  const after = async (clip: object) => {
    const s = steps(two(clip), engine), done = await s.update(batchOf([[1, 9]], [[-2]], { 'data.weight': Float32Array.of(-3) }), { gradients: true });
    // norms and gradients are told as they were before any clipping
    expect(done.norms['both']).toBeCloseTo(10, 4);
    expect(Object.values(done.gradients).map(g => g[0])).toEqual([6, 8]);
    return [...weightsOf(s, done.state, 'a'), ...weightsOf(s, done.state, 'b')].map(w => Number((1 - w).toFixed(5)));
  };
  it('none: steps of 0.6 and 0.8', async () => { expect(await after({})).toEqual([0.6, 0.8]); });
  it('of the whole norm halves both alike', async () => { expect(await after({ clipNorm: 5 })).toEqual([0.3, 0.4]); });
  it('of a norm that is larger changes nothing', async () => { expect(await after({ clipNorm: 11 })).toEqual([0.6, 0.8]); });
  it('of each tensor by its own norm: 7 leaves the first and shortens the second', async () => { expect(await after({ clipEach: 7 })).toEqual([0.6, 0.7]); });
  it('under per, of each index\'s own tensor: 7 shortens that of the second agent alone', async () => {
    const two = graph('two', team, g => {
      const b = g.transitions({ keep: 10, batch: 1 }), y = g.add('y', per('agent', times()), { x: b.obs });
      g.train('y', g.add('loss', squares(), { a: now(y.y), b: b.agentReward, mask: each('agent', b.valid) }).loss, { optimiser: sgd({ lr: 0.1 }), clipEach: 7 });
      g.act(g.slot('explore', firstAllowed(), { avail: b.avail }));
    });
    // 2 x (w x - r) at w = 1 and x = 1: 6 and 8
    const row = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) }), kernel = 'y/w/kernel';
    for (const on of ['tfjs:cpu', 'tfjs:wasm', 'onnx:cpu-1']) {
      const { weights, gradients } = await evaluateStep(two, { engine: on, sizes: { obs: 1, action: 2, agent: 2, batch: 1, time: 1 }, batch: { 'data.obs': row([1, 2, 2, 1], 1, 1, 1, 1), 'data.agentReward': row([1, 1, 2], -2, -3) }, weights: { [kernel]: row([2, 1, 1], 1, 1) } });
      expect([...gradients[kernel]!.data].map(x => x.toFixed(4)), on).toEqual(['6.0000', '8.0000']);
      expect([...weights[kernel]!.data].map(w => (1 - w).toFixed(5)), on).toEqual(['0.60000', '0.70000']);
    }
  });
});

/** A recurrence h' = h + w x, on two sources at once. */
const walk = defineNode({
  type: 'walk', in: { x: f32('... ?x') }, out: { y: f32('...') }, layers: ({ x }) => ({ w: dense(x, 1, { bias: false }) }), carry: () => 1,
  step: ({ x }, carry, { w }) => { const h = carry.add(w(x)); return { y: h.reshape([-1]), carry: h }; },
});
describe('a second source', () => {
  const both = (minibatches: number, wire: 'plain' | 'once') => graph('both', single, g => {
    const data = g.rollout({ steps: 2, copies: 2, minibatches }), ex = g.episodes({ name: 'expert', by: 'expert', batch: 3 });
    const y = g.add('value', times(), { x: data.obs }), said = g.shared('said', y, { x: ex.obs });
    const own = g.add('own', squares(), { a: now(y.y), b: data.reward, mask: data.valid }), like = g.add('like', squares(), { a: now(said.y), b: wire === 'once' ? once(next(said.y)) : ex.reward, mask: ex.valid });
    g.train('value', [own.loss, like.loss], { optimiser: sgd({ lr: 1e-7 }) });
    const explore = g.slot('explore', firstAllowed(), { avail: data.avail });
    g.act(explore);
  });
  const sizes = { obs: 1, action: 2, agent: 1, batch: 2, time: 2, 'batch@expert': 3, 'time@expert': 1 };
  const row = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
  const batch = { 'data.obs': row([2, 3, 1], 1, 1, 1, 1, 1, 1), 'data.reward': row([2, 2], 1, 1, 1, 1), 'expert.obs': row([3, 2, 1], 1, 2, 3, 4, 5, 6), 'expert.reward': row([3, 1], 0, 0, 0) };
  const value = { 'value/w/kernel': row([1, 1], 1) };
  it('has sizes of its own, and all of it joins every minibatch', async () => {
    for (const minibatches of [1, 2]) {
      const { losses } = await evaluateStep(both(minibatches, 'plain'), { sizes, batch, weights: value });
      expect(losses['value/like']!).toBeCloseTo(1 + 9 + 25, 2);
    }
  });
  it('is not cut by the rows of a minibatch where it is computed once', async () => {
    // w x - w x' = -1 for each of its three items: 3, whatever the minibatch
    const { losses } = await evaluateStep(both(2, 'once'), { sizes, batch, weights: value });
    expect(losses['value/like']!).toBeCloseTo(3, 2);
  });
  it('carries nothing of the first one into its recurrent nodes', async () => {
    const d = graph('walking', single, g => {
      const data = g.rollout({ steps: 2, copies: 2 }), ex = g.episodes({ name: 'expert', by: 'expert', batch: 3 });
      const y = g.add('walk', walk(), { x: data.obs }), said = g.shared('said', y, { x: ex.obs });
      g.train('walk', [g.add('own', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, g.add('like', squares(), { a: now(said.y), b: ex.reward, mask: ex.valid }).loss], { optimiser: sgd({ lr: 1e-3 }) });
      const explore = g.slot('explore', firstAllowed(), { avail: data.avail });
      g.act(explore);
    });
    const { taps } = await evaluateStep(d, { sizes, batch, weights: { 'walk/w/kernel': row([1, 1], 1) }, carry: { walk: Float32Array.of(100, 200) }, taps: ['walk.y', 'said.y'] });
    expect([...taps['said.y']!.data]).toEqual([1, 3, 3, 7, 5, 11]);
  });
});

describe('acting', () => {
  it('asks for what the agents see and gives actions and carries', async () => {
    const { inputs, outputs } = await signature(programs(qmix).act(5, false));
    expect(Object.keys(inputs).filter(k => k.startsWith('field.')).sort()).toEqual(['field.data.agentId', 'field.data.avail', 'field.data.lastAction', 'field.data.obs', 'field.data.start']);
    expect(inputs['field.data.obs']).toBe('f32 [5, 1, 2, 3]');
    expect(inputs['carry.agentQ']).toBe('f32 [5, 2, 64]');
    expect(outputs).toEqual({ action: 'i32 [5, 1, 2]', 'carry.agentQ': 'f32 [5, 2, 64]' });
    expect(Object.keys(inputs).some(k => k.startsWith('lag.') || k.startsWith('w.mixer'))).toBe(false);
  });
  it('at its best gives actions of the same form', async () => { expect((await signature(programs(qmix).act(1, true))).outputs['action']).toBe('i32 [1, 1, 2]'); });
  it('steps a recurrent critic along where rollouts are to begin with its carry, and only there', () => {
    expect(programs(allPages['mappo']!, SIZES).watched()).toEqual(['encoder.z', 'criticEncoder.z']);
    expect(programs(qmix).watched()).toEqual([]);
    expect([...programs(allPages['mappo']!, SIZES).carries(4)]).toEqual([['encoder', [4, 3, 64]], ['criticEncoder', [4, 3, 64]]]);
  });
});

describe('rows of a minibatch', () => {
  it('are taken inside the program: item i of T transitions each is (floor(i / T), i mod T), exactly, also far out', async () => {
    // the place of an item is found by a division of floats: tried at its edges, with segments that divide nothing evenly
    for (const [B, T] of [[3, 1], [3, 7], [1000, 5], [4099, 3], [400_000, 7]] as const) {
      const d = page((g, data) => {
        const y = g.add('value', times(), { x: data.obs });
        g.train('value', g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0 }) });
      }, g => g.rollout({ steps: T, copies: B, minibatches: 2 })), p = new Programs(plan(d, { obs: 1, action: 2 }));
      const items = [...new Set([0, 1, T - 1, T, B * T - 1, B * T - T, Math.floor(B / 2) * T - 1, Math.floor(B / 2) * T].filter(i => i >= 0 && i < B * T))], rows = Int32Array.from(items);
      const big: Record<string, Float32Array> = { 'field.data.obs': Float32Array.from({ length: B * (T + 1) }, (_, i) => i), 'field.data.reward': Float32Array.from({ length: B * T }, (_, i) => i) };
      const out = await engine.compile(p.pass(['value'], { cuts: { data: { batch: B, time: T } }, once: [], rows: rows.length, first: true, carries: false, taps: ['data.reward', 'data.obs'] })).run((name, shape) => big[name] ?? (name === 'rows' ? rows : new Float32Array(shape.reduce((a, b) => a * b, 1))));
      expect([...out['tap.data.reward']!.data]).toEqual(items);
      expect([...out['tap.data.obs']!.data]).toEqual(items.flatMap(i => { const at = Math.floor(i / T) * (T + 1) + i % T; return [at, at + 1]; }));
    }
  });
});

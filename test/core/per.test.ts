/** Own weights for each index of a dim: all indices at once are what they are one by one, and where they cannot be at once they are one by one. */
import { add, concat, eye, matMul, mul, relu, reshape, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { graph, now } from '../../core/graph.ts';
import type { Layer, Layers } from '../../core/layers.ts';
import { defineNode, per, type NodeUse } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32, still } from '../../core/port.ts';
import { Programs } from '../../core/programs.ts';
import { Random } from '../../core/random.ts';
import { team } from '../../core/world.ts';
import { gatherAction, join, maskedMse, mlpAgentQ, rnnAgentQ } from '../../nodes/index.ts';
import { gaussian } from '../../nodes/initial.ts';
import { conv, dense, gru, mlp, parameter } from '../../nodes/layers.ts';
import { emit } from '../../plugins/engines/onnx/emit.ts';
import { ready } from '../../plugins/engines/onnx/engine.ts';
import { trace } from '../../plugins/engines/onnx/symbolic-backend.ts';
import { evaluateAct, evaluateNode, evaluateStep, layerTable } from '../../plugins/testing.ts';
import { drawWeights, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { batchOf, slot } from '../pages/lab.ts';
import { firstAllowed } from '../plugins/training/tiny.ts';

/** How often and on how many rows a node's function has run. */
const fired: number[] = [];
/** The node, with what its function sees noted; `alone` without the member by which its layers take the tensors of all indices. */
function watched(use: NodeUse, alone = false): NodeUse {
  const { spec } = use, note = (x: Readonly<Record<string, Tensor>>) => { fired.push(Object.values(x)[0]!.shape[0]!); };
  const layers = spec.layers && ((...a: Parameters<NonNullable<typeof spec.layers>>) => Object.fromEntries(Object.entries(spec.layers!(...a) as Layers).map(([k, { stacked, ...l }]) => [k, alone || !stacked ? l : { ...l, stacked }])));
  return { ...use, spec: {
    ...spec, type: `${spec.type}${alone ? 'Alone' : 'Watched'}`, ...(layers ? { layers } : {}),
    ...(spec.forward ? { forward: (x: never, ...rest: never[]) => { note(x); return (spec.forward as (...a: unknown[]) => never)(x, ...rest); } } : {}),
    ...(spec.step ? { step: (x: never, ...rest: never[]) => { note(x); return (spec.step as (...a: unknown[]) => never)(x, ...rest); } } : {}),
  } };
}

const linear = defineNode({ type: 'linear', in: { x: f32('... ?x') }, out: { q: f32('... action') }, layers: ({ x, action }) => ({ w: dense(x, action, { bias: false }) }), forward: ({ x }, { w }) => ({ q: w(x) }) });
/** Two inputs, and a layer over something that stands between rows and features. */
const mixed = defineNode({
  type: 'mixed', in: { x: f32('... ?x'), y: f32('... other ?y') }, out: { q: f32('... action'), both: f32('... other action') },
  layers: ({ x, y, action }) => ({ first: dense(x, action), second: mlp([y, 3, action], { activation: 'tanh' }) }),
  forward: ({ x, y }, { first, second }) => { const both = second(y); return { q: add(first(x), sum(both, 1)), both }; },
});
const image = defineNode({ type: 'image', in: { x: f32('... ?row ?column ?channel') }, out: { q: f32('... action') }, layers: ({ channel, action }) => ({ w: conv(channel, action, 2) }), forward: ({ x }, { w }) => ({ q: sum(relu(w(x)), [1, 2]) }) });
const twice = defineNode({
  type: 'twice', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action') },
  layers: ({ x, action }, { hidden }) => ({ first: gru(x, hidden), second: gru(x, 2), q: dense(hidden + 2, action) }),
  forward: ({ x }, { first, second, q }) => ({ q: q(concat([second(x), first(x)].reverse(), -1)) }),
});
const walker = defineNode({
  type: 'walker', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action') }, carry: (_, { hidden }) => hidden,
  layers: ({ x, action }, { hidden }) => ({ w: dense(x, hidden), u: dense(hidden, hidden), q: dense(hidden, action) }),
  step: ({ x }, carry, { w, u, q }) => { const h = relu(add(w(x), u(carry))); return { q: q(h), carry: h }; },
});

interface Sized { readonly batch: number; readonly time: number; readonly agent: number }
const SIZED: readonly Sized[] = [{ batch: 2, time: 3, agent: 3 }, { batch: 2, time: 3, agent: 1 }, { batch: 1, time: 1, agent: 4 }, { batch: 1, time: 1, agent: 1 }];
const ENGINES = ['tfjs:cpu', 'tfjs:wasm', 'onnx:cpu-1'] as const;
const CASES: readonly (readonly [string, NodeUse, Readonly<Record<string, readonly number[]>>, number])[] = [
  ['dense', linear(), { x: [5] }, 0], ['mlp', mlpAgentQ({ hidden: [6, 4] }), { x: [5] }, 0], ['two layers, one over a dim between', mixed(), { x: [5], y: [2, 3] }, 0], ['conv', image(), { x: [3, 3, 2] }, 0],
  ['gru', rnnAgentQ({ hidden: 4 }), { x: [5] }, 4], ['two grus', twice(), { x: [5] }, 5], ['steps of its own', walker(), { x: [5] }, 3],
];
const everything = ({ outputs, gradients, carry }: Awaited<ReturnType<typeof evaluateNode>>): Arrays => ({ ...outputs, ...Object.fromEntries(Object.entries(gradients.inputs).map(([k, a]) => [`grad ${k}`, a])), ...Object.fromEntries(Object.entries(gradients.weights).map(([k, a]) => [`grad ${k}`, a])), ...(carry ? { carry } : {}) });
function same(got: Arrays, want: Arrays): void {
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [k, a] of Object.entries(want)) { expect(got[k]!.shape, k).toEqual(a.shape); expect(off(got[k], a, 1), k).toBeLessThan(1e-6); }
}

describe('all indices at once are what they are one by one, values, gradients and carry', () => {
  describe.each(ENGINES)('on %s', engine => {
    it.each(CASES)('%s', async (what, use, ports, carry) => {
      for (const { batch, time, agent } of SIZED) for (const carried of carry ? [false, true] : [false]) {
        const inputs = Object.fromEntries(Object.entries(ports).map(([k, own]) => [k, normals(1, `${what} ${k}`, [batch, time, agent, ...own])])), given = { inputs, sizes: { action: 2 }, engine, ...(carried ? { carry: normals(1, 'carry', [batch, agent, carry]) } : {}) };
        const table = await evaluateNode(per('agent', watched(use, true)), given), cotangents = Object.fromEntries(Object.entries(table.outputs).map(([k, { shape }]) => [k, normals(2, k, shape)])), weights = Object.fromEntries(Object.entries(table.weights).map(([k, { shape }]) => [k, normals(3, k, shape, 0.5)]));
        fired.length = 0;
        const got = await evaluateNode(per('agent', watched(use)), { ...given, cotangents, weights });
        // of steps an engine that compiles makes one, and one more for its gradient
        expect(fired).toEqual(use.spec.step ? Array<number>(engine.startsWith('onnx') ? Math.min(2, time) : time).fill(batch * agent) : [batch * time * agent]);
        same(everything(got), everything(await evaluateNode(per('agent', watched(use, true)), { ...given, cotangents, weights })));
      }
    });
  });
});

const sizes = { agent: 3, id: 3, neighbour: 3, other: 2, obs: 5, state: 6, action: 4, batch: 2, time: 4 };
/** A rollout with lagged weights beside: loss over the values of the taken actions. */
const page = (use: NodeUse) => graph('own', team, g => {
  const ro = g.rollout({ steps: 4, copies: 2 }), input = g.add('input', join(), { obs: ro.obs, id: ro.agentId }), q = g.slot('agentQ', per('agent', use as ReturnType<typeof rnnAgentQ>), { x: input.x }), lag = g.target('lagged', q, { x: input.x });
  const chosen = g.add('chosen', gatherAction(), { q: now(q.q), action: ro.action }), old = g.add('old', gatherAction(), { q: now(lag.q), action: ro.action });
  g.train('q', g.add('loss', maskedMse(), { prediction: chosen.value, target: old.value, mask: now(ro.alive) }).loss, { optimiser: sgd({ lr: 1 }) });
  g.targets({ everyUpdates: 2 });
  g.act(g.slot('explore', firstAllowed(), { avail: ro.avail }));
});

describe('on a page', () => {
  it.each(ENGINES.flatMap(engine => [['gru', rnnAgentQ({ hidden: 4 }), engine], ['two grus', twice(), engine], ['steps of its own', walker(), engine], ['mlp', mlpAgentQ({ hidden: [4] }), engine]] as const))('%2$s: %0$s, with carries and episodes that start inside', async (_, use, engine) => {
    const both = await Promise.all([false, true].map(async alone => {
      const d = page(watched(use, alone)), width = plan(d, sizes).boxes.get('agentQ')!.carry, weights = drawWeights(1, layerTable(d, sizes)), made = batchOf(d), [B, A] = [sizes.batch, sizes.agent];
      const batch: Arrays = { ...made, 'data.start': { shape: [B, 5], data: Uint8Array.from([0, 0, 1, 0, 0, 1, 0, 0, 1, 0]) } }, carry = width ? { agentQ: Random.of(3, 'carry').fill('normal', new Float32Array(B * A * width)) } : {};
      const done = await evaluateStep(d, { sizes, batch, weights, targets: drawWeights(2, layerTable(d, sizes)), carry, taps: ['agentQ.q', 'lagged.q'], engine });
      const fields = Object.fromEntries(['obs', 'agentId', 'start', 'avail'].map(k => [k, slot(batch[`data.${k}`]!, 0)])), acted = await evaluateAct(d, { sizes, fields, weights, carry, engine });
      return { ...done.taps, ...done.gradients, ...Object.fromEntries(Object.entries(done.weights).map(([k, a]) => [`after ${k}`, a])), ...Object.fromEntries(Object.entries(acted.carry).map(([k, data]) => [`carry ${k}`, { shape: [data.length], data }])) };
    }));
    same(both[0]!, both[1]!);
  });
  it('is a program of as many operators for ten agents as for two', async () => {
    await ready('this test');
    const count = (use: NodeUse, agent: number) => {
      const programs = new Programs(plan(page(use), { ...sizes, agent, id: agent, neighbour: agent, other: agent - 1 })), { operators } = emit(trace(programs.pass(['q'], { cuts: { data: { batch: 64, time: 4 } }, once: [], first: true, carries: false })));
      return [...operators.values()].reduce((a, b) => a + b, 0);
    };
    for (const use of [rnnAgentQ({ hidden: 4 }), mlpAgentQ({ hidden: [4] })]) {
      expect([5, 10].map(n => count(watched(use), n))).toEqual([count(watched(use), 2), count(watched(use), 2)]);
      expect(count(watched(use, true), 10)).toBeGreaterThan(3 * count(watched(use), 10));
    }
  });
});

describe('one by one run', () => {
  const x = normals(1, 'x', [2, 3, 4]), given = { inputs: { x }, sizes: { action: 2 }, engine: 'tfjs:cpu' };
  const rows = async (use: NodeUse, more: object = {}) => { fired.length = 0; const done = await evaluateNode(per('agent', use), { ...given, ...more, inputs: { x: { shape: [2, 1, 3, 4], data: x.data }, ...(more as { inputs?: object }).inputs } }); return { done, fired: [...fired] }; };
  /** y = x W, by someone who knows nothing of indices. */
  const theirs = (from: number, to: number): Layer => ({ tensors: { w: { shape: [from, to], init: gaussian(1), layout: '[in, out]' } }, bind: t => x => matMul(x as Tensor2D, t['w'] as Tensor2D) });
  it('nodes with a layer that does not take the tensors of all', async () => {
    const plain = defineNode({ type: 'plain', in: { x: f32('... ?x') }, out: { q: f32('... action') }, layers: ({ x, action }) => ({ w: theirs(x, action), b: dense(action, action) }), forward: ({ x }, { w, b }) => ({ q: b(w(x)) }) });
    const { done, fired: seen } = await rows(watched(plain())), w = numbers(done.weights['w/w']), k = numbers(done.weights['b/kernel']), b = numbers(done.weights['b/bias']), y = numbers(done.outputs['q']), xs = numbers(x);
    expect(seen).toEqual([2, 2, 2]);
    for (let r = 0; r < 2; r++) for (let a = 0; a < 3; a++) for (let j = 0; j < 2; j++) {
      const h = [0, 1].map(o => [0, 1, 2, 3].reduce((s, i) => s + xs[(r * 3 + a) * 4 + i]! * w[(a * 4 + i) * 2 + o]!, 0));
      expect(y[(r * 3 + a) * 2 + j]).toBeCloseTo(h[0]! * k[(a * 2 + 0) * 2 + j]! + h[1]! * k[(a * 2 + 1) * 2 + j]! + b[a * 2 + j]!, 5);
    }
  });
  it('nodes with a parameter, which knows no rows', async () => {
    const scaled = defineNode({ type: 'scaled', in: { x: f32('... ?x') }, out: { y: f32('... ?x') }, layers: ({ x }) => ({ by: parameter([x], gaussian(1)) }), forward: ({ x }, { by }) => ({ y: mul(x, by()) }) });
    const { done, fired: seen } = await rows(watched(scaled())), by = numbers(done.weights['by/value']);
    expect(seen).toEqual([2, 2, 2]);
    numbers(done.outputs['y']).forEach((y, i) => { expect(y).toBeCloseTo(numbers(x)[i]! * by[i % 12]!, 5); });
  });
  it('nodes whose function gives a layer something else than its rows', async () => {
    const form = (kind: 'constant' | 'joined') => defineNode({
      type: kind, in: { x: f32('... ?x') }, out: { q: f32('... action') }, layers: ({ x, action }) => ({ w: dense(x, action) }),
      forward: ({ x }, { w }, _, size) => ({ q: kind === 'constant' ? add(w(x), sum(w(eye(size['x']!)), 0)) : reshape(w(concat([x, mul(2, x)], 0)), [2, -1, size.action]).sum(0) }),
    });
    for (const kind of ['constant', 'joined'] as const) for (const engine of ENGINES) {
      const { done, fired: seen } = await rows(watched(form(kind)()), { engine });
      expect(seen).toEqual([6, 2, 2, 2]);
      same(everything(done), everything((await rows(watched(form(kind)(), true), { engine })).done));
    }
  });
  it('losses: the mean of what they are for each index', async () => {
    const fit = defineNode({ type: 'fit', in: { x: f32('... ?x'), mask: still(f32('...')) }, out: { loss: f32('') }, layers: ({ x }) => ({ w: dense(x, 1) }), forward: ({ x, mask }, { w }) => ({ loss: sum(mul(mask, reshape(w(x), [-1]))).div(sum(mask)) }) });
    const { done, fired: seen } = await rows(watched(fit()), { inputs: { mask: { shape: [2, 1, 3], data: Float32Array.of(1, 1, 1, 0, 1, 1) } } }), w = numbers(done.weights['w/kernel']), b = numbers(done.weights['w/bias']), xs = numbers(x);
    const value = (r: number, a: number) => b[a]! + [0, 1, 2, 3].reduce((s, i) => s + xs[(r * 3 + a) * 4 + i]! * w[a * 4 + i]!, 0);
    expect(seen).toEqual([2, 2, 2]);
    expect(numbers(done.outputs['loss'])[0]).toBeCloseTo((value(0, 0) + (value(0, 1) + value(1, 1)) / 2 + (value(0, 2) + value(1, 2)) / 2) / 3, 5);      // the second row of the first agent does not count
  });
  it('nodes without layers: what is standardised is so by itself', async () => {
    const centred = defineNode({ type: 'centred', in: { x: f32('... ?x') }, out: { y: f32('... ?x') }, forward: ({ x }) => ({ y: x.sub(x.mean(0, true)) }) }), { done, fired: seen } = await rows(watched(centred())), y = numbers(done.outputs['y']);
    expect(seen).toEqual([2, 2, 2]);
    for (let i = 0; i < 12; i++) expect(y[i]! + y[12 + i]!).toBeCloseTo(0, 5);
  });
});

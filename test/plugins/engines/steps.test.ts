/** Nodes with a step of their own, on an engine that runs steps by itself: numbers and gradients are those of one slot after another, and the program does not grow with time. */
import type { Definition } from '../../../core/definition.ts';
import { add, argMax, exp, log, mean, memory, mul, tanh } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { graph, now } from '../../../core/graph.ts';
import { defineNode, normal, per } from '../../../core/node.ts';
import { sgd } from '../../../core/optimiser.ts';
import { plan } from '../../../core/plan.ts';
import { bool, f32, index, penalty } from '../../../core/port.ts';
import { Programs } from '../../../core/programs.ts';
import { team } from '../../../core/world.ts';
import { dense } from '../../../nodes/layers.ts';
import { gatherAction, maskedMse, oneHot } from '../../../nodes/index.ts';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';
import { emit } from '../../../plugins/engines/onnx/emit.ts';
import { trace } from '../../../plugins/engines/onnx/symbolic-backend.ts';
import { evaluateNode, evaluateStep, layerTable, type NodeCase } from '../../../plugins/testing.ts';
import { drawWeights, normals, off, wholes, type Arrays } from '../../nodes/arrays.ts';
import { allPages } from '../../pages/index.ts';
import { batchOf, SIZES } from '../../pages/lab.ts';

/** Everything that a step may read and give: noise, whole numbers, one number for all slots; outputs that are carried and that are not, whole ones, a penalty; a layer that is used twice. */
const wanderer = defineNode({
  type: 'wanderer', config: { hidden: 3 }, knobs: { cost: 0.1 },
  in: { x: f32('... ?x'), seen: index('...', 'action'), scale: f32('') }, noise: { eps: normal('... hidden') },
  out: { q: f32('... action'), hidden: f32('... hidden'), best: index('...', 'action'), spent: penalty() },
  sizes: (_, { hidden }) => ({ hidden }), carry: (_, { hidden }) => hidden,
  layers: ({ x, action }, { hidden }) => ({ w: dense(x + action, hidden), u: dense(hidden, hidden), q: dense(hidden, action) }),
  step({ x, seen, scale, eps, cost }, carry, { w, u, q }, _, { action }) {
    const h = tanh(add(w(x.concat(oneHot(seen, action), -1)), add(u(carry), mul(scale, eps)))), values = q(u(h));
    return { q: values, hidden: h, best: argMax(values, -1), spent: mul(cost, mean(log(add(1, exp(h))))), carry: h };
  },
});
const caseOf = (lead: readonly number[]): NodeCase => ({
  sizes: { action: 4 }, inputs: { x: normals(1, 'x', [...lead, 2]), seen: wholes(Array.from({ length: lead.reduce((a, b) => a * b, 1) }, (_, i) => i % 4)), scale: normals(1, 'scale', []) },
  carry: normals(1, 'carry', [...lead.filter((_, i) => i !== 1), 3], 0.5), cotangents: { q: normals(2, 'q', [...lead, 4]), hidden: normals(2, 'hidden', [...lead, 3]), spent: normals(2, 'spent', []) },
});
const shaped = (c: NodeCase, lead: readonly number[]): NodeCase => ({ ...c, inputs: { ...c.inputs, seen: { ...c.inputs['seen']!, shape: lead } } });
function agree(got: Arrays, want: Arrays): void {
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [k, x] of Object.entries(want)) { expect(got[k]!.shape, k).toEqual(x.shape); expect(off(got[k], x), k).toBeLessThan(1e-5); }
}
beforeAll(async () => { await onnx.open('cpu-1'); });

describe('a node with a step', () => {
  it.each([['one step', [2, 1]], ['two steps', [2, 2]], ['seven steps', [3, 7]], ['steps of several agents', [2, 5, 3]]] as const)('over %s: outputs, the carry, gradients to inputs and weights', async (_, lead) => {
    const c = shaped(caseOf(lead), lead), [want, got] = [await evaluateNode(wanderer, { ...c, engine: 'tfjs:cpu' }), await evaluateNode(wanderer, { ...c, engine: 'onnx:cpu-1' })];
    agree({ ...got.outputs, ...got.gradients.inputs, ...got.gradients.weights, carry: got.carry! }, { ...want.outputs, ...want.gradients.inputs, ...want.gradients.weights, carry: want.carry! });
    for (const x of Object.values({ ...want.gradients.weights, scale: want.gradients.inputs['scale']! })) expect(x.data.some(g => g !== 0)).toBe(true);
  });
  it('of which only what it carries is asked for has the gradient of that', async () => {
    const lead = [2, 4], c = { ...shaped(caseOf(lead), lead), cotangents: { hidden: normals(2, 'hidden', [2, 4, 3]) } }, [want, got] = [await evaluateNode(wanderer, { ...c, engine: 'tfjs:cpu' }), await evaluateNode(wanderer, { ...c, engine: 'onnx:cpu-1' })];
    agree({ ...got.gradients.inputs, ...got.gradients.weights }, { ...want.gradients.inputs, ...want.gradients.weights });
  });
  const walker = defineNode({
    type: 'walker', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action') }, carry: (_, { hidden }) => hidden,
    layers: ({ x, action }, { hidden }) => ({ w: dense(x, hidden), u: dense(hidden, hidden), q: dense(hidden, action) }),
    step: ({ x }, carry, { w, u, q }) => { const h = tanh(add(w(x), u(carry))); return { q: q(h), carry: h }; },
  });
  const firstAllowed = defineNode({ type: 'firstAllowed', in: { avail: bool('... action') }, out: { action: index('...', 'action') }, forward: ({ avail }) => ({ action: argMax(avail.cast('int32'), -1) }) });
  const page = (use: ReturnType<typeof walker>) => graph('stepping', team, g => {
    const ro = g.rollout({ steps: 4, copies: 2 }), agentQ = g.slot('agentQ', use, { x: ro.obs }), chosen = g.add('chosen', gatherAction(), { q: now(agentQ.q), action: ro.action });
    g.train('q', g.add('loss', maskedMse(), { prediction: chosen.value, target: now(ro.alive), mask: now(ro.alive) }).loss, { optimiser: sgd({ lr: 1 }) });
    g.act(g.slot('explore', firstAllowed(), { avail: ro.avail }));
  });
  it.each([['one for all agents', walker()], ['one for each agent', per('agent', walker())]] as const)('%s learns over episodes that start inside, from a carry', async (_, use) => {
    const d = page(use), sizes = { agent: 3, id: 3, neighbour: 3, other: 2, obs: 5, state: 6, action: 4, batch: 2, time: 4 }, batch = { ...batchOf(d), 'data.start': { shape: [2, 5], data: Uint8Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1, 0) } };
    const c = { sizes, batch, weights: drawWeights(1, layerTable(d, sizes)), carry: { agentQ: normals(3, 'carry', [2, 3, 3]) }, taps: ['agentQ.q'] }, [want, got] = [await evaluateStep(d, { ...c, engine: 'tfjs:cpu' }), await evaluateStep(d, { ...c, engine: 'onnx:cpu-1' })];
    agree({ ...got.taps, ...got.gradients, ...got.weights }, { ...want.taps, ...want.gradients, ...want.weights });
  });
  /** With sequences as long as they come. */
  const whole = (d: Definition): Definition => ({ ...d, page: { ...d.page, sources: Object.fromEntries(Object.entries(d.page.sources).map(([n, { length: _, ...source }]) => [n, source])) } });
  it.each(['roma', 'beliefPpo'])('the programs of %s do not grow with the length, and leave no tensor', name => {
    const before = memory().numTensors, count = (time: number) => {
      const d = whole(allPages[name]!), p = new Programs(plan(d, { ...SIZES, batch: 2, time })), cuts = { data: { batch: 2, time } }, once = [...trace(p.once(cuts, false)).outputs.values()].map(o => ({ shape: o.shape, dtype: 'f32' as const }));
      const { operators } = emit(trace(p.pass([...p.plan.rules.keys()].slice(0, 1), { cuts, once, first: true, carries: false })));
      return [operators.get('Scan'), operators.get('MatMul'), operators.get('Gemm')];
    };
    expect(count(80)).toEqual(count(40));
    expect(count(10)[0]).toBeGreaterThan(1);
    expect(memory().numTensors).toBe(before);
  });
});

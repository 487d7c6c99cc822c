/** A page as streams: what is asked for runs, once; what fails names itself; what carries over time is the same learned and acted. */
import { add, concat, memory, mul, relu, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import { Flow, type Feed } from '../../core/flow.ts';
import { graph, next, now } from '../../core/graph.ts';
import { dense, gru, lstm } from '../../nodes/layers.ts';
import { defineNode, normal, per, recurs } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan, type Plan, type SizesByDim } from '../../core/plan.ts';
import { f32, words } from '../../core/port.ts';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';
import { freshState, view } from '../../core/weights.ts';
import { team } from '../../core/world.ts';
import { dqn, qmix, qplex, vdn } from '../../graphs/index.ts';
import { gatherAction, join, maskedMse, rnnAgentQ } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep, layerTable } from '../../plugins/testing.ts';
import { drawWeights } from '../nodes/arrays.ts';
import { batchOf as labBatch, slot } from '../pages/lab.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { firstAllowed, page, squares, times } from '../plugins/training/tiny.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

const SIZES: SizesByDim = { batch: 2, time: 3, agent: 2, id: 2, obs: 3, state: 4, action: 3 };
const NONE = (what: string) => (): never => { throw new Error(`nothing gives ${what} here`); };
/** A pass over random fields with fresh weights; `slots` is 1 to act. */
function feedOf(p: Plan, { slots = SIZES['time']! + 1 } = {}): Feed {
  const { weights } = freshState(p, 1), { world } = p.d.page;
  return {
    field: (_, port) => {
      const f = world[port]!, shape = [SIZES['batch']!, f.at === 'slot' ? slots : slots - 1, ...words(f.spec).map(w => p.sizes[w]!)], n = shape.reduce((a, b) => a * b, 1), draw = Random.of(1, port);
      return f.dtype === 'f32' ? tensor(draw.fill('normal', new Float32Array(n)), shape) : f.dtype === 'i32' ? tensor(Int32Array.from({ length: n }, () => draw.integer(p.sizes['action']!)), shape, 'int32') : tensor(new Uint8Array(n).fill(port === 'avail' ? 1 : 0), shape, 'bool');
    },
    weight: name => { const s = p.slices.find(x => x.name === name)!; return tensor(view(weights, s), [...s.shape]); },
    knob: (node, key) => { const x = p.d.page.nodes[node]!.config![key]; return tensor(typeof x === 'number' ? x : 0.5); }, noise: (node, key, { law }, shape) => tensor(Random.of(1, `${node}.${key}`).fill(law, new Float32Array(shape.reduce((a, b) => a * b, 1))), [...shape]),
    memory: NONE('a memory'), once: NONE('a wire computed once'), carry: () => undefined, leave: () => undefined, restarts: () => false,
  };
}
/** Pulls wires in a scope of its own; gives their values. */
async function pull(flow: Flow, texts: readonly string[], feed: Feed): Promise<Record<string, ArrayLike<number>>> {
  const out = await engine.compile({ key: 'pull', run: () => Object.fromEntries(flow.pull(texts, feed).map((t, i) => [texts[i]!, t])) }).run(() => new Float32Array(0));
  return Object.fromEntries(Object.entries(out).map(([k, o]) => [k, o.data]));
}

/** The same, which notes how often each node has run. */
const counting = (fired: Map<string, number>, feed: Feed): Feed => ({ ...feed, within: (node, run) => { fired.set(node, (fired.get(node) ?? 0) + 1); return run(); } });

describe('demand', () => {
  const ran = async (d: Definition, stage: 'learn' | 'act', texts: readonly string[]) => {
    const p = plan(d, SIZES), fired = new Map<string, number>();
    await pull(new Flow(p, stage), texts, counting(fired, feedOf(p, stage === 'act' ? { slots: 1 } : {})));
    return fired;
  };
  it('runs what a loss asks for: the ten nodes of VDN, of QPLEX the same, each once', async () => {
    for (const d of [vdn, qplex]) {
      const fired = await ran(d, 'learn', ['tdLoss.loss']);
      expect([...fired.keys()].sort()).toEqual(['agentInput', 'agentQ', 'chosen', 'mixer', 'nextChosen', 'nextGreedy', 'targetAgentQ', 'targetMixer', 'tdLoss', 'tdTarget']);
      expect([...fired.values()].every(n => n === 1)).toBe(true);
    }
  });
  it('runs three nodes to act', async () => {
    const fired = await ran(qmix, 'act', ['explore.action', 'explore.best']);
    expect([...fired]).toEqual(expect.arrayContaining([['agentInput', 1], ['agentQ', 1], ['explore', 1]]));
    expect(fired.size).toBe(3);
  });
  it('runs no more for a wire in the middle, and nothing for a field', async () => {
    expect([...(await ran(qmix, 'learn', ['chosen.value'])).keys()].sort()).toEqual(['agentInput', 'agentQ', 'chosen']);
    expect([...(await ran(qmix, 'learn', ['data.reward', 'data.obs | now'])).keys()]).toEqual([]);
  });
  it('fires a node once, however many ask for it, and once more in every pass', async () => {
    const p = plan(qmix, SIZES), flow = new Flow(p, 'learn'), fired = new Map<string, number>(), texts = ['tdLoss.loss', 'mixer.qTot', 'agentQ.q', 'agentQ.hidden', 'agentQ.q | now', 'chosen.value'];
    for (const passes of [1, 2, 3]) {
      await pull(flow, texts, counting(fired, feedOf(p)));
      expect([...fired.values()].every(n => n === passes)).toBe(true);
      expect(fired.size).toBe(10);
    }
  });
  const seen: number[][] = [], watching = (form: '...' | '... time') => defineNode({ type: 'watching', in: { x: f32(form) }, out: { y: f32(form) }, forward: ({ x }) => { seen.push(x.shape); return { y: mul(x, x) }; } });
  const drawing = defineNode({ type: 'drawing', in: { x: f32('...') }, out: { y: f32('...') }, noise: { eps: normal('...') }, forward: ({ x, eps }) => { seen.push(x.shape); return { y: add(x, eps) }; } });
  it.each([['a node', watching('...')], ['a node that draws', drawing]])('computes of %s without memory the slots that somebody reads, and what they are in all of them', async (_, own) => {
    const laid = (form: '...' | '... time') => plan(page((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), a = form === '...' ? now(g.add('own', own(), { x: y.y }).y) : g.add('own', watching('... time')(), { x: now(y.y) }).y;
      g.train('value', g.add('loss', squares(), { a, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
    }), { obs: 1, action: 2 }), [B, T] = [2, 3], p = laid('...'), shapes = async (...texts: string[]) => { seen.length = 0; const out = await pull(new Flow(p, 'learn'), texts, feedOf(p)); return { out, rows: seen.map(s => s[0]) }; };
    const [present, later, both, all, every] = [await shapes('own.y | now'), await shapes('own.y | next'), await shapes('own.y | now', 'own.y | next', 'loss.loss'), await shapes('own.y'), await shapes('own.y', 'own.y | now')];
    expect([present.rows, later.rows, both.rows, all.rows, every.rows]).toEqual([[B * T], [B * T], [B * T, B * T], [B * (T + 1)], [B * (T + 1), B * T]]);
    const whole = all.out['own.y']!, slots = (from: number) => Array.from({ length: B * T }, (_, i) => whole[Math.floor(i / T) * (T + 1) + (i % T) + from]!);
    for (const { out } of [present, both, every]) expect([...out['own.y | now'] as Float32Array]).toEqual(slots(0));
    for (const { out } of [later, both]) expect([...out['own.y | next'] as Float32Array]).toEqual(slots(1));
    seen.length = 0;
    await pull(new Flow(laid('... time'), 'learn'), ['loss.loss'], feedOf(laid('... time')));
    expect(seen).toEqual([[B, T]]);                                      // one that names time is not cut
  });
  it('gives the same values alone and together, and from one flow again and again', async () => {
    const p = plan(qmix, SIZES), texts = ['tdLoss.loss', 'mixer.qTot'], together = await pull(new Flow(p, 'learn'), texts, feedOf(p));
    for (const t of texts) expect((await pull(new Flow(p, 'learn'), [t], feedOf(p)))[t]).toEqual(together[t]);
    const flow = new Flow(p, 'learn');
    const out = await engine.compile({ key: 'kept', run: () => { const one = flow.pull(texts, feedOf(p)), two = flow.pull(texts, feedOf(p)); return { one: one[1]!, two: two[1]! }; } }).run(() => new Float32Array(0));
    expect(out['one']!.data).toEqual(together['mixer.qTot']);
    expect(out['two']!.data).toEqual(together['mixer.qTot']);
  });
});

describe('a node that throws', () => {
  let broken = true;
  const breaking = defineNode({ type: 'breaking', in: { x: f32('...') }, out: { x: f32('...') }, forward: ({ x }) => { if (broken) throw new Error('no such thing'); return { x: mul(x, 2) }; } });
  const d = page((g, data) => {
    const y = g.add('value', times(), { x: data.obs }), bad = g.add('bad', breaking(), { x: now(y.y) });
    g.train('value', g.add('loss', squares(), { a: bad.x, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
  });
  const p = plan(d, { obs: 1, action: 2 });
  it('names itself, its type and its inputs, at once and from where it was asked', async () => {
    broken = true;
    await expect(pull(new Flow(p, 'learn'), ['loss.loss'], feedOf(p))).rejects.toThrow('node bad (breaking): no such thing; inputs x [2, 3]');
  });
  it('keeps the error that it threw as the cause', async () => {
    broken = true;
    await expect(pull(new Flow(p, 'learn'), ['loss.loss'], feedOf(p))).rejects.toMatchObject({ cause: { message: 'no such thing' } });
  });
  it('leaves a flow that works again in the next pass', async () => {
    broken = true;
    const flow = new Flow(p, 'learn');
    for (let i = 0; i < 2; i++) await expect(pull(flow, ['loss.loss', 'value.y'], feedOf(p))).rejects.toThrow('node bad');
    broken = false;
    expect(await pull(flow, ['loss.loss', 'value.y'], feedOf(p))).toEqual(await pull(new Flow(p, 'learn'), ['loss.loss', 'value.y'], feedOf(p)));
  });
  it('that forgets an output says which', async () => {
    const forgetful = defineNode({ type: 'forgetful', in: { x: f32('...') }, out: { x: f32('...') }, forward: () => ({}) as { x: Tensor } });
    const q = plan(page((g, data) => {
      const y = g.add('value', times(), { x: data.obs });
      g.train('value', g.add('loss', squares(), { a: g.add('bad', forgetful(), { x: now(y.y) }).x, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
    }), { obs: 1, action: 2 });
    await expect(pull(new Flow(q, 'learn'), ['loss.loss'], feedOf(q))).rejects.toThrow('node bad (forgetful): forgetful gives no x');
  });
  it('leaves no error behind that comes later, from a timer', async () => {
    broken = true;
    const late: unknown[] = [], note = (e: unknown) => late.push(e);
    process.on('uncaughtException', note);
    await expect(pull(new Flow(p, 'learn'), ['loss.loss'], feedOf(p))).rejects.toThrow();
    await new Promise(resolve => { setTimeout(resolve, 20); });
    process.off('uncaughtException', note);
    expect(late).toEqual([]);
  });
});

/** Two recurrent layers in one node, whatever the order in which they are used; values from the joined states. */
const twice = (order: 'as declared' | 'the last first') => defineNode({
  type: order === 'as declared' ? 'twice' : 'twiceTurned', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action'), hidden: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden: hidden + 2 }),
  layers: ({ x, action }, { hidden }) => ({ first: gru(x, hidden), second: gru(x, 2), q: dense(hidden + 2, action) }),
  forward: ({ x }, { first, second, q }) => {
    const [b, a] = order === 'as declared' ? [first(x), second(x)].reverse() as [Tensor, Tensor] : [second(x), first(x)], h = concat([a, b], -1);
    return { q: q(h), hidden: h };
  },
});
/** A layer whose carry is wider than what it gives: h and c side by side. */
const remembering = defineNode({
  type: 'remembering', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action'), hidden: f32('... hidden') }, sizes: (_, { hidden }) => ({ hidden: hidden + 2 }),
  layers: ({ x, action }, { hidden }) => ({ first: lstm(x, hidden), second: gru(x, 2), q: dense(hidden + 2, action) }),
  forward: ({ x }, { first, second, q }) => { const h = concat([first(x), second(x)], -1); return { q: q(h), hidden: h }; },
});
/** A recurrence of its own: h' = relu(W x + U h). */
const walker = defineNode({
  type: 'walker', config: { hidden: 3 }, in: { x: f32('... ?x') }, out: { q: f32('... action'), hidden: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }), carry: (_, { hidden }) => hidden,
  layers: ({ x, action }, { hidden }) => ({ w: dense(x, hidden), u: dense(hidden, hidden), q: dense(hidden, action) }),
  step: ({ x }, carry, { w, u, q }) => { const h = relu(add(w(x), u(carry))); return { q: q(h), hidden: h, carry: h }; },
});
/** Values of a recurrent node over a rollout with episodes that start inside. */
const recurrent = (use: ReturnType<typeof rnnAgentQ>) => graph('recurrent', team, g => {
  const ro = g.rollout({ steps: 4, copies: 2 }), input = g.add('input', join(), { obs: ro.obs, id: ro.agentId });
  const agentQ = g.slot('agentQ', use, { x: input.x }), chosen = g.add('chosen', gatherAction(), { q: now(agentQ.q), action: ro.action });
  const loss = g.add('loss', maskedMse(), { prediction: chosen.value, target: now(ro.alive), mask: now(ro.alive) });
  g.train('q', loss.loss, { optimiser: sgd({ lr: 1 }) });
  const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
  g.act(explore);
});

describe('carries', () => {
  const sizes = { agent: 3, id: 3, neighbour: 3, other: 2, obs: 5, state: 6, action: 4, batch: 2, time: 4 };
  /** A node, and which numbers of a row's carry it shows as `hidden`, where it does not show all. */
  const cases: [string, ReturnType<typeof rnnAgentQ>, (readonly number[])?][] = [
    ['a recurrent layer', rnnAgentQ({ hidden: 3 })], ['own weights for each agent', per('agent', rnnAgentQ({ hidden: 3 }))], ['a recurrence of its own', walker()], ['such a one for each agent', per('agent', walker())],
    ['two recurrent layers', twice('as declared')()], ['two of them used in another order', twice('the last first')()], ['two of them for each agent', per('agent', twice('as declared')())],
    ['a layer that carries more than it gives', remembering(), [0, 1, 2, 6, 7]], ['such a one for each agent', per('agent', remembering()), [0, 1, 2, 6, 7]],
  ];
  for (const [what, use, shown] of cases) it(`${what}: acting step by step equals the unroll, over episodes that start inside`, async () => {
    const d = recurrent(use), p = plan(d, sizes), weights = drawWeights(1, layerTable(d, sizes)), made = labBatch(d), [B, T] = [2, 4];
    expect(recurs(use.spec, p.boxes.get('agentQ')!.layers)).toBe(true);
    const start = { shape: [B, T + 1], data: Uint8Array.from([0, 0, 1, 0, 0, 1, 0, 0, 1, 0]) }, batch: Record<string, NamedArray> = { ...made, 'data.start': start };
    const carry = { agentQ: Random.of(3, 'carry').fill('normal', new Float32Array(B * 3 * p.boxes.get('agentQ')!.carry)) };
    const taps = ['agentQ.hidden', 'agentQ.q'], whole = (await evaluateStep(d, { sizes, batch, weights, carry, taps })).taps;
    let held: Record<string, Float32Array> = carry;
    for (let t = 0; t <= T; t++) {
      const fields = Object.fromEntries(['obs', 'agentId', 'start', 'avail'].map(k => [k, slot(batch[`data.${k}`]!, t)]));
      held = (await evaluateAct(d, { sizes, fields, weights, carry: held })).carry;
      const want = slot(whole['agentQ.hidden']!, t).data;
      const width = p.boxes.get('agentQ')!.carry, left = held['agentQ']!.filter((_, i) => !shown || shown.includes(i % width));
      expect(left).toHaveLength(want.length);
      want.forEach((x, i) => { expect(left[i]!, `slot ${t}, number ${i}`).toBeCloseTo(x, 5); });
    }
  });
  it('are forgotten at a start: with an episode that starts at every slot, every slot is as if alone', async () => {
    const d = recurrent(rnnAgentQ({ hidden: 3 })), weights = drawWeights(1, layerTable(d, sizes)), batch: Record<string, NamedArray> = { ...labBatch(d), 'data.start': { shape: [2, 5], data: new Uint8Array(10).fill(1) } };
    const carry = { agentQ: new Float32Array(18).fill(9) }, { taps } = await evaluateStep(d, { sizes, batch, weights, carry, taps: ['agentQ.hidden'] });
    for (let t = 0; t <= 4; t++) {
      const fields = Object.fromEntries(['obs', 'agentId', 'start', 'avail'].map(k => [k, slot(batch[`data.${k}`]!, t)]));
      expect([...(await evaluateAct(d, { sizes, fields, weights })).carry['agentQ']!].map(x => x.toFixed(5))).toEqual([...slot(taps['agentQ.hidden']!, t).data].map(x => x.toFixed(5)));
    }
  });
  describe('over transitions', () => {
    // an episode ends with slot 2, whose observation is 3; the next one starts at slot 3, with 4: transition 2 (3 -> 4) is none, transition 3 (4 -> 5) the first of the new one
    const walk = defineNode({ type: 'walk', in: { x: f32('... ?x') }, out: { y: f32('...') }, layers: ({ x }) => ({ w: dense(x, 1, { bias: false }) }), carry: () => 1, step: ({ x }, carry, { w }) => { const h = add(carry, w(x)); return { y: h.reshape([-1]), carry: h }; } });
    const row = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
    const twice = defineNode({ type: 'double', in: { x: f32('... ?x') }, out: { x: f32('... ?x') }, forward: ({ x }) => ({ x: mul(2, x) }) });
    const run = async (kind: 'next' | 'both' | 'meeting') => {
      const d = page((g, data) => {
        const two = kind === 'meeting' ? g.add('two', twice(), { x: next(data.obs) }).x : undefined;
        const x = kind === 'next' ? next(data.obs) : g.add('pair', join(), two ? { a: g.add('four', twice(), { x: two }).x, b: two } : { a: now(data.obs), b: next(data.obs) }).x, y = g.add('walk', walk(), { x });
        g.train('walk', g.add('loss', squares(), { a: y.y, b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0 }) });
      }, g => g.rollout({ steps: 5, copies: 1 })), w = kind === 'next' ? row([1, 1], 1) : kind === 'both' ? row([2, 1], 10, 1) : row([2, 1], 0.125, 0.25);
      const { taps } = await evaluateStep(d, { sizes: { obs: 1, action: 2, agent: 1, batch: 1, time: 5 }, batch: { 'data.obs': row([1, 6, 1], 1, 2, 3, 4, 5, 6), 'data.reward': row([1, 5], 0, 0, 0, 0, 0), 'data.start': { shape: [1, 6], data: Uint8Array.of(1, 0, 0, 1, 0, 0) } }, weights: { 'walk/w/kernel': w }, taps: ['walk.y'] });
      return [...taps['walk.y']!.data];
    };
    it('that read the later slot alone, the carry is forgotten where the episode of that slot starts: 2 5 | 4 9 15', async () => { expect(await run('next')).toEqual([2, 5, 4, 9, 15]); });
    it('also where its wires part and meet again', async () => { expect(await run('meeting')).toEqual([2, 5, 4, 9, 15]); });
    it('that read both slots, it is forgotten at the first transition of an episode: nothing of the one that is none remains', async () => {
      // 10 a + b of each transition: 12 23 (34) 45 56; from transition 3 on 45, 101
      const y = await run('both');
      expect([y[0], y[1], y[3], y[4]]).toEqual([12, 35, 45, 101]);
    });
  });
  it('of an index are its own: agents with weights of their own do not see the others', async () => {
    const d = recurrent(per('agent', rnnAgentQ({ hidden: 3 }))), weights = drawWeights(1, layerTable(d, sizes)), batch = labBatch(d), obs = batch['data.obs']!;
    const other = { ...batch, 'data.obs': { shape: obs.shape, data: Float32Array.from(obs.data, (x, i) => (Math.floor(i / 5) % 3 === 1 ? x + 1 : x)) } };
    const run = async (b: typeof batch) => (await evaluateStep(d, { sizes, batch: b, weights, taps: ['agentQ.hidden'] })).taps['agentQ.hidden']!, [a, b] = [await run(batch), await run(other)];
    const changed = new Set<number>();
    a.data.forEach((x, i) => { if (b.data[i] !== x) changed.add(Math.floor(i / 3) % 3); });
    expect([...changed]).toEqual([1]);
  });
});

describe('tensors', () => {
  it('that a pass makes are gone after it', async () => {
    const p = plan(dqn, { obs: 3, action: 3 }), flow = new Flow(p, 'learn');
    await pull(flow, ['tdLoss.loss'], feedOf(p));
    const before = memory().numTensors;
    for (let i = 0; i < 3; i++) await pull(flow, ['tdLoss.loss'], feedOf(p));
    expect(memory().numTensors).toBe(before);
  });
});

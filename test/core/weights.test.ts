/** The arena: named views, fresh states, and checkpoints of other pages refused with all that differs (T06). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derive, swap } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { rmsprop } from '../../core/optimiser.ts';
import { plan, type Plan } from '../../core/plan.ts';
import type { NamedArray } from '../../core/store.ts';
import { freshState, fromArrays, gather, initialise, scatter, toArrays, view, type LearnerState } from '../../core/weights.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { rnnAgentQ, sumMixer } from '../../nodes/index.ts';

const SIZES = { agent: 2, id: 2, obs: 3, state: 4, action: 3 };
const small = derive(qmix, 'small', g => { g.set('agentQ', { hidden: 4 }); g.set('mixer', { embed: 2 }); });
const p = plan(small, SIZES), fresh = freshState(p, 1);
/** A state whose every number is another. */
function counted(of: Plan): LearnerState {
  let next = 0;
  const fill = (x: Float32Array) => x.map(() => (next += 0.25)), s = freshState(of, 1);
  return { ...s, weights: fill(s.weights), lagged: fill(s.lagged), slots: Object.fromEntries(Object.entries(s.slots).map(([r, x]) => [r, { count: 3, moments: Object.fromEntries(Object.entries(x.moments).map(([m, v]) => [m, fill(v)])) }])) };
}
const copied = (a: Readonly<Record<string, NamedArray>>) => structuredClone(a) as Record<string, NamedArray>;

describe('a fresh state', () => {
  it('comes from the seed, with lagged weights equal and moments 0', () => {
    expect(freshState(p, 1)).toEqual(fresh);
    expect(freshState(p, 2).weights).not.toEqual(fresh.weights);
    expect(fresh.lagged).toEqual(fresh.weights);
    expect(fresh.lagged.buffer).not.toBe(fresh.weights.buffer);
    expect(Object.values(fresh.slots).every(s => s.count === 0 && Object.values(s.moments).every(m => m.every(x => x === 0)))).toBe(true);
    expect(fresh.counters).toEqual({ steps: 0, updates: 0, episodes: 0, last: { steps: 0, updates: 0, episodes: 0 } });
  });
  it('of a page with a node more or another mixer starts the others as before', () => {
    const other = plan(derive(vdn, 'other', g => { g.set('agentQ', { hidden: 4 }); }), SIZES), there = freshState(other, 1);
    for (const s of other.slices) expect(view(there.weights, s), s.name).toEqual(view(fresh.weights, p.slices.find(x => x.name === s.name)!));
  });
});

describe('views', () => {
  it('share the arena', () => {
    const { weights } = freshState(p, 1), s = p.slices[1]!;
    view(weights, s).fill(7);
    expect(weights.subarray(s.from, s.from + s.size).every(x => x === 7)).toBe(true);
    expect(view(weights, p.slices[0]!)).toEqual(view(fresh.weights, p.slices[0]!));
  });
  it('of a rule are one range where its tensors lie together, and a copy where they do not', () => {
    const page = derive(qmix, 'apart', (g, { agentQ, mixer, td }) => {
      g.set('agentQ', { hidden: 4 }); g.set('mixer', { embed: 2 });
      g.train('q', td.loss, { optimiser: rmsprop({ lr: 1e-3 }), only: [agentQ] });
      g.train('both', td.loss, { optimiser: rmsprop({ lr: 1e-3 }), only: [agentQ, mixer], after: 'q' });
    }), q = plan(page, SIZES), arena = initialise(q.slices, q.total, 3);
    for (const rule of q.rules.values()) {
      const flat = gather(arena, rule), to = new Float32Array(q.total);
      expect(flat).toHaveLength(rule.size);
      const whole = scatter(to, to, rule, flat);
      expect(to).toEqual(new Float32Array(q.total));
      expect(scatter(whole, to, rule, flat)).toBe(whole);
      for (const s of q.slices) expect(view(whole, s), s.name).toEqual(rule.slices.includes(s) ? view(arena, s) : new Float32Array(s.size));
    }
    expect(gather(arena, q.rules.get('q')!).buffer).toBe(arena.buffer);
  });
  it('gathered and scattered are the arena again, whatever lies between', () => fc.assert(fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(), (trained, seed) => {
    const slices = trained.map((_, i) => ({ ...p.slices[0]!, name: `n${i}/l/t`, size: 1 + (seed + i) % 3, from: 0 }));
    let from = 0;
    const laid = slices.map(s => { const out = { ...s, from }; from += s.size; return out; }), own = laid.filter((_, i) => trained[i]);
    fc.pre(own.length > 0);
    const rule = { name: 'r', trained: [], losses: [], slices: own, size: own.reduce((a, s) => a + s.size, 0) }, arena = Float32Array.from({ length: from }, (_, i) => i + 1), back = new Float32Array(from);
    const whole = scatter(back, back, rule, gather(arena, rule));
    laid.forEach((s, i) => { expect([...view(whole, s)]).toEqual(trained[i] ? [...view(arena, s)] : Array<number>(s.size).fill(0)); });
  })));
});

describe('a state as arrays', () => {
  it('is named by node, layer and tensor, with lagged weights and moments, and comes back the same', () => {
    const state = counted(p), arrays = toArrays(p, state);
    expect(Object.keys(arrays).filter(k => k.startsWith('weights/')).map(k => k.slice(8))).toEqual(p.slices.map(s => s.name));
    expect(Object.keys(arrays)).toContain('slots/q/v/agentQ/cell/recurrent');
    expect(arrays['lagged/agentQ/first/kernel']!.shape).toEqual([8, 4]);
    const { state: back, skipped } = fromArrays(p, copied(arrays), fresh);
    expect(skipped).toEqual([]);
    expect({ weights: back.weights, lagged: back.lagged, moments: back.slots['q']!.moments }).toEqual({ weights: state.weights, lagged: state.lagged, moments: state.slots['q']!.moments });
  });
  it('of a node with own weights for each agent has the agents first', () => {
    const own = plan(derive(small, 'own', g => { g.swap('agentQ', per('agent', rnnAgentQ({ hidden: 4 }))); }), SIZES);
    expect(toArrays(own, freshState(own, 1))['weights/agentQ/first/kernel']!.shape).toEqual([2, 8, 4]);
  });
  it('is put into a copy: what is loaded into stays as it was', () => {
    const into = freshState(p, 5), before = structuredClone(into);
    fromArrays(p, copied(toArrays(p, counted(p))), into);
    expect(into).toEqual(before);
  });
});

describe('weights of another page', () => {
  const arrays = copied(toArrays(p, counted(p))), { 'weights/mixer/b1/kernel': _, 'slots/q/v/mixer/b1/kernel': __, ...rest } = arrays;
  const wrong: Record<string, NamedArray> = { ...rest, 'weights/agentQ/first/kernel': { shape: [9, 4], data: new Float32Array(36) }, 'lagged/stranger/net/kernel0': { shape: [2], data: new Float32Array(2) }, 'replay/track/0/obs': { shape: [1], data: new Float32Array(1) } };
  it('are refused with all three kinds of difference: another shape, one missing, one too many', () => {
    expect(() => fromArrays(p, wrong, fresh, { subject: 'runs/a/checkpoints/7' })).toThrowErrorMatchingInlineSnapshot(`
      [InputError: runs/a/checkpoints/7: the weights are not those of page small
        shape    weights/agentQ/first/kernel is [9, 4], the page has [8, 4]
        missing  weights/mixer/b1/kernel [4, 2]
        missing  slots/q/v/mixer/b1/kernel [4, 2]
        extra    lagged/stranger/net/kernel0 [2]
        fix: load it with the page it was saved from, or take what fits with \`partial\`]
    `);
  });
  it('are refused whole: nothing of what is loaded into changes', () => {
    const into = freshState(p, 5), before = structuredClone(into);
    expect(() => fromArrays(p, wrong, into)).toThrow();
    expect(into).toEqual(before);
  });
  it('are taken in part where that is asked for, with a list of what was left out', () => {
    const into = freshState(p, 5), { state, skipped } = fromArrays(p, wrong, into, { partial: true });
    expect(skipped).toEqual(['shape    weights/agentQ/first/kernel is [9, 4], the page has [8, 4]', 'missing  weights/mixer/b1/kernel [4, 2]', 'missing  slots/q/v/mixer/b1/kernel [4, 2]', 'extra    lagged/stranger/net/kernel0 [2]']);
    const [a, b, c] = [toArrays(p, state), toArrays(p, into), toArrays(p, counted(p))];
    for (const k of Object.keys(a)) expect(a[k], k).toEqual(skipped.some(s => s.includes(` ${k} `)) ? b[k] : c[k]);
    expect(state.counters).toEqual(into.counters);
    expect(state.memory).toEqual(into.memory);
  });
  it('of another dtype, or with fewer or more numbers than their shape says, are refused by name', () => {
    for (const data of [new Int32Array(32), new Float32Array(31), new Float32Array(33)])
      expect(() => fromArrays(p, { ...arrays, 'weights/agentQ/first/kernel': { shape: [8, 4], data } }, fresh), `${data.constructor.name} ${data.length}`).toThrow(/weights\/agentQ\/first\/kernel/);
  });
  it('of another mixer name what each has and the other lacks', () => {
    const other = plan(swap(small, 'mixer', sumMixer(), { name: 'sum' }), SIZES);
    expect(() => fromArrays(other, arrays, freshState(other, 1))).toThrow(/extra {4}weights\/mixer/);
    expect(fromArrays(other, arrays, freshState(other, 1), { partial: true }).skipped.every(s => s.startsWith('extra') && s.includes('/mixer/'))).toBe(true);
  });
});

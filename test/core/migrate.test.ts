/** State carried from page to page by name: whole nodes, moments by rule, and nothing that is not touched moves by a bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, type Graph } from '../../core/graph.ts';
import { adam, rmsprop } from '../../core/optimiser.ts';
import { plan, type Plan } from '../../core/plan.ts';
import { freshState, migrate, toArrays, type LearnerState } from '../../core/weights.ts';
import type { World } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { duplexMixer, mlpAgentQ, monotonicMixer, rnnAgentQ, sumMixer } from '../../nodes/index.ts';
import { laidOut } from '../nodes/arrays.ts';

const SIZES = { agent: 2, id: 2, obs: 3, state: 4, action: 3 }, SEED = 7;
const small = derive(qmix, 'small', g => { g.swap('agentQ', rnnAgentQ({ hidden: 4 })); g.swap('mixer', monotonicMixer({ embed: 2, hypernet: [] })); }) as Definition;
/** A state whose every number is another, as after a thousand updates. */
function counted(of: Plan, from = 0): LearnerState {
  let next = from;
  const fill = (x: Float32Array) => x.map(() => (next += 0.25)), s = freshState(of, SEED);
  return { ...s, counters: { ...s.counters, steps: 9, updates: 5 }, weights: fill(s.weights), lagged: fill(s.lagged), slots: Object.fromEntries(Object.entries(s.slots).map(([r, x]) => [r, { count: 1000, moments: Object.fromEntries(Object.entries(x.moments).map(([m, v]) => [m, fill(v)])) }])) };
}
/** All arrays of a node, by their names. */
const of = (p: Plan, s: LearnerState, node: string) => Object.fromEntries(Object.entries(toArrays(p, s)).filter(([k]) => k.includes(`/${node}/`)).map(([k, a]) => [k, [...a.data]]));
type Use = Parameters<Graph<World>['swap']>[1];
const edited = (d: Definition, edit: (g: Graph<World>) => void): Definition => derive(d, 'edited', edit) as Definition;
const withMixer = (d: Definition, use: unknown): Definition => edited(d, g => { g.swap('mixer', use as Use); });
const MIXERS = [sumMixer(), monotonicMixer({ embed: 2, hypernet: [] }), monotonicMixer({ embed: 3, hypernet: [4] }), duplexMixer({ heads: 1, hypernet: [3] }), duplexMixer({ heads: 2, hypernet: [3] })];

describe('a migration', () => {
  const from = plan(small, SIZES), state = counted(from);
  it('to the same page changes nothing', () => {
    const { state: same, kept, fresh, dropped, restarted, left } = migrate(from, plan(edited(small, () => undefined), SIZES), state, { seed: SEED });
    expect(same).toEqual(state);
    expect({ kept, fresh, dropped, restarted, left }).toEqual({ kept: ['agentQ', 'mixer'], fresh: [], dropped: [], restarted: [], left: {} });
  });
  it('keeps weights, lagged weights and moments of what it does not touch, and starts the rest from the seed: lagged equal, moments 0', () => {
    const to = plan(withMixer(small, duplexMixer({ heads: 2, hypernet: [3] })), SIZES), { state: now, kept, fresh, dropped } = migrate(from, to, state, { seed: SEED }), start = freshState(to, SEED);
    expect([kept, fresh, dropped]).toEqual([['agentQ'], ['mixer'], ['mixer']]);
    expect(of(to, now, 'agentQ')).toEqual(of(from, state, 'agentQ'));
    expect(of(to, now, 'mixer')).toEqual(of(to, start, 'mixer'));
    expect(Object.entries(of(to, now, 'mixer')).filter(([k]) => k.startsWith('slots/')).every(([, x]) => x.every(v => v === 0))).toBe(true);
    expect(now.slots['q']!.count).toBe(1000);
    expect(now.counters).toEqual(state.counters);
  });
  it('takes a node whole or not at all: one layer of another width makes all of it fresh', () => {
    const to = plan(withMixer(small, monotonicMixer({ embed: 3, hypernet: [] })), SIZES), { fresh, state: now } = migrate(from, to, state, { seed: SEED });
    expect(fresh).toEqual(['mixer']);
    expect(of(to, now, 'mixer')).toEqual(of(to, freshState(to, SEED), 'mixer'));
  });
  it('lets another optimiser begin anew, moments and count, and leaves the weights', () => {
    const d = edited(small, g => { g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 1e-3 }), clipNorm: 10 }); }), to = plan(d, SIZES), { state: now, restarted } = migrate(from, to, state, { seed: SEED });
    expect(restarted).toEqual(['q']);
    expect(now.weights).toEqual(state.weights);
    expect(now.slots['q']).toEqual({ count: 0, moments: { m: new Float32Array(to.total), v: new Float32Array(to.total) } });
    const slower = edited(small, g => { g.train('q', g.at('tdLoss').loss, { optimiser: rmsprop({ lr: 1e-5 }), clipNorm: 10 }); });
    expect(migrate(from, plan(slower, SIZES), state, { seed: SEED }).state.slots).toEqual(state.slots);
  });
  it('--sync-targets makes all lagged weights equal to their source', () => {
    const { state: now } = migrate(from, plan(withMixer(small, sumMixer()), SIZES), state, { seed: SEED, syncTargets: true });
    expect(now.lagged).toEqual(now.weights);
    expect(now.lagged.buffer).not.toBe(now.weights.buffer);
  });
  it('leaves what it was given as it was', () => {
    const before = structuredClone(state);
    migrate(from, plan(withMixer(small, sumMixer()), SIZES), state, { seed: SEED, syncTargets: true }).state.weights.fill(0);
    expect(state).toEqual(before);
  });
  it('gives back what it dropped, and an undo brings it: bit for bit where nothing was learned in between', () => {
    const sum = plan(withMixer(small, sumMixer()), SIZES), there = migrate(from, sum, state, { seed: SEED }), back = migrate(sum, from, there.state, { seed: SEED, more: there.left });
    expect(Object.keys(there.left).every(k => k.includes('/mixer/'))).toBe(true);
    expect(back.state).toEqual(state);
    expect([back.kept, back.fresh]).toEqual([['agentQ', 'mixer'], []]);
    expect(migrate(sum, from, there.state, { seed: SEED }).fresh).toEqual(['mixer']);
  });
  it('through any sequence of swaps moves no bit of the nodes that none of them touches', () => fc.assert(fc.property(fc.array(fc.nat(MIXERS.length - 1), { minLength: 1, maxLength: 8 }), fc.boolean(), (swaps, plain) => {
    const begin = plan(plain ? edited(small, g => { g.swap('agentQ', mlpAgentQ({ hidden: [3] })); }) : small, SIZES), first = counted(begin, 3);
    let p = begin, s = first;
    for (const mixer of swaps) { const to = plan(withMixer(p.d, MIXERS[mixer]!), SIZES); s = migrate(p, to, s, { seed: SEED }).state; p = to; }
    expect(of(p, s, 'agentQ')).toEqual(of(begin, first, 'agentQ'));
    expect(s.slots['q']!.count).toBe(1000);
    // the layout is that of a page that was never another
    expect(laidOut(p)).toEqual(laidOut(plan(withMixer(begin.d, MIXERS[swaps.at(-1)!]!), SIZES)));
  }), { numRuns: 40 }));
});

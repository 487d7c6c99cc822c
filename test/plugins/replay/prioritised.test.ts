/** Draws by priority: what is drawn how often, with what weight, and what happens to a priority. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../../core/definition.ts';
import { InputError, RunError } from '../../../core/error.ts';
import { Random } from '../../../core/random.ts';
import type { Replay, Sample } from '../../../core/replay.ts';
import { linear } from '../../../core/schedule.ts';
import { prioritised } from '../../../plugins/replay/prioritised.ts';
import { transitions } from '../../../plugins/replay/transitions.ts';
import { filed, itemsOf, make, plans, Stream } from './streams.ts';

type Setting = Omit<Source, 'cut'>;
const by = (alpha: number, beta: NonNullable<Source['prioritised']>['beta'] = 0.4): Setting => ({ keep: 1000, batch: 8, prioritised: { alpha, beta } });
const ENDLESS = [[{ length: 1000, end: 'terminated' as const }]];
/** Slots of one copy, and a priority for each that can be drawn. */
function filledWith(setting: Setting, priorities: readonly number[]): { readonly replay: Replay; readonly items: ReadonlyMap<number, number> } {
  const { replay } = new Stream(make(prioritised, setting, 1), ENDLESS).run(priorities.length), items = new Map<number, number>();
  for (let update = 0; items.size < priorities.length; update++) idsOf(replay.sample(update)).forEach((id, i) => items.set(id, replay.sample(update).items![i]!));
  replay.prioritise!(Int32Array.from(priorities, (_, id) => items.get(id)!), Float32Array.from(priorities));
  return { replay, items };
}
const idsOf = (s: Sample) => itemsOf(s).map(item => item.ids[0]![0]);
const weightsOf = (s: Sample) => [...s.fields['weight']!];
/** How often each was drawn in so many updates. */
function counted(replay: Replay, updates: number, n: number): number[] {
  const counts = Array<number>(n).fill(0);
  for (let update = 0; update < updates; update++) for (const id of idsOf(replay.sample(update))) counts[id]!++;
  return counts;
}
const said = (work: () => unknown) => { try { work(); } catch (e) { return e as Error; } return undefined; };

describe('draws', () => {
  const P = [4, 1, 0.25, 9, 2, 0.01, 1, 16];
  it.each([0, 0.5, 0.6, 1])('are as frequent as the priority to the power of %f (chi-square)', alpha => {
    const { replay } = filledWith(by(alpha), P), updates = 2500, counts = counted(replay, updates, P.length), mass = P.map(p => Math.fround(p) ** alpha), all = mass.reduce((a, b) => a + b, 0);
    const expected = mass.map(m => 8 * updates * m / all), chi = counts.reduce((a, n, i) => a + (n - expected[i]!) ** 2 / expected[i]!, 0);
    // 7 degrees of freedom: 24.3 is passed once in a thousand by independent draws, and strata vary less
    expect(chi).toBeLessThan(24.3);
    counts.forEach((n, i) => { expect(Math.abs(n - expected[i]!)).toBeLessThan(4 * Math.sqrt(expected[i]!) + 1); });
  });
  it('of a batch come from equal stretches of the sum: as many of one as its share, but for one', () => {
    const { replay } = filledWith(by(1), [1, 1, 2, 4]);
    for (let update = 0; update < 50; update++) {
      const counts = [0, 0, 0, 0];
      for (const id of idsOf(replay.sample(update))) counts[id]!++;
      expect(counts).toEqual([1, 1, 2, 4]);
    }
  });
  it('show what was stored, at a step whose piece is complete', () => fc.assert(fc.property(plans, fc.integer({ min: 8, max: 60 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), (copies, n, keep, length, needsNext) => {
    const s = new Stream(make(prioritised, { ...by(0.6), keep, length }, copies.length, { needsNext }), copies).run(n), twin = new Stream(make(transitions, { keep, batch: 8, length }, copies.length, { needsNext }), copies).run(n);
    expect([s.replay.stored, s.replay.inserted]).toEqual([twin.replay.stored, twin.replay.inserted]);
    fc.pre(s.replay.stored > 0);
    const seen = new Set<string>();
    for (let update = 0; update < 25; update++) for (const item of itemsOf(s.replay.sample(update))) {
      const [id, copy] = item.ids[0]!;
      for (let t = 0; t <= length; t++) { const slot = s.at(id + t, copy); expect(item.ids[t]).toEqual([slot.id, copy]); if (t < length) expect([item.valid[t], item.action[t]]).toEqual([Number(slot.valid), slot.action]); }
      expect(item.valid[0]).toBe(1);
      seen.add(`${id}/${copy}`);
    }
    // 200 draws of at most 33 from equal stretches show nearly all of them
    expect(seen.size).toBeGreaterThan(0.7 * s.replay.stored);
    expect(seen.size).toBeLessThanOrEqual(s.replay.stored);
  }), { numRuns: 25 }));
});

describe('importance weights', () => {
  it('equal a calculation by hand', () => {
    const { replay } = filledWith(by(0.5, 0.4), [4, 1, 0.25, 9]);
    // P = 2, 1, 0.5, 3 of 6.5; (4 P)^-0.4 over that of the rarest, 0.5: (0.5 / p^0.5)^0.4
    const want = [0.25 ** 0.4, 0.5 ** 0.4, 1, (1 / 6) ** 0.4], direct = [2, 1, 0.5, 3].map(m => (4 * m / 6.5) ** -0.4 / (4 * 0.5 / 6.5) ** -0.4);
    for (let update = 0; update < 20; update++) { const s = replay.sample(update); idsOf(s).forEach((id, i) => { expect(weightsOf(s)[i]).toBeCloseTo(want[id]!, 6); expect(want[id]).toBeCloseTo(direct[id]!, 12); }); }
  });
  it('are 1 for the rarest and never above, alike over a piece, and undo the bias at beta 1', () => fc.assert(fc.property(fc.array(fc.double({ min: 1e-3, max: 50, noNaN: true }), { minLength: 2, maxLength: 12 }), fc.constantFrom(0.3, 1), (list, alpha) => {
    const { replay } = filledWith({ ...by(alpha, 1), batch: 16 }, list), mass = list.map(p => Math.fround(p) ** alpha), least = Math.min(...mass);
    for (let update = 0; update < 10; update++) { const s = replay.sample(update); idsOf(s).forEach((id, i) => { expect(weightsOf(s)[i]).toBeLessThanOrEqual(1); expect(weightsOf(s)[i]! * mass[id]!).toBeCloseTo(least, 4); }); }
  }), { numRuns: 30 }));
  it('are repeated for every step of a piece', () => {
    const { replay } = new Stream(make(prioritised, { ...by(1, 1), length: 3 }, 1), ENDLESS).run(30), first = replay.sample(0);
    replay.prioritise!(first.items!, Float32Array.from({ length: 24 }, (_, i) => 1 + i));
    const weight = weightsOf(replay.sample(1));
    expect(weight).toHaveLength(24);
    for (let i = 0; i < 24; i += 3) expect(new Set(weight.slice(i, i + 3)).size).toBe(1);
    expect(new Set(weight).size).toBeGreaterThan(1);
  });
  it('follow beta on every clock: environment steps, updates, episodes', () => {
    const at = (over: { readonly steps: number } | { readonly updates: number } | { readonly episodes: number }, update: number) => {
      const s = new Stream(make(prioritised, { ...by(1, linear({ from: 0, to: 1, ...over })) }, 1), [[{ length: 3, end: 'terminated' }]]).run(40), names = new Set<number>();       // 40 ticks: 10 episodes, 30 steps
      for (let draw = 0; names.size < s.replay.stored; draw++) for (const item of s.replay.sample(draw).items!) names.add(item);
      const [one] = names;
      s.replay.prioritise!(Int32Array.from(names), Float32Array.from(names, item => (item === one ? 40 : 1)));
      const next = s.replay.sample(update), i = next.items!.indexOf(one!);
      return Math.log(1 / weightsOf(next)[i]!) / Math.log(40);
    };
    expect(at({ steps: 60 }, 1)).toBeCloseTo(0.5, 5);
    expect(at({ updates: 8 }, 2)).toBeCloseTo(0.25, 5);
    expect(at({ episodes: 40 }, 1)).toBeCloseTo(0.25, 5);
  });
});

describe('priorities', () => {
  it('of what is new are the greatest that was ever given, 1 at first', () => {
    const s = new Stream(make(prioritised, by(1, 1), 1), ENDLESS).run(4), held = () => [...s.replay.snapshot().arrays['priority/0']!.data];
    const first = s.replay.sample(0), one = idsOf(first)[0]!, give = (p: number) => { s.replay.prioritise!(first.items!.subarray(0, 1), Float32Array.of(p)); };
    /** Weights at beta 1 and alpha 1 are the least priority over that of an item. */
    const weights = (update: number) => { const sample = s.replay.sample(update); return new Map(idsOf(sample).map((id, i) => [id, weightsOf(sample)[i]!])); };
    expect(new Set(weights(0).values())).toEqual(new Set([1]));
    give(7);
    expect(new Set(weights(1).values())).toEqual(new Set([1]));            // the others have none, and count as 7
    give(2);
    s.run(1);
    expect(held()).toEqual([0, 1, 2, 3, 4].map(id => (id === one ? 2 : 0)));
    const seen = weights(2);
    expect(seen.size).toBeGreaterThan(3);
    for (const [id, w] of seen) expect(w).toBeCloseTo(id === one ? 1 : 2 / 7, 6);
  });
  it('make no difference by when they come back, before or after what comes in meanwhile', () => {
    const setting = { ...by(0.6), keep: 12 }, [early, late] = [0, 1].map(() => new Stream(make(prioritised, setting, 1), ENDLESS).run(12)) as [Stream, Stream], { items } = early.replay.sample(0), give = (s: Stream) => { s.replay.prioritise!(items!, Float32Array.from({ length: 8 }, (_, i) => 3 + i)); };
    give(early);
    early.run(4); late.run(4);
    give(late);
    expect(filed(late.replay.snapshot())).toEqual(filed(early.replay.snapshot()));
    expect(late.replay.sample(1)).toEqual(early.replay.sample(1));
  });
  it('of an item of several steps are the greatest of them', () => {
    const { replay } = new Stream(make(prioritised, { ...by(1), length: 2 }, 1), ENDLESS).run(6), [a, b] = new Set(replay.sample(0).items);
    replay.prioritise!(Int32Array.of(a!, b!), Float32Array.of(3, 5, 6, 2));
    expect([...replay.snapshot().arrays['priority/0']!.data].sort()).toEqual([0, 0, 0, 5, 6]);
  });
  it('that come back late, when their transition is forgotten, are nobody else\'s', () => {
    const s = new Stream(make(prioritised, { ...by(1), keep: 10 }, 1), ENDLESS).run(10);
    const { items } = s.replay.sample(0);
    s.run(10);
    s.replay.prioritise!(items!, new Float32Array(8).fill(50));
    expect([...s.replay.snapshot().arrays['priority/0']!.data]).toEqual(Array<number>(10).fill(0));
  });
  it.each([0, -1, NaN, Infinity])('of %f are refused, with the transition and the remedy, and change nothing', p => {
    const { replay, items } = filledWith(by(0.6), [1, 2, 3, 4]), before = filed(replay.snapshot()), error = said(() => { replay.prioritise!(Int32Array.of(items.get(1)!, items.get(2)!), Float32Array.of(9, p)); });
    expect(error).toBeInstanceOf(RunError);
    expect(error!.message).toBe(`prioritised replay: the priority of transition 2 of copy 0 is ${p}\n  fix: give g.prioritise finite numbers above 0: the priority of weightedMse, or |error| + 1e-6`);
    expect(filed(replay.snapshot())).toEqual(before);
  });
  it('far apart leave every draw possible and every weight a number', () => {
    const { replay } = filledWith({ ...by(40, 1), batch: 4 }, [1e-6, 1e30, 1, 1e-20]);
    for (let update = 0; update < 5; update++) { const s = replay.sample(update); expect(weightsOf(s).every(w => w >= 0 && w <= 1)).toBe(true); }
  });
});

describe('a prioritised replay', () => {
  it('that is empty draws nothing, and says so', () => {
    const empty = said(() => make(prioritised, by(0.6), 2).sample(0));
    expect(empty).toBeInstanceOf(RunError);
    expect(empty!.message).toBe('nothing can be drawn from the prioritised replay: it is empty\n  fix: draw when `stored` is above 0');
    const open = new Stream(make(prioritised, { ...by(0.6), length: 3 }, 1), ENDLESS).run(2);          // no piece of 3 steps yet
    expect([open.replay.inserted, open.replay.stored]).toEqual([2, 0]);
    expect(said(() => open.replay.sample(0))).toBeInstanceOf(RunError);
  });
  it('is of transitions', () => {
    const setting = { source: { cut: 'episodes', keep: 10, batch: 2, prioritised: { alpha: 0.6, beta: 0.4 } }, copies: 1, fields: [], needsNext: false, seed: 1 } as const, error = said(() => prioritised.make(setting));
    expect(error).toBeInstanceOf(InputError);
    expect(error!.message).toBe('prioritised replay is of transitions, and the source is cut into episodes\n  fix: g.transitions({ keep, batch, prioritised: { alpha, beta } }), or a source without priorities');
  });
  it('restored from a file, goes on as if nothing had been: draws, weights, priorities', () => fc.assert(fc.property(plans, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 5, max: 30 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3 }), fc.boolean(), (copies, before, after, keep, length, needsNext) => {
    const setting: Setting = { keep, length, batch: 4, prioritised: { alpha: 0.6, beta: linear({ from: 0.4, to: 1, episodes: 20 }) } }, fresh = () => make(prioritised, setting, copies.length, { needsNext });
    const go = (s: Stream, from: number, ticks: number) => Array.from({ length: ticks }, (_, i) => {
      s.run(1);
      if (!s.replay.stored) return undefined;
      const sample = s.replay.sample(from + i), draw = Random.of(from + i, 'priorities');
      s.replay.prioritise!(sample.items!, Float32Array.from({ length: 4 * length }, () => 0.01 + 5 * draw.uniform()));
      return sample;
    });
    const straight = new Stream(fresh(), copies), twin = new Stream(fresh(), copies);
    go(straight, 0, before); go(twin, 0, before);
    const kept = filed(straight.replay.snapshot()), unchanged = structuredClone(kept), back = fresh();
    back.restore(kept);
    twin.replay = back;
    expect(filed(back.snapshot())).toEqual(kept);
    expect(go(twin, before, after)).toEqual(go(straight, before, after));
    expect(filed(twin.replay.snapshot())).toEqual(filed(straight.replay.snapshot()));
    expect(kept).toEqual(unchanged);
  }), { numRuns: 40 }));
  it('draws from a million as fast as from a few: a draw visits each level of the tree', () => {
    const seconds = (n: number) => {
      const { replay } = new Stream(make(prioritised, { ...by(0.6), keep: n }, 1), ENDLESS).run(200), began = performance.now();
      for (let update = 0; update < 300; update++) replay.sample(update);
      return performance.now() - began;
    };
    seconds(256);
    expect(seconds(2 ** 20)).toBeLessThan(20 * seconds(256) + 20);       // 20 levels in place of 8, where all of them would be 4096 times as many
  });
});

/** What comes out of a replay is what went in: over random streams of episodes, lengths 1 to 7, one to four copies, ended or cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunError } from '../../../core/error.ts';
import { episodes } from '../../../plugins/replay/episodes.ts';
import { prioritised } from '../../../plugins/replay/prioritised.ts';
import { rollouts } from '../../../plugins/replay/rollouts.ts';
import { transitions } from '../../../plugins/replay/transitions.ts';
import { filed, itemsOf, make, plans, rewardOf, Stream, type Item, type Slot } from './streams.ts';

const RUNS = { numRuns: 40 };
const ticks = fc.integer({ min: 8, max: 60 }), size = fc.integer({ min: 1, max: 12 });
/** What an item shows at a slot is what was seen there. */
function shows(item: Item, t: number, slot: Slot): void {
  expect(item.ids[t]).toEqual([slot.id, slot.copy]);
  expect(item.start[t]).toBe(Number(slot.start));
  expect(item.avail.slice(2 * t, 2 * t + 2)).toEqual([slot.id % 2, 1]);
}
/** What an item says became of a slot is what became of it. */
function became(item: Item, t: number, slot: Slot, { warm = false } = {}): void {
  expect(item.valid[t]).toBe(Number(slot.valid && !warm));
  expect(item.action[t]).toBe(slot.action);
  expect(item.reward[t]).toBe(slot.valid ? rewardOf(slot.id) : 0);
  expect([item.terminated[t], item.truncated[t]]).toEqual([Number(slot.terminated ?? 0), Number(slot.truncated ?? 0)]);
}

describe('episodes', () => {
  it('are whole, as they were, padded to the longest with zeros and with everything available', () => fc.assert(fc.property(plans, ticks, size, fc.nat(9), (copies, n, batch, update) => {
    const s = new Stream(make(episodes, { keep: 50, batch }, copies.length), copies).run(n), done = s.complete;
    expect(s.replay.inserted).toBe(done.length);
    expect(s.replay.stored).toBe(Math.min(50, done.length));
    fc.pre(done.length > 0);
    const sample = s.replay.sample(update), items = itemsOf(sample), { cut } = sample;
    expect(cut.batch).toBe(Math.min(batch, done.length));
    const lengths = items.map(item => {
      const slots = done.find(e => e[0]!.id === item.ids[0]![0] && e[0]!.copy === item.ids[0]![1])!, length = slots.length - 1;
      slots.forEach((slot, t) => { shows(item, t, slot); if (t < length) became(item, t, slot); });
      for (let t = length + 1; t <= cut.time; t++) { expect(item.ids[t]).toEqual([0, 0]); expect(item.start[t]).toBe(0); expect(item.avail.slice(2 * t, 2 * t + 2)).toEqual([1, 1]); }
      for (let t = length; t < cut.time; t++) expect([item.valid[t], item.reward[t], item.terminated[t], item.truncated[t]]).toEqual([0, 0, 0, 0]);
      return length;
    });
    expect(cut.time).toBe(Math.max(...lengths));
    expect(items.flatMap(i => i.valid).reduce((a, b) => a + b, 0)).toBe(lengths.reduce((a, b) => a + b, 0));
    expect(new Set(items.map(i => i.ids[0]!.join())).size).toBe(items.length);      // without replacement
  }), RUNS));
  it('are kept up to so many, the newest', () => fc.assert(fc.property(plans, ticks, fc.integer({ min: 1, max: 5 }), (copies, n, keep) => {
    const s = new Stream(make(episodes, { keep, batch: keep }, copies.length), copies).run(n), newest = s.complete.slice(-keep);
    fc.pre(newest.length > 0);
    const drawn = itemsOf(s.replay.sample(0)).map(i => i.ids[0]!.join());
    expect(drawn.sort()).toEqual(newest.map(e => [e[0]!.id, e[0]!.copy].join()).sort());
  }), RUNS));
  it('are each drawn as often', () => {
    const s = new Stream(make(episodes, { keep: 8, batch: 2 }, 1), [[{ length: 2, end: 'terminated' }]]).run(60), counts = new Map<number, number>();
    for (let update = 0; update < 4000; update++) for (const { ids } of itemsOf(s.replay.sample(update))) counts.set(ids[0]![0], (counts.get(ids[0]![0]) ?? 0) + 1);
    expect(counts.size).toBe(8);
    // 1000 each; the deviation of a draw of 2 of 8 is 27
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(140);
  });
  it('that are not kept are used once, in the order in which they ended', () => fc.assert(fc.property(plans, fc.integer({ min: 1, max: 4 }), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }), (copies, batch, pieces) => {
    const s = new Stream(make(episodes, { batch }, copies.length), copies), used: string[] = [];
    for (const [update, n] of pieces.entries()) {
      s.run(n);
      while (s.replay.stored >= batch) used.push(...itemsOf(s.replay.sample(update)).map(i => i.ids[0]!.join()));
    }
    const all = s.complete.map(e => [e[0]!.id, e[0]!.copy].join());
    expect(used).toEqual(all.slice(0, used.length));
    expect(s.replay.inserted).toBe(all.length);
    expect(s.replay.stored).toBe(all.length - used.length);
  }), RUNS));
  it('bring the action after the last transition where the page reads it', () => fc.assert(fc.property(plans, ticks, (copies, n) => {
    const s = new Stream(make(episodes, { keep: 20, batch: 20 }, copies.length, { needsNext: true }), copies).run(n), done = s.complete;
    fc.pre(done.length > 0);
    for (const item of itemsOf(s.replay.sample(0))) {
      const slots = done.find(e => e[0]!.id === item.ids[0]![0] && e[0]!.copy === item.ids[0]![1])!;
      expect(item.action.slice(0, slots.length)).toEqual(slots.map(x => x.action));
      expect(item.action.slice(slots.length).every(a => a === 0)).toBe(true);
    }
  }), RUNS));
});

describe('transitions', () => {
  /** The slots whose piece is complete and still held: from the newest so many steps of each copy. */
  const drawable = (s: Stream, keep: number, length: number) => s.slots.flatMap(slots => {
    const steps = slots.filter(x => x.valid), held = steps.slice(-Math.max(length, Math.ceil(keep / s.slots.length)));
    return held.filter(x => x.id + length < slots.length).map(x => [x.id, x.copy].join());
  });
  it('begin at a step and end at the observation after it, never across an end', () => fc.assert(fc.property(plans, ticks, size, fc.nat(9), (copies, n, batch, update) => {
    const s = new Stream(make(transitions, { keep: 1000, batch }, copies.length), copies).run(n), steps = s.slots.flat().filter(x => x.valid);
    expect(s.replay.inserted).toBe(steps.length);
    expect(s.replay.stored).toBe(steps.length);
    const sample = s.replay.sample(update);
    expect(sample.cut).toEqual({ batch, time: 1 });
    for (const item of itemsOf(sample)) {
      const [id, copy] = item.ids[0]!, first = s.at(id, copy), second = s.at(id + 1, copy);
      expect(first.valid).toBe(true);
      shows(item, 0, first); shows(item, 1, second); became(item, 0, first);
      expect(second.episode).toBe(first.episode);
      expect(second.start).toBe(false);
    }
  }), RUNS));
  it('are kept up to so many of each copy, exactly, the newest', () => fc.assert(fc.property(plans, ticks, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), (copies, n, keep, length) => {
    const s = new Stream(make(transitions, { keep, batch: 8, length }, copies.length), copies).run(n), held = drawable(s, keep, length), seen = new Set<string>();
    expect(s.replay.stored).toBe(held.length);
    fc.pre(held.length > 0);
    for (let update = 0; update < 60; update++) for (const item of itemsOf(s.replay.sample(update))) seen.add(item.ids[0]!.join());
    expect([...seen].filter(x => !held.includes(x))).toEqual([]);
    // 480 draws of at most 120: each is seen but for one chance in 10
    expect(seen.size).toBeGreaterThan(0.8 * held.length);
  }), RUNS));
  it('are each drawn as often, with replacement', () => {
    const s = new Stream(make(transitions, { keep: 20, batch: 32 }, 2), [[{ length: 3, end: 'terminated' }], [{ length: 5, end: 'truncated' }]]).run(100), counts = new Map<string, number>();
    let twice = 0;
    for (let update = 0; update < 250; update++) { const drawn = itemsOf(s.replay.sample(update)).map(i => i.ids[0]!.join()); twice += drawn.length - new Set(drawn).size; for (const k of drawn) counts.set(k, (counts.get(k) ?? 0) + 1); }
    expect(counts.size).toBe(s.replay.stored);
    const each = 8000 / counts.size, chi = [...counts.values()].reduce((a, x) => a + (x - each) ** 2 / each, 0);
    expect(chi).toBeLessThan(counts.size - 1 + 5 * Math.sqrt(2 * counts.size));
    expect(twice).toBeGreaterThan(0);
  });
  it('of several steps go on through ends; what is no transition is not valid, and the first steps only warm', () => fc.assert(fc.property(plans, ticks, fc.integer({ min: 2, max: 6 }), fc.nat(5), fc.nat(9), (copies, n, length, warm, update) => {
    const burnIn = Math.min(warm, length - 1), s = new Stream(make(transitions, { keep: 1000, batch: 6, length, burnIn }, copies.length), copies).run(n);
    fc.pre(s.replay.stored > 0);
    for (const item of itemsOf(s.replay.sample(update))) {
      const [id, copy] = item.ids[0]!;
      expect(s.at(id, copy).valid).toBe(true);
      for (let t = 0; t <= length; t++) { shows(item, t, s.at(id + t, copy)); if (t < length) became(item, t, s.at(id + t, copy), { warm: t < burnIn }); }
    }
  }), RUNS));
  it('wait for the action after them where the page reads it', () => fc.assert(fc.property(plans, ticks, fc.integer({ min: 1, max: 3 }), (copies, n, length) => {
    const s = new Stream(make(transitions, { keep: 1000, batch: 6, length }, copies.length, { needsNext: true }), copies).run(n);
    fc.pre(s.replay.stored > 0);
    for (const item of itemsOf(s.replay.sample(0))) { const [id, copy] = item.ids[0]!; expect(item.action).toEqual(Array.from({ length: length + 1 }, (_, t) => s.at(id + t, copy).action)); }
  }), RUNS));
});

describe('rollouts', () => {
  const steps = fc.integer({ min: 1, max: 7 });
  it('are the next slots of every copy, one after another, with the slot between two of them in both', () => fc.assert(fc.property(plans, ticks, steps, fc.boolean(), (copies, n, T, needsNext) => {
    const s = new Stream(make(rollouts, { steps: T }, copies.length, { needsNext }), copies), K = copies.length;
    let segment = 0;
    for (let i = 0; i < n; i++) {
      s.run(1);
      const ready = Math.floor((i + 1 - Number(needsNext)) / T);
      expect(s.replay.inserted).toBe(ready);
      expect(s.replay.stored).toBe(ready - segment);
      if (!s.replay.stored) continue;
      const sample = s.replay.sample(segment), items = itemsOf(sample);
      expect(sample.segment).toBe(segment);
      expect(sample.cut).toEqual({ batch: K, time: T });
      items.forEach((item, c) => {
        for (let t = 0; t <= T; t++) { const slot = s.at(segment * T + t, c); shows(item, t, slot); if (t < T) became(item, t, slot); else if (needsNext) expect(item.action[T]).toBe(slot.action); }
        expect(item.action).toHaveLength(T + Number(needsNext));
      });
      segment++;
    }
    expect(segment).toBe(Math.floor((n - Number(needsNext)) / T));
  }), RUNS));
});

describe.each([['episodes', episodes, { keep: 6, batch: 4 }], ['episodes used once', episodes, { batch: 2 }], ['transitions', transitions, { keep: 12, batch: 5, length: 2, burnIn: 1 }], ['transitions by priority', prioritised, { keep: 12, batch: 5, length: 2, burnIn: 1, prioritised: { alpha: 0.6, beta: 0.5 } }], ['rollouts', rollouts, { steps: 3 }]] as const)('%s', (_, factory, source) => {
  it('restored from a file, go on as if nothing had been: same counts, same samples', () => fc.assert(fc.property(plans, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 8, max: 30 }), fc.boolean(), (copies, before, after, needsNext) => {
    const fresh = () => make(factory, source, copies.length, { needsNext }), straight = new Stream(fresh(), copies).run(before), kept = filed(straight.replay.snapshot());
    const unchanged = structuredClone(kept), back = fresh();
    back.restore(kept);
    const twin = new Stream(fresh(), copies).run(before);
    twin.replay = back;
    for (let i = 0; i < after; i++) {
      straight.run(1); twin.run(1);
      expect([back.inserted, back.stored]).toEqual([straight.replay.inserted, straight.replay.stored]);
      if (back.stored > 0) expect(back.sample(i)).toEqual(straight.replay.sample(i));
    }
    expect(filed(back.snapshot())).toEqual(filed(straight.replay.snapshot()));
    expect(kept).toEqual(unchanged);                                // what was restored from is not written into
  }), RUNS));
  if (factory !== rollouts && 'keep' in source) {
    it('give the same batch for the same update and content, and another for another update, content or seed', () => {
      const copies = [[{ length: 3, end: 'terminated' as const }, { length: 5, end: 'truncated' as const }], [{ length: 4, end: 'truncated' as const }]], stream = (seed: number, n: number) => new Stream(make(factory, source, 2, { seed }), copies).run(n), s = stream(1, 40), first = s.replay.sample(7);
      for (const update of [0, 3, 9]) s.replay.sample(update);
      expect(s.replay.sample(7)).toEqual(first);
      expect(stream(1, 40).replay.sample(7)).toEqual(first);
      expect(s.replay.sample(8)).not.toEqual(first);
      expect(stream(2, 40).replay.sample(7)).not.toEqual(first);
      expect(stream(1, 48).replay.sample(7)).not.toEqual(first);
    });
    it('give arrays of their own: writing into a sample changes no other', () => {
      const s = new Stream(make(factory, source, 1), [[{ length: 3, end: 'terminated' }]]).run(30), first = structuredClone(s.replay.sample(1));
      for (const data of Object.values(s.replay.sample(1).fields)) data.fill(1);
      expect(s.replay.sample(1)).toEqual(first);
    });
  }
  it('hold no more room than they need, however long the run', () => {
    const s = new Stream(make(factory, source, 2), [[{ length: 3, end: 'terminated' }], [{ length: 5, end: 'truncated' }]]), held = () => Object.values(s.replay.snapshot().arrays).reduce((a, x) => a + x.data.length, 0);
    const use = () => { for (let i = 0; i < 200; i++) { s.run(1); while (!('keep' in source) && s.replay.stored >= (('batch' in source ? source.batch : 1))) s.replay.sample(i); } return held(); };
    const early = use();
    use(); use();
    expect(use()).toBeLessThan(1.5 * early + 100);
  });
});

describe('a replay that is empty', () => {
  it.each([['episode', episodes, {}], ['transition', transitions, {}], ['rollout', rollouts, { steps: 3 }]] as const)('of %ss draws nothing, and says so: at the beginning, and before the first item is whole', (what, factory, more) => {
    const open = new Stream(make(factory, { keep: 10, batch: 2, length: 5, ...more }, 1), [[{ length: 9, end: 'terminated' }]]);
    for (const ticks of [0, 2]) {
      open.run(ticks);
      expect(open.replay.stored).toBe(0);
      let said: unknown;
      try { open.replay.sample(0); } catch (e) { said = e; }
      expect(said).toBeInstanceOf(RunError);
      expect((said as RunError).message).toBe(`nothing can be drawn from the ${what} replay: it is empty\n  fix: draw when \`stored\` is above 0`);
    }
  });
});

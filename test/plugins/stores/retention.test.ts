import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { staying, type Held } from '../../../plugins/stores/retention.ts';

const held = (updates: readonly number[], bytes = 1): Held[] => updates.map(update => ({ update, bytes }));
const updates = (list: readonly Held[]) => list.map(({ update }) => update);
const some = fc.uniqueArray(fc.record({ update: fc.nat(1000), bytes: fc.nat(50) }), { selector: one => one.update, maxLength: 20 }).map(list => list.sort((a, b) => a.update - b.update));

describe('the checkpoints that stay', () => {
  it('are all where there is room, and else as many as there is room for, the newest two in any case', () => fc.assert(fc.property(some, fc.nat(25), fc.nat(500), (there, checkpoints, bytes) => {
    const stay = staying(there, { checkpoints, bytes }), sum = (list: readonly Held[]) => list.reduce((all, one) => all + one.bytes, 0);
    expect(there.filter(one => stay.includes(one))).toEqual(stay);
    expect(stay.slice(-2)).toEqual(there.slice(-2));
    if (there.length <= checkpoints && sum(there) <= bytes) expect(stay).toEqual(there);
    if (stay.length > 2) expect([stay.length <= checkpoints, sum(stay) <= bytes]).toEqual([true, true]);
  })));
  it('are spread over the run, however long it is: no gap is more than twice the mean one', () => fc.assert(fc.property(fc.integer({ min: 4, max: 30 }), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 1000 }), (checkpoints, saves, every) => {
    let there: readonly Held[] = [];
    for (let i = 1; i <= saves; i++) there = staying([...there, ...held([i * every])], { checkpoints, bytes: Infinity });
    const all = updates(there), gaps = all.map((update, i) => update - (all[i - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * saves * every / Math.min(checkpoints, saves));
  }), { numRuns: 60 }));
  it('lose the oldest of those that stand in equal gaps', () => {
    expect(updates(staying(held([10, 20, 30, 40, 50, 60]), { checkpoints: 4, bytes: Infinity }))).toEqual([20, 40, 50, 60]);
    expect(updates(staying(held([10, 20, 21, 40, 50]), { checkpoints: 4, bytes: Infinity }))).toEqual([10, 21, 40, 50]);
    expect(updates(staying(held([10, 20, 30, 40], 300), { checkpoints: 9, bytes: 1000 }))).toEqual([20, 30, 40]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SumTree } from '../../../plugins/replay/sum-tree.ts';

const masses = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e3, noNaN: true })), { minLength: 1, maxLength: 40 });
const RUNS = { numRuns: 100 };

describe('a tree of sums', () => {
  it('after any changes has the sum of its leaves, and the least above 0', () => fc.assert(fc.property(masses, fc.array(fc.tuple(fc.nat(39), fc.double({ min: 0, max: 1e3, noNaN: true })), { maxLength: 30 }), (first, changes) => {
    const tree = new SumTree(first.length), all = [...first];
    first.forEach((mass, leaf) => { tree.set(leaf, mass); });
    for (const [at, mass] of changes) { const leaf = at % all.length; all[leaf] = mass; tree.set(leaf, mass); }
    const sum = all.reduce((a, x) => a + x, 0);
    expect(Math.abs(tree.sum - sum)).toBeLessThanOrEqual(1e-12 * sum);
    expect(tree.least).toBe(Math.min(...all.filter(x => x > 0)));
    all.forEach((mass, leaf) => { expect(tree.at(leaf)).toBe(mass); });
  }), RUNS));
  it('of the same leaves is the same, whatever they were before', () => fc.assert(fc.property(masses, masses, fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 10 }), (last, before, places) => {
    const changed = new SumTree(last.length), fresh = new SumTree(last.length);
    before.slice(0, last.length).forEach((mass, leaf) => { changed.set(leaf, mass); });
    last.forEach((mass, leaf) => { changed.set(last.length - 1 - leaf, last[last.length - 1 - leaf]!); fresh.set(leaf, mass); });
    expect(changed.sum).toBe(fresh.sum);
    for (const u of places) expect(changed.find(u * fresh.sum)).toBe(fresh.find(u * fresh.sum));
  }), RUNS));
  it('finds the leaf in whose stretch a place lies', () => {
    const tree = new SumTree(5);
    [2, 0, 1, 4, 3].forEach((mass, leaf) => { tree.set(leaf, mass); });
    expect([0, 1.99, 2, 2.99, 3, 6.99, 7, 9.99].map(place => tree.find(place))).toEqual([0, 0, 2, 2, 3, 3, 4, 4]);
  });
  it('never finds a leaf of 0, not even at the end or behind it', () => fc.assert(fc.property(masses.filter(m => m.some(x => x > 0)), fc.double({ min: 0, max: 1.5, noNaN: true }), (list, u) => {
    const tree = new SumTree(list.length);
    list.forEach((mass, leaf) => { tree.set(leaf, mass); });
    expect(list[tree.find(u * tree.sum)]).toBeGreaterThan(0);
  }), RUNS));
});

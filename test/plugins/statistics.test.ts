/** Statistics over runs: those of the package rliable, and what holds of them whatever the scores. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { interval, iqm, probabilityOfImprovement, type Scores } from '../../plugins/statistics.ts';

interface Estimate<D> { readonly value: number; readonly low: number; readonly high: number; readonly drawn: readonly D[] }
interface Case { readonly x: Scores; readonly y: Scores; readonly iqm: Estimate<readonly number[][]>; readonly improvement: Estimate<readonly number[][][]> }
const { resamples, cases } = JSON.parse(readFileSync(new URL('../fixtures/rliable/scores.json', import.meta.url), 'utf8')) as { readonly resamples: number; readonly cases: readonly Case[] };

/** Draws as they were recorded, run by task, in the order in which ours are asked for: task by task. */
function recorded(drawn: readonly (readonly (readonly number[])[])[]) {
  const all = drawn.flatMap(runs => runs[0]!.flatMap((_, task) => runs.map(run => run[task]!)));
  let at = 0;
  return { integer: (below: number) => { const drawnRun = all[at++]!; expect(drawnRun).toBeLessThan(below); return drawnRun; }, left: () => all.length - at };
}

describe('rliable', () => {
  it.each(cases.map((c, i) => [i, `${c.x[0]!.length} and ${c.y[0]!.length} runs, ${c.x.length} tasks`, c] as const))('case %i: %s', (_, __, { x, y, iqm: middle, improvement }) => {
    const one = recorded(middle.drawn), both = recorded(improvement.drawn.flat());
    expect(iqm(x)).toBeCloseTo(middle.value, 10);
    expect(probabilityOfImprovement(x, y)).toBeCloseTo(improvement.value, 10);
    const a = interval(s => iqm(s!), [x], resamples, one), b = interval((p, q) => probabilityOfImprovement(p!, q!), [x, y], resamples, both);
    expect([one.left(), both.left()]).toEqual([0, 0]);
    for (const [ours, theirs] of [[a.low, middle.low], [a.high, middle.high], [b.low, improvement.low], [b.high, improvement.high]] as const) expect(ours).toBeCloseTo(theirs, 10);
  });
});

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true }), task = fc.array(finite, { minLength: 1, maxLength: 12 }), scores = fc.array(task, { minLength: 1, maxLength: 4 });
const both = fc.integer({ min: 1, max: 4 }).chain(n => fc.tuple(fc.array(task, { minLength: n, maxLength: n }), fc.array(task, { minLength: n, maxLength: n })));
describe('of any scores', () => {
  it('the IQM lies within them, moves and stretches with them, and is that of the middle half by hand', () => {
    expect(iqm([[8, 1, 2, 3, 4, 5, 6, 100]])).toBe((3 + 4 + 5 + 6) / 4);
    expect(iqm([[1, 2], [6]])).toBe(3);
    fc.assert(fc.property(scores, x => {
      const all = x.flat(), value = iqm(x);
      expect(value).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
      expect(value).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
      expect(iqm(x.map(runs => runs.map(s => 2 * s + 3)))).toBeCloseTo(2 * value + 3, 6);
      expect(iqm([[...all].reverse()])).toBe(value);
    }));
  });
  it('one of two is better, and order alone counts', () => {
    expect(probabilityOfImprovement([[1, 2]], [[0, 1]])).toBe((1 + 0.5 + 1 + 1) / 4);
    fc.assert(fc.property(both, ([x, y]) => {
      expect(probabilityOfImprovement(x, y) + probabilityOfImprovement(y, x)).toBeCloseTo(1, 12);
      expect(probabilityOfImprovement(x, x)).toBeCloseTo(0.5, 12);
      expect(probabilityOfImprovement(x.map(t => t.map(s => 4 * s)), y.map(t => t.map(s => 4 * s)))).toBe(probabilityOfImprovement(x, y));
    }));
  });
  it('an interval is of values that resamples can have, is the same of the same seed, and one run has none but itself', () => {
    fc.assert(fc.property(scores, x => {
      const all = x.flat(), found = interval(s => iqm(s!), [x], 50, Random.of(1, 'test'));
      expect(found.low).toBeLessThanOrEqual(found.high);
      expect(found.low).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
      expect(found.high).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
      expect(interval(s => iqm(s!), [x], 50, Random.of(1, 'test'))).toEqual(found);
    }), { numRuns: 50 });
    expect(interval(s => iqm(s!), [[[3]]], 50, Random.of(1, 'test'))).toEqual({ low: 3, high: 3 });
  });
});

/** QPLEX's two-state game under uniform play: values that are additive or monotonic grow without end, QPLEX's come to the optimum and stay. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { curveOf, PAGES, SEEDS, UPDATES, type Point } from './mmdp.ts';
import { Table } from './table.ts';

const table = new Table(`matrix/mmdp, ${UPDATES} updates`), made = compose();
afterAll(() => { table.print(); });

/** Values of (0,0), (0,1), (1,0), (1,1) where the pay goes on: 1 + 0.9 V, 0.9 V twice, and 0, with V = 10. */
const OPTIMUM = [10, 9, 9, 0];
async function learn(name: keyof typeof PAGES, seed: number): Promise<readonly Point[]> {
  const { points, seconds } = await curveOf(await made, PAGES[name], seed), last = points.at(-1)!;
  expect(points).toHaveLength(20);
  table.add({ algorithm: name, seed, 'largest value, by quarters': points.filter((_, i) => i % 5 === 4).map(p => p.largest.toFixed(1)).join(' '), 'learned at the start': valuesOf(last).map(x => x.toFixed(1)).join(' '), 'greedy return, last ten': [...new Set(points.slice(-10).map(p => p.greedy))].join(' '), seconds: Math.round(seconds) });
  return points;
}
const valuesOf = (p: Point) => [p.q00, p.q01, p.q10, p.q11];

describe('mmdp', () => {
  it.each(SEEDS)('QPLEX: values stay bounded and come to the optimum, greedy play gets 100 and stays there (seed %i)', async seed => {
    const points = await learn('QPLEX', seed), late = points.slice(-10);
    for (const { largest, greedy } of late) { expect(largest).toBeLessThan(10.5); expect(greedy).toBe(100); }
    valuesOf(points.at(-1)!).forEach((x, i) => { expect(Math.abs(x - OPTIMUM[i]!)).toBeLessThan(1); });
  });
  it.each(SEEDS)('VDN: each copy of the targets makes its values larger, by 1.125 and more in the end (seed %i)', async seed => {
    const points = await learn('VDN', seed), growth = points.at(-1)!.largest / points.at(-2)!.largest;     // two copies
    expect(points.at(-1)!.largest).toBeGreaterThan(100);
    expect(growth).toBeGreaterThan(1.2);
  });
  it.each(SEEDS)('QMIX: its values pass the optimum as well (seed %i)', async seed => { expect((await learn('QMIX', seed)).at(-1)!.largest).toBeGreaterThan(20); });
});

/** A game that needs communication: DGN's agents hear their neighbours and learn it, those of IQL stay at chance. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { AGENTS, curveOf, PAGES, SEEDS, STEPS, type Curve } from './parity.ts';
import { Table } from './table.ts';

const table = new Table(`parity/line?agents=${AGENTS}, ${STEPS} steps`), share = (x: number) => x.toFixed(3);
afterAll(() => { table.print(); });
const made = compose();

/** The last five evaluations, of 1000 answers each. */
const late = ({ points }: Curve) => points.slice(-5).map(({ right }) => right);
async function learn(name: keyof typeof PAGES, seed: number): Promise<number[]> {
  const curve = await curveOf(await made, PAGES[name], seed), last = late(curve), reached = curve.points.find(({ right }) => right >= 0.99);
  expect(curve.points).toHaveLength(20);
  table.add({ algorithm: name, seed, 'first >= 0.99': reached ? `step ${reached.step}` : 'never', 'right answers, last five evaluations': last.map(share).join(' '), seconds: Math.round(curve.seconds) });
  return last;
}

describe('parity with the neighbours on a line', () => {
  it.each(SEEDS)('DGN answers right, all but always (seed %i)', async seed => { expect(Math.min(...await learn('DGN', seed))).toBeGreaterThanOrEqual(0.99); });
  it.each(SEEDS)('IQL answers right half of the time, whatever it learns (seed %i)', async seed => {
    const last = await learn('IQL', seed), mean = last.reduce((a, x) => a + x, 0) / last.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.04);                   // 5,000 answers: 5.7 standard errors
  });
});

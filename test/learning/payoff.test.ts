/** The rows of docs/reproductions.md for one-step games and the two-step game: learned joint values against derived or published ones. */
import { afterAll, describe, expect, it } from 'vitest';
import { joint, learn, PAGES } from './payoff.ts';
import { countEnds, endOf, ENDS, fisher, theirEnds } from './shaq-ends.ts';
import { Table } from './table.ts';

const table = new Table('small games');
afterAll(() => { table.print(); });
const ONE_STEP = joint(3).map(a => [a]);
const round = (x: ArrayLike<number>) => Array.from(x, v => v.toFixed(2)).join(' ');
const near = (got: ArrayLike<number>, want: readonly number[], tolerance: number) => Array.from(got).every((x, i) => Math.abs(x - want[i]!) <= tolerance);
const largest = (got: ArrayLike<number>, want: readonly number[]) => Math.max(...Array.from(got, (x, i) => Math.abs(x - want[i]!)));
const additive = (a: number, b: number, c: number) => [a, b, b, b, c, c, b, c, c];

interface Row { readonly algorithm: 'vdn' | 'qatten' | 'qmix' | 'qplex' | 'owQmix' | 'cwQmix'; readonly alpha?: number; readonly game: string; readonly updates: number; readonly seeds: readonly number[]; readonly enough: number; readonly values: readonly number[]; readonly tolerance: number; readonly greedy: number; readonly paper: string }
const ROWS: readonly Row[] = [
  { algorithm: 'vdn', game: 'matrix/m1', updates: 5000, seeds: [1, 2, 3], enough: 3, values: additive(-56 / 9, -44 / 9, -32 / 9), tolerance: 0.1, greedy: 0, paper: 'least squares: -6.22 -4.89 -3.56' },
  { algorithm: 'vdn', game: 'matrix/m4', updates: 4000, seeds: [1, 2, 3], enough: 3, values: additive(6.578, 2.611, -1.356), tolerance: 0.1, greedy: 12, paper: 'least squares: 6.578 2.611 -1.356' },
  { algorithm: 'qatten', game: 'matrix/m1', updates: 4000, seeds: [1, 2, 3], enough: 3, values: additive(-56 / 9, -44 / 9, -32 / 9), tolerance: 0.2, greedy: 0, paper: 'least squares: -6.22 -4.89 -3.56' },
  { algorithm: 'qmix', game: 'matrix/m1', updates: 5000, seeds: [1, 2, 3, 4, 5], enough: 4, values: additive(-8, -8, 0), tolerance: 0.3, greedy: 0, paper: 'QPLEX paper: -8 -8 0' },
  { algorithm: 'qmix', game: 'matrix/m4', updates: 4000, seeds: [1, 2, 3], enough: 3, values: additive(12, -0.05, -0.05), tolerance: 0.5, greedy: 12, paper: 'payoff: 12 -0.1 0' },
  { algorithm: 'qplex', game: 'matrix/m1', updates: 8000, seeds: [11, 12, 13, 14, 15], enough: 4, values: additive(8, -12, 0), tolerance: 1, greedy: 8, paper: 'QPLEX paper: 8.0 -12.1 0' },
  // errors of cells above their target weigh alpha: the cells beside (A, A) settle at -12 alpha / (1 + alpha) in OW-QMIX, at -6 in CW-QMIX
  { algorithm: 'owQmix', alpha: 0.1, game: 'matrix/m1', updates: 4000, seeds: [1, 2, 3], enough: 3, values: additive(8, -1.2 / 1.1, -1.2 / 1.1), tolerance: 0.5, greedy: 8, paper: 'derived: 8 -1.09 -1.09' },
  { algorithm: 'owQmix', alpha: 0.5, game: 'matrix/m1', updates: 3000, seeds: [1, 2, 3], enough: 3, values: additive(8, -4, -4), tolerance: 0.5, greedy: 8, paper: 'derived: 8 -4 -4' },
  { algorithm: 'cwQmix', alpha: 0.1, game: 'matrix/m1', updates: 3000, seeds: [1, 2, 3], enough: 3, values: additive(8, -6, -6), tolerance: 0.6, greedy: 8, paper: 'derived: 8 -6 -6' },
  // with a large alpha the basin of QMIX is entered
  { algorithm: 'cwQmix', alpha: 0.75, game: 'matrix/m1', updates: 4000, seeds: [1, 2, 3], enough: 3, values: additive(-7, -7, 0), tolerance: 0.4, greedy: 0, paper: 'derived: -7 -7 0' },
];
const NAMES = { vdn: 'VDN', qatten: 'Qatten', qmix: 'QMIX', qplex: 'QPLEX', owQmix: 'OW-QMIX', cwQmix: 'CW-QMIX' } as const;
const nameOf = ({ algorithm, alpha, game }: Row) => `${NAMES[algorithm]}${alpha === undefined ? '' : ` with alpha ${alpha}`}, ${game.slice(-2).toUpperCase()}`;

describe('one-step games', () => {
  it('IQL on matrix/m1: each agent learns the mean of its row', async () => {
    const want = [-16 / 3, -4, -4], worst: number[] = [];
    for (const seed of [1, 2, 3]) {
      const learned = await learn(PAGES.iql([64, 64]), 'matrix/m1', ONE_STEP, 500, seed, 'agentQ.q'), q = learned.settled;
      const rows = [q.subarray(0, 3), q.subarray(3, 6)];
      worst.push(Math.max(...rows.map(r => largest(r, want))));
      expect(learned.greedy).toBe(0);
      table.add({ row: 'IQL, M1', seed, ours: round(q.subarray(0, 6)), theirs: 'row means: -5.33 -4.00 -4.00', tolerance: '0.1', greedy: learned.greedy, seconds: learned.seconds });
    }
    expect(Math.max(...worst)).toBeLessThanOrEqual(0.1);
  });
  it.each(ROWS.map(row => [nameOf(row), row] as const))('%s: the joint values, and what greedy play gets', async (row, { algorithm, alpha = 0, game, updates, seeds, enough, values, tolerance, greedy, paper }) => {
    let hits = 0;
    for (const seed of seeds) {
      const learned = await learn(PAGES[algorithm]([64, 64], alpha), game, ONE_STEP, updates, seed, 'mixer.qTot'), qTot = learned.settled, hit = near(qTot, values, tolerance) && learned.greedy === greedy;
      table.add({ row, seed, ours: round(qTot), theirs: paper, tolerance: String(tolerance), greedy: learned.greedy, seconds: learned.seconds });
      if (hit) hits++;
      if (algorithm !== 'qmix') expect(learned.greedy, `seed ${seed}`).toBe(greedy);        // QMIX on M1 depends on the basin that a seed falls into
    }
    expect(hits).toBeGreaterThanOrEqual(enough);
  });
});

/** Joint values row by row: of QTRAN-alt what agent 1's head says of its actions, beside each of agent 2's. */
const tableOf = (joint: Float64Array): Float64Array => (joint.length === 9 ? joint : Float64Array.from({ length: 9 }, (_, i) => joint[(i % 3) * 6 + Math.floor(i / 3)]!));
describe('QTRAN on matrix/m1', () => {
  it.each([
    { algorithm: 'qtranBase' as const, row: 'QTRAN-base, M1', updates: 5000 }, { algorithm: 'qtranEven' as const, row: 'QTRAN-base with weights 1, M1', updates: 5000 }, { algorithm: 'qtranAlt' as const, row: 'QTRAN-alt, M1', updates: 4000 },
  ])('$row: the joint values are the payoff, and what the agents find best is', async ({ algorithm, row, updates }) => {
    for (const seed of [1, 2, 3]) {
      const { settled, also: [best, value], greedy, seconds } = await learn(PAGES[algorithm]([64, 64]), 'matrix/m1', ONE_STEP, updates, seed, 'jointQ.q', 'greedySum.qTot', 'value.value'), got = tableOf(settled), sums = best!.map((x, i) => x + value![i]!);
      table.add({ row, seed, ours: `${round(got)}; ${round(sums.subarray(0, 1))}`, theirs: 'QTRAN paper: 8.00 -12.02 -12.02 -12.00 0.00 0.00 -12.00 0.00 -0.01; 8', tolerance: '0.6; 0.3', greedy, seconds });
      expect(greedy, `seed ${seed}`).toBe(8);
      expect(largest(got, additive(8, -12, 0)), `seed ${seed}`).toBeLessThanOrEqual(0.6);
      expect(largest(sums, Array<number>(9).fill(8)), `seed ${seed}`).toBeLessThanOrEqual(0.3);
    }
  });
});

/** No paper says what SHAQ learns here. The authors' code ends in one of three places (`shaq-ends.ts`), and so does ours, as often. */
describe('SHAQ on matrix/m1', () => {
  it('ends where the authors\' code does, as often', async () => {
    const ends: ReturnType<typeof endOf>[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { settled, also: [isGreedy], greedy, seconds } = await learn(PAGES.shaq([64, 64]), 'matrix/m1', ONE_STEP, 4000, seed, 'mixer.qTot', 'chosen.isGreedy'), both = Array.from(settled, (_, i) => isGreedy![2 * i]! * isGreedy![2 * i + 1]!), at = both.indexOf(Math.max(...both)), end = endOf(settled, both);
      if (seed <= 5) table.add({ row: 'SHAQ, M1', seed, ours: `${round(settled)}; greedy cell ${settled[at]!.toFixed(2)}`, theirs: 'derived: VDN (-6.22 -4.89 -3.56), or the greedy cell 0 or 8', tolerance: '0.2; 1.5', greedy, seconds });
      expect(end, `seed ${seed}`).toBeDefined();
      expect(greedy, `seed ${seed}`).toBe(end === 'best' ? 8 : 0);
      ends.push(end);
    }
    const ours = countEnds(ends), theirs = countEnds(theirEnds);
    table.add({ row: 'SHAQ, M1', seed: '1 to 20', ours: ours.join(' '), theirs: `authors' code: ${theirs.join(' ')} of ${theirEnds.length}`, tolerance: 'Fisher 0.05', greedy: '', seconds: '' });
    ENDS.forEach((end, i) => { expect(fisher(ours[i]!, ends.length, theirs[i]!, theirEnds.length), end).toBeGreaterThan(0.05); });
  });
});

/** Every play of both steps: half the transitions are in state 1, a quarter in each second state. */
const TWO_STEP = joint(2).flatMap(a => joint(2).map(b => [a, b]));
/** Values of state 1, then of 2A, then of 2B, each over its four joint actions. */
function byState(qTot: ArrayLike<number>): { first: number[]; a: number[]; b: number[] } {
  const first = [0, 4, 8, 12].map(i => qTot[i * 2]!), second = (branch: number) => [0, 1, 2, 3].map(i => qTot[(branch * 8 + i) * 2 + 1]!);
  return { first, a: second(0), b: second(1) };
}
describe('two-step game', () => {
  it.each([
    { algorithm: 'vdnTwoStep' as const, first: [6.93, 6.93, 6.435, 6.435], a: [7, 7, 7, 7], b: [-1.5, 2.5, 2.5, 6.5], tolerance: 0.1, greedy: 7, paper: 'derived: 6.93 6.93 6.435 6.435; 7; -1.5 2.5 2.5 6.5' },
    { algorithm: 'qmixTwoStep' as const, first: [6.93, 6.93, 7.92, 7.92], a: [7, 7, 7, 7], b: [0, 1, 1, 8], tolerance: 0.2, greedy: 8, paper: 'QMIX paper: 6.93 6.93 7.92 7.92; 7.00; 0.00 1.00 1.00 8.00' },
  ])('$algorithm: values of every state, and the branch that it takes', async ({ algorithm, first, a, b, tolerance, greedy, paper }) => {
    for (const seed of [1, 2, 3]) {
      const learned = await learn(PAGES[algorithm]([64]), 'matrix/two-step', TWO_STEP, 10_000, seed, 'mixer.qTot'), got = byState(learned.settled);
      table.add({ row: `${algorithm.replace('TwoStep', '').toUpperCase()}, two-step`, seed, ours: `${round(got.first)}; ${round(got.a)}; ${round(got.b)}`, theirs: paper, tolerance: String(tolerance), greedy: learned.greedy, seconds: learned.seconds });
      expect(largest(got.first, first)).toBeLessThanOrEqual(tolerance);
      expect(largest(got.a, a)).toBeLessThanOrEqual(tolerance);
      expect(largest(got.b, b)).toBeLessThanOrEqual(tolerance);
      expect(learned.greedy).toBe(greedy);
    }
  });
});

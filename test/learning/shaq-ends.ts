/** Where SHAQ ends on matrix/m1, of which nobody has published a table: judged alike for the authors' code and for ours. */
import { readFileSync } from 'node:fs';

const M1 = [8, -12, -12, -12, 0, 0, -12, 0, 0], LEAST_SQUARES = [-56, -44, -44, -44, -32, -32, -44, -32, -32].map(x => x / 9);
/** Alpha near 1 and the values of VDN; or all agents greedy at one cell at each update, its value near its payoff, which is the best or 0. */
export const ENDS = ['vdn', 'best', 'zero'] as const;
type End = (typeof ENDS)[number];

/** From means over the last updates: the joint values, row by row, and how often all agents are greedy there. `undefined`: nowhere yet. */
export function endOf(qTot: ArrayLike<number>, allGreedy: ArrayLike<number>): End | undefined {
  if (LEAST_SQUARES.every((x, i) => Math.abs(qTot[i]! - x) <= 0.2)) return 'vdn';
  const cell = M1.findIndex((_, i) => allGreedy[i]! > 0.999);
  if (cell < 0 || Math.abs(qTot[cell]! - M1[cell]!) > 1.5) return undefined;
  return cell === 0 ? 'best' : M1[cell] === 0 ? 'zero' : undefined;
}
export const countEnds = (ends: readonly (End | undefined)[]) => ENDS.map(end => ends.filter(x => x === end).length);

/** The authors' runs (test/fixtures/shaq-spread). */
export const { updates, runs } = JSON.parse(readFileSync(new URL('../fixtures/shaq-spread/spread.json', import.meta.url), 'utf8')) as { readonly updates: number; readonly runs: readonly { readonly mean500: readonly number[]; readonly greedy500: readonly number[] }[] };
export const theirEnds = runs.map(run => endOf(run.mean500, run.greedy500));

/** Fisher's exact test, two-sided: how likely shares at least as far apart are, where `a` of `n` and `b` of `m` come from one coin. */
export function fisher(a: number, n: number, b: number, m: number): number {
  const choose = (of: number, k: number) => { let x = 1; for (let i = 1; i <= k; i++) x *= (of - k + i) / i; return x; };
  const at = (k: number) => choose(n, k) * choose(m, a + b - k) / choose(n + m, a + b), here = at(a) * (1 + 1e-9);
  let sum = 0;
  for (let k = Math.max(0, a + b - m); k <= Math.min(n, a + b); k++) if (at(k) <= here) sum += at(k);
  return sum;
}

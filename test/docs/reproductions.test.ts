/** What docs/reproductions.md says of the spread over seeds is what the recorded runs of another implementation show. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grouped } from '../../plugins/cli/layout.ts';
import { countEnds, fisher, runs, theirEnds, updates } from '../learning/shaq-ends.ts';
import { pageText } from './blocks.ts';

interface Seed { readonly last: readonly number[]; readonly mean500: readonly number[]; readonly greedy: readonly number[] }
interface Case { readonly updates: number; readonly payoff: readonly number[]; readonly runs: readonly Seed[] }
const { seeds, cases } = JSON.parse(readFileSync(new URL('../fixtures/payoff-spread/spread.json', import.meta.url), 'utf8')) as { readonly seeds: readonly number[]; readonly cases: Readonly<Record<string, Case>> };
const text = pageText('docs/reproductions.md').replace(/\s+/g, ' ');
const of = (name: string): Case => cases[name]!;
/** Seeds whose values all lie so near to a table. */
const near = (name: string, when: 'last' | 'mean500', table: readonly number[], tolerance: number) => of(name).runs.filter(run => run[when].every((x, i) => Math.abs(x - table[i]!) <= tolerance)).length;
/** Seeds whose greedy joint action is the best cell, which stands first in every game here. */
const right = (name: string) => of(name).runs.filter(({ greedy }) => greedy.every(action => action === 0)).length;
const best = (name: string, when: 'last' | 'mean500') => { const values = of(name).runs.map(run => run[when][0]!); return [Math.min(...values), Math.max(...values)].map(x => x.toFixed(1)); };
const after = (name: string) => `${name.replace(',', ' on')} after ${grouped(of(name).updates)} updates:`;

describe('the spread over seeds', () => {
  it('is of 20 seeds, and of as many updates as the table has', () => {
    expect(seeds).toHaveLength(20);
    expect(Object.entries(cases).map(([name, { updates, runs }]) => [name, updates, runs.length])).toEqual([['QPLEX, M1', 8000, 20], ['QMIX, M1', 5000, 20], ['QMIX, M4', 4000, 20]]);
    expect(text).toContain(`over ${seeds.length} seeds`);
  });
  it('QPLEX on M1: what one moment says, and what the mean says', () => {
    const name = 'QPLEX, M1', { payoff } = of(name), moment = near(name, 'last', payoff, 1), mean = near(name, 'mean500', payoff, 1);
    expect(mean).toBeGreaterThan(moment);
    expect(text).toContain(`${after(name)} ${moment} seeds within 1.0 of the payoff at that moment, ${mean} by the mean of the last 500 updates, the greedy action right on all ${right(name)}.`);
  });
  it('QMIX on M4: the best cell', () => {
    const name = 'QMIX, M4', [least, most] = best(name, 'last'), [low, high] = best(name, 'mean500');
    expect(low).toBe(high);
    expect(text).toContain(`${after(name)} the best cell ${least} to ${most} at that moment, ${low} by the mean on all ${of(name).runs.length}.`);
  });
  it('QMIX on M1: the monotonic table, and not the best cell', () => {
    const name = 'QMIX, M1', paper = [-8, -8, -8, -8, 0, 0, -8, 0, 0];
    expect(right(name)).toBe(0);
    expect(text).toContain(`${after(name)} within 0.3 of the paper's table on all ${near(name, 'mean500', paper, 0.3)} by the mean, the greedy action right on none.`);
  });
});

describe('where SHAQ ends on M1', () => {
  it('is one of three places for each of the authors\' learners', () => {
    const [vdn, best, zero] = countEnds(theirEnds);
    expect(theirEnds).not.toContain(undefined);
    expect(runs).toHaveLength(40);
    expect(text).toContain(`of ${runs.length} of their learners after ${grouped(updates)} updates, ${vdn} ended at VDN's values, ${best} with the best cell greedy and ${zero} with a cell of payoff 0.`);
  });
  it('shares are compared by Fisher\'s exact test', () => {
    expect(fisher(3, 4, 1, 4)).toBeCloseTo(34 / 70, 12);          // the lady tasting tea, two-sided
    expect(fisher(1, 10, 11, 14)).toBeCloseTo(0.0027594561852201, 12);
    expect(fisher(5, 20, 10, 40)).toBeCloseTo(1, 12);
  });
});

/**
 * Statistics over few runs, as Agarwal et al. 2021 (arXiv 2108.13264) advise. On the same draws they are those of the authors' package rliable.
 * Scores are those of one algorithm, task by task: `scores[task][run]`. Tasks may have unlike numbers of runs.
 */
import type { RandomSource } from '../core/random.ts';

export type Scores = readonly (readonly number[])[];
/** 95 of 100 resamples lie between these. */
export interface Interval { readonly low: number; readonly high: number }

/** Interquartile mean: the mean of the middle half of all runs of all tasks. Of fewer than four nothing is cut. */
export function iqm(scores: Scores): number {
  const all = Float64Array.from(scores.flat()).sort(), cut = Math.floor(all.length / 4), middle = all.subarray(cut, all.length - cut);
  return middle.reduce((a, b) => a + b, 0) / middle.length;
}

/** How often a run of x scores higher than one of y, over all pairs of a task; a tie is half. The mean over tasks. */
export function probabilityOfImprovement(x: Scores, y: Scores): number {
  const tasks = x.map((mine, task) => {
    const theirs = y[task]!;
    let won = 0;
    for (const a of mine) for (const b of theirs) won += a > b ? 1 : a === b ? 0.5 : 0;
    return won / (mine.length * theirs.length);
  });
  return tasks.reduce((a, b) => a + b, 0) / tasks.length;
}

/** Between two neighbours on a straight line, as NumPy's percentile. */
function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share, before = sorted[Math.floor(at)]!, after = sorted[Math.ceil(at)]!;
  return before + (after - before) * (at - Math.floor(at));
}

/** 95 % interval of a statistic by stratified bootstrap: a resample draws of each task as many runs as it has, of each algorithm by itself, and puts them back. */
export function interval(statistic: (...resampled: Scores[]) => number, of: readonly Scores[], resamples: number, draw: Pick<RandomSource, 'integer'>): Interval {
  const values = Float64Array.from({ length: resamples }, () => statistic(...of.map(scores => scores.map(runs => runs.map(() => runs[draw.integer(runs.length)]!))))).sort();
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

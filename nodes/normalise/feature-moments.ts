/**
 * Mean and variance of each feature over all that was ever seen, a batch further.
 *
 *   n = rows of x      N = count + n      d = mean of x - mean
 *   mean' = mean + d n / N      variance' = (count variance + n variance of x + d^2 count n / N) / N      count' = N
 *
 * x         observations, as a rule; each row counts once. No gradient passes
 * mean, variance, count  as they were, kept in memory: 0, 1 and 1e-4 at first, so that the first batch has almost all the say
 * The same, but for rounding, in whatever parts the rows come. It mixes all rows, so it has no place in acting.
 * Source: Chan et al. 1979 for the formula; OpenAI Baselines' `RunningMeanStd` for the start, as in Gymnasium and Stable-Baselines3.
 */
import { add, div, mean as meanOf, mul, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const featureMoments = defineNode({
  type: 'featureMoments',
  about: 'Mean and variance of each feature over all that was ever seen',
  in: { x: still(f32('... ?x')), mean: still(f32('?x')), variance: still(f32('?x')), count: still(f32('')) },
  out: { mean: f32('?x'), variance: f32('?x'), count: f32('') },
  forward({ x, mean, variance, count }) {
    const rows = x.shape[0]!, all = add(count, rows), centre = meanOf(x, 0), moved = sub(centre, mean), spread = meanOf(square(sub(x, centre)), 0);
    const shared = mul(square(moved), div(mul(count, rows), all));
    return { mean: add(mean, mul(moved, div(rows, all))), variance: div(add(add(mul(count, variance), mul(rows, spread)), shared), all), count: all };
  },
});

/**
 * Mean and variance of everything that ever counted, one batch further.
 *
 *   n = sum(mask)   m = sum(mask x) / n   v = sum(mask (x - m)^2) / (n - 1)      of the batch
 *   mean' = mean + (m - mean) n / N      variance' = (count variance + n v + (m - mean)^2 count n / N) / N      count' = N = count + n
 *
 * x                      rewards, as a rule
 * mask                   1 for a transition, 0 for padding
 * mean, variance, count  before the batch: `g.memory('rewards', { mean: 0, variance: 1, count: 1e-4 })`; what comes out is kept there
 * A batch of one has variance 0; where nothing counts all three stay as they are. EPyMARL counts the padding as rewards of 0; here it does not.
 * No gradient passes. It mixes all rows, so it has no place in acting.
 * Source: Chan, Golub and LeVeque 1979, the parallel form, with v over n - 1 as in EPyMARL (arXiv 2006.07869), where the formula would have n.
 */
import { add, div, maximum, mul, square, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const runningMoments = defineNode({
  type: 'runningMoments',
  about: 'Mean and variance of everything that ever counted',
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  in: { x: still(f32('...')), mask: still(f32('...')), mean: f32(''), variance: f32(''), count: f32('') },
  out: { mean: f32(''), variance: f32(''), count: f32('') },
  forward({ x, mask, mean, variance, count }) {
    const n = sum(mask), m = maskedMean(x, mask), v = div(sum(mul(mask, square(sub(x, m)))), maximum(sub(n, 1), 1));
    const all = add(count, n), share = div(n, all), off = sub(m, mean);
    return {
      mean: add(mean, mul(off, share)), count: all,
      variance: div(add(mul(count, variance), mul(n, add(v, mul(square(off), div(count, all))))), all),
    };
  },
});

/**
 * Values in units of the deviation of all that was seen, above their mean: ValueNorm.
 *
 *   x' = (x - mu) / sigma      mu = m / d      sigma^2 = max(s / d - mu^2, 0.01)
 *
 * x       values, as a rule returns that a critic is to learn
 * mean    m, `square` s and `weight` d: those of `moments`; before anything was seen mu is 0 and sigma 0.1
 * Paper: Yu et al. 2021 (arXiv 2103.01955); as in the authors' code (marlbenchmark/on-policy).
 */
import { div, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { valueStatistics } from '../value-statistics.ts';

export const normalise = defineNode({
  type: 'normalise',
  about: 'Values above the running mean, in units of the running deviation',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  in: { x: f32('...'), mean: still(f32('')), square: still(f32('')), weight: still(f32('')) },
  out: { x: f32('...') },
  forward({ x, mean, square, weight }) {
    const { mu, sigma } = valueStatistics(mean, square, weight);
    return { x: div(sub(x, mu), sigma) };
  },
});

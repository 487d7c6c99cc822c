/**
 * What a critic says in normalised units, in units of reward: `normalise` turned round.
 *
 *   x' = sigma x + mu      mu = m / d      sigma^2 = max(s / d - mu^2, 0.01)
 *
 * x       values in normalised units
 * mean    m, `square` s and `weight` d: those of `moments`; before anything was seen mu is 0 and sigma 0.1
 * Paper: Yu et al. 2021 (arXiv 2103.01955); as in the authors' code (marlbenchmark/on-policy).
 */
import { add, mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { valueStatistics } from '../value-statistics.ts';

export const denormalise = defineNode({
  type: 'denormalise',
  about: 'Normalised values in units of reward',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  in: { x: f32('...'), mean: still(f32('')), square: still(f32('')), weight: still(f32('')) },
  out: { x: f32('...') },
  forward({ x, mean, square, weight }) {
    const { mu, sigma } = valueStatistics(mean, square, weight);
    return { x: add(mul(x, sigma), mu) };
  },
});

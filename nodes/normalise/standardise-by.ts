/**
 * Less a mean, over a standard deviation, both given.
 *
 *   x' = (x - mean) / sqrt(variance)
 *
 * x               rewards, as a rule
 * mean, variance  of `runningMoments`; the variance above 0
 * To take a mean from rewards changes what is best where episodes differ in length: rewards below it are punishments, and an end escapes them. `scale` leaves 0 where it is.
 * Source: EPyMARL (Papoudakis et al. 2021, arXiv 2006.07869), `standardise_rewards`.
 */
import { div, sqrt, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const standardiseBy = defineNode({
  type: 'standardiseBy',
  about: 'Less a given mean, over a given standard deviation',
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  in: { x: f32('...'), mean: f32(''), variance: f32('') },
  out: { x: f32('...') },
  forward: ({ x, mean, variance }) => ({ x: div(sub(x, mean), sqrt(variance)) }),
});

/**
 * How likely a continuous action is under a normal distribution, and how undecided the distribution.
 *
 *   logProb = sum_i [-((a_i - mean_i) / std_i)^2 / 2 - log std_i - log(2 pi) / 2]      entropy = sum_i [log std_i + log(2 pi e) / 2]
 *
 * action   as it was drawn, which may lie beyond [-1, 1] (`sampleGaussian`)
 * logStd   log std
 * logProb  logarithm of the density, in nats; of all numbers of an action together
 * entropy  in nats; below 0 where the distribution is narrow
 * Paper: Williams 1992, section 6.
 */
import { add, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { logNormal } from '../maths.ts';

export const gaussianLogProb = defineNode({
  type: 'gaussianLogProb',
  about: 'Log-density of a continuous action, and the entropy',
  paper: 'Williams 1992, Machine Learning 8',
  in: { mean: f32('... action'), logStd: f32('... action'), action: f32('... action') },
  out: { logProb: f32('...'), entropy: f32('...') },
  forward: ({ mean, logStd, action }) => ({ logProb: sum(logNormal(action, mean, logStd), -1), entropy: sum(add(logStd, 0.5 * Math.log(2 * Math.PI * Math.E)), -1) }),
});

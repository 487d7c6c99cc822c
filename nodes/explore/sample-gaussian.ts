/**
 * An action drawn from a normal distribution.
 *
 *   action = mean + std eps      eps standard normal, of each number its own
 *
 * action  as drawn: it may lie beyond [-1, 1], and is what is learned from. Its page acts `clipped`: what is done is the nearest action within. Of that the density is another
 * best    the mean, within [-1, 1], for evaluation
 * logStd  log std
 * Paper: Schulman et al. 2017 (arXiv 1707.06347), section 6.1; what is clipped, and what is stored, as in CleanRL and Stable-Baselines3.
 */
import { add, clipByValue, exp, mul } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const sampleGaussian = defineNode({
  type: 'sampleGaussian',
  about: 'A continuous action drawn from a normal distribution',
  paper: 'Schulman et al. 2017, arXiv 1707.06347',
  in: { mean: f32('... action'), logStd: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action') },
  forward: ({ mean, logStd, eps }) => ({ action: add(mean, mul(exp(logStd), eps)), best: clipByValue(mean, -1, 1) }),
});

/**
 * Mean 0 and standard deviation 1 over everything that counts.
 *
 *   m = sum(mask x) / n      s^2 = sum(mask (x - m)^2) / (n - 1)      x' = mask (x - m) / (s + 1e-8)      n = sum(mask)
 *
 * x     advantages, as a rule
 * mask  1 for a transition, 0 for padding, whose x' is 0
 * Behind `once` it stands over each minibatch, before `once` over the whole batch. Of a single transition x' is 0. It mixes all rows, so it has no place in acting.
 * Source: OpenAI Baselines' PPO; n - 1 and 1e-8 are CleanRL's and Stable-Baselines3's. No paper has it: Schulman et al. 2017 leave it out.
 */
import { add, div, maximum, mul, sqrt, square, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const standardise = defineNode({
  type: 'standardise',
  about: 'Mean 0 and standard deviation 1 over what counts',
  in: { x: f32('...'), mask: still(f32('...')) },
  out: { x: f32('...') },
  forward({ x, mask }) {
    const above = mul(mask, sub(x, maskedMean(x, mask))), variance = div(sum(square(above)), maximum(sub(sum(mask), 1), 1));
    return { x: div(above, add(sqrt(variance), 1e-8)) };
  },
});

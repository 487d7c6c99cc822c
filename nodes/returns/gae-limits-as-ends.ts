/**
 * GAE that takes a time limit for an end, as much published code does: for comparisons.
 *
 *   delta_t = r_t + gamma c_t V(s_{t+1}) - V(s_t)      c_t = 0 where the episode ends, truly or by a limit, else 1
 *   A_t = delta_t + gamma lambda c_t A_{t+1}           returns_t = A_t + V(s_t)
 *
 * Ports, units and knobs are those of `gae`, which bootstraps from the last observation of an episode that a limit has cut.
 * No gradient passes to the values.
 * Source: CleanRL's PPO, JaxMARL, and marlbenchmark/on-policy without its option for time limits.
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { advantages, generalised } from '../advantages.ts';
import { not } from '../maths.ts';

export const gaeLimitsAsEnds = defineNode({
  type: 'gaeLimitsAsEnds',
  about: 'Advantages over all later steps, where a time limit counts as an end',
  ...generalised,
  forward({ terminated, truncated, valid, ...x }) {
    const lives = mul(not(terminated), not(truncated));
    return advantages(x, { counts: valid, lives, goes: mul(valid, lives) });
  },
});

/**
 * GAE that learns nothing from the step at a time limit: its advantage is 0 and its return V(s_t). For comparisons.
 *
 *   A_t = 0 where a limit ends the episode, else delta_t + gamma lambda c_t A_{t+1}      c_t = 0 where it ends truly, else 1
 *   delta_t = r_t + gamma (1 - terminated_t) V(s_{t+1}) - V(s_t)                         returns_t = A_t + V(s_t)
 *
 * Ports, units and knobs are those of `gae`, which bootstraps from the last observation of an episode that a limit has cut.
 * No gradient passes to the values.
 * Source: marlbenchmark/on-policy with its option for time limits (`use_proper_time_limits`).
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { advantages, generalised } from '../advantages.ts';
import { not } from '../maths.ts';

export const gaeWithoutLimits = defineNode({
  type: 'gaeWithoutLimits',
  about: 'Advantages over all later steps, 0 at a time limit',
  ...generalised,
  forward({ terminated, truncated, valid, ...x }) {
    const counts = mul(valid, not(truncated)), lives = not(terminated);
    return advantages(x, { counts, lives, goes: mul(counts, lives) });
  },
});

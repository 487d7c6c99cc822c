/**
 * Generalised advantage estimation: how much better it went than the critic said, over all later steps, the later ones with less weight.
 *
 *   delta_t = r_t + gamma (1 - terminated_t) V(s_{t+1}) - V(s_t)
 *   A_t = delta_t + gamma lambda c_t A_{t+1}      c_t = 0 where the episode ends, truly or by a limit, else 1
 *   returns_t = A_t + V(s_t)
 *
 * reward     of the step
 * valid      1 for a transition, 0 for padding and for the slot of a final observation, whose advantage is 0
 * value      V at the observation of the step; `nextValue` V at the true next one, in units of discounted return
 * advantage  in units of discounted return
 * returns    the lambda-return, what the critic learns
 * lambda     0 is the one-step error; 1 is the return to the end of the episode, and where it was cut (by a limit, or the end of the batch) the value there, less V(s_t): the
 *            n-step advantage of A3C with the longest n there is
 * A time limit cuts the trace and bootstraps from the final observation. CleanRL takes a limit for an end.
 * No gradient passes to the values.
 * Paper: Schulman et al. 2015 (arXiv 1506.02438), equations 11, 12 and 16.
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { advantages, generalised } from '../advantages.ts';
import { not } from '../maths.ts';

export const gae = defineNode({
  type: 'gae',
  about: 'Advantages over all later steps, the later ones with less weight',
  ...generalised,
  forward({ terminated, truncated, valid, ...x }) {
    const lives = not(terminated);
    return advantages(x, { counts: valid, lives, goes: mul(valid, mul(lives, not(truncated))) });
  },
});

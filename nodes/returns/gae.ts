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
import { add, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const gae = defineNode({
  type: 'gae',
  about: 'Advantages over all later steps, the later ones with less weight',
  paper: 'Schulman et al. 2015, arXiv 1506.02438',
  knobs: { gamma: 0.99, lambda: 0.95 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: {
    reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'),
    value: still(f32('... time')), nextValue: still(f32('... time')),
  },
  out: { advantage: f32('... time'), returns: f32('... time') },
  forward({ reward, terminated, truncated, valid, value, nextValue, gamma, lambda }) {
    const target = add(reward, mul(gamma, mul(not(terminated), nextValue))), goes = mul(valid, mul(not(terminated), not(truncated)));
    const advantage = recurrence(mul(valid, sub(target, value)), mul(mul(gamma, lambda), goes));
    return { advantage, returns: add(advantage, value) };
  },
});

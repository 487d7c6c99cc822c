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
import { add, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const gaeWithoutLimits = defineNode({
  type: 'gaeWithoutLimits',
  about: 'Advantages over all later steps, 0 at a time limit',
  paper: 'Schulman et al. 2015, arXiv 1506.02438',
  knobs: { gamma: 0.99, lambda: 0.95 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: {
    reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'),
    value: still(f32('... time')), nextValue: still(f32('... time')),
  },
  out: { advantage: f32('... time'), returns: f32('... time') },
  forward({ reward, terminated, truncated, valid, value, nextValue, gamma, lambda }) {
    const counts = mul(valid, not(truncated)), lives = not(terminated), delta = sub(add(reward, mul(gamma, mul(lives, nextValue))), value);
    const advantage = recurrence(mul(counts, delta), mul(mul(gamma, lambda), mul(counts, lives)));
    return { advantage, returns: add(advantage, value) };
  },
});

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
import { add, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const gaeLimitsAsEnds = defineNode({
  type: 'gaeLimitsAsEnds',
  about: 'Advantages over all later steps, where a time limit counts as an end',
  paper: 'Schulman et al. 2015, arXiv 1506.02438',
  knobs: { gamma: 0.99, lambda: 0.95 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: {
    reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'),
    value: still(f32('... time')), nextValue: still(f32('... time')),
  },
  out: { advantage: f32('... time'), returns: f32('... time') },
  forward({ reward, terminated, truncated, valid, value, nextValue, gamma, lambda }) {
    const goes = mul(not(terminated), not(truncated)), delta = sub(add(reward, mul(gamma, mul(goes, nextValue))), value);
    const advantage = recurrence(mul(valid, delta), mul(mul(gamma, lambda), mul(valid, goes)));
    return { advantage, returns: add(advantage, value) };
  },
});

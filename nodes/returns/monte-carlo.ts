/**
 * Rewards to go: what was paid from a step to the end of its episode.
 *
 *   G_t = valid_t (r_t + gamma c_t G_{t+1})      c_t = 0 where the episode ends, truly or by a limit, else 1
 *
 * reward   of the step
 * valid    1 for a transition, 0 for padding and for the slot of a final observation, whose return is 0
 * returns  G, in units of reward
 * There is no value here to stand for what a time limit cut off, so a limit counts as an end; `gae` bootstraps. For whole episodes: what the end
 * of a batch cuts off is lost too.
 * Paper: Williams 1992, section 4, and its episodic form; rewards before an action are left out, which changes no expected gradient.
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const monteCarlo = defineNode({
  type: 'monteCarlo',
  about: 'Discounted rewards from a step to the end of its episode',
  paper: 'Williams 1992, Machine Learning 8',
  knobs: { gamma: 0.99 },
  ranges: { gamma: [0, 1] },
  in: { reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time') },
  out: { returns: f32('... time') },
  forward: ({ reward, terminated, truncated, valid, gamma }) => ({ returns: recurrence(mul(valid, reward), mul(mul(gamma, valid), mul(not(terminated), not(truncated)))) }),
});

/**
 * A continuous action with noise that stays for a while: an Ornstein-Uhlenbeck process in steps of 1.
 *
 *   x_t = (1 - theta) x_{t-1} + std eps_t      action = clip(a + x_t, -1, 1)      x is 0 where an episode starts; eps standard normal
 *
 * a      the actor's action, in [-1, 1]
 * best   a itself, for evaluation
 * theta  how fast the noise goes back to 0; at 1 it is that of `plusGaussian`
 * std    of what is added at a step, in units of half the range of actions; that of the noise comes to std / sqrt(1 - (1 - theta)^2)
 * Every number of an action has a process of its own, and every copy of an environment.
 * Paper: Lillicrap et al. 2015 (arXiv 1509.02971), section 7, theta 0.15 and std 0.2.
 */
import { add, clipByValue, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const plusOrnsteinUhlenbeck = defineNode({
  type: 'plusOrnsteinUhlenbeck',
  about: 'A continuous action with noise on it that stays for a while',
  paper: 'Lillicrap et al. 2015, arXiv 1509.02971',
  knobs: { theta: 0.15, std: 0.2 },
  ranges: { theta: [0, 1], std: [0, 2] },
  in: { action: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action') },
  carry: ({ action }) => action,
  step({ action, eps, theta, std }, before) {
    const carry = add(mul(sub(1, theta), before), mul(std, eps));
    return { action: clipByValue(add(action, carry), -1, 1), best: clipByValue(action, -1, 1), carry };
  },
});

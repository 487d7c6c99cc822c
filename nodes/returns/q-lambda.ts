/**
 * Q(lambda) target with corrections: what was not greedy later on is taken out of the return.
 *
 *   y_t = r_t + gamma (1 - terminated_t) (V_{t+1} + c_t (y_{t+1} - Q_{t+1}))      c_t = lambda, and 0 where a time limit cut the episode
 *
 * reward     of the step
 * nextValue  V at the observation after the step: value of the greedy actions, of the lagged networks, in units of discounted return
 * nextTaken  Q there of the actions that were taken, of the same networks
 * lambda     0 is `tdTarget`. Where every later action was greedy, and so Q = V, it is `tdLambda`
 * The correction V - Q begins at the step after t: what is done at t itself is what y_t is the value of. The authors of pymarl2 correct at t
 * too, so that with lambda 0 their target is V_t - Q_t above the one-step target.
 * Paper: Harutyunyan et al. 2016 (arXiv 1602.04951), Q(lambda) with the greedy policy as its target.
 */
import { add, mul, reshape, slice, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const qLambda = defineNode({
  type: 'qLambda',
  about: 'TD(lambda) target that takes later actions which were not greedy out of the return',
  paper: 'Harutyunyan et al. 2016, arXiv 1602.04951',
  knobs: { gamma: 0.99, lambda: 0.6 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: { reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), nextValue: f32('... time'), nextTaken: f32('... time') },
  out: { value: f32('... time') },
  forward({ reward, terminated, truncated, nextValue, nextTaken, gamma, lambda }, _, __, { time }) {
    const goes = mul(gamma, not(terminated)), trace = mul(lambda, not(truncated)), last = reshape(slice(nextTaken, [0, time - 1], [-1, 1]), [-1]);
    return { value: recurrence(add(reward, mul(goes, sub(nextValue, mul(trace, nextTaken)))), mul(goes, trace), last) };
  },
});

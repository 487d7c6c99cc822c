/**
 * TD(lambda) target: all n-step targets of an episode, each with lambda times the weight of the one before.
 *
 *   y_t = r_t + gamma (1 - terminated_t) ((1 - c_t) V_{t+1} + c_t y_{t+1})      c_t = lambda, and 0 where a time limit cut the episode
 *
 * reward     of the step
 * nextValue  V at the observation after the step, of the lagged networks, in units of discounted return
 * lambda     0 is `tdTarget`; 1 is the return to the end of the episode, and where it was cut the value there
 * With the value of greedy actions, as QMIX wires it, this is Peng's Q(lambda) (Peng and Williams 1996): what was done later on is followed
 * as if it had been greedy; `qLambda` corrects for it. Each episode begins from its own last step, so padding behind it adds nothing. Behind the
 * last step of a batch, where it neither ended nor was cut, V stands for y.
 * Paper: Sutton 1988; for QMIX Hu et al. 2021 (arXiv 2102.03479).
 */
import { add, mul, reshape, slice, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const tdLambda = defineNode({
  type: 'tdLambda',
  about: 'Reward and a mean of all targets behind it, the later ones with less weight',
  paper: 'Hu et al. 2021, arXiv 2102.03479',
  knobs: { gamma: 0.99, lambda: 0.6 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: { reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), nextValue: f32('... time') },
  out: { value: f32('... time') },
  forward({ reward, terminated, truncated, nextValue, gamma, lambda }, _, __, { time }) {
    const goes = mul(gamma, not(terminated)), trace = mul(lambda, not(truncated)), last = reshape(slice(nextValue, [0, time - 1], [-1, 1]), [-1]);
    return { value: recurrence(add(reward, mul(goes, mul(sub(1, trace), nextValue))), mul(goes, trace), last) };
  },
});

/**
 * Rewards in units of how the discounted return usually spreads: each by the spread that was known when it came.
 *
 *   R_t = gamma c_{t-1} R_{t-1} + r_t      c_t = 0 where the episode ends, truly or by a limit, else 1
 *   reward'_t = clip(r_t / sqrt(variance_t + 1e-8), -clip, clip)      variance_t of all R of all copies up to step t
 *
 * reward    of the step
 * valid     1 for a transition, 0 for the slot of a final observation, which is none and does not count
 * sofar     R behind the last step of the rollout before, in each copy: memory over `batch`, 0 at first
 * mean, variance, count  of all R before this rollout: 0, 1 and 1e-4 at first
 * The outputs `sofar`, `mean`, `variance` and `count` are those behind this rollout, for memory to keep. Nothing is taken off a reward: its mean is part of the task.
 * No gradient passes. It goes through time and copies in order, so it stands before `once`.
 * Source: OpenAI Baselines' `VecNormalize`, step by step; Engstrom et al. 2020 (arXiv 2005.12729), section 3, on what it does. Gymnasium's `NormalizeReward`, of CleanRL, goes on over a time limit and
 * drops what came before an end one step early.
 */
import { add, concat, cumsum, div, expandDims, maximum, minimum, mul, neg, ones, reshape, reverse, slice, sqrt, square, squeeze, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { not } from '../maths.ts';
import { recurrence } from '../recurrence.ts';

export const normaliseReward = defineNode({
  type: 'normaliseReward',
  about: 'Rewards in units of how the discounted return usually spreads',
  paper: 'Engstrom et al. 2020, arXiv 2005.12729',
  knobs: { gamma: 0.99, clip: 10 },
  ranges: { gamma: [0, 1], clip: [0, 1e9] },
  in: {
    reward: still(f32('... time')), terminated: bool('... time'), truncated: bool('... time'), valid: still(f32('... time')),
    sofar: still(f32('...')), mean: still(f32('')), variance: still(f32('')), count: still(f32('')),
  },
  out: { reward: f32('... time'), sofar: f32('...'), mean: f32(''), variance: f32(''), count: f32('') },
  forward({ reward, terminated, truncated, valid, sofar, mean, variance, count, gamma, clip }) {
    const [rows, time] = reward.shape as [number, number], goes = mul(not(terminated), not(truncated)), first = ones([rows, 1]);
    // R comes from the step before it, so the recurrence runs on time turned round
    const decay = mul(gamma, time > 1 ? concat([first, slice(goes, [0, 0], [rows, time - 1])], 1) : first);
    const returns = reverse(recurrence(reverse(mul(valid, reward), 1), reverse(decay, 1), sofar), 1);
    const off = sub(returns, mean), all = add(count, cumsum(sum(valid, 0))), moved = div(cumsum(sum(mul(valid, off), 0)), all);              // time
    const spread = sub(div(add(mul(count, variance), cumsum(sum(mul(valid, square(off)), 0))), all), square(moved)), last = (x: Tensor) => reshape(slice(x, [time - 1], [1]), []);
    return {
      reward: maximum(neg(clip), minimum(clip, div(reward, expandDims(sqrt(add(maximum(spread, 0), 1e-8)), 0)))),
      sofar: squeeze(slice(mul(goes, returns), [0, time - 1], [rows, 1]), [1]), mean: add(mean, last(moved)), variance: last(spread), count: last(all),
    };
  },
});

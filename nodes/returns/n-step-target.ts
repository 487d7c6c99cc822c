/**
 * Target of n steps, cut short where the episode or the piece of data ends.
 *
 *   y_t = r_t + gamma r_{t+1} + ... + gamma^{m-1} r_{t+m-1} + gamma^m (1 - terminated_{t+m-1}) V(s_{t+m})
 *
 * m          n, or the transitions from t to the last one of its episode or piece, where these are fewer
 * reward     of each step
 * nextValue  value at the observation after each step, of the lagged networks, in units of discounted return
 * valid      1 for a transition, 0 for a slot that holds a final observation and for padding; there y means nothing
 * An episode cut by a time limit bootstraps on its final observation, one that ended truly does not. `n: 1` is `tdTarget`. Off-policy rewards are taken as
 * they are. By y_t = r_t + gamma (1 - terminated_t) (V(s_{t+1}) or, where the next transition belongs to it, y_{t+1} of one step fewer), n - 1 times.
 * Where a replay gives pieces of n steps, y has all its n steps at the first transition of a piece: see `firstTransition`.
 * Paper: Sutton 1988; with deep Q-learning Mnih et al. 2016 (arXiv 1602.01783), algorithm S2, and Hessel et al. 2017 (arXiv 1710.02298), section 3.
 */
import { add, concat, mul, slice, sub, zerosLike, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { not } from '../maths.ts';

export const nStepTarget = defineNode({
  type: 'nStepTarget',
  about: 'Rewards of n steps and the discounted value at the observation after them',
  paper: 'Hessel et al. 2017, arXiv 1710.02298',
  config: { n: 3 },
  knobs: { gamma: 0.99 },
  ranges: { gamma: [0, 1] },
  in: { reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'), nextValue: f32('... time') },
  out: { value: f32('... time') },
  forward({ reward, terminated, truncated, valid, nextValue, gamma }, _, { n }, { time }) {
    /** Of the next step, and 0 after the last one. */
    const later = (x: Tensor): Tensor => { const none = zerosLike(slice(x, [0, 0], [-1, 1])); return time === 1 ? none : concat([slice(x, [0, 1], [-1, time - 1]), none], 1); };
    const goes = mul(gamma, not(terminated)), on = mul(not(truncated), later(valid));
    const bootstrap = mul(goes, nextValue), ends = add(reward, mul(bootstrap, sub(1, on))), follows = mul(goes, on);
    let y = add(reward, bootstrap);                                       // of one step
    for (let steps = 2; steps <= Math.min(n, time); steps++) y = add(ends, mul(follows, later(y)));
    return { value: y };
  },
});

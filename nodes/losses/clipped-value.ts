/**
 * Half the squared error of a value, or of that value kept near the old one, whichever is greater.
 *
 *   V_near = V_old + clip(V - V_old, -clip, clip)
 *   L = 1/2 sum(mask max((V - R)^2, (V_near - R)^2)) / sum(mask)      0 where nothing counts
 *
 * value     V, in units of discounted return; `oldValue` V_old, that of the critic before the first step on the batch
 * returns   R, what the critic learns
 * clip      how far a value may move, in the same units; beyond it the gradient is 0 while the error falls
 * mask      1 for a transition, 0 for padding
 * Old values, returns and mask take no gradient whatever is wired to them.
 * Source: OpenAI Baselines' PPO and CleanRL's; Schulman et al. 2017 (arXiv 1707.06347) has the squared error alone, which is `maskedMse` with half the weight.
 */
import { add, maximum, minimum, mul, neg, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const clippedValue = defineNode({
  type: 'clippedValue',
  about: 'Squared error of a value that may not move far from the old one',
  paper: 'Schulman et al. 2017, arXiv 1707.06347',
  knobs: { clip: 0.2 },
  ranges: { clip: [0, 1e9] },
  in: { value: f32('...'), oldValue: still(f32('...')), returns: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward({ value, oldValue, returns, mask, clip }) {
    const near = add(oldValue, minimum(maximum(sub(value, oldValue), neg(clip)), clip));
    return { loss: mul(0.5, maskedMean(maximum(square(sub(value, returns)), square(sub(near, returns))), mask)) };
  },
});

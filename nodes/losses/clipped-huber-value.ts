/**
 * Huber's error of a value, or of that value kept near the old one, whichever is greater.
 *
 *   V_near = V_old + clip(V - V_old, -clip, clip)
 *   l(e) = e^2 / 2 where |e| <= huber, else huber (|e| - huber / 2)
 *   L = sum(mask max(l(R - V), l(R - V_near))) / sum(mask)      0 where nothing counts
 *
 * value     V; `oldValue` V_old, that of the critic before the first step on the batch; `returns` R: all in one unit, that of return or a normalised one
 * clip      how far a value may move, in that unit; beyond it the gradient is 0 while the error falls
 * huber     error from which on the loss grows in proportion, in that unit
 * mask      1 for what counts, 0 for padding
 * Old values, returns and mask take no gradient whatever is wired to them.
 * Paper: Yu et al. 2021 (arXiv 2103.01955); as in the authors' code (marlbenchmark/on-policy).
 */
import { abs, add, maximum, minimum, mul, neg, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const clippedHuberValue = defineNode({
  type: 'clippedHuberValue',
  about: "Huber's error of a value that may not move far from the old one",
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  knobs: { clip: 0.2, huber: 10 },
  ranges: { clip: [0, 1e9], huber: [0, 1e9] },
  in: { value: f32('...'), oldValue: still(f32('...')), returns: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward({ value, oldValue, returns, mask, clip, huber }) {
    // e^2 / 2 up to huber, and the rest in proportion
    const error = (v: Tensor) => { const e = abs(sub(returns, v)), near = minimum(e, huber); return add(mul(0.5, square(near)), mul(huber, sub(e, near))); };
    const near = add(oldValue, minimum(maximum(sub(value, oldValue), neg(clip)), clip));
    return { loss: maskedMean(maximum(error(value), error(near)), mask) };
  },
});

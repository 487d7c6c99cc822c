/**
 * Mean squared error over what counts, each transition with a weight of its own.
 *
 *   L = sum(mask weight (prediction - target)^2) / sum(mask)      0 where nothing counts
 *
 * mask    1 for a transition, 0 for padding
 * weight  of the squared error; the divisor counts transitions and not weights, so smaller weights make smaller steps
 * error   |prediction - target|, what a prioritised replay takes for a priority
 * The target and the weight take no gradient whatever is wired to them. With all weights 1 it is `maskedMse`.
 * Paper: Rashid et al. 2020 (arXiv 2006.10800), the weighted loss of QMIX; with importance weights of a replay Schaul et al. 2015 (arXiv 1511.05952), algorithm 1.
 */
import { abs, mul, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const weightedMse = defineNode({
  type: 'weightedMse',
  about: 'Mean of squared errors, each with a weight, over the transitions that count',
  paper: 'Rashid et al. 2020, arXiv 2006.10800',
  in: { prediction: f32('...'), target: still(f32('...')), mask: still(f32('...')), weight: still(f32('...')) },
  out: { loss: f32(''), error: f32('...') },
  forward({ prediction, target, mask, weight }) {
    const error = sub(prediction, target);
    return { loss: maskedMean(mul(weight, square(error)), mask), error: abs(error) };
  },
});

/**
 * Mean squared error with a weight for each transition, and a priority for each.
 *
 *   L = sum(mask weight (prediction - target)^2) / sum(mask)      0 where nothing counts
 *   priority = mask |prediction - target| + eps                   above 0, for g.prioritise
 *
 * mask    1 for a transition, 0 for padding
 * weight  what a prioritised replay gives to undo the bias of its draws (`weight` of the source), or the page itself (weighted QMIX); over time as the mask is
 * The target and the weight take no gradient whatever is wired to them. No factor 1/2, as in `maskedMse`.
 * Paper: Schaul et al. 2015 (arXiv 1511.05952), section 3.3 (proportional priorities) and algorithm 1, lines 11 to 13; Rashid et al. 2020 (arXiv 2006.10800),
 * the weighted loss of QMIX, whose divisor counts transitions and not weights, so that smaller weights make smaller steps.
 */
import { abs, add, mul, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const weightedMse = defineNode({
  type: 'weightedMse',
  about: 'Mean squared error with a weight and a priority for each transition',
  paper: 'Schaul et al. 2015, arXiv 1511.05952',
  knobs: { eps: 1e-6 },
  ranges: { eps: [1e-8, 1] },
  in: { prediction: f32('...'), target: still(f32('...')), mask: still(f32('...')), weight: still(f32('...')) },
  out: { loss: f32(''), priority: f32('...') },
  forward({ prediction, target, mask, weight, eps }) {
    const error = sub(prediction, target);
    return { loss: maskedMean(mul(weight, square(error)), mask), priority: add(mul(mask, abs(error)), eps) };
  },
});

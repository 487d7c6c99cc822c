/**
 * Mean squared error over what counts.
 *
 *   L = sum(mask (prediction - target)^2) / sum(mask)      0 where nothing counts
 *
 * mask  1 for a transition, 0 for padding; over agents too if the prediction is, so that the divisor counts them
 * The target takes no gradient whatever is wired to it. No factor 1/2, as in the authors' code of VDN, QMIX and QPLEX.
 * Paper: Rashid et al. 2018 (arXiv 1803.11485), equation 6, which sums over a batch where the code takes the mean.
 */
import { square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const maskedMse = defineNode({
  type: 'maskedMse',
  about: 'Mean squared error over the transitions that count',
  paper: 'Rashid et al. 2018, arXiv 1803.11485',
  in: { prediction: f32('...'), target: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ prediction, target, mask }) => ({ loss: maskedMean(square(sub(prediction, target)), mask) }),
});

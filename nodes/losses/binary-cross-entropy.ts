/**
 * Surprise at a label that is 0 or 1, or a chance between.
 *
 *   L = softplus(l) - y l = -y log sigmoid(l) - (1 - y) log(1 - sigmoid(l)), as a mean over what counts
 *
 * logit  l of the chance of 1
 * label  y
 * mask   1 for a transition, 0 for padding
 * Here for the blocking of PRIMAL. Paper: Sartoretti et al. 2019 (arXiv 1809.03531), section IV.D.
 */
import { mul, softplus, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const binaryCrossEntropy = defineNode({
  type: 'binaryCrossEntropy',
  about: 'Cross-entropy of a chance and a label',
  paper: 'Sartoretti et al. 2019, arXiv 1809.03531',
  in: { logit: f32('...'), label: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logit, label, mask }) => ({ loss: maskedMean(sub(softplus(logit), mul(logit, label)), mask) }),
});

/**
 * The entropy of a policy with its sign turned, as a term that keeps it undecided.
 *
 *   L = -sum(mask H) / sum(mask)      0 where nothing counts
 *
 * entropy  H, in nats
 * mask     1 for a transition, 0 for padding
 * Paper: Williams and Peng 1991; Mnih et al. 2016 (arXiv 1602.01783), section 4.
 */
import { neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const entropyLoss = defineNode({
  type: 'entropyLoss',
  about: 'Mean entropy of the policy, to be raised',
  paper: 'Mnih et al. 2016, arXiv 1602.01783',
  in: { entropy: f32('...'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ entropy, mask }) => ({ loss: maskedMean(neg(entropy), mask) }),
});

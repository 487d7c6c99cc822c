/**
 * Loss whose gradient is the policy gradient: actions that went better than expected become likelier.
 *
 *   L = -sum(mask A log pi(a|s)) / sum(mask)      0 where nothing counts
 *
 * logProb    of the action taken, in nats
 * advantage  A: a return, or what of it the critic did not expect; it takes no gradient whatever is wired to it
 * mask       1 for a transition, 0 for padding
 * For one step on each batch: after it the actions are no longer those of the policy. A mean over steps, not over episodes, so long episodes weigh more.
 * Paper: Williams 1992, equation 4, as a mean over steps.
 */
import { mul, neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const policyGradient = defineNode({
  type: 'policyGradient',
  about: 'Log-probability of actions, weighed by how well they went',
  paper: 'Williams 1992, Machine Learning 8',
  in: { logProb: f32('...'), advantage: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logProb, advantage, mask }) => ({ loss: maskedMean(neg(mul(logProb, advantage)), mask) }),
});

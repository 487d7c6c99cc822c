import { logSoftmax, mean as average, mul, neg, softplus, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { bool, f32, index, still } from '../../../core/port.ts';
import { float, mean, oneHot } from './maths.ts';

export const imitation = defineNode({
  type: 'imitation',
  in: { logits: f32('... action'), action: index('...', 'action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logits, action, mask }, _, __, { action: actions }) => ({ loss: neg(mean(sum(mul(logSoftmax(logits), oneHot(action, actions)), -1), mask)) }),
});
/** PRIMAL: each action's logit should say whether it is available. */
export const validity = defineNode({
  type: 'validity',
  in: { logits: f32('... action'), avail: bool('... action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logits, avail, mask }) => ({ loss: mean(average(sub(softplus(logits), mul(logits, float(avail))), -1), mask) }),
});
export const crossEntropy = defineNode({
  type: 'crossEntropy',
  in: { logit: f32('...'), label: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logit, label, mask }) => ({ loss: mean(sub(softplus(logit), mul(logit, label)), mask) }),
});

/**
 * Teaches the logits of a policy which actions are allowed: each is a logit of its own for that as well.
 *
 *   L = sum_a [softplus(l_a) - avail_a l_a], the binary cross-entropy of sigmoid(l_a) and avail_a, as a mean over what counts
 *
 * logits  of a policy before its mask (`raw` of `categorical`)
 * avail   true where an action is allowed
 * mask    1 for a transition, 0 for padding
 * The authors sum over a segment; the clip of logarithms at 1e-10 of their code is not needed for logits.
 * Paper: Sartoretti et al. 2019 (arXiv 1809.03531), equation 5.
 */
import { cast, mul, softplus, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const validity = defineNode({
  type: 'validity',
  about: 'Teaches the logits of a policy which actions are allowed',
  paper: 'Sartoretti et al. 2019, arXiv 1809.03531',
  in: { logits: f32('... action'), avail: bool('... action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logits, avail, mask }) => ({ loss: maskedMean(sum(sub(softplus(logits), mul(logits, cast(avail, 'float32'))), -1), mask) }),
});

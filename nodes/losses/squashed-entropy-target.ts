/**
 * Holds the entropy of a policy over continuous actions at a target, by what entropy is worth.
 *
 *   L = -alpha sum(mask (log pi(a) + H)) / sum(mask)      H = target n, of actions of n numbers; 0 where nothing counts
 *
 * alpha    falls where the policy is less decided than H, and rises where it is more so (`temperature`)
 * logProb  log pi of an action drawn now, in nats, over [-1, 1] (`sampleSquashed`)
 * action   the action: its width is n
 * target   nats for each number of an action; -1 is the entropy of a distribution on a stretch of 1/e, of the range of 2
 * mask     1 for a transition, 0 for padding
 * Neither policy nor critics learn from it.
 * Paper: Haarnoja et al. 2018 (arXiv 1812.05905), equation 18 and appendix D, as it stands. The authors' code and Stable-Baselines3 have log alpha in place of the first alpha: the same fixed point at
 * another pace.
 */
import { add, mul, neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const squashedEntropyTarget = defineNode({
  type: 'squashedEntropyTarget',
  about: 'Holds the entropy of a policy over continuous actions at a target',
  paper: 'Haarnoja et al. 2018, arXiv 1812.05905',
  knobs: { target: -1 },
  ranges: { target: [-100, 100] },
  in: { alpha: f32(''), logProb: still(f32('...')), action: still(f32('... action')), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ alpha, logProb, mask, target }, _, __, { action }) => ({ loss: mul(alpha, maskedMean(neg(add(logProb, mul(target, action))), mask)) }),
});

/**
 * Holds the entropy of a policy over discrete actions at a share of what it can be, by what entropy is worth.
 *
 *   L = alpha sum(mask (H(pi) - share log n)) / sum(mask)      n available actions; 0 where nothing counts
 *
 * alpha    falls where the policy is less decided than the target, and rises where it is more so (`temperature`)
 * entropy  H(pi), in nats (`softExpectedValue`)
 * avail    true where an action is allowed: a state in which fewer are has a lower target, and one without any (padding) a target of 0
 * share    1 is the entropy of even chances
 * mask     1 for a transition, 0 for padding
 * Neither policy nor critics learn from it. The loss is the exact sum over actions, E[-alpha (log pi + share log n)].
 * Paper: Christodoulou 2019 (arXiv 1910.07207), equation 11, share 0.98; 0.89 is CleanRL's. Both count all actions; targets by what is available are ours.
 */
import { cast, log, maximum, mul, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const categoricalEntropyTarget = defineNode({
  type: 'categoricalEntropyTarget',
  about: 'Holds the entropy of a policy over discrete actions at a share of the greatest',
  paper: 'Christodoulou 2019, arXiv 1910.07207',
  knobs: { share: 0.98 },
  ranges: { share: [0, 1] },
  in: { alpha: f32(''), entropy: still(f32('...')), avail: bool('... action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward({ alpha, entropy, avail, mask, share }) {
    const most = log(maximum(sum(cast(avail, 'float32'), -1), 1));
    return { loss: mul(alpha, maskedMean(sub(entropy, mul(share, most)), mask)) };
  },
});

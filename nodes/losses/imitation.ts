/**
 * Makes the actions that another has taken likelier: behaviour cloning.
 *
 *   L = -sum(mask log softmax(logits)[action]) / sum(mask)      0 where nothing counts
 *
 * logits  of every action; of `categorical` those before its mask (`raw`), as in PRIMAL, which so also learns what is not allowed
 * action  what the other did
 * mask    1 for a transition, 0 for padding
 * An even policy over n actions has a loss of log n.
 * Paper: Sartoretti et al. 2019 (arXiv 1809.03531), equation 6; Pomerleau 1989.
 */
import { logSoftmax, neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, index, still } from '../../core/port.ts';
import { maskedMean, take } from '../maths.ts';

export const imitation = defineNode({
  type: 'imitation',
  about: 'Makes the actions of another likelier',
  paper: 'Sartoretti et al. 2019, arXiv 1809.03531',
  in: { logits: f32('... action'), action: index('...', 'action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ logits, action, mask }) => ({ loss: maskedMean(neg(take(logSoftmax(logits), action)), mask) }),
});

/**
 * Temporal relation regularisation: an agent should listen now as it will at the next step.
 *
 *   L = mean over valid steps, heads m and agents i of   KL(later_mi || attention_mi) = sum_j later_mij ln(later_mij / attention_mij)
 *
 * attention  weights over neighbours, of sum 1
 * later      those of the next step, by the network as it is now; they take no gradient
 * mask       1 where a slot is a transition
 * Paper: Jiang et al. 2020 (arXiv 1810.09202), section 3.3, weight 0.03 on the upper layer. The order of the two is that of the authors' code,
 * whose loss has the next step's weights in front. In the logarithms weights below 1e-8 count as 1e-8, so that they are finite where a neighbour is
 * not heard.
 */
import { log, maximum, mean, mul, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

const ln = (x: Tensor): Tensor => log(maximum(x, 1e-8));

export const attentionKl = defineNode({
  type: 'attentionKl',
  about: "Divergence of an agent's attention from that of the next step",
  paper: 'Jiang et al. 2020, arXiv 1810.09202',
  in: { later: still(f32('... agent head neighbour')), attention: f32('... agent head neighbour'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward({ later, attention, mask }) {
    const divergence = sum(mul(later, sub(ln(later), ln(attention))), -1);                    // rows agent head
    return { loss: maskedMean(mean(divergence, [1, 2]), mask) };
  },
});

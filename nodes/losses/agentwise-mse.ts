/**
 * Mean squared error of each agent, summed over the agents: the loss of critics that share no weights, each of which learns as if it were alone.
 *
 *   L = sum_i sum_t(mask_ti (prediction_ti - target_ti)^2) / sum_t(mask_ti)      0 for an agent of whom nothing counts
 *
 * mask  1 for a transition, 0 for padding
 * `maskedMse` is the mean over agents, too: with own weights (`per`) that is the same direction for each of them, and 1/N of its length, which a clip and an epsilon notice.
 * Paper: Lowe et al. 2017 (arXiv 1706.02275), equation 6, for each agent.
 */
import { square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { summedMeans } from '../maths.ts';

export const agentwiseMse = defineNode({
  type: 'agentwiseMse',
  about: "Each agent's mean squared error over the transitions that count, summed over agents",
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { prediction: f32('... agent'), target: still(f32('... agent')), mask: still(f32('... agent')) },
  out: { loss: f32('') },
  forward: ({ prediction, target, mask }) => ({ loss: summedMeans(square(sub(prediction, target)), mask) }),
});

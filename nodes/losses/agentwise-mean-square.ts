/**
 * Size of what actors that share no weights give, as a penalty: each agent's mean square, summed over the agents.
 *
 *   L = sum_i sum_t(mask_ti mean_a(x_tia^2)) / sum_t(mask_ti)      0 for an agent of whom nothing counts
 *
 * x     logits or actions
 * mask  1 for a transition, 0 for padding
 * `meanSquare` is the mean over agents, too.
 * Source: the authors' code of Lowe et al. 2017 (arXiv 1706.02275), which weighs it by 1e-3; the paper does not have it.
 */
import { mean, square } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { summedMeans } from '../maths.ts';

export const agentwiseMeanSquare = defineNode({
  type: 'agentwiseMeanSquare',
  about: "Each agent's mean square, summed over agents: a penalty on the size of actions or logits",
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { x: f32('... agent action'), mask: still(f32('... agent')) },
  out: { loss: f32('') },
  forward: ({ x, mask }) => ({ loss: summedMeans(mean(square(x), -1), mask) }),
});

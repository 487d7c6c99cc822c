/**
 * What actors that share no weights climb: each agent's mean value, summed over the agents, with its sign turned.
 *
 *   L = - sum_i sum_t(mask_ti value_ti) / sum_t(mask_ti)      0 for an agent of whom nothing counts
 *
 * value  what a critic says of each agent's new action, in units of discounted return
 * mask   1 for a transition, 0 for padding
 * `negate` is the mean over agents, too.
 * Paper: Lowe et al. 2017 (arXiv 1706.02275), equation 5, for each agent.
 */
import { neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { summedMeans } from '../maths.ts';

export const agentwiseNegate = defineNode({
  type: 'agentwiseNegate',
  about: "Each agent's mean value, summed over agents, as a loss",
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { value: f32('... agent'), mask: still(f32('... agent')) },
  out: { loss: f32('') },
  forward: ({ value, mask }) => ({ loss: summedMeans(neg(value), mask) }),
});

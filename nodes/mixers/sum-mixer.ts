/**
 * VDN mixer: the joint value is the sum of the agents' values.
 *
 *   Q_tot = sum_a q_a
 *
 * agentQs  value of each agent's action, in units of discounted return
 * Paper: Sunehag et al. 2017 (arXiv 1706.05296), section 3. A sum and no mean: a mean would change what q_a is.
 */
import { sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const sumMixer = defineNode({
  type: 'sumMixer',
  about: "Joint value as the sum of the agents' values",
  paper: 'Sunehag et al. 2017, arXiv 1706.05296',
  in: { agentQs: f32('... agent') },
  out: { qTot: f32('...') },
  forward: ({ agentQs }) => ({ qTot: sum(agentQs, -1) }),
});

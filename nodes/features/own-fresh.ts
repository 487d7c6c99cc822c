/**
 * The joint action as each agent's critic sees it while its actor learns: the agent's own new action in its own block, the others' as they are given.
 *
 *   x_i = (a_1, ..., mu_i(o_i), ..., a_N)
 *
 * fresh   what every actor would do now, one-hot or continuous
 * others  what was done (the replay's, as in the paper), or anything else of the same form; it takes no gradient
 * x       so the value of x_i has a gradient to actor i and to no other
 * Paper: Lowe et al. 2017 (arXiv 1706.02275), equation 5.
 */
import { add, expandDims, eye, mul, reshape, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const ownFresh = defineNode({
  type: 'ownFresh',
  about: "Joint action for each agent's critic: its own action anew, the others' as they were",
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { fresh: f32('... agent action'), others: still(f32('... agent action')) },
  out: { x: f32('... agent joint') },
  sizes: ({ agent, action }) => ({ joint: agent! * action! }),
  forward({ fresh, others }, _, __, { agent, action }) {
    const own = reshape(eye(agent), [1, agent, agent, 1]);                                           // 1 for the block of the critic's own agent
    const x = add(mul(expandDims(fresh, 1), own), mul(expandDims(others, 1), sub(1, own)));          // rows agent agent action
    return { x: reshape(x, [-1, agent, agent * action]) };
  },
});

/**
 * The features of all agents side by side, once for the team.
 *
 *   x = (x_1, ..., x_n)      size = agents times the size of one
 *
 * `each('agent', ...)` hands the same to every agent. The joint observation or joint action of a central critic is made so.
 * Paper: Lowe et al. 2017 (arXiv 1706.02275), section 4.1: the critic takes what all agents see and do.
 */
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { flat } from '../maths.ts';

export const allAgents = defineNode({
  type: 'allAgents',
  about: 'The features of all agents side by side',
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { x: f32('... agent ?x') },
  out: { x: f32('... joint') },
  sizes: ({ agent, x }) => ({ joint: agent! * x! }),
  forward: ({ x }) => ({ x: flat(x) }),
});

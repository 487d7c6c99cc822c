/**
 * For each agent the actions of the others, one-hot, its own block zeros.
 *
 *   x_i = (u_1, ..., 0, ..., u_n)      the 0 in place i; size = agents times actions
 *
 * action  of each agent, by its number
 * What COMA's critic takes beside the state: it gives the values of an agent's own actions, so it must not see the one taken.
 * Paper: Foerster et al. 2017 (arXiv 1705.08926), section 4, u^{-a}; the layout is that of the code of PyMARL.
 */
import { expandDims, eye, mul, reshape, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const othersActions = defineNode({
  type: 'othersActions',
  about: "The other agents' actions side by side, the agent's own left out",
  paper: 'Foerster et al. 2017, arXiv 1705.08926',
  in: { action: index('... agent', 'action') },
  out: { x: f32('... agent joint') },
  sizes: ({ agent, action }) => ({ joint: agent! * action! }),
  forward({ action }, _, __, { agent, action: actions }) {
    const all = expandDims(oneHot(action, actions), 1), other = reshape(sub(1, eye(agent)), [1, agent, agent, 1]);      // rows 1 agent action; 1 agent agent 1
    return { x: reshape(mul(all, other), [-1, agent, agent * actions]) };
  },
});

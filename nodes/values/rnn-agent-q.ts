/**
 * Values of all actions by a recurrent network, one for all agents: the agent of VDN, QMIX, QPLEX and their kin.
 *
 *   h_t = GRU(relu(W x_t + b), h_{t-1}),   q_t = V h_t + c,   h = 0 before an episode
 *
 * x       observation, last action and identity, side by side (`join`)
 * q       value of each action, in units of discounted return
 * hidden  h_t, for what is built on an agent's history (QTRAN)
 * Paper: Rashid et al. 2018 (arXiv 1803.11485), figure 2c. The cell is PyTorch's GRUCell, as in the authors' code.
 */
import { relu } from '@tensorflow/tfjs-core';
import { dense, gru } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const rnnAgentQ = defineNode({
  type: 'rnnAgentQ',
  about: "Action values by a recurrent network over the agent's history",
  paper: 'Rashid et al. 2018, arXiv 1803.11485',
  config: { hidden: 64 },
  in: { x: f32('... ?x') },
  out: { q: f32('... action'), hidden: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }),
  layers: ({ x, action }, { hidden }) => ({ first: dense(x, hidden), cell: gru(hidden, hidden), q: dense(hidden, action) }),
  forward({ x }, { first, cell, q }) {
    const h = cell(relu(first(x)));
    return { q: q(h), hidden: h };
  },
});

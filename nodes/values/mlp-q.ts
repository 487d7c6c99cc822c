/**
 * Values of all actions of one agent by a feed-forward network.
 *
 *   q = W_n relu(... relu(W_1 obs + b_1) ...) + b_n
 *
 * obs  what the agent observes, as numbers
 * q    discounted return expected of each action, in units of reward
 * Paper: Mnih et al. 2013 (arXiv 1312.5602), section 4, without the convolutions; widths 120 and 84 are CleanRL's for low-dimensional observations.
 */
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const mlpQ = defineNode({
  type: 'mlpQ',
  about: 'Action values by a feed-forward network',
  paper: 'Mnih et al. 2013, arXiv 1312.5602',
  config: { hidden: [120, 84] },
  in: { obs: f32('... ?obs') },
  out: { q: f32('... action') },
  layers: ({ obs, action }, { hidden }) => ({ net: mlp([obs, ...hidden, action]) }),
  forward: ({ obs }, { net }) => ({ q: net(obs) }),
});

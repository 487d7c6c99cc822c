/**
 * Values of all actions by a feed-forward network: deep Q-learning's, and agents without memory (matrix games).
 *
 *   q = W_n relu(... relu(W_1 x + b_1) ...) + b_n
 *
 * x  features: an observation, or what `join` makes of it; with `agent` among the leading dims all agents share the weights
 * q  discounted return expected of each action, in units of reward
 * Paper: Mnih et al. 2013 (arXiv 1312.5602), section 4, without the convolutions; widths 120 and 84 are CleanRL's for low-dimensional observations.
 */
import { mlp } from '../../core/layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const mlpQ = defineNode({
  type: 'mlpQ',
  about: 'Action values by a feed-forward network',
  paper: 'Mnih et al. 2013, arXiv 1312.5602',
  config: { hidden: [120, 84] },
  in: { x: f32('... ?x') },
  out: { q: f32('... action') },
  layers: ({ x, action }, { hidden }) => ({ net: mlp([x, ...hidden, action]) }),
  forward: ({ x }, { net }) => ({ q: net(x) }),
});

/**
 * Values of all actions by a feed-forward critic: one pass for whatever an agent might have done.
 *
 *   q = W_n relu(... relu(W_1 x + b_1) ...) + b_n
 *
 * x  what the critic sees: for COMA state, observation, the others' actions, last actions and who the agent is (`join`)
 * q  discounted return expected of each action, in units of reward
 * All layers start as PyTorch's do.
 * Paper: Foerster et al. 2017 (arXiv 1705.08926), section 4 and figure 1c; two layers of 128 units as in the code of PyMARL.
 */
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const allActionValues = defineNode({
  type: 'allActionValues',
  about: 'Values of all actions by a feed-forward critic',
  paper: 'Foerster et al. 2017, arXiv 1705.08926',
  config: { hidden: [128, 128] },
  in: { x: f32('... ?x') },
  out: { q: f32('... action') },
  layers: ({ x, action }, { hidden }) => ({ net: mlp([x, ...hidden, action]) }),
  forward: ({ x }, { net }) => ({ q: net(x) }),
});

/**
 * Value of a given action: the critic of deterministic and soft actors.
 *
 *   Q = W_n relu(... relu(W_1 (x, a) + b_1) ...) + b_n
 *
 * x       what the critic sees: an observation, or whatever features are wired
 * action  as numbers: continuous ones, one-hot ones, or those of all agents side by side. The gradient passes to it
 * q       discounted return expected, in units of reward
 * All layers start as PyTorch's do.
 * Paper: Lillicrap et al. 2015 (arXiv 1509.02971), where actions enter at the second layer; at the first one, with ReLU, as in Fujimoto et al. 2018 (arXiv 1802.09477), appendix C.
 */
import { concat, squeeze } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const actionValue = defineNode({
  type: 'actionValue',
  about: 'Value of a given action, by a feed-forward network',
  paper: 'Lillicrap et al. 2015, arXiv 1509.02971',
  config: { hidden: [256, 256] },
  in: { x: f32('... ?x'), action: f32('... ?a') },
  out: { q: f32('...') },
  layers: ({ x, a }, { hidden }) => ({ net: mlp([x + a, ...hidden, 1]) }),
  forward: ({ x, action }, { net }) => ({ q: squeeze(net(concat([x, action], -1)), [-1]) }),
});

/**
 * Value of what is observed, by a feed-forward network of ReLU units.
 *
 *   V = W_n relu(... relu(W_1 x + b_1) ...) + b_n
 *
 * x      what the critic sees: an observation, the state, or whatever features are wired
 * value  discounted return expected from here on, in units of reward
 * Starts as PyTorch's layers do. `stateValue` has tanh units and starts orthogonal.
 * Paper: Papoudakis et al. 2021 (arXiv 2006.07869), the critics of IA2C and MAA2C in its code (EPyMARL): two layers of 128 units.
 */
import { squeeze } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const mlpValue = defineNode({
  type: 'mlpValue',
  about: 'Value of what is observed, by a feed-forward network of ReLU units',
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  config: { hidden: [128, 128] },
  in: { x: f32('... ?x') },
  out: { value: f32('...') },
  layers: ({ x }, { hidden }) => ({ net: mlp([x, ...hidden, 1]) }),
  forward: ({ x }, { net }) => ({ value: squeeze(net(x), [-1]) }),
});

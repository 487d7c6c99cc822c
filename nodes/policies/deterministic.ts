/**
 * One continuous action for what is observed, and no other.
 *
 *   a = tanh(W_n relu(... relu(W_1 x + b_1) ...) + b_n)
 *
 * x       what is observed, as numbers, or features of another network
 * action  each number in [-1, 1]; the environment scales it to its own range
 * All layers start as PyTorch's do.
 * Paper: Lillicrap et al. 2015 (arXiv 1509.02971), section 7; as wide as in Spinning Up and CleanRL.
 */
import { tanh } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const deterministic = defineNode({
  type: 'deterministic',
  about: 'One continuous action for what is observed',
  paper: 'Lillicrap et al. 2015, arXiv 1509.02971',
  config: { hidden: [256, 256] },
  in: { obs: f32('... ?obs') },
  out: { action: f32('... action') },
  layers: ({ obs, action }, { hidden }) => ({ net: mlp([obs, ...hidden, action]) }),
  forward: ({ obs }, { net }) => ({ action: tanh(net(obs)) }),
});

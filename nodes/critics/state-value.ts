/**
 * Value of what is observed, by a feed-forward network of its own.
 *
 *   V = W_n tanh(... tanh(W_1 x + b_1) ...) + b_n
 *
 * x      what the critic sees: an observation, or whatever features are wired
 * value  discounted return expected from here on, in units of reward
 * Kernels start orthogonal with gain sqrt(2), the last with gain 1; biases at 0.
 * Paper: Schulman et al. 2017 (arXiv 1707.06347), section 6.1: as wide as the policy, and no layer in common. How layers start is OpenAI Baselines' and CleanRL's.
 */
import { squeeze } from '@tensorflow/tfjs-core';
import { constant, orthogonal } from '../initial.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const stateValue = defineNode({
  type: 'stateValue',
  about: 'Value of what is observed, by a feed-forward network of tanh units',
  paper: 'Schulman et al. 2017, arXiv 1707.06347',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x') },
  out: { value: f32('...') },
  layers: ({ x }, { hidden }) => ({ net: mlp([x, ...hidden, 1], { activation: 'tanh', hidden: { kernel: orthogonal(Math.SQRT2), bias: constant(0) }, last: { kernel: orthogonal(1), bias: constant(0) } }) }),
  forward: ({ x }, { net }) => ({ value: squeeze(net(x), [-1]) }),
});

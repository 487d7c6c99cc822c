/**
 * Features of an observation by a feed-forward network.
 *
 *   z = tanh(W_n ... tanh(W_1 x + b_1) ... + b_n)
 *
 * x       what is observed, as numbers
 * z       the last hidden units, for a policy or a critic to stand on
 * hidden  widths of the layers; of none z is x
 * Kernels start orthogonal with gain sqrt(2), biases at 0.
 * Paper: Schulman et al. 2017 (arXiv 1707.06347), section 6.1: two layers of 64 tanh units. How layers start is OpenAI Baselines' and CleanRL's; the paper does not say.
 */
import { tanh } from '@tensorflow/tfjs-core';
import { constant, orthogonal } from '../initial.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

const start = { kernel: orthogonal(Math.SQRT2), bias: constant(0) };
export const encoder = defineNode({
  type: 'encoder',
  about: 'Features of an observation by a feed-forward network of tanh units',
  paper: 'Schulman et al. 2017, arXiv 1707.06347',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x') },
  out: { z: f32('... hidden') },
  sizes: ({ x }, { hidden }) => ({ hidden: hidden.at(-1) ?? x! }),
  layers: ({ x }, { hidden }) => ({ net: mlp([x, ...hidden], { activation: 'tanh', hidden: start, last: start }) }),
  forward: ({ x }, { net }, { hidden }) => ({ z: hidden.length ? tanh(net(x)) : x }),
});

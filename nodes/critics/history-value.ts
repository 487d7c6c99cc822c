/**
 * Value of the state and of what all agents have made of their histories.
 *
 *   V = net(s, sum_i encode(h_i))
 *
 * hidden  h_i; the gradient passes to it, and so to the agents
 * `hidden` of the node are the widths of net; the encoder has two layers as wide as its input.
 * Paper: Son et al. 2019 (arXiv 1905.05408), section 3, whose state value is of the joint history; layers as in
 * starry-sky6688/MARL-Algorithms.
 */
import { concat, reshape, sum } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const historyValue = defineNode({
  type: 'historyValue',
  about: "Value of the central state and a sum over the agents' histories",
  paper: 'Son et al. 2019, arXiv 1905.05408',
  config: { hidden: [64, 64] },
  in: { state: f32('... state'), hidden: f32('... agent hidden') },
  out: { value: f32('...') },
  layers: ({ state, hidden: width }, { hidden }) => ({ encode: mlp([width, width, width]), net: mlp([state + width, ...hidden, 1]) }),
  forward: ({ state, hidden }, { encode, net }) => ({ value: reshape(net(concat([state, sum(encode(hidden), 1)], -1)), [-1]) }),
});

/**
 * QTRAN's joint value of the agents' histories and actions, without a constraint.
 *
 *   Q_jt = net(s, sum_i encode(h_i, u_i))
 *
 * hidden  h_i, what an agent has made of its history; the gradient passes to it, and so to the agents
 * action  u, the joint action
 * The sum makes it the same for agents in another order, and keeps it of one size for any number of them. `hidden` of the node are the
 * widths of net; the encoder has two layers as wide as its input.
 * Paper: Son et al. 2019 (arXiv 1905.05408), section 3; layers and the state beside the sum as in the code of PyMARL, where net has
 * [64, 64] or, called big, [64, 64, 64].
 */
import { concat, reshape, sum } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const jointQ = defineNode({
  type: 'jointQ',
  about: "Value of the agents' joint action, from the state and a sum over agents",
  paper: 'Son et al. 2019, arXiv 1905.05408',
  config: { hidden: [64, 64] },
  in: { state: f32('... state'), hidden: f32('... agent hidden'), action: index('... agent', 'action') },
  out: { q: f32('...') },
  layers: ({ state, hidden: width, action }, { hidden }) => ({
    encode: mlp([width + action, width + action, width + action]), net: mlp([state + width + action, ...hidden, 1]),
  }),
  forward({ state, hidden, action }, { encode, net }, _, size) {
    const team = sum(encode(concat([hidden, oneHot(action, size.action)], -1)), 1);           // rows hidden+action
    return { q: reshape(net(concat([state, team], -1)), [-1]) };
  },
});

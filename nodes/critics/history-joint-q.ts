/**
 * QTRAN-alt's joint value from histories alone, for each agent of each of its own actions, the others' as they are.
 *
 *   Q_i(a) = net(own(h_i) + 1/n sum_{j != i} pair(h_j, u_j))[a]      of n agents
 *
 * hidden  h_j, what an agent has made of its history; the gradient passes to it, and so to the agents
 * action  u, the joint action; agent i's own has no influence on Q_i
 * embed   width of the two encoders, of two layers each; `hidden` of the node are the widths of net
 * Paper: Son et al. 2019 (arXiv 1905.05408), section 3; layers and 1/n as in the authors' code of small games.
 */
import { add, concat, div, expandDims, eye, mul, reshape, sub, sum } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const historyJointQ = defineNode({
  type: 'historyJointQ',
  about: "For each agent the joint value of each of its actions, from the agents' histories alone",
  paper: 'Son et al. 2019, arXiv 1905.05408',
  config: { embed: 64, hidden: [64, 64] },
  in: { hidden: f32('... agent hidden'), action: index('... agent', 'action') },
  out: { q: f32('... agent action') },
  layers: ({ hidden: width, action }, { embed, hidden }) => ({
    own: mlp([width, embed, embed]), pair: mlp([width + action, embed, embed]), net: mlp([embed, ...hidden, action]),
  }),
  forward({ hidden, action }, { own, pair, net }, _, { agent, action: actions }) {
    const pairs = expandDims(pair(concat([hidden, oneHot(action, actions)], -1)), 1);         // rows 1 agent embed
    const others = sum(mul(pairs, reshape(sub(1, eye(agent)), [1, agent, agent, 1])), 2);     // rows agent embed; own ones exactly gone
    return { q: net(add(own(hidden), div(others, agent))) };
  },
});

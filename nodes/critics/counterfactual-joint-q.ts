/**
 * QTRAN-alt's joint value, for each agent of each of its own actions, the others' as they are.
 *
 *   Q_i(a) = net(s, i, sum_j history(h_j), sum_{j != i} other(u_j))[a]
 *
 * hidden  h_j, what an agent has made of its history; the gradient passes to it, and so to the agents
 * action  u, the joint action; agent i's own has no influence on Q_i
 * `hidden` of the node are the widths of net; the two encoders have two layers as wide as their inputs.
 * Paper: Son et al. 2019 (arXiv 1905.05408), section 3; layers and the state beside the sums as in starry-sky6688/MARL-Algorithms. The
 * authors' own code of small games has no state: historyJointQ.
 */
import { concat, expandDims, eye, mul, reshape, sub, sum, tile, type Tensor } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const counterfactualJointQ = defineNode({
  type: 'counterfactualJointQ',
  about: "For each agent the joint value of each of its actions, the others' as they are",
  paper: 'Son et al. 2019, arXiv 1905.05408',
  config: { hidden: [64, 64] },
  in: { state: f32('... state'), hidden: f32('... agent hidden'), action: index('... agent', 'action') },
  out: { q: f32('... agent action') },
  layers: ({ state, hidden: width, action, agent }, { hidden }) => ({
    history: mlp([width, width, width]), other: mlp([action, action, action]), net: mlp([state + agent + width + action, ...hidden, action]),
  }),
  forward({ state, hidden, action }, { history, other, net }, _, { agent, action: actions }) {
    const toAll = (x: Tensor) => tile(expandDims(x, 1), [1, agent, 1]), who = eye(agent);     // rows agent ...
    const encoded = expandDims(other(oneHot(action, actions)), 1);                            // rows 1 agent action
    const others = sum(mul(encoded, reshape(sub(1, who), [1, agent, agent, 1])), 2);          // rows agent action; own ones exactly gone
    return { q: net(concat([toAll(state), tile(expandDims(who, 0), [state.shape[0]!, 1, 1]), toAll(sum(history(hidden), 1)), others], -1)) };
  },
});

/**
 * SHAQ mixer: the sum of the agents' values, in which those of agents that are not greedy count alpha-fold.
 *
 *   Q_tot = sum_a delta_a q_a      delta_a = 1 if a's action is greedy, else alpha_a
 *   alpha_a = 1 + mean_m |F(qbar_a,m, q_a; s)|      qbar_a,m = mean value of the agents before a in the m-th order, 0 where there are none
 *   F(x; s) = W2(s)^T elu(W1(s)^T x + b1(s)) + b2(s)      W1 [2, embed] and W2 [embed, 1] made from the state, >= 0 by |.|
 *
 * So alpha >= 1, and where every agent is greedy Q_tot is the plain sum, which is also what the target side mixes with.
 *
 * agentQs   value of each agent's action, in units of discounted return; the gradient also passes through alpha, to q_a and to all before it
 * isGreedy  1 where that action is the best available one of the network that the values come from, else 0
 * order     lots: an agent stands before those with larger ones, so each row draws `samples` orders of the agents, all orders equally likely
 * samples   orders a row and a step, drawn anew for every update
 * alpha     by agent, greedy or not
 * hypernet  widths of the hidden layers of the networks that make W1 and W2; b1 is one layer, b2 two
 * No guarantee that Q_tot is greatest where every agent is greedy: agents act greedily by definition, and a value above 0 of one that is not counts more.
 * Paper: Wang et al. 2022 (arXiv 2105.15013), Shapley Q-learning. F is the network of the authors' code.
 */
import { abs, add, cast, div, elu, expandDims, less, matMul, maximum, mean, mul, reshape, stack, sub, sum, tile } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../layers.ts';
import { defineNode, uniform } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const shapleyMixer = defineNode({
  type: 'shapleyMixer',
  about: "Sum of the agents' values, each weighted by its share in drawn coalitions where its action is not greedy",
  paper: 'Wang et al. 2022, arXiv 2105.15013',
  config: { samples: 10, embed: 32, hypernet: [64] },
  in: { agentQs: f32('... agent'), isGreedy: still(f32('... agent')), state: f32('... state') },
  noise: { order: uniform('... sample agent') },
  out: { qTot: f32('...'), alpha: f32('... agent') },
  sizes: (_, { samples }) => ({ sample: samples }),
  layers: ({ state }, { embed, hypernet }) => ({
    w1: mlp([state, ...hypernet, 2 * embed]), b1: dense(state, embed),
    w2: mlp([state, ...hypernet, embed]), b2: mlp([state, embed, 1]),
  }),
  forward({ agentQs, isGreedy, state, order }, { w1, b1, w2, b2 }, { samples, embed }, { agent }) {
    const before = cast(less(expandDims(order, 2), expandDims(order, 3)), 'float32');             // rows sample agent other: 1 where the other stands before
    const coalition = div(sum(mul(before, reshape(agentQs, [-1, 1, 1, agent])), -1), maximum(sum(before, -1), 1));
    const own = tile(expandDims(agentQs, 1), [1, samples, 1]);                                    // rows sample agent, as is `coalition`
    const pairs = reshape(stack([coalition, own], -1), [-1, samples * agent, 2]);
    const hidden = elu(add(matMul(pairs, reshape(abs(w1(state)), [-1, 2, embed])), expandDims(b1(state), 1)));
    const share = add(matMul(hidden, reshape(abs(w2(state)), [-1, embed, 1])), expandDims(b2(state), 1));      // rows sample*agent 1
    const alpha = add(1, mean(abs(reshape(share, [-1, samples, agent])), 1));
    return { qTot: sum(mul(agentQs, add(isGreedy, mul(sub(1, isGreedy), alpha))), -1), alpha };
  },
});

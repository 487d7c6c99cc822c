/**
 * QMIX mixer: a monotonic, state-conditioned mix of the agents' values.
 *
 *   Q_tot = W2(s)^T elu(W1(s)^T q + b1(s)) + v(s)      W1, W2 >= 0 by |.|, so dQ_tot/dq_a >= 0
 *
 * agentQs   value of each agent's action, in units of discounted return
 * embed     units of the mixing network
 * hypernet  widths of the hidden layers of the networks that make W1 and W2; b1 is always one layer, v always two
 * Paper: Rashid et al. 2018 (arXiv 1803.11485), section 4 and figure 2. There hypernet is []; [64] is the authors' code and the
 * journal version (arXiv 2003.08839). The absolute value is of what a hypernetwork gives, not of its weights; biases keep their sign.
 */
import { abs, add, elu, matMul, reshape } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const monotonicMixer = defineNode({
  type: 'monotonicMixer',
  about: "Monotonic mix of the agents' values with weights made from the state",
  paper: 'Rashid et al. 2018, arXiv 1803.11485',
  config: { embed: 32, hypernet: [64] },
  in: { agentQs: f32('... agent'), state: f32('... state') },
  out: { qTot: f32('...') },
  layers: ({ agent, state }, { embed, hypernet }) => ({
    w1: mlp([state, ...hypernet, agent * embed]), b1: dense(state, embed),
    w2: mlp([state, ...hypernet, embed]), v: mlp([state, embed, 1]),
  }),
  forward({ agentQs, state }, { w1, b1, w2, v }, { embed }, { agent }) {
    const W1 = reshape(abs(w1(state)), [-1, agent, embed]);                            // rows agent embed
    const W2 = reshape(abs(w2(state)), [-1, embed, 1]);                                // rows embed 1
    const B1 = reshape(b1(state), [-1, 1, embed]);                                     // rows 1 embed
    const hidden = elu(add(matMul(reshape(agentQs, [-1, 1, agent]), W1), B1));         // rows 1 embed
    return { qTot: reshape(add(reshape(matMul(hidden, W2), [-1, 1]), v(state)), [-1]) };
  },
});

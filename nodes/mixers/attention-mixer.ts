/**
 * Qatten mixer: heads of attention weigh the agents' values, the state weighs the heads.
 *
 *   Q_tot = c(s) + sum_h |w_h(s)| sum_i lambda_hi q_i      lambda_hi = softmax_i(key_h(u_i) . query_h(s) / sqrt(embed))
 *   penalty = logitPenalty sum_h mean(logit_h^2)           logits undivided, mean over agents and the transitions that count
 *
 * For one state it is a weighted sum, so dQ_tot/dq_i = sum_h |w_h| lambda_hi >= 0.
 *
 * agentQs    value of each agent's action, in units of discounted return
 * unitState  u_i, what the state says of agent i; its observation where a world has no such part
 * mask       1 for a transition, 0 for padding
 * lambda     attention of each head, of sum 1 over agents
 * hypernet   widths of the hidden layers of the queries and of w; a key is one layer, c always two
 * Paper: Yang et al. 2020 (arXiv 2002.03939), section 3, with weighted heads. The authors' code leaves the weights out on most maps of
 * SMAC (evenAttentionMixer), and its penalty counts the padding, too.
 */
import { abs, add, mul, reshape, sum } from '@tensorflow/tfjs-core';
import { attend, attentionLayers, attentionMix, heard, units } from '../attention.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { maskedMean } from '../maths.ts';

export const attentionMixer = defineNode({
  ...attentionMix,
  type: 'attentionMixer',
  about: "Mix by heads of attention over the agents' values, with weights of the heads made from the state",
  layers: ({ state, unit }, config) => ({ ...attentionLayers(state, unit, config), w: mlp([state, ...config.hypernet, config.heads]), c: mlp([state, config.embed, 1]) }),
  forward({ agentQs, state, unitState, mask, logitPenalty }, { query, key, w, c }, _, { agent }) {
    const { lambda, size } = attend(query(state), key(units(unitState)), agent);
    const mixed = sum(mul(abs(w(state)), heard(lambda, agentQs)), -1);                        // rows
    return { qTot: add(mixed, reshape(c(state), [-1])), lambda, penalty: mul(logitPenalty, maskedMean(size, mask)) };
  },
});

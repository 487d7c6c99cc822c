/**
 * Qatten mixer whose keys see the values, too. It is neither monotonic nor IGM.
 *
 *   Q_tot = c(s) + sum_h |w_h(s)| sum_i lambda_hi q_i      lambda_hi = softmax_i(key_h(u_i, q_i) . query_h(s) / sqrt(embed))
 *
 * A value that rises may move attention to a lower one, so dQ_tot/dq_i can be negative and the agents' own greedy actions need not be
 * the greatest joint value. All else as in `attentionMixer`.
 * From the authors' code (its option `nonlinear`, on MMM2); Yang et al. 2020 (arXiv 2002.03939).
 */
import { abs, add, concat, expandDims, mul, reshape, sum } from '@tensorflow/tfjs-core';
import { attend, attentionLayers, attentionMix, heard, units } from '../attention.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { maskedMean } from '../maths.ts';

export const nonlinearAttentionMixer = defineNode({
  ...attentionMix,
  type: 'nonlinearAttentionMixer',
  about: "Mix by heads of attention that depends on the agents' values; not monotonic",
  layers: ({ state, unit }, config) => ({ ...attentionLayers(state, unit + 1, config), w: mlp([state, ...config.hypernet, config.heads]), c: mlp([state, config.embed, 1]) }),
  forward({ agentQs, state, unitState, mask, logitPenalty }, { query, key, w, c }, _, { agent }) {
    const { lambda, size } = attend(query(state), key(units(concat([unitState, expandDims(agentQs, -1)], -1))), agent);
    const mixed = sum(mul(abs(w(state)), heard(lambda, agentQs)), -1);                        // rows
    return { qTot: add(mixed, reshape(c(state), [-1])), lambda, penalty: mul(logitPenalty, maskedMean(size, mask)) };
  },
});
